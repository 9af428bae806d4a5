"""Tables in the making: cells with their text, in the frame of the page's text. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median_high

from ingestd.layout.tables.entries import TextRow, joined_text
from ingestd.layout.tables.grid import Grid
from ingestd.layout.tables.pieces import Piece

LONG = 15
"""Characters of a text that may go on in the next row."""


@dataclass(frozen=True, slots=True)
class Draft:
    """Cell with its pieces."""

    rows: range
    columns: range
    pieces: tuple[Piece, ...]
    """In reading order."""

    @property
    def text(self) -> str:
        """Text of the cell."""
        return joined_text([piece.text.strip() for piece in self.pieces])


@dataclass(frozen=True, slots=True)
class DraftTable:
    """Table with its grid."""

    xs: tuple[float, ...]
    """Edges of columns."""
    ys: tuple[float, ...]
    """Edges of rows."""
    header: int
    """Rows that head the columns."""
    cells: tuple[Draft, ...]
    """Every field of the grid is in exactly one."""
    rules: int = 0
    """Horizontal rules as wide as the table, or wider."""
    grid: Grid | None = None
    """Grid of a table whose cells are boxed; its edges are on it."""

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Return a point of the table in the frame of the page's text."""
        return (x, y) if self.grid is None else self.grid.back(x, y)


def drafts_of(
    rows: Sequence[TextRow],
    groups: Sequence[Sequence[int]],
    columns: int,
    header: int,
    ruled: Sequence[frozenset[int]],
) -> list[Draft]:
    """Join the entries of each row of a table into cells; fields without text are cells of their own.

    Args:
        rows: of text.
        groups: rows of text of each row of the table.
        columns: number of columns.
        header: rows of the table that head the columns; a cell above nothing reaches down to their end.
        ruled: columns below which a rule runs, for each row of the table.
    """
    found: list[Draft] = []
    for number, group in enumerate(groups):
        filled = set[int]()
        for first, last, pieces in _joined(rows, group):
            found.append(Draft(range(number, number + 1), range(first, last + 1), pieces))
            filled |= set(range(first, last + 1))
        empty = (column for column in range(columns) if column not in filled)
        found += [Draft(range(number, number + 1), range(column, column + 1), ()) for column in empty]
    return _reaching_down(_going_on(_beside_rules(found, ruled), header, ruled), header)


def _joined(rows: Sequence[TextRow], group: Sequence[int]) -> list[tuple[int, int, tuple[Piece, ...]]]:
    """Join entries whose columns overlap, in the order of rows of text."""
    found: list[tuple[int, int, tuple[Piece, ...]]] = []
    for index in group:
        for entry in rows[index].entries:
            first, last, pieces = entry.first, entry.last, entry.pieces
            for other in [one for one in found if one[0] <= last and first <= one[1]]:
                found.remove(other)
                first, last, pieces = min(first, other[0]), max(last, other[1]), (*other[2], *pieces)
            found.append((first, last, pieces))
    return found


def _beside_rules(cells: Sequence[Draft], ruled: Sequence[frozenset[int]]) -> list[Draft]:
    """Join two cells above each other that no rule parts, where one parts all other texts of their rows."""
    kept = list(cells)
    for row, columns in enumerate(ruled[:-1]):
        above = {cell.columns: cell for cell in kept if cell.rows.stop == row + 1 and cell.pieces}
        below = {cell.columns: cell for cell in kept if cell.rows.start == row + 1 and cell.pieces}
        parted = [one for one in (*above, *below) if columns & set(one)]
        for one in above.keys() & below.keys():
            if columns and parted and not columns & set(one):
                first, second = above[one], below[one]
                kept = [cell for cell in kept if cell is not first and cell is not second]
                kept.append(Draft(range(first.rows.start, second.rows.stop), one, (*first.pieces, *second.pieces)))
    return kept


def _going_on(cells: Sequence[Draft], header: int, ruled: Sequence[frozenset[int]]) -> list[Draft]:
    """Join a long text with the one below that goes on from it: a cell over several rows, in a column of such texts.

    Texts that go on begin with a small letter, all others of the column with a capital one.
    """
    kept = list(cells)
    for column in {cell.columns for cell in cells if len(cell.columns) == 1}:
        own = sorted((cell for cell in kept if cell.columns == column and cell.rows.start >= header), key=_first_row)
        texts = [cell.text for cell in own if cell.pieces]
        small = sum(text[0].islower() for text in texts)
        if column.start == 0 or not small or 2 * small > len(texts) or median_high(map(len, texts)) < LONG:
            continue
        for above, below in pairwise(own):
            above = next(cell for cell in kept if cell.columns == column and above.rows.start in cell.rows)
            parted = column.start in ruled[below.rows.start - 1]
            if above.pieces and below.pieces and below.text[0].islower() and above.text[0].isupper() and not parted:
                kept = [cell for cell in kept if cell is not above and cell is not below]
                kept.append(Draft(range(above.rows.start, below.rows.stop), column, (*above.pieces, *below.pieces)))
    return kept


def _first_row(cell: Draft) -> int:
    return cell.rows.start


def _reaching_down(cells: Sequence[Draft], header: int) -> list[Draft]:
    """Let a header stand beside several rows of headers, where nothing is below it and others span columns."""
    at = {(row, column): cell for cell in cells for row in cell.rows for column in cell.columns}
    kept = list(cells)
    for cell in cells:
        row = cell.rows.start
        if row + 1 >= header or not cell.pieces or len(cell.columns) > 1:
            continue
        if all(len(other.columns) == 1 for other in cells if other.rows.start == row):
            continue
        below = [at[number, cell.columns.start] for number in range(row + 1, header)]
        if all(not other.pieces and len(other.columns) == 1 for other in below):
            kept = [other for other in kept if other not in below and other is not cell]
            kept.append(Draft(range(row, header), cell.columns, cell.pieces))
    return kept
