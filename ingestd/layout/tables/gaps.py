"""A table without vertical rules, out of rows whose gaps stand above each other. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from ingestd.layout.tables.blocks import frame_of
from ingestd.layout.tables.build import DraftTable, drafts_of
from ingestd.layout.tables.columns import edges_of, gutters_of
from ingestd.layout.tables.entries import lanes_of, placed
from ingestd.layout.tables.pieces import Piece
from ingestd.layout.tables.ruling import Ruling
from ingestd.layout.tables.wrapped import bands_of, grouped, header_of, spread

MAX_COLUMNS = 60
MIN_FORCED = 0.5
"""Share of a table's height that a vertical rule runs along to part columns."""


def table_of_gaps(rows: Sequence[Sequence[Piece]], ruling: Ruling, height: float) -> DraftTable | None:
    """Make a table of rows of text; None where they have one column, or too many.

    Args:
        rows: pieces of each row of text, from the top, each from the left.
        ruling: rules of the page.
        height: of a line of text, in pixels.
    """
    pieces = [piece for row in rows for piece in row]
    left, right = min(piece.left for piece in pieces), max(piece.right for piece in pieces)
    top, bottom = min(piece.top for piece in pieces), max(piece.bottom for piece in pieces)
    forced = [
        rule.at
        for rule in ruling.upright
        if min(rule.end, bottom) - max(rule.start, top) >= MIN_FORCED * (bottom - top)
    ]
    gutters = gutters_of(rows, height, forced)
    if not 0 < len(gutters) < MAX_COLUMNS:
        return None
    edges = edges_of(gutters, left, right)
    text_rows = [placed(row, gutters, height) for row in rows]
    lanes = lanes_of(text_rows, len(edges) - 1)
    text_rows = [placed(row, gutters, height, lanes) for row in rows]
    bands = bands_of(text_rows, len(edges) - 1, ruling.flat)
    header = header_of(text_rows, bands)
    text_rows = spread(text_rows, header, bands)
    groups = grouped(text_rows, header, bands, height)
    heads = sum(group[0] < header for group in groups)
    cells = drafts_of(text_rows, groups, len(edges) - 1, heads, [bands.ruled(group[-1]) for group in groups])
    tops = [min(text_rows[index].top for index in group) for group in groups]
    bottoms = [max(text_rows[index].bottom for index in group) for group in groups]
    ys = edges_of(list(zip(bottoms, tops[1:], strict=False)), top, bottom)
    frame = frame_of(pieces, height, ruling.flat)
    return DraftTable(
        xs=tuple(edges),
        ys=tuple(accumulate(ys, max)),  # rows of text may overlap
        header=heads,
        cells=tuple(cells),
        rules=sum(top - height <= rule.at <= bottom + height for rule in frame),
    )
