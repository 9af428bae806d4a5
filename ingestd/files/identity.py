"""Identity, kind and digest of files on disk."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from ingestd.errors import TransientError


@dataclass(frozen=True, slots=True)
class Identity:
    """State of a file that any change alters: size, inode, time of the last change of content, and of any change."""

    size: int
    mtime_ns: int
    inode: int
    ctime_ns: int | None = None
    """None where it is not known: of files that an older version noted."""

    @staticmethod
    def of(status: os.stat_result) -> Identity:
        """Take the identity from the result of stat or lstat."""
        return Identity(status.st_size, status.st_mtime_ns, status.st_ino, status.st_ctime_ns)

    def is_same(self, other: Identity | None) -> bool:
        """Tell whether another look found the file unchanged; programs can set the time of content back, no more."""
        if other is None:
            return False
        known = self.ctime_ns is not None and other.ctime_ns is not None
        changed = known and self.ctime_ns != other.ctime_ns
        return not changed and (self.size, self.mtime_ns, self.inode) == (other.size, other.mtime_ns, other.inode)

    def has_content_of(self, other: Identity) -> bool:
        """Tell whether size and time of content are the same, as they are after a rename or a copy."""
        return (self.size, self.mtime_ns) == (other.size, other.mtime_ns)


def look(path: Path) -> Identity | None:
    """Return the identity of a path, links not followed; None if it is gone or cannot be reached."""
    try:
        return Identity.of(path.lstat())
    except OSError:
        return None


def kind(mode: int) -> str | None:
    """Name the kind of a file that is not regular; None for a regular file."""
    if stat.S_ISREG(mode):
        return None
    names = {
        stat.S_IFLNK: "a symbolic link",
        stat.S_IFIFO: "a FIFO",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a character device",
        stat.S_IFBLK: "a block device",
        stat.S_IFDIR: "a folder",
    }
    return names.get(stat.S_IFMT(mode), "not a regular file")


_PIECE_BYTES = 1 << 24
"""Bytes hashed at a time: a few hundredths of a second."""


class GradualDigest:
    """SHA-256 of a file that is read piece by piece, so that other work can go on in between.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._sha256 = hashlib.sha256()
        self._offset = 0

    def step(self) -> str | None:
        """Read one more piece; return the digest in hex once there is none.

        Raises:
            TransientError: the file cannot be read; the next call tries the same piece again.
        """
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                piece = file.read(_PIECE_BYTES)
        except OSError as error:
            raise TransientError(f"cannot read {self._path}: {error.strerror}; will be retried") from error
        self._sha256.update(piece)
        self._offset += len(piece)
        return self._sha256.hexdigest() if len(piece) < _PIECE_BYTES else None


def digest(path: Path) -> str:
    """Return the SHA-256 of a file's content in hex, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
