"""Entries of a table: the pieces of one row of text in the column, or columns, in which they stand. Pure."""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median_high

from ingestd.layout.rows import is_wide
from ingestd.layout.tables.columns import Gutter
from ingestd.layout.tables.pieces import Piece, divided_at, pitch

REACH = 0.5
"""Heights by which a piece has to reach into a column to stand in it."""
NUMERIC = 0.4
"""Share of digits from which a text counts as a number."""
WIDE_SPACE = 2.6
"""Pitches between two characters beyond which a space may part two cells of words."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Pieces of one row of text in the same column, or over several."""

    first: int
    last: int
    """Columns, both included."""
    pieces: tuple[Piece, ...]
    """From the left."""

    @property
    def text(self) -> str:
        """Texts of the pieces, with spaces between them where their script has any."""
        return joined_text([piece.text.strip() for piece in self.pieces])

    @property
    def left(self) -> float:
        """Left edge."""
        return min(piece.left for piece in self.pieces)

    @property
    def right(self) -> float:
        """Right edge."""
        return max(piece.right for piece in self.pieces)

    @property
    def columns(self) -> range:
        """Columns that it covers."""
        return range(self.first, self.last + 1)


@dataclass(frozen=True, slots=True)
class TextRow:
    """Entries of one row of text, from the left."""

    entries: tuple[Entry, ...]

    @property
    def top(self) -> float:
        """Top of its text, as the median of its pieces says."""
        return median_high([piece.top for entry in self.entries for piece in entry.pieces])

    @property
    def bottom(self) -> float:
        """Bottom of its text, in the same way."""
        return median_high([piece.bottom for entry in self.entries for piece in entry.pieces])

    @property
    def columns(self) -> frozenset[int]:
        """Columns that are filled."""
        return frozenset(column for entry in self.entries for column in entry.columns)

    def at(self, column: int) -> Entry | None:
        """Return the entry in a column."""
        return next((entry for entry in self.entries if entry.first <= column <= entry.last), None)


def is_numeric(text: str) -> bool:
    """Tell whether a text is a number, an amount, a date or a mark that stands for one.

    >>> is_numeric("1,234.50 €"), is_numeric("-"), is_numeric("Article 5")
    (True, True, False)
    """
    plain = "".join(text.split())
    digits = sum(character.isdigit() for character in plain)
    return digits >= NUMERIC * len(plain) or not any(character.isalnum() for character in plain)


def has_number(text: str) -> bool:
    """Tell whether a text is a number with digits, not a mark that stands for one."""
    return is_numeric(text) and any(character.isdigit() for character in text)


def joined_text(parts: Sequence[str]) -> str:
    """Join parts of a text; there is no space between ideographs.

    >>> joined_text(["most effective way", "to treat"]), joined_text(["三峡", "大学"])
    ('most effective way to treat', '三峡大学')
    """
    text = ""
    for part in filter(None, parts):
        is_joined = not text or (is_wide(text[-1]) and is_wide(part[0]))
        text += part if is_joined else f" {part}"
    return text


@dataclass(frozen=True, slots=True)
class Lane:
    """Usual place of the texts of a column."""

    left: float
    centre: float
    right: float

    def has(self, piece: Piece, slack: float) -> bool:
        """Tell whether a piece stands on the left, in the middle or on the right as the others do."""
        places = zip((self.left, self.centre, self.right), (piece.left, piece.centre, piece.right), strict=True)
        return any(abs(one - other) <= slack for one, other in places)


def entries_in(rows: Sequence[TextRow], column: int) -> list[Entry]:
    """Return the entries that stand in a column and no other."""
    return [entry for row in rows for entry in row.entries if entry.first == entry.last == column]


def lanes_of(rows: Sequence[TextRow], columns: int) -> list[Lane | None]:
    """Measure where the texts of each column stand; None for a column without any of its own."""
    found: list[Lane | None] = []
    for column in range(columns):
        own = entries_in(rows, column)
        sides = [(entry.left, (entry.left + entry.right) / 2, entry.right) for entry in own]
        found.append(Lane(*(median_high(side) for side in zip(*sides, strict=True))) if own else None)
    return found


def placed(
    row: Sequence[Piece], gutters: Sequence[Gutter], height: float, lanes: Sequence[Lane | None] = ()
) -> TextRow:
    """Put the pieces of a row of text into columns; a piece that runs over a gutter is divided there, or spans both.

    Args:
        row: from the left.
        gutters: between the columns, from the left.
        height: of a line of text, in pixels.
        lanes: of the columns, where they are known; words that stand where those of their columns do are divided.
    """
    entries: list[Entry] = []
    for piece in row:
        for part in _parts(piece, gutters, height, lanes):
            first, last = _span(part, gutters, height)
            if entries and entries[-1].last >= first:
                before = entries[-1]
                if before.first < first:
                    entries[-1] = Entry(before.first, first - 1, before.pieces)
                else:
                    entries[-1] = Entry(before.first, max(before.last, last), (*before.pieces, part))
                    continue
            entries.append(Entry(first, last, (part,)))
    return TextRow(tuple(entries))


def _span(piece: Piece, gutters: Sequence[Gutter], height: float) -> tuple[int, int]:
    """Return the first and the last column into whose texts a piece reaches."""
    starts = [-math.inf, *(high for _, high in gutters)]
    ends = [*(low for low, _ in gutters), math.inf]
    reached = [
        column
        for column, (start, end) in enumerate(zip(starts, ends, strict=True))
        if min(piece.right, end) - max(piece.left, start) >= min(REACH * height, piece.width / 2, (end - start) / 2)
    ]
    if not reached:
        column = bisect([(low + high) / 2 for low, high in gutters], piece.centre)
        return column, column
    return reached[0], reached[-1]


def _parts(piece: Piece, gutters: Sequence[Gutter], height: float, lanes: Sequence[Lane | None]) -> list[Piece]:
    """Divide a piece at the gutters where it has the text of two cells."""
    found, rest = [], piece
    first, last = _span(piece, gutters, height)
    for column, (low, high) in enumerate(gutters[first:last], first):
        parts = divided_at(rest, low - REACH * height, high + REACH * height)
        if parts is None or not _are_cells(*parts, lanes[column : column + 2], height):
            continue
        found.append(parts[0])
        rest = parts[1]
    return [*found, rest]


def _are_cells(one: Piece, other: Piece, lanes: Sequence[Lane | None], height: float) -> bool:
    if is_numeric(one.text) and is_numeric(other.text):
        return True
    if other.centres[0] - one.centres[-1] >= WIDE_SPACE * max(pitch(one), pitch(other)):
        return True
    first, second = lanes or (None, None)
    return first is not None and second is not None and first.has(one, height / 2) and second.has(other, height / 2)
