"""Write the journal of processes while they run.

What cannot be told ends the recording with an error; that all was told is proved by replaying it (``disk.py``).
"""

from __future__ import annotations

import os
import signal
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.support.power.journal import Entry, Journal, Named, Node, Said, Sized, Synced, Timed, Written
from tests.support.power.tracer import Call, descriptor, position, traced

_MEMORY = "-shm"
_AT_FDCWD = -100
_AT_REMOVEDIR = 0x200
_O_TMPFILE = 0o20000000
_RENAME_EXCHANGE = 2
_MAX_SAID_BYTES = 500


class UnknownEffectError(Exception):
    """Something reached a disk in a way that the journal cannot tell."""


class Recorder:
    """Writes the journal of what processes do below some folders.

    Args:
        roots: folders that the disk consists of; what is in them is on the disk before recording begins.
        log: file outside of them; what is written there was said to the outside world.
    """

    def __init__(self, roots: Sequence[Path], log: Path) -> None:
        self._log = str(log)
        self._numbers: dict[tuple[int, int], int] = {}
        self._nodes: dict[int, Node] = {}
        self.journal = Journal({}, self._nodes)
        for root in roots:
            self.journal.roots[str(root)] = self._first_seen(root)
        self.journal.old = frozenset(self._nodes)
        self._names_left: int | None = None

    def run(self, work: Callable[[], object], kill_after: int | None = None) -> int:
        """Run a function in a traced fork; returns its exit status, negative for a signal.

        Args:
            work: called in the fork.
            kill_after: the process is killed (SIGKILL) after so many changes of names; None: it is not.
        """
        self._names_left = kill_after
        return traced(work, self._told)

    # -- nodes

    def _first_seen(self, path: Path) -> int:
        status = path.lstat()
        if stat.S_ISDIR(status.st_mode):
            return self._new(status, {entry.name: self._first_seen(entry) for entry in sorted(path.iterdir())})
        if not stat.S_ISREG(status.st_mode):
            raise UnknownEffectError(f"{path} is neither file nor folder")
        return self._new(status, path.read_bytes())

    def _new(self, status: os.stat_result, content: bytes | dict[str, int]) -> int:
        """Number a node; an inode that was used before is another node now."""
        number = len(self._nodes)
        self._nodes[number] = Node(status.st_ino, status.st_ctime_ns, status.st_mtime_ns, content)
        self._numbers[status.st_dev, status.st_ino] = number
        return number

    def _known(self, status: os.stat_result) -> int | None:
        return self._numbers.get((status.st_dev, status.st_ino))

    def _open_node(self, call: Call, number: int) -> int | None:
        """Node of a descriptor; None for what is no part of the disk."""
        path = descriptor(call.tid, number)
        status = path.stat()
        node = self._known(status)
        if node is None and stat.S_ISREG(status.st_mode):
            self._require_outside(str(path.readlink()), call)
        return node

    def _require_outside(self, path: str, call: Call) -> None:
        """Refuse to overlook a file that may be needed after a restart."""
        passing = path.endswith(" (deleted)") or path.startswith(("/proc/", "/sys/"))
        if not passing and path != self._log:
            raise UnknownEffectError(f"{call.name} of {path}, which is outside of {', '.join(self.journal.roots)}")

    def _path(self, call: Call, folder: int, address: int) -> Path:
        name = Path(os.fsdecode(call.text(address)))
        start = f"/proc/{call.tid}/cwd" if _signed(folder) == _AT_FDCWD else str(descriptor(call.tid, folder))
        return name if name.is_absolute() else Path(start).readlink() / name

    def _folder(self, path: Path) -> int | None:
        """Node of the folder that a path is in; None for what is no part of the disk."""
        try:
            return self._known(path.parent.stat())
        except OSError:
            return None

    # -- calls

    def _told(self, call: Call) -> None:
        _HANDLERS[call.name](self, call)

    def _begin(self, call: Call) -> int:
        """Let a call of the disk happen, unless the process is to be killed before it; its result."""
        if self._names_left == 0:
            os.kill(call.tid, signal.SIGKILL)
            return -1
        return call.finish()

    def _note(self, entry: Entry) -> None:
        if isinstance(entry, Named) and self._names_left is not None:
            self._names_left -= 1
        self.journal.entries.append(entry)

    def _write(self, call: Call) -> None:
        number = call.arguments[0]
        node = self._open_node(call, number)
        if node is None:
            self._hear(call)
            return
        if (written := self._begin(call)) <= 0:
            return
        offset = call.arguments[3] if call.name.startswith("p") else position(call.tid, number) - written
        self._note_content(call, number, node, offset, written)

    def _hear(self, call: Call) -> None:
        if call.name == "write" and str(descriptor(call.tid, call.arguments[0]).readlink()) == self._log:
            said = call.data(call.arguments[1], min(call.arguments[2], _MAX_SAID_BYTES))
            self._note(Said(said.decode(errors="replace")))

    def _copy(self, call: Call) -> None:
        """A copy within the kernel."""
        target, offset = (0, None) if call.name == "sendfile" else (2, 3)
        node = self._open_node(call, call.arguments[target])
        if node is None:
            return
        if offset is not None and call.arguments[offset]:
            raise UnknownEffectError(f"{call.name} to an offset of its own")
        if (written := self._begin(call)) > 0:
            number = call.arguments[target]
            self._note_content(call, number, node, position(call.tid, number) - written, written)

    def _note_content(self, call: Call, number: int, node: int, offset: int, length: int) -> None:
        """Note what was written a moment ago, as the file has it now."""
        if node not in self.journal.memory:
            with descriptor(call.tid, number).open("rb", buffering=0) as file:
                data = os.pread(file.fileno(), length, offset)
                self._note(Written(node, offset, data, os.fstat(file.fileno()).st_mtime_ns))

    def _truncate(self, call: Call) -> None:
        if call.name == "truncate":
            raise UnknownEffectError("truncate of a path")
        node = self._open_node(call, call.arguments[0])
        if node is not None and self._begin(call) >= 0:
            self._note(Sized(node, call.arguments[1]))

    def _allocate(self, call: Call) -> None:
        number, mode = call.arguments[:2]
        node = self._open_node(call, number)
        if node is None:
            return
        if mode:
            raise UnknownEffectError(f"fallocate with mode {mode}")
        if self._begin(call) >= 0:
            self._note(Sized(node, descriptor(call.tid, number).stat().st_size))

    def _open(self, call: Call) -> None:
        """Opening for writing: may make a file, or empty one."""
        at = call.name.endswith("at") and call.name != "creat"
        address, flags = (call.arguments[1], call.arguments[2]) if at else (call.arguments[0], call.arguments[1])
        if call.name == "creat":
            flags = os.O_CREAT | os.O_WRONLY | os.O_TRUNC
        path = self._path(call, call.arguments[0] if at else _AT_FDCWD, address)
        if flags & _O_TMPFILE == _O_TMPFILE:
            raise UnknownEffectError(f"a file without a name in {path}")
        folder, known = self._folder(path), self._known(path.stat()) if path.exists() else None
        if folder is None and known is None:
            return  # refused when it is written to
        if known is not None and not flags & os.O_TRUNC:
            return
        result = self._begin(call)
        if result < 0:
            return
        status = descriptor(call.tid, result).stat()
        if known is not None:
            self._note(Sized(known, 0))
        elif folder is not None and stat.S_ISREG(status.st_mode):
            node = self._new(status, b"")
            if path.name.endswith(_MEMORY):
                self.journal.memory.add(node)
            self._note(Named("create", ((folder, path.name, node),), status.st_ctime_ns))

    def _rename(self, call: Call) -> None:
        source, target = self._two_paths(call)
        if call.name == "renameat2" and call.arguments[4] & _RENAME_EXCHANGE:
            raise UnknownEffectError("an exchange of two names")
        folders = self._folder(source), self._folder(target)
        if folders == (None, None):
            return
        if None in folders:
            raise UnknownEffectError(f"rename of {source} to {target}: one of them is outside")
        node = self._known(source.lstat()) if os.path.lexists(source) else None
        if self._begin(call) < 0:
            return
        assert folders[0] is not None
        assert folders[1] is not None
        ctime = target.lstat().st_ctime_ns
        self._note(Named("rename", ((folders[1], target.name, node), (folders[0], source.name, None)), ctime))

    def _link(self, call: Call) -> None:
        source, target = self._two_paths(call)
        folder = self._folder(target)
        if folder is None:
            return
        node = self._known(source.lstat()) if os.path.lexists(source) else None
        if self._begin(call) >= 0:
            if node is None:
                raise UnknownEffectError(f"link to {source}, which is outside")
            self._note(Named("link", ((folder, target.name, node),), target.lstat().st_ctime_ns))

    def _two_paths(self, call: Call) -> tuple[Path, Path]:
        first, second, third, fourth = call.arguments[:4]
        if call.name in ("rename", "link"):
            return self._path(call, _AT_FDCWD, first), self._path(call, _AT_FDCWD, second)
        return self._path(call, first, second), self._path(call, third, fourth)

    def _one_path(self, call: Call) -> Path:
        if call.name.endswith("at"):
            return self._path(call, call.arguments[0], call.arguments[1])
        return self._path(call, _AT_FDCWD, call.arguments[0])

    def _unlink(self, call: Call) -> None:
        path = self._one_path(call)
        folder = self._folder(path)
        if folder is not None and self._begin(call) >= 0:
            empty = call.name == "rmdir" or (call.name == "unlinkat" and call.arguments[2] & _AT_REMOVEDIR)
            self._note(Named("rmdir" if empty else "unlink", ((folder, path.name, None),)))

    def _mkdir(self, call: Call) -> None:
        path = self._one_path(call)
        folder = self._folder(path)
        if folder is not None and self._begin(call) >= 0:
            status = path.lstat()
            self._note(Named("mkdir", ((folder, path.name, self._new(status, {})),), status.st_ctime_ns))

    def _times(self, call: Call) -> None:
        if call.name != "utimensat" or call.arguments[1]:
            raise UnknownEffectError(f"{call.name} of a path")
        node = self._open_node(call, call.arguments[0])
        if node is not None and self._begin(call) >= 0:
            self._note(Timed(node, descriptor(call.tid, call.arguments[0]).stat().st_mtime_ns))

    def _sync(self, call: Call) -> None:
        node = self._open_node(call, call.arguments[0])
        if node is not None and self._begin(call) >= 0:
            self._note(Synced(node, call.name == "fdatasync"))

    def _map(self, call: Call) -> None:
        """Memory that is a file: its writes cannot be seen."""
        number = _signed(call.arguments[4])
        node = self._open_node(call, number) if number >= 0 else None
        if node is not None and node not in self.journal.memory:
            raise UnknownEffectError(f"{descriptor(call.tid, number).readlink()} mapped for writing")

    def _refuse(self, call: Call) -> None:
        raise UnknownEffectError(call.name)


