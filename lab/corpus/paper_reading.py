"""Readings of drawn sheets without drawing them: lines of text with boxes, worn as a scan wears them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from ingestd.document import Line, PageInfo, Reading
from ingestd.layout.geometry import rect_quad
from lab.corpus.sheet import Sheet, Text

PX_PER_MM = 8.0
_WIDTHS = {" ": 0.28, "i": 0.24, "l": 0.24, ".": 0.28, ",": 0.28, ":": 0.28, "'": 0.2, "m": 0.83, "w": 0.72, "W": 0.94}
_HAN = "\u2e7f"
"""Han characters and full-width signs come after it."""
_ASCENT, _DESCENT = 0.74, 0.22
"""Shares of the em above and below the baseline that a line's box covers."""
JITTER_MM = 0.12


def width_of(text: str, size: float) -> float:
    """Estimate the width of a text in mm, in the proportions of Helvetica; Han characters are square.

    Args:
        text: of one run.
        size: height of the em in mm.
    """
    ems = (1.0 if one > _HAN else _WIDTHS.get(one, _usual(one)) for one in text)
    return size * sum(ems)


def _usual(character: str) -> float:
    return 0.67 if character.isupper() else 0.56 if character.isdigit() else 0.52


def reading_of(sheets: Sequence[Sheet], rng: Random, wear: float, kept: str) -> Reading:
    """Return what a reader would report of sheets.

    Args:
        sheets: pages in order; only their runs of text are read.
        rng: source of chance for wear.
        wear: chance that a letter of a text without digits is misread, and ten times less that such a text is lost.
        kept: a text that does not wear, in any letter case.
    """
    pages = tuple(
        PageInfo(index, round(sheet.width * PX_PER_MM), round(sheet.height * PX_PER_MM), 203.0, 0, 0.0, {}, ())
        for index, sheet in enumerate(sheets)
    )
    lines = tuple(line for index, sheet in enumerate(sheets) for line in _lines(sheet, index, rng, wear, kept))
    return Reading(pages, lines, ())


def _lines(sheet: Sheet, index: int, rng: Random, wear: float, kept: str) -> Iterator[Line]:
    for shape in sheet.shapes:
        if not isinstance(shape, Text) or not shape.text.strip():
            continue
        text = shape.text
        wears = not any(character.isdigit() for character in text) and kept.lower() not in text.lower()
        if wears and rng.random() < wear / 10:
            continue
        if wears:
            text = "".join(_misread(one, rng) if rng.random() < wear else one for one in text)
        width = width_of(shape.text, shape.size)
        left = shape.x - {"left": 0.0, "middle": width / 2, "right": width}[shape.anchor]
        left += rng.uniform(-JITTER_MM, JITTER_MM)
        top = shape.y - _ASCENT * shape.size + rng.uniform(-JITTER_MM, JITTER_MM)
        box = (left, top, left + width, top + (_ASCENT + _DESCENT) * shape.size)
        yield Line(index, rect_quad(*(PX_PER_MM * edge for edge in box)), text.strip(), 1.0 - wear)


def _misread(character: str, rng: Random) -> str:
    return rng.choice("aceilnorstu") if character.isalpha() else character
