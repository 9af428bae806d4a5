"""A reading laid out for searching: boxes in the frame of the text, rows by geometry, folded characters.

Text is folded character by character (full-width to half-width and so on), and every folded text keeps
its way back to the characters of the line it came from, so that a value found in it can be shown on the page.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate, pairwise

import numpy as np

from ingestd.document import Line, Quad, Reading
from ingestd.layout.geometry import as_quad, as_quads, bounds, rect_quad
from ingestd.layout.row_groups import group_rows, text_edges

GAP = "  "
"""Separator between the texts of two boxes of one row."""

_MAX_CHARACTERS = 1000
"""Characters per line that are searched; only hostile text layers have more."""

_MAX_KEPT = 512
"""Lines whose widths of characters are kept: places on one line are asked for one after the other."""

_MAX_BOXES = 200
"""Boxes per row; only hostile text layers have more, and theirs go on in another row."""

_EQUIVALENTS = str.maketrans(
    {"‐": "-", "‑": "-", "‒": "-", "−": "-", "—": "-", "、": ",", "。": ".", "〇": "零", "×": "x"}
)


@dataclass(frozen=True, slots=True)
class Span:
    """Characters ``start`` to ``end`` (exclusive) of the original text of one line of the reading."""

    line: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Box:
    """One line of the reading in the frame of the page's text: x along it, y down it, in pixels."""

    line: int
    """Index into ``Reading.lines``."""
    left: float
    top: float
    right: float
    bottom: float
    text: str
    """Folded."""
    origin: tuple[int, ...]
    """For each folded character the index of the original one."""

    @property
    def height(self) -> float:
        """Height of the text line in pixels."""
        return self.bottom - self.top


@dataclass(frozen=True, slots=True)
class Row:
    """Boxes standing on one row, left to right."""

    page_index: int
    boxes: tuple[Box, ...]
    starts: tuple[int, ...]
    """Offset of each box's text in ``text``."""
    text: str
    """Folded texts of the boxes, joined by GAP."""

    @property
    def top(self) -> float:
        """Top of the highest box."""
        return min(box.top for box in self.boxes)

    @property
    def bottom(self) -> float:
        """Bottom of the lowest box."""
        return max(box.bottom for box in self.boxes)

    def box_at(self, offset: int) -> int:
        """Return the index of the box of the character at ``offset`` of the text."""
        return bisect_right(self.starts, offset, 1) - 1

    def spans(self, start: int, end: int) -> tuple[Span, ...]:
        """Return the original characters of the characters ``start`` to ``end`` of the text."""
        found = []
        for index in range(self.box_at(start), self.box_at(max(start, end - 1)) + 1):
            box, offset = self.boxes[index], self.starts[index]
            first, last = max(start - offset, 0), min(end - offset, len(box.text)) - 1
            if first <= last:
                found.append(Span(box.line, box.origin[first], box.origin[last] + 1))
        return tuple(found)

    def extent(self, start: int, end: int) -> tuple[float, float]:
        """Return left and right edge of the characters ``start`` to ``end``, in pixels of the text's frame."""
        first, last = self.box_at(start), self.box_at(max(start, end - 1))
        return (
            _along(self.boxes[first], start - self.starts[first]),
            _along(self.boxes[last], end - self.starts[last]),
        )


@dataclass(frozen=True, slots=True)
class LaidOutDocument:
    """All rows of a document, top to bottom, page by page."""

    reading: Reading
    rows: tuple[Row, ...]

    @property
    def first_page(self) -> int:
        """Index of the first page with text; 0 without any."""
        return self.rows[0].page_index if self.rows else 0

    def raw(self, spans: Iterable[Span]) -> str:
        """Return the text of the spans exactly as read, boxes separated by one space."""
        return " ".join(self.reading.lines[span.line].text[span.start : span.end] for span in spans)

    def quad(self, spans: Sequence[Span]) -> Quad:
        """Return the quad that the spans cover, in decoded pixels."""
        quads = [sub_quad(self.reading.lines[span.line], span.start, span.end) for span in spans]
        if len(quads) == 1:
            return quads[0]
        edges = np.array([bounds(quad) for quad in quads])
        left, top = edges[:, :2].min(axis=0)
        right, bottom = edges[:, 2:].max(axis=0)
        return rect_quad(left, top, right, bottom)


