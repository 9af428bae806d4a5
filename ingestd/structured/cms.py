"""Content of signed files (.p7m): the CMS structure of RFC 5652 in DER or BER, alone or as base64.

Only the content is taken out; the signature is not verified.
"""

from __future__ import annotations

import base64
import binascii
import re

from ingestd.errors import DocumentError

SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
"""Object identifier 1.2.840.113549.1.7.2 with its header."""
MAX_BYTES = 128 * 1024 * 1024
MAX_PIECES = 200_000
"""Elements of one level: content comes in pieces of 1000 bytes and more."""
_MAX_DEPTH = 32
_SEQUENCE, _OCTETS, _CONSTRUCTED = 0x30, 0x04, 0x20
_LABEL = re.compile(rb"-----(?:BEGIN|END) [A-Z0-9 ]{1,40}-----")


def is_signed_data(head: bytes) -> bool:
    """Tell whether a file begins like signed data, in DER or as base64."""
    return SIGNED_DATA in _decoded(head[:400])[:40]


def content_of(data: bytes) -> bytes:
    """Take the content out of signed data.

    Raises:
        DocumentError: ``damaged`` where the structure is broken or holds no content.
    """
    try:
        content_info = _Elements(_decoded(data), _MAX_DEPTH).first().children()
        signed = content_info[1].children()[0].children()
        inner = next(one for one in signed if one.tag == _SEQUENCE).children()
        return b"".join(_octets(inner[1].children()[0], _MAX_DEPTH))
    except (_BrokenError, IndexError, StopIteration) as error:
        raise DocumentError(
            "a signed file (.p7m) whose structure is broken",
            expected="CMS signed data with its content",
            fix="ask the sender for it again, or for the file without signature",
            code="damaged",
        ) from error


def _decoded(data: bytes) -> bytes:
    if data[:1] == b"\x30":
        return data
    text = re.sub(rb"\s+", b"", _LABEL.sub(b"", data.removeprefix(b"\xef\xbb\xbf")))
    try:
        return base64.b64decode(text[: len(text) // 4 * 4], validate=True)
    except binascii.Error:
        return b""


class _BrokenError(Exception):
    """Structure that does not keep the rules of BER."""


class _Element:
    """One element: tag and content."""

    def __init__(self, tag: int, content: bytes, depth: int) -> None:
        self.tag = tag
        self.content = content
        self._depth = depth

    def children(self) -> list[_Element]:
        return list(_Elements(self.content, self._depth - 1).all())


class _Elements:
    """Elements one after the other."""

    def __init__(self, data: bytes, depth: int) -> None:
        if depth < 0:
            raise _BrokenError
        self._data = data
        self._depth = depth

    def first(self) -> _Element:
        return self._at(0)[0]

    def all(self) -> list[_Element]:
        found, place = [], 0
        while place < len(self._data):
            element, place = self._at(place)
            found.append(element)
            if len(found) > MAX_PIECES:
                raise _BrokenError
        return found

    def _at(self, start: int) -> tuple[_Element, int]:
        """Read the element at an offset; also the offset behind it."""
        tag, place = self._byte(start), start + 1
        if tag & 0x1F == 0x1F:
            raise _BrokenError  # tags of several bytes do not occur here
        length, place = self._byte(place), place + 1
        if length == 0x80:
            return self._open_ended(tag, place)
        if length & 0x80:
            count = length & 0x7F
            if count > 8:
                raise _BrokenError
            length = int.from_bytes(self._data[place : place + count])
            place += count
        if place + length > len(self._data):
            raise _BrokenError
        return _Element(tag, self._data[place : place + length], self._depth), place + length

    def _open_ended(self, tag: int, start: int) -> tuple[_Element, int]:
        """Read an element whose end two noughts mark."""
        place = start
        inner = _Elements(self._data, self._depth - 1)
        while self._data[place : place + 2] != b"\0\0":
            _, place = inner._at(place)
        return _Element(tag, self._data[start:place], self._depth), place + 2

    def _byte(self, place: int) -> int:
        if place >= len(self._data):
            raise _BrokenError
        return self._data[place]


def _octets(element: _Element, depth: int) -> list[bytes]:
    """Join the pieces of an octet string, which may be nested."""
    if element.tag == _OCTETS:
        return [element.content]
    if element.tag != _OCTETS | _CONSTRUCTED or depth < 1:
        raise _BrokenError
    return [piece for child in element.children() for piece in _octets(child, depth - 1)]
