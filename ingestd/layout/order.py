"""Order in which the text of a page is read: rows from the top, columns of running text one after another. Pure.

A gutter is a stripe that no box crosses over many rows, with text on both sides that fills its column. Tables, forms
and receipts have gutters as well, but their cells are short or leave most of the column empty: they are read row by
row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from ingestd.layout.geometry import AnyQuads
from ingestd.layout.row_groups import Edges, group_rows, text_edges

MIN_LINES = 5
"""Lines of running text on either side of a gutter."""
MIN_SHARE = 0.5
"""Share of a column's rows that are lines of running text."""
MIN_ASPECT = 9.0
"""Width of a line of running text per height; cells are shorter."""
MIN_FILL = 0.65
"""Share of its column's width that a line of running text takes."""
MAX_INTRUSION = 0.5
"""Heights of a line by which a box may reach over a gutter: detected boxes are wider than their text."""
MIN_CELLS = 3
"""Boxes of a row that may belong to a table across the page."""
MAX_GUTTERS = 12
"""Stripes that are looked at; the most frequent ones."""
MAX_BOXES = 3000
"""On pages with more, rows are read from left to right."""

Rows = list[list[int]]
"""Indices of boxes: rows from the top, each from the left."""


def reading_order(quads: AnyQuads) -> list[int]:
    """Return the indices of the quads in reading order.

    Where most text runs downward, rows are columns and the first is the rightmost.

    Args:
        quads: (N, 4, 2), clockwise from the reading direction's top left.

    >>> import numpy as np
    >>> def box(x, y): return np.array([(x, y), (x + 40, y), (x + 40, y + 10), (x, y + 10)], np.float32)
    >>> reading_order(np.array([box(60, 1), box(0, 20), box(0, 0)]))
    [2, 0, 1]
    """
    return ordered(text_edges(quads))


def ordered(boxes: Sequence[Edges]) -> list[int]:
    """Return the indices of boxes in reading order.

    Args:
        boxes: in one frame, such as :func:`~ingestd.layout.row_groups.text_edges` gives.

    >>> def column(left): return [(left, 20 * row, left + 200, 20 * row + 10) for row in range(8)]
    >>> ordered([*column(0), *column(230)]) == list(range(16))
    True
    >>> def cells(left): return [(left, 20 * row, left + 40, 20 * row + 10) for row in range(8)]
    >>> ordered([*cells(0), *cells(230)])[:4]
    [0, 8, 1, 9]
    """
    return [index for rows in parts_of(boxes) for row in rows for index in row]


def parts_of(boxes: Sequence[Edges]) -> list[Rows]:
    """Return the parts of a page in reading order: columns of running text, and what is above and below them.

    Args:
        boxes: in one frame, such as :func:`~ingestd.layout.row_groups.text_edges` gives.
    """
    found: list[Rows] = []
    parts = [group_rows(boxes)]
    while parts:
        rows = parts.pop()
        cut = _best_cut(boxes, rows) if len(boxes) <= MAX_BOXES else None
        if cut is None:
            found.append(rows)
        else:
            parts += [cut.below, cut.right, cut.left, cut.above]
    return found


@dataclass(frozen=True, slots=True)
class _Cut:
    """Rows around a gutter."""

    above: Rows
    left: Rows
    right: Rows
    below: Rows


def _best_cut(boxes: Sequence[Edges], rows: Rows) -> _Cut | None:
    """Find the gutter with the most rows beside it."""
    if len(rows) < MIN_LINES:
        return None
    height = median(boxes[index][3] - boxes[index][1] for row in rows for index in row)
    slack = MAX_INTRUSION * height
    found = [cut for x in _stripes(boxes, rows, height) for cut in _cuts(boxes, rows, x, slack)]
    return max(found, key=lambda cut: min(len(cut.left), len(cut.right)), default=None)


