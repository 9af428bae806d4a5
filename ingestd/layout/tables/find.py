"""Find the tables of a page. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from statistics import median

import numpy as np
from numpy.typing import NDArray

from ingestd.document import Cell, Line, Table
from ingestd.layout.geometry import as_quad, as_quads
from ingestd.layout.order import parts_of
from ingestd.layout.row_groups import text_edges, text_frame
from ingestd.layout.tables.blocks import blocks_of
from ingestd.layout.tables.boxed import boxed_table, has_columns_inside
from ingestd.layout.tables.build import DraftTable
from ingestd.layout.tables.gaps import table_of_gaps
from ingestd.layout.tables.grid import grids_of
from ingestd.layout.tables.pieces import Piece, pieces_of, rows_of
from ingestd.layout.tables.ruling import NO_RULES, RuledLines, Ruling, ruling_of, without_strokes
from ingestd.layout.tables.sense import is_table

MIN_LINES = 4
"""Lines of text that a page with a table has."""
MAX_LINES = 3000
"""A page with more is not searched; only hostile text layers have such."""


def find_tables(lines: Sequence[Line], rules: RuledLines = NO_RULES, first: int = 0) -> tuple[Table, ...]:
    """Find the tables of one page, from the top.

    Args:
        lines: of the page.
        rules: ruled lines on it, in decoded pixels.
        first: index of the first of the lines in its reading; cells name their lines by it.
    """
    if not MIN_LINES <= len(lines) <= MAX_LINES:
        return ()
    quads = as_quads(line.quad for line in lines)
    frame = text_frame(quads)
    boxes = text_edges(quads, frame)
    height = median(bottom - top for _, top, _, bottom in boxes)
    pieces = pieces_of(lines, boxes)
    ruling = without_strokes(ruling_of(rules @ frame, height), [piece.edges for piece in pieces])
    drafts = sorted(_drafts(pieces, ruling, height), key=lambda draft: draft.ys[0])
    return tuple(_table(draft, frame.T, lines[0].page_index, first) for draft in drafts)


def _drafts(pieces: Sequence[Piece], ruling: Ruling, height: float) -> Iterator[DraftTable]:
    left = list(pieces)
    for grid in grids_of(ruling, [(piece.centre, piece.middle) for piece in pieces], height):
        found = boxed_table(grid, left, height)
        if found is None:
            continue
        table, used = found
        if has_columns_inside(table, height):
            half = table_of_gaps(rows_of(sorted(used, key=attrgetter("line"))), ruling, height)
            if half is not None and is_table(half) and len(half.xs) > len(table.xs):
                yield half
                left = [piece for piece in left if piece not in used]
                continue
        if is_table(table):
            yield table
            for inside in _stacks(table):
                yield from _by_gaps(inside, ruling, height)
            left = [piece for piece in left if piece not in used]
    yield from _by_gaps(left, ruling, height)


def _stacks(table: DraftTable) -> Iterator[list[Piece]]:
    """Yield the texts of cells of the same width below each other; a table without rules may stand in them."""
    cells = sorted(table.cells, key=lambda cell: (cell.columns.start, cell.columns.stop, cell.rows.start))
    for _, found in groupby(cells, key=lambda cell: cell.columns):
        pieces = [piece for cell in found for piece in cell.pieces]
        if len(pieces) >= MIN_LINES:
            yield pieces


def _by_gaps(pieces: Sequence[Piece], ruling: Ruling, height: float) -> Iterator[DraftTable]:
    """Yield tables without vertical rules."""
    for part in parts_of([piece.edges for piece in pieces]):
        rows = [[pieces[index] for index in row] for row in part]
        for block in blocks_of(rows, height, ruling.flat):
            table = table_of_gaps(rows[block.first : block.end], ruling, height)
            if table is not None and is_table(table):
                yield table


def _table(draft: DraftTable, back: NDArray[np.float64], page_index: int, first: int) -> Table:
    """Turn a draft into a table in decoded pixels."""
    xs, ys = draft.xs, draft.ys
    corners = [draft.place(x, y) for x, y in ((xs[0], ys[0]), (xs[-1], ys[0]), (xs[-1], ys[-1]), (xs[0], ys[-1]))]
    cells = (
        Cell(
            row=cell.rows.start,
            column=cell.columns.start,
            text=cell.text,
            row_span=len(cell.rows),
            column_span=len(cell.columns),
            lines=tuple(dict.fromkeys(first + piece.line for piece in cell.pieces)),
        )
        for cell in draft.cells
    )
    return Table(
        page_index=page_index,
        quad=as_quad(np.array(corners) @ back),
        row_edges=_shares(ys),
        column_edges=_shares(xs),
        header_rows=draft.header,
        cells=tuple(sorted(cells, key=lambda cell: (cell.row, cell.column))),
    )


def _shares(edges: Sequence[float]) -> tuple[float, ...]:
    """Return edges as shares of the way from the first to the last."""
    whole = edges[-1] - edges[0]
    return tuple(round((edge - edges[0]) / whole, 4) for edge in edges)
