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
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ingestd.document import Char, Line, Quad

_ZLIB, _TENTHS, _HUNDREDTHS = 1, 2, 3
"""Versions. The first is read only; the last is written where tenths of a pixel would round a quad."""

_SKEWED, _UPRIGHT, _PLAIN, _OWN_TEXT, _IN_FRAMES = 0, 1, 2, 4, 8
_PER_PX = {_ZLIB: 100, _TENTHS: 10, _HUNDREDTHS: 100}
"""Version -> units of quads in a pixel."""
_PER_UNIT = 10_000
_FRAME_PX = 4
"""Half a frame of the recogniser: characters are in the middle of frames."""
_WIDTHS = np.arange(1, 4097, dtype=np.int64)
"""Widths of a line (px) that are tried."""
_STREAMS = ("forms", "quads", "counts", "positions", "sure", "others", "texts", "plain")
_FILTERS = [{"id": lzma.FILTER_LZMA1, "dict_size": 1 << 20, "lc": 1, "lp": 0, "pb": 0}]
_MAX_BYTES = 1 << 28
"""Bound on the unpacked streams of one document."""

Place = tuple[Quad, tuple[Char, ...]]
"""Quad of a line in decoded pixels, and its characters."""

_to_json = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), allow_nan=False).encode


def pack(lines: Sequence[Line]) -> bytes:
    """Write quads and characters of lines, in their order.

    >>> unpack(pack([]), [])
    []
    """
    rounded = any(_corners_of(line, _HUNDREDTHS) and not _corners_of(line, _TENTHS) for line in lines)
    version = _HUNDREDTHS if rounded else _TENTHS
    streams: dict[str, bytearray] = {name: bytearray() for name in _STREAMS}
    alternatives = bytearray()
    plain: list[Any] = []
    before = (0, 0)
    for line in lines:
        corners = _corners_of(line, version)
        form = None if corners is None else _pack_chars(line, streams, alternatives)
        if corners is None or form is None:
            streams["forms"].append(_PLAIN)
            plain.append([line.quad, [[char.position, char.alternatives] for char in line.chars]])
            continue
        streams["forms"].append(_pack_quad(corners, before, streams["quads"]) + form)
        before = corners[0], corners[1]
    streams["counts"] += alternatives
    if plain:
        streams["plain"] += _to_json(plain).encode()
    whole = bytearray()
    for name in _STREAMS:
        _put(whole, len(streams[name]))
        whole += streams[name]
    return bytes([version]) + lzma.compress(whole, lzma.FORMAT_RAW, filters=_FILTERS)


def unpack(packed: bytes, texts: Sequence[str] | None) -> list[Place]:
    """Read quads and characters of the lines with these texts, exactly as they were packed.

    Args:
        packed: as ``pack`` wrote it.
        texts: of the lines; None: emitted characters that are those of the text come as empty strings.

    Raises:
        ValueError: the value is damaged or of a newer version, or has another number of lines.
    """
    try:
        return list(_unpacked(packed, texts))
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
    return _whole([value for corner in line.quad for value in corner], _PER_PX[version])


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
        return _UPRIGHT
    for index in range(2, 8):
        _put_signed(stream, corners[index] - corners[index - 2])
    return _SKEWED


def _pack_chars(line: Line, streams: dict[str, bytearray], alternatives: bytearray) -> int | None:
    """Write the characters of a line and return their part of its form; None, with nothing written: they do not fit."""
    positions = _whole([char.position for char in line.chars], _PER_UNIT)
    probabilities = _whole([sure for char in line.chars for _, sure in char.alternatives], _PER_UNIT)
    said = [text for char in line.chars for text, _ in char.alternatives]
    if positions is None or probabilities is None or not all(_fits(text) for text in said):
        return None
    _put(streams["counts"], len(line.chars))
    in_frames = _pack_positions(positions, streams["positions"])
    own = _is_own(line)
    unit = iter(probabilities)
    for char in line.chars:
        _put(alternatives, len(char.alternatives) - 1)
        _put_signed(streams["sure"], _PER_UNIT - next(unit))
        for _ in char.alternatives[1:]:
            _put(streams["others"], next(unit))
        for text, _ in char.alternatives[own:]:
            streams["texts"] += text.encode() + b"\0"
    return _OWN_TEXT * own + _IN_FRAMES * in_frames


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
    widths = _WIDTHS
    for position in positions:
        widths = widths[_position_of(_frame_of(position, widths), widths) == position]
    return int(widths[0]) if positions and len(widths) else None


