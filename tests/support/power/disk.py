"""A disk as it may be found: replay of a journal, in full or in part, and back onto a filesystem."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.power.journal import Journal, Named, Sized, Timed, Written

Part = tuple[tuple[int, int], ...] | None
"""Pieces of a write that arrived, (begin, end) within its bytes; None: all of it."""


@dataclass
class File:
    """A file that is being replayed."""

    content: bytearray
    mtime_ns: int
    ctime_ns: int


class Disk:
    """Files and folders after some of the entries of a journal.

    Args:
        journal: says what there was before.
        old_times: renaming does not change the time of change.
    """

    def __init__(self, journal: Journal, *, old_times: bool = False) -> None:
        self._journal = journal
        self._old_times = old_times
        self._files: dict[int, File] = {}
        self._folders: dict[int, dict[str, int]] = {}
        for number in journal.old:
            self._make(number)

    def _make(self, number: int) -> None:
        node = self._journal.nodes[number]
        if isinstance(node.content, dict):
            self._folders[number] = dict(node.content)
        else:
            self._files[number] = File(bytearray(node.content), node.mtime_ns, node.ctime_ns)

    def apply(self, index: int, part: Part = None, *, keep_old_name: bool = False) -> None:
        """Replay one entry.

        Args:
            index: of the entry.
            part: what arrived of a write.
            keep_old_name: of a rename only the new name arrived.
        """
        match self._journal.entries[index]:
            case Written(node, offset, data, mtime_ns):
                self._file(node).mtime_ns = mtime_ns
                content = self._file(node).content
                for begin, end in ((0, len(data)),) if part is None else part:
                    if len(content) < offset + end:
                        content.extend(bytes(offset + end - len(content)))
                    content[offset + begin : offset + end] = data[begin:end]
            case Sized(node, size):
                content = self._file(node).content
                del content[size:]
                content.extend(bytes(size - len(content)))
            case Timed(node, mtime_ns):
                self._file(node).mtime_ns = mtime_ns
            case Named() as named:
                self._rename(named, keep_old_name=keep_old_name)
            case _:
                pass

    def _file(self, node: int) -> File:
        if node not in self._files:
            self._make(node)
        return self._files[node]

    def _folder(self, node: int) -> dict[str, int]:
        if node not in self._folders:
            self._make(node)
        return self._folders[node]

    def _rename(self, named: Named, *, keep_old_name: bool) -> None:
        for folder, name, node in named.changes[: 1 if keep_old_name else None]:
            names = self._folder(folder)
            if node is not None:
                names[name] = node
                self._see(node, named.ctime_ns)
            elif name in names and not (named.what == "rmdir" and self._folder(names[name])):
                del names[name]

    def _see(self, node: int, ctime_ns: int | None) -> None:
        """A node has a name: it is there, even if nothing else of it arrived."""
        if isinstance(self._journal.nodes[node].content, dict):
            self._folder(node)
            return
        file = self._file(node)
        if ctime_ns is not None and not self._old_times:
            file.ctime_ns = ctime_ns

    # -- content

    def files(self) -> dict[str, int]:
        """Nodes of files by path."""
        return {path: node for path, node in self._walk() if node in self._files}

    def _walk(self) -> Iterable[tuple[str, int]]:
        waiting = list(self._journal.roots.items())
        while waiting:
            path, node = waiting.pop()
            yield path, node
            if node in self._folders:
                waiting += [(f"{path}/{name}", child) for name, child in self._folders[node].items()]

    def tree(self) -> dict[str, bytes | None]:
        """Content by path; None for a folder, and empty for shared memory."""
        return {
            path: None
            if node in self._folders
            else b""
            if node in self._journal.memory
            else bytes(self._files[node].content)
            for path, node in self._walk()
        }

    def key(self) -> bytes:
        """Hash of names and contents."""
        sha256 = hashlib.sha256()
        for path, content in sorted(self.tree().items()):
            sha256.update(f"{path}\0{-1 if content is None else len(content)}\0".encode())
            sha256.update(content or b"")
        return sha256.digest()

    def restore(self) -> dict[int, tuple[int, int, int]]:
        """Put everything in place of what is in the roots now.

        Returns:
            For each inode its time of change, and inode and time of change while the journal was written.
        """
        identities: dict[int, tuple[int, int, int]] = {}
        for root in self._journal.roots:
            _empty(Path(root))
        for path, node in sorted(self._walk()):
            if node in self._folders:
                Path(path).mkdir(exist_ok=True)
            else:
                file = self._files[node]
                Path(path).write_bytes(b"" if node in self._journal.memory else file.content)
                os.utime(path, ns=(file.mtime_ns, file.mtime_ns))
                status = Path(path).lstat()
                inode = self._journal.nodes[node].inode
                identities[status.st_ino] = (status.st_ctime_ns, inode, file.ctime_ns)
        return identities


def _empty(root: Path) -> None:
    for entry in root.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def tree_of(roots: Iterable[str]) -> dict[str, bytes | None]:
    """What is in folders now, as :meth:`Disk.tree` has it."""
    found: dict[str, bytes | None] = {}
    for root in map(Path, roots):
        for path in (root, *root.rglob("*")):
            status = path.lstat()
            if stat.S_ISREG(status.st_mode):
                found[str(path)] = b"" if path.name.endswith("-shm") else path.read_bytes()
            else:
                found[str(path)] = None
    return found


def replayed(journal: Journal, parts: Mapping[int, Part] | None = None) -> Disk:
    """Disk after all entries, or after those of ``parts``."""
    disk = Disk(journal)
    for index in range(len(journal.entries)) if parts is None else sorted(parts):
        disk.apply(index, None if parts is None else parts[index])
    return disk
