"""A table whose cells are boxed by rules: text put into the cells of its grid. Pure."""

from __future__ import annotations

from bisect import bisect, bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from ingestd.layout.row_groups import group_rows
from ingestd.layout.tables.blocks import gaps_of
from ingestd.layout.tables.build import Draft, DraftTable
from ingestd.layout.tables.columns import edges_of
from ingestd.layout.tables.entries import has_number, is_numeric
from ingestd.layout.tables.grid import Grid
from ingestd.layout.tables.pieces import Piece, cut, neighbours, pitch, rows_of

REACH = 0.7
"""Heights by which a piece has to reach over a wall to be divided at it."""
TALL = 2.0
"""Heights from which a row of the grid may hold several rows of the table."""
MIN_HEADS = 5
"""Names beside each other above numbers that are headers; fewer may be labels of boxes."""
MIN_INSIDE = 3
"""Rows of text with several texts in one cell."""
SLIT = 0.8
"""Width of a row or column in heights; text has room in more."""
NEARLY_ALL = 0.8
"""Share of rows of text that fill their columns where all are rows of the table."""
FULL = 0.6
"""Share of the columns of the fullest row of text that one of its own fills."""


def boxed_table(grid: Grid, pieces: Iterable[Piece], height: float) -> tuple[DraftTable, set[Piece]] | None:
    """Put text into the cells of a grid; None where it has one column.

    Args:
        grid: from the rules of the page.
        pieces: of text, in the frame of the text.
        height: of a line of text, in pixels.

    Returns:
        The table, and the pieces that it uses.
    """
    if len(grid.xs) < 3:
        return None
    used, inside = set[Piece](), []
    for piece in pieces:
        x, y = grid.levelled(piece.centre, piece.middle)
        if grid.xs[0] <= x <= grid.xs[-1] and grid.ys[0] <= y <= grid.ys[-1]:
            used.add(piece)
            inside.append(_levelled(piece, x, y))
    at = {(row, column): cell for cell in grid.cells for row in cell[0] for column in cell[1]}
    content: dict[tuple[range, range], list[Piece]] = {cell: [] for cell in grid.cells}
    for piece in inside:
        for part, cell in _divided(piece, grid, at, height):
            content[cell].append(part)
    cells = [Draft(rows, columns, _ordered(found)) for (rows, columns), found in content.items()]
    cells = _divided_at_open_sides(cells, grid)
    cells, xs, ys = _without_slits(cells, grid.xs, grid.ys, height)
    for band in reversed(_bands(cells, len(ys) - 1)):
        cells, ys = _split_band(cells, ys, band, height)
    for row in range(len(ys) - 2, -1, -1):
        cells, ys = _split_band(cells, ys, range(row, row + 1), height)
    cells, xs, ys = _without_unused(cells, xs, ys)
    table = DraftTable(tuple(xs), tuple(ys), _header(cells), tuple(cells), len(grid.ys), grid)
    return table, used


def _levelled(piece: Piece, x: float, y: float) -> Piece:
    right, down = x - piece.centre, y - piece.middle
    return replace(
        piece,
        left=piece.left + right,
        right=piece.right + right,
        top=piece.top + down,
        bottom=piece.bottom + down,
        centres=tuple([centre + right for centre in piece.centres]),
    )


_Cell = tuple[range, range]


def _divided(piece: Piece, grid: Grid, at: dict[tuple[int, int], _Cell], height: float) -> list[tuple[Piece, _Cell]]:
    """Divide a piece at the walls that it reaches over; return each part with its cell."""
    row = _index(grid.ys, piece.middle)
    found, rest = [], piece
    reach = min(REACH * height, piece.width / 2)
    first, last = _index(grid.xs, piece.left + reach), _index(grid.xs, piece.right - reach)
    for column in range(first, last):
        if at[row, column] == at[row, column + 1]:
            continue
        place = _gap_at(rest, grid.xs[column + 1])
        if place is None:
            continue
        part, rest = cut(rest, *place)
        found.append((part, at[row, column]))
    return [*found, (rest, at[row, _index(grid.xs, rest.centre) if found else _index(grid.xs, piece.centre)])]


def _index(edges: Sequence[float], value: float) -> int:
    return min(max(bisect(edges, value) - 1, 0), len(edges) - 2)


