"""Durable effects on the user's files: every rename, copy, fsync and atomic write.

Nothing here overwrites: a target that exists is an error. Data and folders are synced before a
function returns, so that its effect survives a power cut. Errors of the filesystem become TransientError,
because the document is not to blame.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from ingestd.errors import TransientError
from ingestd.files.names import partial_path

_COPY_BYTES = 1 << 20
"""Bytes copied at a time."""
_MAX_KNOWN_FOLDERS = 1024
"""Folders whose names are known to be durable."""


@contextlib.contextmanager
def _transient(action: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TransientError(f"cannot {action}: {error.strerror or error}; {_fix(error)}") from error


def _fix(error: OSError) -> str:
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return "free space on that disk; will be retried"
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return "give the user of ingestd write permission there; will be retried"
        case _:
            return "will be retried"


def sync_folder(folder: Path) -> None:
    """Make renames and deletions in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_names(folders: Iterable[Path]) -> None:
    """Make durable what a killed process may have renamed or deleted; folders that are gone are skipped.

    Raises:
        TransientError: the filesystem refused.
    """
    for folder in folders:
        with _transient(f"sync the folder {folder}"), contextlib.suppress(FileNotFoundError, NotADirectoryError):
            sync_folder(folder)


@functools.lru_cache(_MAX_KNOWN_FOLDERS)
def _keep_name(folder: Path) -> None:
    """Make the name of a folder durable, and those above it: another process may have made it a moment ago.

    Where the filesystem refuses, that is left to the process that made the folder.
    """
    if folder.parent != folder:
        _keep_name(folder.parent)
        with contextlib.suppress(OSError):
            sync_folder(folder.parent)


def make_folder(folder: Path) -> None:
    """Create a folder with its parents, durably."""
    if folder.is_dir():
        _keep_name(folder)
        return
    make_folder(folder.parent)
    with _transient(f"make the folder {folder}"):
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def move(source: Path, target: Path) -> None:
    """Move a file to a name that must be free; across filesystems copy, sync, then unlink.

    Its bytes are synced first: the program that wrote them may not have done so. A file that has other names (hard
    links) is copied, so that it cannot be changed by one of them afterwards.

    Raises:
        TransientError: the filesystem refused, or the target exists.
    """
    make_folder(target.parent)
    with _transient(f"move {source} to {target}"):
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, "the target exists", str(target))
        status = source.lstat()
        if stat.S_ISREG(status.st_mode) and status.st_nlink > 1:
            _copy(source, target)
            source.unlink()
        else:
            if stat.S_ISREG(status.st_mode):
                _sync_content(source)
            _rename(source, target)
        sync_folder(target.parent)
        if source.parent != target.parent:
            sync_folder(source.parent)


def _sync_content(path: Path) -> None:
    """Bring the bytes of a regular file to the disk; one that cannot be read is moved all the same."""
    with contextlib.suppress(PermissionError):
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _rename(source: Path, target: Path) -> None:
    try:
        source.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy(source, target)
        source.unlink()


def copy(source: Path, target: Path) -> None:
    """Copy a file to a name that must be free; the target appears whole or not at all."""
    make_folder(target.parent)
    with _transient(f"copy {source} to {target}"):
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, "the target exists", str(target))
        _copy(source, target)


def _copy(source: Path, target: Path) -> None:
    """Copy bytes and times through a temporary name; never follows a symbolic link."""
    partial = partial_path(target)
    reader = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        status = os.fstat(reader)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(source))
        with _created(partial) as writer:
            while chunk := os.read(reader, _COPY_BYTES):
                writer.write(chunk)
            writer.flush()
            os.utime(writer.fileno(), ns=(status.st_atime_ns, status.st_mtime_ns))
            os.fsync(writer.fileno())
        partial.rename(target)
        sync_folder(target.parent)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
    finally:
        os.close(reader)


def _created(partial: Path) -> BinaryIO:
    """Create a file for writing, in place of any file or link of this name; a link is not followed."""
    partial.unlink(missing_ok=True)
    return partial.open("xb")


def take_over(path: Path, mode: int) -> None:
    """Make a file ours, with these permissions; one of another user is replaced by a copy.

    A program that still has the file open cannot reach the copy.

    Raises:
        TransientError: the filesystem refused.
    """
    with _transient(f"take over {path}"):
        owner = path.lstat().st_uid
        if owner != os.geteuid():
            _copy(path, path)
        if stat.S_IMODE(path.lstat().st_mode) != mode:
            path.chmod(mode)


def remove(path: Path) -> None:
    """Delete a file, if it is there; if it is not, a killed process may have deleted it without syncing."""
    with _transient(f"delete {path}"):
        path.unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            sync_folder(path.parent)


def remove_folder(folder: Path) -> None:
    """Delete an empty folder, if it is there."""
    with _transient(f"delete the folder {folder}"), contextlib.suppress(FileNotFoundError):
        folder.rmdir()
        sync_folder(folder.parent)


def write_atomic(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees the old content or the new, never a mixture."""
    make_folder(path.parent)
    with replacing(path) as writer:
        writer.write(data)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a file that takes the place of ``path``, durably, when the block ends well, and vanishes otherwise.

    Raises:
        TransientError: the filesystem refused to create, write or rename; the folder must exist.
    """
    partial = partial_path(path)
    with _transient(f"write {path}"):
        try:
            with _created(partial) as writer:
                yield writer
                writer.flush()
                os.fsync(writer.fileno())
            partial.rename(path)
            sync_folder(path.parent)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise


def nearest_existing(path: Path) -> Path:
    """Return the path, or the nearest folder above it that exists."""
    return next(parent for parent in (path, *path.parents) if parent.exists())


def create_like(model: Path, path: Path) -> None:
    """Create an empty file with the permissions of another, for equally private content."""
    with _transient(f"create {path}"):
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.fchmod(handle, stat.S_IMODE(model.stat().st_mode))
        finally:
            os.close(handle)


def publish(scratch: Path, target: Path, *, overwrite: bool) -> None:
    """Rename a file from a scratch name in the same folder to its final name, durably."""
    with _transient(f"write {target}"):
        with scratch.open("rb") as file:
            os.fsync(file.fileno())
        if not overwrite and os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, "the target exists", str(target))
        scratch.rename(target)
        sync_folder(target.parent)
