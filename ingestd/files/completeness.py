"""Does a file end where its own format says it ends?

A scanner that pauses leaves a quiet but unfinished file; its structure tells. Only a few bytes at
both ends are read, and nothing is decoded.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from typing import BinaryIO

_TAIL_BYTES = 1 << 16
_MAX_STEPS = 20_000
"""Bound on the segments, folders or boxes followed, against files made to loop."""


def is_complete(file: BinaryIO) -> bool:
    """Tell whether a file of a known format has its proper end; False for formats not known.

    JPEG: EOI after the start of scan. PNG: IEND. PDF: %%EOF near the end. TIFF: every strip and
    tile of every directory lies inside the file. BMP, WebP: the length in the header. HEIC/AVIF:
    the top-level boxes fill the file.
    """
    size = os.fstat(file.fileno()).st_size
    head = file.read(16)
    for matches, check in _FORMATS:
        if matches(head):
            try:
                return check(file, size)
            except (struct.error, EOFError):
                return False
    return False


def _tail(file: BinaryIO, size: int, length: int = _TAIL_BYTES) -> bytes:
    file.seek(max(0, size - length))
    return file.read(length)


def _read(file: BinaryIO, offset: int, length: int) -> bytes:
    if offset >= os.fstat(file.fileno()).st_size:  # an offset of 64 bits may be more than seek can take
        raise EOFError
    file.seek(offset)
    data = file.read(length)
    if len(data) < length:
        raise EOFError
    return data


def _jpeg(file: BinaryIO, size: int) -> bool:
    offset = 2
    for _ in range(_MAX_STEPS):
        marker, length = struct.unpack(">HH", _read(file, offset, 4))
        if marker == 0xFFFF:  # fill byte before a marker
            offset += 1
            continue
        if marker < 0xFFC0:
            return False
        offset += 2 + length
        if marker == 0xFFDA:
            # an EOI before the scan belongs to the thumbnail
            tail = _tail(file, size)
            return size - len(tail) + tail.rfind(b"\xff\xd9") >= offset and b"\xff\xd9" in tail
    return False


def _png(file: BinaryIO, size: int) -> bool:
    return b"IEND\xae\x42\x60\x82" in _tail(file, size, 1024)


def _pdf(file: BinaryIO, size: int) -> bool:
    return b"%%EOF" in _tail(file, size, 2048)


def _bmp(file: BinaryIO, size: int) -> bool:
    declared, _, _, start = struct.unpack("<IHHI", _read(file, 2, 12))
    return size >= int(declared) and size > int(start)


def _webp(file: BinaryIO, size: int) -> bool:
    (declared,) = struct.unpack("<I", _read(file, 4, 4))
    return size >= int(declared) + 8


def _boxes(file: BinaryIO, size: int) -> bool:
    offset = 0
    for _ in range(_MAX_STEPS):
        if offset == size:
            return True
        (length,) = struct.unpack(">I", _read(file, offset, 4))
        if length == 1:
            (length,) = struct.unpack(">Q", _read(file, offset + 8, 8))
        if length == 0:  # the box reaches to the end of the file, wherever that is
            return True
        if length < 8 or offset + length > size:
            return False
        offset += length
    return False


_TIFF_TYPE_BYTES = dict(enumerate((1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4), start=1)) | {16: 8, 17: 8, 18: 8}
"""Bytes of a value by field type (TIFF 6.0, BigTIFF)."""
_STRIP_OFFSETS, _STRIP_COUNTS, _TILE_OFFSETS, _TILE_COUNTS = 273, 279, 324, 325


def _tiff(file: BinaryIO, size: int) -> bool:
    order = "<" if _read(file, 0, 1) == b"I" else ">"
    (magic,) = struct.unpack(order + "H", _read(file, 2, 2))
    big = magic == 43
    pointer = order + ("Q" if big else "I")
    (offset,) = struct.unpack(pointer, _read(file, 8 if big else 4, 8 if big else 4))
    seen: set[int] = set()
    while offset and offset not in seen and len(seen) < _MAX_STEPS:
        seen.add(offset)
        following = _tiff_directory(file, size, offset, order, big)
        if following is None:
            return False
        offset = following
    return bool(seen)


def _tiff_directory(file: BinaryIO, size: int, offset: int, order: str, big: bool) -> int | None:
    """Return the offset of the next directory, or None where this one points outside the file."""
    entry_bytes, count_bytes, value_bytes = (20, 8, 8) if big else (12, 2, 4)
    (count,) = struct.unpack(order + ("Q" if big else "H"), _read(file, offset, count_bytes))
    if count > _MAX_STEPS:
        return None
    entries = _read(file, offset + count_bytes, count * entry_bytes)
    arrays: dict[int, tuple[int, ...]] = {}
    for index in range(count):
        entry = entries[index * entry_bytes : (index + 1) * entry_bytes]
        tag, kind = struct.unpack(order + "HH", entry[:4])
        if tag not in (_STRIP_OFFSETS, _STRIP_COUNTS, _TILE_OFFSETS, _TILE_COUNTS):
            continue
        (number,) = struct.unpack(order + ("Q" if big else "I"), entry[4 : 4 + value_bytes])
        length = number * _TIFF_TYPE_BYTES.get(kind, size + 1)
        if length > size:
            return None
        place = entry[4 + value_bytes :]
        if length > value_bytes:
            (where,) = struct.unpack(order + ("Q" if big else "I"), place)
            place = _read(file, where, length)
        code = {3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}.get(kind)
        if code is None:
            return None
        arrays[tag] = struct.unpack(f"{order}{number}{code}", place[:length])
    for offsets, counts in ((_STRIP_OFFSETS, _STRIP_COUNTS), (_TILE_OFFSETS, _TILE_COUNTS)):
        pairs = zip(arrays.get(offsets, ()), arrays.get(counts, ()), strict=False)
        if any(start + length > size for start, length in pairs):
            return None
    (following,) = struct.unpack(
        order + ("Q" if big else "I"), _read(file, offset + count_bytes + count * entry_bytes, value_bytes)
    )
    return int(following)


_FORMATS: tuple[tuple[Callable[[bytes], bool], Callable[[BinaryIO, int], bool]], ...] = (
    (lambda head: head.startswith(b"\xff\xd8\xff"), _jpeg),
    (lambda head: head.startswith(b"\x89PNG\r\n\x1a\n"), _png),
    (lambda head: b"%PDF-" in head, _pdf),
    (lambda head: head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"), _tiff),
    (lambda head: head.startswith(b"BM"), _bmp),
    (lambda head: head[:4] == b"RIFF" and head[8:12] == b"WEBP", _webp),
    (lambda head: head[4:8] == b"ftyp", _boxes),
)
