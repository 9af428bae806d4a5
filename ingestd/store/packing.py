"""Places and characters of a document's lines as one small binary value, ``readings.packed``; exact both ways.

A packed value is one byte for the version, then compressed streams: LZMA without a head (LZMA1, lc 1, lp 0, pb 0), in
version 1 zlib (RFC 1950). A stream is its length in bytes as a
varint, then its content. Varints are LEB128; signed numbers are zigzag coded (0, -1, 1, -2 ...). In order:

====================  =====================================================================================
stream                content
====================  =====================================================================================
``forms``             one byte per line: 0 skewed quad, 1 upright rectangle, 2 plain; +4: emitted characters
                      are those of the line's text; +8: positions are in frames
``quads``             tenths of a pixel (versions 1 and 3: hundredths), signed. Upright: left and top less those of
                      the line before, width, height. Skewed: first corner less that of the line before, then each
                      corner less the one before it
``counts``            characters of each line, then alternatives less one of each character
``positions``         per line, ten-thousandths, signed: the first, then change of the step. In frames: the width
                      of the line in pixels of the recogniser, then signed steps of four of these pixels
``sure``              probability of each emitted character: 10,000 less its ten-thousandths
``others``            ten-thousandths of the other alternatives
``texts``             UTF-8, NUL after each: emitted characters where the form does not say they are the
                      line's, and the other alternatives, in order of characters
``plain``             JSON of the plain lines, ``[[quad, chars], ...]``: values that the units above would round
====================  =====================================================================================
"""

from __future__ import annotations

import functools
import json
import lzma
import sqlite3
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from ingestd.document import Line
from ingestd.store.unpacking import (
    FILTERS,
    FRAME_PX,
    HUNDREDTHS,
    IN_FRAMES,
    OWN_TEXT,
    PER_PX,
    PER_UNIT,
    PLAIN,
    SKEWED,
    STREAMS,
    TENTHS,
    UPRIGHT,
    Place,
    places_of,
    position_of,
)

_WIDTHS = (np.arange(1, 1025, dtype=np.int64), np.arange(1025, 4097, dtype=np.int64))
"""Widths of a line (px) that are tried, the usual ones first."""

_to_json = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), allow_nan=False).encode


def pack(lines: Sequence[Line]) -> bytes:
    """Write quads and characters of lines, in their order.

    >>> unpack(pack([]), [])
    []
    """
    rounded = any(_corners_of(line, HUNDREDTHS) and not _corners_of(line, TENTHS) for line in lines)
    version = HUNDREDTHS if rounded else TENTHS
    streams: dict[str, bytearray] = {name: bytearray() for name in STREAMS}
    alternatives = bytearray()
    plain: list[Any] = []
    before = (0, 0)
    for line in lines:
        corners = _corners_of(line, version)
        form = None if corners is None else _pack_chars(line, streams, alternatives)
        if corners is None or form is None:
            streams["forms"].append(PLAIN)
            plain.append([line.quad, [[char.position, char.alternatives] for char in line.chars]])
            continue
        streams["forms"].append(_pack_quad(corners, before, streams["quads"]) + form)
        before = corners[0], corners[1]
    streams["counts"] += alternatives
    if plain:
        streams["plain"] += _to_json(plain).encode()
    whole = bytearray()
    for name in STREAMS:
        _put(whole, len(streams[name]))
        whole += streams[name]
    return bytes([version]) + lzma.compress(whole, lzma.FORMAT_RAW, filters=FILTERS)


def unpack(packed: bytes, texts: Sequence[str] | None) -> list[Place]:
    """Read quads and characters of the lines with these texts, exactly as they were packed.

    Args:
        packed: as ``pack`` wrote it.
        texts: of the lines; None: emitted characters that are those of the text come as empty strings.

    Raises:
        ValueError: the value is damaged or of a newer version, or has another number of lines.
    """
    try:
        return list(places_of(packed, texts))
    except (
        zlib.error,
        lzma.LZMAError,
        EOFError,
        IndexError,
        StopIteration,
        TypeError,
        UnicodeDecodeError,
        RuntimeError,
    ) as error:
        raise ValueError(f"packed lines: found damaged bytes ({error}), expected what ingestd wrote") from error


def register(connection: sqlite3.Connection) -> None:
    """Offer ``line_quad(packed, line_index)`` and ``line_chars(packed, line_index, text)`` to SQL; both give JSON."""
    connection.create_function("line_quad", 2, _line_quad, deterministic=True)
    connection.create_function("line_chars", 3, _line_chars, deterministic=True)


