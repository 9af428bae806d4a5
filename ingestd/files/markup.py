"""Ends of XML, ZIP and signed files, and plain text, which has no end; see :mod:`ingestd.files.completeness`."""

from __future__ import annotations

import re
import struct
from typing import BinaryIO

from ingestd.files.tiff import read_at

_TAIL_BYTES = 1 << 16
_ROOT = re.compile(r"<([A-Za-z_][\w.:-]*)")
_ASIDE = re.compile(r"<\?.*?\?>|<!--.*?-->|<![^>]*>", re.DOTALL)
"""Declarations and comments, which may stand before the root."""
_MARKS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_END_OF_ZIP = b"PK\x05\x06"
_MARKED = re.compile(rb"\s*<|MI|-----BEGIN|%PDF|\d+ \d+ obj")
"""Beginnings of texts that may become documents: markup, signed data in base64, PDF without its first line."""


def looks_like_xml(head: bytes) -> bool:
    """Tell whether a file begins with markup."""
    return _text(head, head).lstrip("\ufeff \t\r\n").startswith("<")


def xml_is_complete(file: BinaryIO, size: int) -> bool:
    """Tell whether the end tag of the root is the last thing in the file, but for blanks and comments."""
    head = read_at(file, 0, min(size, 4096))
    root = _ROOT.search(_ASIDE.sub("", _text(head, head)))
    start = max(0, size - _TAIL_BYTES) & ~1  # of a character, if each has two bytes
    tail = _ASIDE.sub("", _text(read_at(file, start, size - start), head)).rstrip("\0 \t\r\n")
    return root is not None and re.search(rf"</{re.escape(root[1])}\s*>$", tail) is not None


def _text(data: bytes, head: bytes) -> str:
    return data.decode(_MARKS.get(head[:2], "utf-8"), errors="replace")


def zip_is_complete(file: BinaryIO, size: int) -> bool:
    """Tell whether the directory of a ZIP archive is there: its last record stands at the end of the file."""
    start = max(0, size - _TAIL_BYTES - 22)
    tail = read_at(file, start, size - start)
    at = tail.rfind(_END_OF_ZIP)
    if at < 0:
        return False
    (comment,) = struct.unpack("<H", tail[at + 20 : at + 22])
    return at + 22 + int(comment) <= len(tail)


def is_der(head: bytes) -> bool:
    """Tell whether a file begins like signed data in DER: a sequence with a length of several bytes."""
    return len(head) > 6 and head[0] == 0x30 and 0x81 <= head[1] <= 0x84


def der_is_complete(file: BinaryIO, size: int) -> bool:
    """Tell whether a structure in DER is as long as it says."""
    count = read_at(file, 1, 1)[0] & 0x7F
    return size >= 2 + count + int.from_bytes(read_at(file, 2, count), "big")


def is_plain_text(head: bytes) -> bool:
    """Tell whether a file is text that no later bytes can make a document of, so that nothing is to be waited for."""
    if not head or _MARKED.search(head) or head[:2] in _MARKS:
        return False
    text = head.decode("utf-8", errors="replace").removesuffix("\N{REPLACEMENT CHARACTER}")
    return "\N{REPLACEMENT CHARACTER}" not in text and all(sign.isprintable() or sign.isspace() for sign in text)
