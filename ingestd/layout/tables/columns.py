"""Columns of a table without vertical rules: stripes that few rows cross. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ingestd.layout.tables.pieces import Piece

BIN = 0.1
"""Width of a stripe that is looked at, in heights of a line."""
MIN_GUTTER = 0.25
"""Width of the stripe between two columns, in heights; boxes are taken a little narrower than detected."""
SHRUNK = 0.12
"""Heights by which a detected box is wider than its text on either side."""
FULL = 0.6
"""Rows with this share of the pieces of the fullest tell where the columns are; others may span some."""
MAX_CROSSING = 0.12
"""Share of these rows that may cross a gutter."""
MIN_WIDTH = 0.5
"""Width of a column in heights; less is a dot or a mark beside one."""

Gutter = tuple[float, float]
"""Left and right edge of a stripe between columns."""


def gutters_of(rows: Sequence[Sequence[Piece]], height: float, forced: Sequence[float] = ()) -> list[Gutter]:
    """Find the gutters between the columns of rows, from the left.

    Args:
        rows: pieces of each row.
        height: of a line of text, in pixels.
        forced: places of vertical rules; each is a gutter.
    """
    most = max(map(len, rows), default=0)
    telling = [row for row in rows if len(row) >= max(2, FULL * most)]
    if not telling:
        return []
    left = min(piece.left for row in telling for piece in row)
    right = max(piece.right for row in telling for piece in row)
    step = BIN * height
    covered = np.zeros((len(telling), int((right - left) / step) + 2), np.bool_)
    for number, row in enumerate(telling):
        for piece in row:
            first = round((piece.left + SHRUNK * height - left) / step)
            last = round((piece.right - SHRUNK * height - left) / step)
            covered[number, max(0, first) : max(first + 1, last)] = True
    free = covered.sum(axis=0) <= int(MAX_CROSSING * len(telling))
    found = [
        (left + first * step, left + last * step)
        for first, last in _runs(free.tolist())
        if (last - first) * BIN >= MIN_GUTTER
    ]
    inner = [one for one in found if one[0] > left + step and one[1] < right - step]
    kept = _telling_gutters(inner, telling, left, right, height)
    kept += [(x, x) for x in forced if _parts(x, rows, kept, height)]
    return sorted(kept)


def _parts(x: float, rows: Sequence[Sequence[Piece]], gutters: Sequence[Gutter], height: float) -> bool:
    """Tell whether a vertical rule has text on both sides and is in no gutter."""
    middles = [piece.centre for row in rows for piece in row]
    left = min(piece.left for row in rows for piece in row)
    right = max(piece.right for row in rows for piece in row)
    is_inside = left + height / 2 < x < right - height / 2 and min(middles) < x < max(middles)
    return is_inside and not any(low - height / 2 <= x <= high + height / 2 for low, high in gutters)


def _runs(flags: Sequence[bool]) -> list[tuple[int, int]]:
    """Return first and end of each run of set flags."""
    found, start = [], None
    for index, flag in enumerate([*flags, False]):
        if flag and start is None:
            start = index
        elif not flag and start is not None:
            found.append((start, index))
            start = None
    return found


def _telling_gutters(
    gutters: Sequence[Gutter], rows: Sequence[Sequence[Piece]], left: float, right: float, height: float
) -> list[Gutter]:
    """Leave out gutters beside stray marks: a column has text in two rows, or a wide one in one."""
    kept: list[Gutter] = []
    start = left
    for index, gutter in enumerate(gutters):
        end = gutters[index + 1][0] if index + 1 < len(gutters) else right
        if _has_text(rows, start, gutter[0], height) and _has_text(rows, gutter[1], end, height):
            kept.append(gutter)
            start = gutter[1]
    return kept


def _has_text(rows: Sequence[Sequence[Piece]], left: float, right: float, height: float) -> bool:
    inside = [piece for row in rows for piece in row if left <= piece.centre <= right]
    return len(inside) >= 2 or any(piece.width >= MIN_WIDTH * 2 * height for piece in inside)


def edges_of(gutters: Sequence[Gutter], left: float, right: float) -> list[float]:
    """Return the edges of columns, or of rows: the outer ones and the middle of each gutter."""
    return [left, *((low + high) / 2 for low, high in gutters), right]