@cache
def _fold_character(character: str) -> str:
    folded = unicodedata.normalize("NFKC", character).translate(_EQUIVALENTS)
    return folded if folded.strip() else " "


def fold(text: str) -> tuple[str, tuple[int, ...]]:
    """Fold a text to half-width, compatible characters, each with the index of its origin.

    >>> fold("￥１２。５")
    ('¥12.5', (0, 1, 2, 3, 4))
    """
    if text.isascii():
        return text.replace("\t", " "), tuple(range(len(text)))
    pieces = [_fold_character(character) for character in text]
    return "".join(pieces), tuple(index for index, piece in enumerate(pieces) for _ in piece)


@cache
def is_wide(character: str) -> bool:
    """Tell whether a character is twice as wide as a Latin one, as those of scripts without spaces are."""
    return unicodedata.east_asian_width(character) in "WF"


def text_widths(text: str) -> list[float]:
    """Return the typical width of each character, in half-width characters.

    >>> text_widths("1元")
    [1.0, 2.0]
    """
    return [2.0 if is_wide(character) else 1.0 for character in text]


@lru_cache(_MAX_KEPT)
def _text_edges(text: str) -> tuple[float, ...]:
    """Typical left edge of each character and right edge of the last, in half-width characters."""
    return tuple(accumulate(text_widths(text), initial=0.0))


def _along(box: Box, offset: int) -> float:
    """Estimate x of the left edge of the folded character at ``offset`` from typical character widths."""
    if offset <= 0 or not box.text:
        return box.left
    if offset >= len(box.text):
        return box.right
    if box.text.isascii():
        share = offset / len(box.text)
    else:
        edges = _text_edges(box.text)
        share = edges[offset] / edges[-1]
    return box.left + share * (box.right - box.left)


def sub_quad(line: Line, start: int, end: int) -> Quad:
    """Cut the quad of the characters ``start`` to ``end`` out of a line, in decoded pixels.

    Borders between characters lie halfway between their known centres, or follow typical character
    widths where the reader gave no positions.
    """
    if start <= 0 and end >= len(line.text):
        return line.quad
    if len(line.chars) == len(line.text):
        centres = [character.position for character in line.chars]
        borders = [0.0, *((a + b) / 2 for a, b in pairwise(centres)), 1.0]
    else:
        edges = np.cumsum([0.0, *text_widths(line.text)])
        borders = list(edges / edges[-1])
    a, b, c, d = np.asarray(line.quad)
    first, last = borders[start], borders[end]
    return as_quad([a + first * (b - a), a + last * (b - a), d + last * (c - d), d + first * (c - d)])


def lay_out(reading: Reading) -> LaidOutDocument:
    """Arrange the lines of a reading in rows."""
    rows: list[Row] = []
    by_page: dict[int, list[int]] = {}
    for index, line in enumerate(reading.lines):
        if not line.text:
            continue  # of another paper in the same file
        by_page.setdefault(line.page_index, []).append(index)
    for page_index in sorted(by_page):
        rows.extend(_page_rows(reading, page_index, by_page[page_index]))
    return LaidOutDocument(reading, tuple(rows))


def _page_rows(reading: Reading, page_index: int, indices: Sequence[int]) -> list[Row]:
    edges = text_edges(as_quads(reading.lines[index].quad for index in indices))
    boxes = [
        Box(index, *box, *fold(reading.lines[index].text[:_MAX_CHARACTERS]))
        for index, box in zip(indices, edges, strict=True)
    ]
    return [
        _row(page_index, [boxes[place] for place in row[start : start + _MAX_BOXES]])
        for row in group_rows(edges)
        for start in range(0, len(row), _MAX_BOXES)
    ]


def _row(page_index: int, chain: Sequence[Box]) -> Row:
    starts, position = [], 0
    for box in chain:
        starts.append(position)
        position += len(box.text) + len(GAP)
    return Row(page_index, tuple(chain), tuple(starts), GAP.join(box.text for box in chain))
