"""Pieces of text that may be cells: lines in the frame of the text, divided where wide gaps part words. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from ingestd.document import Line
from ingestd.layout.row_groups import Edges, group_rows
from ingestd.layout.rows import text_widths

WIDE_GAP = 4.0
"""Pitches of a line's characters between the middles of two of them, beyond which a line is two pieces."""
MIN_WIDE_GAP_HEIGHTS = 1.0
"""And heights of the line: small print has narrow characters."""
SPACE_GAP = 1.6
"""Pitches between the middles of two characters that a space parts."""
MAX_CHARACTERS = 1000
"""A line with more is not divided; only hostile text layers have such."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Characters ``start`` to ``end`` (exclusive) of a line, in the frame of the text, in pixels."""

    left: float
    top: float
    right: float
    bottom: float
    line: int
    """Index into the lines of the page."""
    start: int
    end: int
    text: str
    centres: tuple[float, ...]
    """Middle of each character along the line."""

    @property
    def edges(self) -> Edges:
        """Left, top, right, bottom."""
        return self.left, self.top, self.right, self.bottom

    @property
    def middle(self) -> float:
        """Middle of its height."""
        return (self.top + self.bottom) / 2

    @property
    def centre(self) -> float:
        """Middle of its width."""
        return (self.left + self.right) / 2

    @property
    def height(self) -> float:
        """Height in pixels."""
        return self.bottom - self.top

    @property
    def width(self) -> float:
        """Width in pixels."""
        return self.right - self.left


def pieces_of(lines: Sequence[Line], boxes: Sequence[Edges]) -> list[Piece]:
    """Divide lines at wide gaps between their characters.

    Args:
        lines: of one page; those without text are left out.
        boxes: their edges in the frame of the text.
    """
    found: list[Piece] = []
    for index, (line, (left, top, right, bottom)) in enumerate(zip(lines, boxes, strict=True)):
        if line.text.strip():
            whole = Piece(left, top, right, bottom, index, 0, len(line.text), line.text, _centres(line, left, right))
            found += _divided(whole)
    return found


def _centres(line: Line, left: float, right: float) -> tuple[float, ...]:
    """Return the middle of each character: as the reader placed them, else by typical widths."""
    if len(line.chars) == len(line.text):
        return tuple([left + char.position * (right - left) for char in line.chars])
    widths = text_widths(line.text)
    scale, at, found = (right - left) / sum(widths), left, []
    for width in widths:
        found.append(at + width * scale / 2)
        at += width * scale
    return tuple(found)


def _divided(piece: Piece) -> Iterator[Piece]:
    if len(piece.text) > MAX_CHARACTERS:
        yield piece
        return
    least = max(WIDE_GAP * pitch(piece), MIN_WIDE_GAP_HEIGHTS * piece.height)
    rest = piece
    for before, after in neighbours(piece):
        if piece.centres[after] - piece.centres[before] >= least:
            first, rest = cut(rest, before, after, piece)
            yield first
    yield rest


def rows_of(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Group pieces into rows of text, from the top, each from the left."""
    return [[pieces[index] for index in row] for row in group_rows([piece.edges for piece in pieces])]


def pitch(piece: Piece) -> float:
    """Return the usual distance between neighbouring characters, in pixels."""
    steps = [piece.centres[b] - piece.centres[a] for a, b in neighbours(piece) if b == a + 1]
    return median(steps) if steps else piece.width


def neighbours(piece: Piece) -> Iterator[tuple[int, int]]:
    """Yield the indices of each two printed characters that follow each other."""
    yield from pairwise(index for index, character in enumerate(piece.text) if not character.isspace())


def cut(piece: Piece, before: int, after: int, whole: Piece | None = None) -> tuple[Piece, Piece]:
    """Divide a piece between two of its characters.

    Args:
        piece: to divide.
        before: index of the last character of the first part, in ``whole``.
        after: index of the first character of the second part.
        whole: piece that the indices count in; ``piece`` if None.
    """
    base = piece if whole is None else whole
    skipped = piece.start - base.start
    half = pitch(base) / 2
    first, second = before + 1 - skipped, after - skipped
    return (
        replace(
            piece,
            right=min(base.centres[before] + half, piece.right),
            end=piece.start + first,
            text=piece.text[:first],
            centres=piece.centres[:first],
        ),
        replace(
            piece,
            left=max(base.centres[after] - half, piece.left),
            start=piece.start + second,
            text=piece.text[second:],
            centres=piece.centres[second:],
        ),
    )


def divided_at(piece: Piece, low: float, high: float) -> tuple[Piece, Piece] | None:
    """Divide a piece where a space lies between two edges; None where none does.

    Args:
        piece: to divide.
        low: left edge of where the gap's middle may be, in pixels.
        high: right edge.
    """
    usual = pitch(piece)
    gaps = [
        (piece.centres[after] - piece.centres[before], before, after)
        for before, after in neighbours(piece)
        if after > before + 1 and low <= (piece.centres[before] + piece.centres[after]) / 2 <= high
    ]
    gap, before, after = max(gaps, default=(0.0, 0, 0))
    return cut(piece, before, after) if gap >= SPACE_GAP * usual else None