def _frame_of(position: Any, width: Any) -> Any:
    """Return the number of the frame next to a position in ten-thousandths; of arrays too."""
    unit = 2 * _FRAME_PX * _PER_UNIT
    return (2 * position * width + unit // 2) // unit


def _position_of(frame: Any, width: Any) -> Any:
    """Return the position of a frame in ten-thousandths; of arrays too."""
    return (2 * _FRAME_PX * _PER_UNIT * frame + width) // (2 * width)


def _fits(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _put(stream: bytearray, value: int) -> None:
    while value > 0x7F:
        stream.append(value & 0x7F | 0x80)
        value >>= 7
    stream.append(value)


def _put_signed(stream: bytearray, value: int) -> None:
    _put(stream, value << 1 if value >= 0 else (-value << 1) - 1)


# -- reading


def _unpacked(packed: bytes, texts: Sequence[str] | None) -> Iterator[Place]:
    if packed[0] not in _PER_PX:
        raise ValueError(f"packed lines: found version {packed[0]}, expected {_HUNDREDTHS} or older; upgrade ingestd")
    old = packed[0] == _ZLIB
    inflate = zlib.decompressobj() if old else lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=_FILTERS)
    streams = _split(inflate.decompress(packed[1:], _MAX_BYTES))
    if not inflate.eof:
        raise ValueError("packed lines: found damaged bytes (cut short), expected what ingestd wrote")
    forms = streams["forms"]
    if texts is not None and len(forms) != len(texts):
        raise ValueError(f"packed lines: found {len(forms)} lines, expected {len(texts)}")
    plain = iter(json.loads(streams["plain"]) if streams["plain"] else ())
    counts = _numbers(streams["counts"])
    packed_lines = sum(form != _PLAIN for form in forms)
    lengths = iter([next(counts) for _ in range(packed_lines)])
    chars = _Chars(streams, counts)
    quads = _signed(streams["quads"])
    before = (0, 0)
    for index, form in enumerate(forms):
        if form == _PLAIN:
            yield _plain(next(plain))
            continue
        corners = _corners(form & 1, before, quads)
        before = corners[0], corners[1]
        length = next(lengths)
        own: Sequence[str] | None = None
        if form & _OWN_TEXT:
            own = [""] * length if texts is None else texts[index]
        yield _quad(corners, _PER_PX[packed[0]]), chars.of_line(length, own, in_frames=bool(form & _IN_FRAMES))


def _split(whole: bytes) -> dict[str, bytes]:
    streams, at = {}, 0
    for name in _STREAMS:
        length = shift = 0
        while True:
            byte = whole[at]
            at += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        streams[name] = whole[at : at + length]
        at += length
    return streams


def _numbers(stream: bytes) -> Iterator[int]:
    value = shift = 0
    for byte in stream:
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            yield value
            value = shift = 0
        else:
            shift += 7


def _signed(stream: bytes) -> Iterator[int]:
    return map(_of_zigzag, _numbers(stream))


def _of_zigzag(value: int) -> int:
    return value >> 1 if not value & 1 else -((value + 1) >> 1)


def _corners(upright: int, before: tuple[int, int], quads: Iterator[int]) -> list[int]:
    left, top = before[0] + next(quads), before[1] + next(quads)
    if upright:
        right, bottom = left + next(quads), top + next(quads)
        return [left, top, right, top, right, bottom, left, bottom]
    corners = [left, top]
    for index in range(6):
        corners.append(corners[index] + next(quads))
    return corners


def _quad(units: Sequence[int], per_px: int) -> Quad:
    a, b, c, d, e, f, g, h = (unit / per_px for unit in units)
    return (a, b), (c, d), (e, f), (g, h)


class _Chars:
    """Characters of packed lines, line after line."""

    def __init__(self, streams: dict[str, bytes], alternatives: Iterator[int]) -> None:
        self._alternatives = alternatives
        self._unsigned_positions = _numbers(streams["positions"])
        self._positions = map(_of_zigzag, self._unsigned_positions)
        self._sure = _signed(streams["sure"])
        self._others = _numbers(streams["others"])
        self._texts = iter(streams["texts"].decode().split("\0"))

    def of_line(self, count: int, own: Sequence[str] | None, *, in_frames: bool) -> tuple[Char, ...]:
        """Return the next ``count`` characters; ``own`` are the emitted ones, None where they are stored."""
        chars = []
        for index, position in enumerate(self._of_frames(count) if in_frames else self._of_steps(count)):
            others = next(self._alternatives)
            first = next(self._texts) if own is None else own[index]
            pairs = [(first, (_PER_UNIT - next(self._sure)) / _PER_UNIT)]
            for _ in range(others):
                pairs.append((next(self._texts), next(self._others) / _PER_UNIT))
            chars.append(Char(position / _PER_UNIT, tuple(pairs)))
        return tuple(chars)

    def _of_steps(self, count: int) -> Iterator[int]:
        last = step = 0
        for _ in range(count):
            step += next(self._positions)
            last += step
            yield last

    def _of_frames(self, count: int) -> Iterator[int]:
        width = next(self._unsigned_positions)
        frame = 0
        for _ in range(count):
            frame += next(self._positions)
            yield _position_of(frame, width)


def _plain(line: Any) -> Place:
    (a, b, c, d), chars = line
    quad = tuple(a), tuple(b), tuple(c), tuple(d)
    read = (Char(position, tuple((text, sure) for text, sure in pairs)) for position, pairs in chars)
    return quad, tuple(read)