def _gap_at(piece: Piece, x: float) -> tuple[int, int] | None:
    """Return the two characters of a piece between which a wall runs, rather at a space than inside a word."""
    usual = pitch(piece)
    pairs = [
        (abs((piece.centres[one] + piece.centres[other]) / 2 - x) - (other > one + 1) * 2 * usual, one, other)
        for one, other in neighbours(piece)
    ]
    return min(pairs)[1:] if pairs else None


def _ordered(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """Return the pieces of a cell in reading order."""
    return tuple(piece for row in rows_of(pieces) for piece in row)


def _without_slits(
    cells: Sequence[Draft], xs: Sequence[float], ys: Sequence[float], height: float
) -> tuple[list[Draft], list[float], list[float]]:
    """Leave out rows and columns too narrow for text: between double rules, or two parts of one that is bent."""
    wide, xs = _without_slit_columns(cells, xs, height)
    turned, ys = _without_slit_columns([_turned(cell) for cell in wide], ys, height)
    return [_turned(cell) for cell in turned], xs, ys


def _without_slit_columns(
    cells: Sequence[Draft], edges: Sequence[float], height: float
) -> tuple[list[Draft], list[float]]:
    kept, left = list(cells), list(edges)
    for column in range(len(left) - 2, -1, -1):
        own = [cell for cell in kept if cell.columns == range(column, column + 1)]
        if len(left) > 2 and left[column + 1] - left[column] < SLIT * height and not any(cell.pieces for cell in own):
            kept = [replace(cell, columns=_shifted(cell.columns, column)) for cell in kept if cell not in own]
            del left[column + 1]
    return kept, left


def _turned(cell: Draft) -> Draft:
    """Return a cell with its rows and columns exchanged."""
    return Draft(cell.columns, cell.rows, cell.pieces)


def _shifted(span: range, gone: int) -> range:
    """Return a span after one of its, or of other, rows or columns is gone."""
    return range(span.start - (span.start > gone), span.stop - (span.stop > gone))


def _divided_at_open_sides(cells: Sequence[Draft], grid: Grid) -> list[Draft]:
    """Divide cells beside the box, without rules of their own, where each row has a text and a number beside it."""
    found: list[Draft] = []
    with_number = {cell.rows.start for cell in cells if len(cell.rows) == 1 and cell.pieces and is_numeric(cell.text)}
    for cell in cells:
        is_outside = cell.columns.start == 0 or cell.columns.stop == len(grid.xs) - 1
        parts = [
            tuple(piece for piece in cell.pieces if grid.ys[row] <= piece.middle < grid.ys[row + 1])
            for row in cell.rows
        ]
        if is_outside and all(parts) and grid.open_rows.issuperset(cell.rows) and with_number.issuperset(cell.rows):
            rows = zip(cell.rows, parts, strict=True)
            found += [Draft(range(row, row + 1), cell.columns, part) for row, part in rows]
        else:
            found.append(cell)
    return found


def _bands(cells: Sequence[Draft], rows: int) -> list[range]:
    """Return the rows of the grid between rules that run through, from the top."""
    joined = {row for cell in cells for row in cell.rows[1:]}
    starts = [row for row in range(rows) if row not in joined]
    return [range(start, end) for start, end in zip(starts, [*starts[1:], rows], strict=True)]


def _split_band(
    cells: Sequence[Draft], ys: Sequence[float], band: range, height: float
) -> tuple[list[Draft], list[float]]:
    """Divide a band without rules between its rows of text into rows of the table.

    In a band of several rows of the grid the few rules are taken for dashes, which stand in place of numbers.
    """
    own = [cell for cell in cells if cell.rows.start in band and cell.rows.stop <= band.stop]
    whole = sum(cell.rows == band for cell in own)
    if ys[band.stop] - ys[band.start] < TALL * height or len(own) < 2 or whole < FULL * len(own):
        return list(cells), list(ys)
    columns = sorted({cell.columns for cell in own}, key=lambda one: one.start)
    if any(one.stop > other.start for one, other in pairwise(columns)):
        return list(cells), list(ys)
    pieces = [(piece, columns.index(cell.columns)) for cell in own for piece in cell.pieces]
    rows = [[pieces[index] for index in found] for found in group_rows([piece.edges for piece, _ in pieces])]
    starts = _starts(rows)
    if len(starts) < 2 or (len(band) > 1 and len(starts) <= len(band) - 1):
        return list(cells), list(ys)
    parts = [rows[start:end] for start, end in zip([0, *starts[1:]], [*starts[1:], len(rows)], strict=True)]
    more = len(parts) - len(band)
    found = []
    for cell in cells:
        start = cell.rows.start + more * (cell.rows.start > band[-1])
        stop = cell.rows.stop + more * (cell.rows.stop >= band.stop)
        if cell not in own:
            found.append(replace(cell, rows=range(start, stop)))
    for number, part in enumerate(parts, band.start):
        for index, column in enumerate(columns):
            mine = tuple(piece for line in part for piece, owner in line if owner == index)
            found.append(Draft(range(number, number + 1), column, mine))
    tops = [min(piece.top for line in part for piece, _ in line) for part in parts]
    bottoms = [max(piece.bottom for line in part for piece, _ in line) for part in parts]
    edges = edges_of(list(zip(bottoms, tops[1:], strict=False)), ys[band.start], ys[band.stop])
    return found, [*ys[: band.start], *edges, *ys[band.stop + 1 :]]


def _without_unused(
    cells: Sequence[Draft], xs: Sequence[float], ys: Sequence[float]
) -> tuple[list[Draft], list[float], list[float]]:
    """Leave out edges at which no cell begins."""
    columns = sorted({cell.columns.start for cell in cells})
    rows = sorted({cell.rows.start for cell in cells})
    kept = [
        Draft(
            range(bisect_left(rows, cell.rows.start), bisect_left(rows, cell.rows.stop)),
            range(bisect_left(columns, cell.columns.start), bisect_left(columns, cell.columns.stop)),
            cell.pieces,
        )
        for cell in cells
    ]
    return kept, [*(xs[column] for column in columns), xs[-1]], [*(ys[row] for row in rows), ys[-1]]


def _starts(rows: Sequence[Sequence[tuple[Piece, int]]]) -> list[int]:
    """Return the rows of text that begin a row of the table: those that fill most columns, and have numbers.

    Rows of words count where nearly all of three or more fill at least three columns, and where they head numbers in
    many columns. A number below another, with a text in the first column, begins a row as well: a sum.
    """
    filled = [{owner for _, owner in row} for row in rows]
    numbers = [{owner for piece, owner in row if has_number(piece.text)} for row in rows]
    fullest = max(map(len, filled), default=0)
    if fullest < 2:
        return []
    full = [number for number in range(len(rows)) if len(filled[number]) >= max(2, FULL * fullest)]
    if fullest >= 3 and len(full) >= max(3, NEARLY_ALL * len(rows)):
        return full
    first = next((number for number in full if numbers[number]), len(rows))
    heads = [number for number in full if number < first and fullest >= MIN_HEADS][:1] if first < len(rows) else []
    side = min(min(owners) for owners in filled)
    sums = [
        number
        for number in range(first + 1, len(rows))
        if side in filled[number] and any(numbers[number] & before for before in numbers[first:number])
    ]
    return sorted({*heads, *(number for number in full if numbers[number]), *sums})


def has_columns_inside(table: DraftTable, height: float) -> bool:
    """Tell whether most rows of text have several texts beside each other in one cell, as in a half-ruled table."""
    rows, many = Counter[range](), Counter[range]()
    for cell in table.cells:
        found = rows_of(cell.pieces)
        rows[cell.columns] += len(found)
        many[cell.columns] += sum(bool(gaps_of(row, height)) for row in found)
    return any(count >= MIN_INSIDE and 2 * count >= rows[columns] for columns, count in many.items())


def _header(cells: Sequence[Draft]) -> int:
    """Return 1 where the first row has names, one for each column, and numbers stand below; else 0."""
    rows = max(cell.rows.stop for cell in cells)
    columns = max(cell.columns.stop for cell in cells)
    first = [cell for cell in cells if cell.rows.start == 0]
    if rows < 2 or len(first) < max(2, columns / 2) or any(not cell.pieces for cell in first[1:]):
        return 0
    end = max(cell.rows.stop for cell in first)
    if any(is_numeric(cell.text) for cell in first if cell.pieces) or end >= rows:
        return 0
    below = [cell.text for cell in cells if cell.rows.start >= end and cell.pieces and cell.columns.start > 0]
    return end if below and sum(map(is_numeric, below)) >= len(below) / 3 else 0
