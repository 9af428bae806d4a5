"""Netpbm pictures (PBM, PGM, PPM), as ``scanimage`` and ``unpaper`` write them: header and length."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import BinaryIO

_BETWEEN = rb"(?:\s|#[^\r\n]*[\r\n])+"
_SIZE = re.compile(rb"P([1-6])" + _BETWEEN + rb"(\d{1,9})" + _BETWEEN + rb"(\d{1,9})")
_DEPTH = re.compile(_BETWEEN + rb"(\d{1,5})")
_BEGUN = re.compile(rb"P[1-6](?:\s|#[^\r\n]*|\d)*")
"""A header of which the end may be missing; longer than P and a digit, which may be any text."""
_HEAD_BYTES = 1024
_BIT_MAPS = (1, 4)
_PLAIN = (1, 2, 3)
"""Kinds that write their samples as decimal numbers."""


@dataclass(frozen=True, slots=True)
class Header:
    """First lines of a netpbm picture."""

    kind: int
    """The digit after P, 1-6."""
    width: int
    height: int
    largest: int
    """Value of a white sample, 1-65535; 1 for bit maps."""
    length: int
    """Bytes of the header, with the one sign that ends it."""


def header_of(head: bytes) -> Header | None:
    r"""Read the header of a netpbm picture; None where the bytes are something else.

    >>> header_of(b"P5 # by scanimage\n20 10 255\n")
    Header(kind=5, width=20, height=10, largest=255, length=28)
    >>> header_of(b"P5 is the page that I mean")
    """
    size = _SIZE.match(head)
    if size is None:
        return None
    kind, width, height = (int(group) for group in size.groups())
    if kind in _BIT_MAPS:
        return Header(kind, width, height, 1, size.end() + 1)
    depth = _DEPTH.match(head, size.end())
    if depth is None or not 0 < int(depth[1]) <= 65_535:
        return None
    return Header(kind, width, height, int(depth[1]), depth.end() + 1)


def is_netpbm(head: bytes) -> bool:
    """Tell whether a file is a netpbm picture, or the beginning of its header."""
    return header_of(head) is not None or (len(head) > 2 and _BEGUN.fullmatch(head) is not None)


def netpbm_is_complete(file: BinaryIO, size: int) -> bool:
    """Tell whether all samples are there; a plain sample takes a byte at least."""
    file.seek(0)
    header = header_of(file.read(_HEAD_BYTES))
    if header is None:
        return False
    samples = header.height * header.width * (3 if header.kind in (3, 6) else 1)
    if header.kind in _PLAIN:
        return size >= header.length + samples
    if header.kind in _BIT_MAPS:
        return size >= header.length + header.height * ((header.width + 7) // 8)
    return size >= header.length + samples * (1 if header.largest < 256 else 2)
