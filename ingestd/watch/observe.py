"""Observation of inboxes: full scans, kernel events as hints, types of filesystems.

Events make it fast, a periodic scan makes it right: event queues overflow in silence, network shares raise
no events, and a watch on a replaced folder is dead.
"""

from __future__ import annotations

import errno
import fnmatch
import functools
import logging
import os
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers.api import BaseObserver, ObservedWatch
from watchdog.observers.inotify import InotifyObserver

from ingestd.files.identity import Identity

log = logging.getLogger(__name__)

_EVENTLESS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "virtiofs", "vboxsf", "vmhgfs", "afs", "ceph", "glusterfs", "davfs"}
)
"""Filesystem types on which changes made by another machine raise no event here."""


@dataclass(frozen=True, slots=True)
class Seen:
    """File found by a scan."""

    path: Path
    identity: Identity
    is_regular: bool


@dataclass(frozen=True, slots=True)
class Unseen:
    """Place that a scan could not look at; nothing is taken from it."""

    path: Path
    problem: str


def problem_of(error: OSError) -> str:
    """Return why a file or folder cannot be looked at, and what to do about it."""
    match error.errno:
        case errno.EACCES | errno.EPERM:
            fix = "; let the user of ingestd read and enter it: chmod -R g+rX, or another umask where it is written"
        case errno.ENAMETOOLONG:
            fix = "; give it or the folders above it shorter names"
        case _:
            fix = ""
    return f"{error.strerror or error}{fix}"


def ignored(relative: Path, patterns: tuple[str, ...]) -> str | None:
    """Return the pattern that keeps a path below an inbox from being taken, or None; case does not count.

    >>> ignored(Path("sub/.hidden"), (".*",))
    '.*'
    >>> ignored(Path("THUMBS.DB"), ("Thumbs.db",))
    'Thumbs.db'
    >>> ignored(Path("scan.pdf"), ("*.tmp",))
    """
    for part in relative.parts:
        name = part.casefold()
        for pattern, matches in _compiled(patterns):
            if matches(name):
                return pattern
    return None


@functools.cache
def _compiled(patterns: tuple[str, ...]) -> list[tuple[str, Callable[[str], object]]]:
    return [(pattern, re.compile(fnmatch.translate(pattern.casefold())).match) for pattern in patterns]


def scan(root: Path, patterns: tuple[str, ...], *, recursive: bool) -> Iterator[Seen | Unseen]:
    """Yield every file below ``root`` that is not ignored, and every folder that cannot be looked through.

    Never follows a symbolic link.

    Raises:
        OSError: the root itself cannot be read.
    """
    folders = [root]
    while folders:
        folder = folders.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            if folder == root:
                raise
            yield Unseen(folder, problem_of(error))
            continue
        problem = None
        for entry in entries:
            if ignored(Path(entry.name), patterns):
                continue
            status = _stat(entry)
            if isinstance(status, OSError):
                problem = problem_of(status)
            elif status is not None and not stat.S_ISDIR(status.st_mode):
                yield Seen(Path(entry.path), Identity.of(status), stat.S_ISREG(status.st_mode))
            elif status is not None and recursive:
                folders.append(Path(entry.path))
        if problem is not None:
            yield Unseen(folder, problem)


def _stat(entry: os.DirEntry[str]) -> os.stat_result | OSError | None:
    """Return the state of an entry; None if it is gone, an error if its folder can be listed, but not entered."""
    try:
        return entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
    except OSError as error:
        return error


def filesystem_type(path: Path, mountinfo: str) -> str:
    """Return the type of the filesystem of a path.

    Args:
        path: absolute, links resolved.
        mountinfo: content of /proc/self/mountinfo (format: proc(5)).
    """
    best, kind_of_best = -1, "unknown"
    for row in mountinfo.splitlines():
        before, _, after = row.partition(" - ")
        mount = Path(before.split()[4].encode().decode("unicode_escape"))
        if path.is_relative_to(mount) and len(mount.parts) >= best:
            best, kind_of_best = len(mount.parts), after.split()[0]
    return kind_of_best


def raises_events(path: Path) -> bool:
    """Tell whether the kernel reports every change on the filesystem of ``path``."""
    try:
        mountinfo = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return False
    kind_of_path = filesystem_type(path.resolve(), mountinfo)
    return kind_of_path not in _EVENTLESS and not kind_of_path.startswith("fuse")


class Events:
    """Kernel events of all inboxes that are watched natively.

    Args:
        wake: called from the observer's thread after each hint.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._observer: BaseObserver | None = None
        """Made at first use: the kernel may have no instance left, and ingestd must start without it."""
        self._watches: dict[Path, ObservedWatch] = {}

    def arm(self, root: Path, hint: Callable[[Path], None], *, recursive: bool) -> str | None:
        """Watch a folder; a folder that is watched already is watched again.

        Args:
            root: the folder.
            hint: called from the observer's thread with each path that changed.
            recursive: watch subfolders too.

        Returns:
            Reason why that is not possible; None if it is.
        """
        self.disarm(root)
        try:
            observer = self._started()
            self._watches[root] = observer.schedule(_Handler(hint, self._wake), str(root), recursive=recursive)
        except OSError as error:
            limits = " (limits: sysctl fs.inotify.max_user_watches, fs.inotify.max_user_instances)"
            return f"{error.strerror or error}{limits if error.errno in (errno.ENOSPC, errno.EMFILE) else ''}"
        return None

    def _started(self) -> BaseObserver:
        if self._observer is None:
            observer = InotifyObserver()
            observer.start()
            self._observer = observer
        return self._observer

    def disarm(self, root: Path) -> None:
        """Stop watching a folder, if it is watched."""
        watch = self._watches.pop(root, None)
        if watch is not None and self._observer is not None:
            self._observer.unschedule(watch)

    def alive(self, root: Path) -> bool:
        """Tell whether the threads that deliver the events of a folder are running."""
        watch = self._watches.get(root)
        if self._observer is None:
            return False
        collecting = any(emitter.watch == watch and emitter.is_alive() for emitter in self._observer.emitters)
        return collecting and self._observer.is_alive()

    def close(self) -> None:
        """Stop delivering events."""
        if self._observer is not None:
            self._observer.stop()
            self._observer.join()


class _Handler(FileSystemEventHandler):
    def __init__(self, hint: Callable[[Path], None], wake: Callable[[], None]) -> None:
        self._hint = hint
        self._wake = wake

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.event_type in ("created", "modified", "moved", "closed"):
            place = event.dest_path or event.src_path
            self._hint(Path(os.fsdecode(place)))
            self._wake()