def _signed(number: int) -> int:
    """A descriptor, of which the kernel looks at 32 bits."""
    return (number & 0xFFFFFFFF) - ((number & 0x80000000) << 1)


_HANDLERS: dict[str, Callable[[Recorder, Call], None]] = {
    **dict.fromkeys(("write", "pwrite64", "writev", "pwritev", "pwritev2"), Recorder._write),
    **dict.fromkeys(("sendfile", "copy_file_range", "splice"), Recorder._copy),
    **dict.fromkeys(("truncate", "ftruncate"), Recorder._truncate),
    "fallocate": Recorder._allocate,
    **dict.fromkeys(("open", "openat", "creat"), Recorder._open),
    **dict.fromkeys(("rename", "renameat", "renameat2"), Recorder._rename),
    **dict.fromkeys(("link", "linkat"), Recorder._link),
    **dict.fromkeys(("unlink", "unlinkat", "rmdir"), Recorder._unlink),
    **dict.fromkeys(("mkdir", "mkdirat"), Recorder._mkdir),
    **dict.fromkeys(("utime", "utimes", "futimesat", "utimensat"), Recorder._times),
    **dict.fromkeys(("fsync", "fdatasync"), Recorder._sync),
    "mmap": Recorder._map,
    **dict.fromkeys(
        ("openat2", "symlink", "symlinkat", "mknod", "mknodat", "sync", "syncfs", "io_uring_setup"), Recorder._refuse
    ),
}
