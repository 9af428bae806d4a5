"""Directories of a TIFF (TIFF 6.0, BigTIFF): what they say, and whether all their strips and tiles are there.

A TIFF has no end mark; only its directories tell. They are followed in the daemon, in Python, by offsets alone:
nothing is decoded, and the file cannot make it take much time or memory, because entries and values are counted.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from typing import BinaryIO

MAX_ENTRIES = 100_000
"""Bound on the entries of all directories together: a page has about twenty. Ends loops, too."""
MAX_VALUES = 1 << 20
"""Bound on the offsets and lengths of all strips and tiles together: a page of one row per strip has some thousand."""

_TYPE_BYTES = dict(enumerate((1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4), start=1)) | {16: 8, 17: 8, 18: 8}
"""Bytes of a value by field type (TIFF 6.0, BigTIFF)."""
_INTEGER_CODES = {3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
"""Format of struct by field type, of the types that offsets and lengths may have."""
_STRIP_OFFSETS, _STRIP_COUNTS, _TILE_OFFSETS, _TILE_COUNTS = 273, 279, 324, 325
_SUBFILE, _WIDTH, _HEIGHT, _COMPRESSION, _PHOTOMETRIC = 254, 256, 257, 259, 262
"""Tags (TIFF 6.0, sections 3, 8 and 15)."""
_REDUCED_RESOLUTION, _WHITE_IS_ZERO = 1, 0


@dataclass(frozen=True, slots=True)
class TiffPage:
    """Facts that a directory states of its picture; 0 where it does not."""

    width: int
    height: int
    compression: int
    is_preview: bool
    white_is_zero: bool


def tiff_is_complete(file: BinaryIO, size: int) -> bool:
    """Tell whether the strips and tiles of a TIFF lie inside it; False if there are too many to look at.

    Args:
        file: begins with the signature of a TIFF.
        size: bytes.

    Raises:
        EOFError: a directory lies outside the file.
        struct.error: a directory is damaged.
    """
    walk = _Walk(file, size)
    offset, directories = walk.first(), 0
    while offset:
        following = walk.directory(offset)
        if following is None:
            return False
        offset, directories = following, directories + 1
    return directories > 0


def tiff_pages(file: BinaryIO, size: int) -> list[TiffPage]:
    """List the pictures of a TIFF, previews included, within the bounds; those after a damaged directory are left out.

    Args:
        file: begins with the signature of a TIFF.
        size: bytes.
    """
    pages: list[TiffPage] = []
    try:
        walk = _Walk(file, size)
        offset: int | None = walk.first()
        while offset:
            offset = walk.directory(offset)
            if walk.page is not None:
                pages.append(walk.page)
    except (EOFError, struct.error):
        pass
    return pages


def read_at(file: BinaryIO, offset: int, length: int) -> bytes:
    """Read exactly so many bytes.

    Raises:
        EOFError: the file is shorter.
    """
    if offset >= os.fstat(file.fileno()).st_size:  # an offset of 64 bits may be more than seek can take
        raise EOFError
    file.seek(offset)
    data = file.read(length)
    if len(data) < length:
        raise EOFError
    return data


class _Walk:
    """Walk through the directories of one file, within the bounds."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._size = size
        self._order = "<" if read_at(file, 0, 1) == b"I" else ">"
        (magic,) = struct.unpack(self._order + "H", read_at(file, 2, 2))
        self._big = magic == 43
        self._pointer = self._order + ("Q" if self._big else "I")
        self._pointer_bytes = 8 if self._big else 4
        self._entries_left = MAX_ENTRIES
        self._values_left = MAX_VALUES
        self._seen: set[int] = set()
        self.page: TiffPage | None = None
        """Content of the last directory; None where it was seen before."""

    def first(self) -> int:
        """Return the offset of the first directory."""
        return self._at(8 if self._big else 4)

    def _at(self, offset: int) -> int:
        (value,) = struct.unpack(self._pointer, read_at(self._file, offset, self._pointer_bytes))
        return int(value)

    def directory(self, offset: int) -> int | None:
        """Return the offset of the next directory, 0 after the last; None if this one is not sound."""
        self.page = None
        if offset in self._seen:  # a loop: everything has been looked at
            return 0
        self._seen.add(offset)
        entry_bytes, count_bytes = (20, 8) if self._big else (12, 2)
        (count,) = struct.unpack(self._order + ("Q" if self._big else "H"), read_at(self._file, offset, count_bytes))
        self._entries_left -= max(count, 1)
        if self._entries_left < 0:
            return None
        entries = read_at(self._file, offset + count_bytes, count * entry_bytes)
        arrays: dict[int, tuple[int, ...]] = {}
        facts: dict[int, int] = {}
        for start in range(0, len(entries), entry_bytes):
            entry = entries[start : start + entry_bytes]
            tag, kind = struct.unpack(self._order + "HH", entry[:4])
            if tag in (_STRIP_OFFSETS, _STRIP_COUNTS, _TILE_OFFSETS, _TILE_COUNTS):
                values = self._values(kind, entry[4:])
                if values is None:
                    return None
                arrays[tag] = values
            elif tag in (_SUBFILE, _WIDTH, _HEIGHT, _COMPRESSION, _PHOTOMETRIC):
                facts[tag] = (self._values(kind, entry[4:]) or (0,))[0]
        self.page = TiffPage(
            facts.get(_WIDTH, 0),
            facts.get(_HEIGHT, 0),
            facts.get(_COMPRESSION, 0),
            bool(facts.get(_SUBFILE, 0) & _REDUCED_RESOLUTION),
            facts.get(_PHOTOMETRIC) == _WHITE_IS_ZERO,
        )
        inside = self._inside(arrays, _STRIP_OFFSETS, _STRIP_COUNTS) and self._inside(
            arrays, _TILE_OFFSETS, _TILE_COUNTS
        )
        return self._at(offset + count_bytes + count * entry_bytes) if inside else None

    def _values(self, kind: int, rest: bytes) -> tuple[int, ...] | None:
        """Return the integers of an entry; None if they are outside the file, not integers, or too many."""
        (number,) = struct.unpack(self._pointer, rest[: self._pointer_bytes])
        code = _INTEGER_CODES.get(kind)
        self._values_left -= number
        if code is None or self._values_left < 0:
            return None
        length = number * _TYPE_BYTES[kind]
        place = rest[self._pointer_bytes :]
        if length > self._pointer_bytes:
            (where,) = struct.unpack(self._pointer, place)
            place = read_at(self._file, where, length)
        return struct.unpack(f"{self._order}{number}{code}", place[:length])

    def _inside(self, arrays: dict[int, tuple[int, ...]], offsets: int, counts: int) -> bool:
        pairs = zip(arrays.get(offsets, ()), arrays.get(counts, ()), strict=False)
        return all(start + length <= self._size for start, length in pairs)