def _stripes(boxes: Sequence[Edges], rows: Rows, height: float) -> list[float]:
    """Return where columns may begin: left edges that many boxes share, the most frequent first."""
    edges = [boxes[index][0] for row in rows for index in row]
    first = min(edges)
    shared = Counter(round((edge - first) / height) for edge in edges)
    places = {place for place, count in shared.most_common(MAX_GUTTERS + 1) if place and count >= MIN_LINES / 2}
    return [min(edge for edge in edges if round((edge - first) / height) == place) for place in sorted(places)]


def _cuts(boxes: Sequence[Edges], rows: Rows, x: float, slack: float) -> Iterator[_Cut]:
    """Yield the stretches of a page in which a stripe is free and parts columns of text.

    Args:
        boxes: of the page.
        rows: to cut.
        x: right side of the stripe.
        slack: by which a box may reach over it, in pixels.
    """
    crossed = [
        place
        for place, row in enumerate(rows)
        if any(boxes[index][0] < x - slack and x + slack < boxes[index][2] for index in row)
    ]
    for before, after in zip((-1, *crossed), (*crossed, len(rows)), strict=True):
        first, last = _without_tables(boxes, rows, before + 1, after, x)
        if last - first < MIN_LINES:
            continue
        left = _side(boxes, rows[first:last], lambda box: box[0] + box[2] < 2 * x)
        right = _side(boxes, rows[first:last], lambda box: box[0] + box[2] >= 2 * x)
        if _is_text(boxes, left) and (_is_text(boxes, right) or _best_cut(boxes, right)):
            yield _Cut(rows[:first], left, right, rows[last:])


def _side(boxes: Sequence[Edges], rows: Rows, belongs: Callable[[Edges], bool]) -> Rows:
    """Return what stands on one side of a gutter, sorted by its own height on the page."""
    parts = ([index for index in row if belongs(boxes[index])] for row in rows)
    return sorted((part for part in parts if part), key=lambda part: boxes[part[0]][1])


def _without_tables(boxes: Sequence[Edges], rows: Rows, first: int, last: int, x: float) -> tuple[int, int]:
    """Leave out tables across the page above and below the columns; the stripe runs through them by chance."""
    across = [_is_across(boxes, row, x) for row in rows[first:last]]
    return first + _prefix(across), last - _prefix(across[::-1])


def _prefix(flags: Sequence[bool]) -> int:
    """Return the length of the longest beginning of which at least half is set, and its end is."""
    best = count = 0
    for length, flag in enumerate(flags, 1):
        count += flag
        if flag and 2 * count >= length:
            best = length
    return best


def _is_across(boxes: Sequence[Edges], row: Sequence[int], x: float) -> bool:
    """Tell whether a row of cells has a wider gap than that at the stripe."""
    if len(row) < MIN_CELLS or max(_aspect(boxes[index]) for index in row) >= MIN_ASPECT:
        return False
    gaps = [
        (boxes[other][0] - boxes[one][2], boxes[one][0] + boxes[one][2] < 2 * x <= boxes[other][0] + boxes[other][2])
        for one, other in pairwise(row)
    ]
    return not max(gaps)[1]


def _is_text(boxes: Sequence[Edges], rows: Rows) -> bool:
    """Tell whether rows are a column of running text, or several."""
    if len(rows) < MIN_LINES:
        return False
    inside = [boxes[index] for row in rows for index in row]
    width = max(box[2] for box in inside) - min(box[0] for box in inside)
    lines = sum(_is_line([boxes[index] for index in row], width) for row in rows)
    return lines >= max(MIN_LINES, MIN_SHARE * len(rows))


def _is_line(row: Sequence[Edges], width: float) -> bool:
    """Tell whether a row is text rather than cells: a long box in it, and most of the column filled."""
    filled = sum(right - left for left, _, right, _ in row)
    return filled >= MIN_FILL * width and max(map(_aspect, row)) >= MIN_ASPECT


def _aspect(box: Edges) -> float:
    """Return the width of a box per height."""
    left, top, right, bottom = box
    return (right - left) / (bottom - top)
