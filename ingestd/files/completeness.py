"""Completeness of files by the end marks and lengths of their formats.

A scanner that pauses leaves a quiet but unfinished file; its structure shows that. Only a few bytes at
both ends are read, and nothing is decoded.
"""

from __future__ import annotations

import errno
import os
import stat
import struct
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from ingestd.files.markup import (
    der_is_complete,
    is_der,
    is_plain_text,
    looks_like_xml,
    xml_is_complete,
    zip_is_complete,
)
from ingestd.files.netpbm import is_netpbm, netpbm_is_complete
from ingestd.files.tiff import read_at, tiff_is_complete

_TAIL_BYTES = 1 << 16
"""Bytes at the end of a JPEG in which its end mark is looked for; scanners may pad the file."""
_HEAD_BYTES = 1024
"""Bytes at the beginning by which a format is known; a PDF may have others before its first line."""
_MAX_STEPS = 20_000
"""Bound on the segments or boxes followed, against files made to loop."""


def complete_on_disk(path: Path) -> bool:
    """Tell whether a file has its proper end; never follows a link, never blocks on a FIFO.

    Raises:
        OSError: the file cannot be read.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ELOOP):
            return False
        raise
    with os.fdopen(handle, "rb") as file:
        return stat.S_ISREG(os.fstat(handle).st_mode) and is_complete(file)


def is_complete(file: BinaryIO) -> bool:
    """Tell whether a file of a known format has its proper end, or is plain text; False for unknown formats.

    JPEG: EOI after the start of scan. PNG: IEND. PDF: %%EOF near the end. TIFF: every strip and
    tile of every directory lies inside the file. BMP, WebP, netpbm: the length in the header. HEIC/AVIF:
    the top-level boxes fill the file. XML: the end tag of its root. ZIP (OFD): its directory. Signed data: its length.
    Plain text does not become a document by growing: there is nothing to wait for.
    """
    size = os.fstat(file.fileno()).st_size
    head = file.read(_HEAD_BYTES)
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


def _jpeg(file: BinaryIO, size: int) -> bool:
    offset = 2
    for _ in range(_MAX_STEPS):
        marker, length = struct.unpack(">HH", read_at(file, offset, 4))
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
    declared, _, _, start = struct.unpack("<IHHI", read_at(file, 2, 12))
    return size >= int(declared) and size > int(start)


def _webp(file: BinaryIO, size: int) -> bool:
    (declared,) = struct.unpack("<I", read_at(file, 4, 4))
    return size >= int(declared) + 8


def _boxes(file: BinaryIO, size: int) -> bool:
    offset = 0
    for _ in range(_MAX_STEPS):
        if offset == size:
            return True
        (length,) = struct.unpack(">I", read_at(file, offset, 4))
        if length == 1:
            (length,) = struct.unpack(">Q", read_at(file, offset + 8, 8))
        if length == 0:  # the box reaches to the end of the file, wherever that is
            return True
        if length < 8 or offset + length > size:
            return False
        offset += length
    return False


_FORMATS: tuple[tuple[Callable[[bytes], bool], Callable[[BinaryIO, int], bool]], ...] = (
    (lambda head: head.startswith(b"\xff\xd8\xff"), _jpeg),
    (lambda head: head.startswith(b"\x89PNG\r\n\x1a\n"), _png),
    (lambda head: b"%PDF-" in head, _pdf),
    (lambda head: head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"), tiff_is_complete),
    (lambda head: head.startswith(b"BM"), _bmp),
    (lambda head: head[:4] == b"RIFF" and head[8:12] == b"WEBP", _webp),
    (lambda head: head[4:8] == b"ftyp", _boxes),
    (is_netpbm, netpbm_is_complete),
    (lambda head: head.startswith(b"PK\x03\x04"), zip_is_complete),
    (looks_like_xml, xml_is_complete),
    (is_der, der_is_complete),
    (is_plain_text, lambda _, size: size > 0),
)