@functools.lru_cache(maxsize=4)
def _without_texts(packed: bytes) -> list[Place]:
    return unpack(packed, None)


def _line_quad(packed: bytes, index: int) -> str:
    return _to_json(_without_texts(packed)[index][0])


def _line_chars(packed: bytes, index: int, text: str) -> str:
    flat = []
    for place, char in enumerate(_without_texts(packed)[index][1]):
        (first, sure), *others = char.alternatives
        flat.append([char.position, first or text[place], sure, *(part for pair in others for part in pair)])
    return _to_json(flat)


# -- writing


def _whole(values: Sequence[float], per: int) -> list[int] | None:
    """Return values in units of 1/per; None if the units would round one of them."""
    units = [round(value * per) for value in values]
    return units if all(unit / per == value for unit, value in zip(units, values, strict=True)) else None


def _corners_of(line: Line, version: int) -> list[int] | None:
    return _whole([value for corner in line.quad for value in corner], PER_PX[version])


def _is_own(line: Line) -> bool:
    return len(line.chars) == len(line.text) and all(
        char.text == said for char, said in zip(line.chars, line.text, strict=True)
    )


def _pack_quad(corners: list[int], before: tuple[int, int], stream: bytearray) -> int:
    left, top, right, bottom = corners[0], corners[1], corners[4], corners[5]
    _put_signed(stream, left - before[0])
    _put_signed(stream, top - before[1])
    if corners == [left, top, right, top, right, bottom, left, bottom]:
        _put_signed(stream, right - left)
        _put_signed(stream, bottom - top)
        return UPRIGHT
    for index in range(2, 8):
        _put_signed(stream, corners[index] - corners[index - 2])
    return SKEWED


def _pack_chars(line: Line, streams: dict[str, bytearray], alternatives: bytearray) -> int | None:
    """Write the characters of a line and return their part of its form; None, with nothing written: they do not fit."""
    positions = _whole([char.position for char in line.chars], PER_UNIT)
    probabilities = _whole([sure for char in line.chars for _, sure in char.alternatives], PER_UNIT)
    said = [text for char in line.chars for text, _ in char.alternatives]
    if positions is None or probabilities is None or not all(_fits(text) for text in said):
        return None
    _put(streams["counts"], len(line.chars))
    in_frames = _pack_positions(positions, streams["positions"])
    own = _is_own(line)
    unit = iter(probabilities)
    for char in line.chars:
        _put(alternatives, len(char.alternatives) - 1)
        _put_signed(streams["sure"], PER_UNIT - next(unit))
        for _ in char.alternatives[1:]:
            _put(streams["others"], next(unit))
        for text, _ in char.alternatives[own:]:
            streams["texts"] += text.encode() + b"\0"
    return OWN_TEXT * own + IN_FRAMES * in_frames


def _pack_positions(positions: Sequence[int], stream: bytearray) -> bool:
    """Write positions in ten-thousandths; True if they were written in frames."""
    width = _width_of(positions)
    last = step = 0
    if width is None:
        for position in positions:
            _put_signed(stream, position - last - step)
            last, step = position, position - last
        return False
    _put(stream, width)
    for position in positions:
        frame = _frame_of(position, width)
        _put_signed(stream, frame - last)
        last = frame
    return True


def _width_of(positions: Sequence[int]) -> int | None:
    """Find the least width of a line on whose frames all positions are; None where there is none.

    A wrong width fits one position in some dozens, so that a few positions leave the right one.
    """
    for widths in _WIDTHS if positions else ():
        for position in positions[-2:]:
            widths = widths[position_of(_frame_of(position, widths), widths) == position]
        for width in widths.tolist():  # few: arrays of them would cost more
            if all(position_of(_frame_of(position, width), width) == position for position in positions):
                return int(width)
    return None


def _frame_of(position: Any, width: Any) -> Any:
    """Return the number of the frame next to a position in ten-thousandths; of arrays too."""
    unit = 2 * FRAME_PX * PER_UNIT
    return (2 * position * width + unit // 2) // unit


def _fits(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _put(stream: bytearray, value: int) -> None:
    while value > 0x7F:
        stream.append(value & 0x7F | 0x80)
        value >>= 7
    stream.append(value)


def _put_signed(stream: bytearray, value: int) -> None:
    _put(stream, value << 1 if value >= 0 else (-value << 1) - 1)
