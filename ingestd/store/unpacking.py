"""Reading of the values that ``packing`` writes; the format is described there."""

from __future__ import annotations

import json
import lzma
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

from ingestd.document import Char, Quad

ZLIB, TENTHS, HUNDREDTHS = 1, 2, 3
"""Versions. The first is read only; the last is written where tenths of a pixel would round a quad."""

SKEWED, UPRIGHT, PLAIN, OWN_TEXT, IN_FRAMES = 0, 1, 2, 4, 8
PER_PX = {ZLIB: 100, TENTHS: 10, HUNDREDTHS: 100}
"""Version -> units of quads in a pixel."""
PER_UNIT = 10_000
FRAME_PX = 4
"""Half a frame of the recogniser: characters are in the middle of frames."""
STREAMS = ("forms", "quads", "counts", "positions", "sure", "others", "texts", "plain")
FILTERS = [{"id": lzma.FILTER_LZMA1, "dict_size": 1 << 20, "lc": 1, "lp": 0, "pb": 0}]
MAX_BYTES = 1 << 28
"""Bound on the unpacked streams of one document."""

Place = tuple[Quad, tuple[Char, ...]]
"""Quad of a line in decoded pixels, and its characters."""


def places_of(packed: bytes, texts: Sequence[str] | None) -> Iterator[Place]:
    """Yield the places of packed lines; bytes that are damaged raise what their reading meets."""
    if packed[0] not in PER_PX:
        raise ValueError(f"packed lines: found version {packed[0]}, expected {HUNDREDTHS} or older; upgrade ingestd")
    old = packed[0] == ZLIB
    inflate = zlib.decompressobj() if old else lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=FILTERS)
    streams = _split(inflate.decompress(packed[1:], MAX_BYTES))
    if not inflate.eof:
        raise ValueError("packed lines: found damaged bytes (cut short), expected what ingestd wrote")
    forms = streams["forms"]
    if texts is not None and len(forms) != len(texts):
        raise ValueError(f"packed lines: found {len(forms)} lines, expected {len(texts)}")
    plain = iter(json.loads(streams["plain"]) if streams["plain"] else ())
    counts = _numbers(streams["counts"])
    packed_lines = sum(form != PLAIN for form in forms)
    lengths = iter([next(counts) for _ in range(packed_lines)])
    chars = _Chars(streams, counts)
    quads = _signed(streams["quads"])
    before = (0, 0)
    for index, form in enumerate(forms):
        if form == PLAIN:
            yield _plain(next(plain))
            continue
        corners = _corners(form & 1, before, quads)
        before = corners[0], corners[1]
        length = next(lengths)
        own: Sequence[str] | None = None
        if form & OWN_TEXT:
            own = [""] * length if texts is None else texts[index]
        yield _quad(corners, PER_PX[packed[0]]), chars.of_line(length, own, in_frames=bool(form & IN_FRAMES))


def _split(whole: bytes) -> dict[str, bytes]:
    streams, at = {}, 0
    for name in STREAMS:
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
            pairs = [(first, (PER_UNIT - next(self._sure)) / PER_UNIT)]
            for _ in range(others):
                pairs.append((next(self._texts), next(self._others) / PER_UNIT))
            chars.append(Char(position / PER_UNIT, tuple(pairs)))
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
            yield position_of(frame, width)


def _plain(line: Any) -> Place:
    (a, b, c, d), chars = line
    quad = tuple(a), tuple(b), tuple(c), tuple(d)
    read = (Char(position, tuple((text, sure) for text, sure in pairs)) for position, pairs in chars)
    return quad, tuple(read)


def position_of(frame: Any, width: Any) -> Any:
    """Return the position of a frame in ten-thousandths; of arrays too."""
    return (2 * FRAME_PX * PER_UNIT * frame + width) // (2 * width)
