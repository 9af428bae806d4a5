"""Every rename, copy, fsync and atomic write of the user's files.

Nothing here overwrites: a target that exists is an error. Data and folders are synced before a
function returns, so that what it did survives a power cut. Errors of the filesystem come out as
TransientError, because the document is not to blame.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import unicodedata
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from ingestd.errors import TransientError

_COPY_BYTES = 1 << 20
_NAME_MAX_BYTES = 255
_CODE_ROOM_BYTES = 40
"""Room kept for what is added to a name: a hash and ``.error.json``."""
_PARTIAL = ".partial"
_UNSAFE = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Unicode categories that never reach a stored name: control, invisible, not UTF-8, line breaks."""


@contextlib.contextmanager
def _transient(action: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TransientError(f"cannot {action}: {error.strerror or error}; {_fix(error)}") from error


def _fix(error: OSError) -> str:
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return "free space on that disk, it is tried again"
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return "give the user of ingestd write permission there, it is tried again"
        case _:
            return "it is tried again"


def sync_folder(folder: Path) -> None:
    """Make renames and deletions in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """Create a folder with its parents, durably."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    with _transient(f"make the folder {folder}"):
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def move(source: Path, target: Path) -> None:
    """Move a file to a name that must be free; across filesystems copy, sync, then unlink.

    A file that has other names (hard links) is copied too: nobody may change it by one of them afterwards.

    Raises:
        TransientError: the filesystem said no, or the target exists.
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
            _rename(source, target)
        sync_folder(target.parent)
        if source.parent != target.parent:
            sync_folder(source.parent)


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
    partial = _partial(target)
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


def _partial(target: Path) -> Path:
    """Name under which a file grows; after a crash the same step is done again and reuses it."""
    return target.with_name(f".{target.name}{_PARTIAL}")


def _created(partial: Path) -> BinaryIO:
    """Open a file for writing that is new for certain: a link that somebody put there is not followed."""
    partial.unlink(missing_ok=True)
    return partial.open("xb")


def remove(path: Path) -> None:
    """Delete a file; one that is already gone is fine."""
    with _transient(f"delete {path}"):
        try:
            path.unlink()
        except FileNotFoundError:
            return
        sync_folder(path.parent)


def remove_folder(folder: Path) -> None:
    """Delete an empty folder; one that is already gone is fine."""
    with _transient(f"delete the folder {folder}"), contextlib.suppress(FileNotFoundError):
        folder.rmdir()
        sync_folder(folder.parent)


def is_partial(name: str) -> bool:
    """Tell whether an interrupted write left a file of this name.

    >>> is_partial(".scan.pdf.partial"), is_partial("scan.pdf")
    (True, False)
    """
    return name.startswith(".") and name.endswith(_PARTIAL)


def write_atomic(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees the old content or the new, never a part."""
    make_folder(path.parent)
    with replacing(path) as writer:
        writer.write(data)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a file that takes the place of ``path``, durably, when the block ends well, and vanishes otherwise.

    Raises:
        TransientError: the filesystem refused to create, write or rename; the folder must exist.
    """
    partial = _partial(path)
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
    """The path, or the nearest folder above it that is there: where it would be made."""
    return next(parent for parent in (path, *path.parents) if parent.exists())


def create_like(model: Path, path: Path) -> None:
    """Create an empty file with the permissions of another, for content that is as private."""
    with _transient(f"create {path}"):
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.fchmod(handle, stat.S_IMODE(model.stat().st_mode))
        finally:
            os.close(handle)


def publish(scratch: Path, target: Path, *, overwrite: bool) -> None:
    """Give a file that was written under a scratch name in the same folder its name, durably."""
    with _transient(f"write {target}"):
        with scratch.open("rb") as file:
            os.fsync(file.fileno())
        if not overwrite and os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, "the target exists", str(target))
        scratch.rename(target)
        sync_folder(target.parent)


def safe_name(name: str) -> str:
    r"""A file name to store under: printable, without bytes that are not UTF-8, short enough to be added to.

    >>> safe_name("bill\n2.pdf")
    'bill_2.pdf'
    """
    clean = "".join("_" if unicodedata.category(char) in _UNSAFE or char in "/\\" else char for char in name)
    clean = "_" if clean in ("", ".", "..") else clean
    limit = _NAME_MAX_BYTES - _CODE_ROOM_BYTES
    if len(os.fsencode(clean)) <= limit:
        return clean
    stem, suffix = os.path.splitext(clean)  # noqa: PTH122 (Path would refuse some of these names)
    suffix = suffix if len(os.fsencode(suffix)) <= 16 else ""
    room = limit - len(os.fsencode(suffix))
    return os.fsencode(stem)[:room].decode(errors="ignore") + suffix


def free_target(folder: Path, name: str, code: str, reserved: Callable[[Path], bool]) -> Path:
    """Return a free path for ``name`` in ``folder``; a name that is taken gets ``-code`` before its suffix.

    Args:
        folder: where the file is to go; need not exist yet.
        name: as dropped; cleaned by :func:`safe_name`.
        code: short hash of the content.
        reserved: tells whether a path was promised to another file that is still on its way.
    """

    def taken(path: Path) -> bool:
        beside = (f"{path}{suffix}" for suffix in ("", ".json", ".error.json"))
        return any(map(os.path.lexists, beside)) or reserved(path)

    clean = safe_name(name)
    stem, suffix = os.path.splitext(clean)  # noqa: PTH122 (keeps names such as ".jpg" whole)
    candidates = [clean, f"{stem}-{code}{suffix}"]
    for candidate in candidates:
        if not taken(folder / candidate):
            return folder / candidate
    number = 2
    while taken(folder / f"{stem}-{code}-{number}{suffix}"):
        number += 1
    return folder / f"{stem}-{code}-{number}{suffix}"


def archive_folder(
    archive: Path, layout: str, *, received: datetime, name: str, inbox: str, rule: str
) -> tuple[Path, str]:
    """Folder and file name that the archive layout gives a document.

    Raises:
        ValueError: the layout names something unknown or leaves the archive.
    """
    try:
        relative = Path(layout.format(received=received, name=safe_name(name), inbox=inbox, rule=rule))
    except (KeyError, IndexError, AttributeError) as error:
        raise ValueError(f"spool.layout {layout!r} uses {error}; known are received, name, inbox, rule") from error
    except (TypeError, ValueError) as error:
        raise ValueError(f"spool.layout {layout!r} cannot be filled in: {error}; see docs/configuration.md") from error
    if relative.is_absolute() or ".." in relative.parts or not relative.name:
        raise ValueError(f"spool.layout {layout!r} gives {str(relative)!r}, which is not below the archive")
    return archive / relative.parent, relative.name
