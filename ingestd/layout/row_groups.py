"""Rows of text on a page. Pure."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ingestd.layout.geometry import AnyQuads, angles, sizes

MIN_SHARED_HEIGHT = 0.5
"""Neighbours in one row share more than this much of the lower one's height."""
MAX_OVERLAP = 0.5
"""Neighbours in one row overlap along it by at most this share of the right one's width, ..."""
MAX_OVERLAP_HEIGHTS = 2.0
"""... and by at most this many of its heights."""
MIN_ASPECT = 2.0
"""Lines more than this many times as long as high tell the direction of the text."""

Edges = tuple[float, float, float, float]
"""Left, top, right, bottom in the frame of the text: x along it, y down it, in pixels."""


def group_rows(boxes: Sequence[Edges]) -> list[list[int]]:
    """Group boxes into rows: the project's one answer to "same row?".

    Rows are chained from left to right. A box continues the row whose last box it shares most of the height with,
    so rows may slope and bend a little. Boxes that stand above each other are never in one row.

    Args:
        boxes: in one frame, such as :func:`text_edges` gives.

    Returns:
        Indices of the boxes, rows from the top, each from the left.

    >>> group_rows([(60, 1, 90, 11), (0, 20, 40, 30), (0, 0, 40, 10)])
    [[2, 0], [1]]
    """
    tallest = max((bottom - top for _, top, _, bottom in boxes), default=0.0)
    rows: list[list[int]] = []
    ends: list[tuple[float, int]] = []
    """Top of the last box of each row and the row's number, sorted."""
    for index in sorted(range(len(boxes)), key=lambda index: boxes[index][0]):
        _, top, _, bottom = boxes[index]
        near = ends[bisect_left(ends, (top - tallest,)) : bisect_left(ends, (bottom,))]
        share, end = max(
            ((_shared_height(boxes[rows[end[1]][-1]], boxes[index]), end) for end in near),
            key=lambda found: (found[0], -found[1][1]),
            default=(0.0, (0.0, 0)),
        )
        if share > MIN_SHARED_HEIGHT:
            del ends[bisect_left(ends, end)]
            rows[end[1]].append(index)
            insort(ends, (top, end[1]))
        else:
            insort(ends, (top, len(rows)))
            rows.append([index])
    return sorted(rows, key=lambda row: sum(boxes[index][1] + boxes[index][3] for index in row) / len(row))


def _shared_height(last: Edges, box: Edges) -> float:
    """Return the share of the lower neighbour's height that both share; 0 where the second does not follow."""
    left, top, right, bottom = box
    if left < last[2] - min(MAX_OVERLAP * (right - left), MAX_OVERLAP_HEIGHTS * (bottom - top)):
        return 0.0
    return (min(bottom, last[3]) - max(top, last[1])) / min(bottom - top, last[3] - last[1])


def text_frame(quads: AnyQuads) -> NDArray[np.float64]:
    """Return the matrix that turns points (rows of an array) into the frame of the text of quads (N, 4, 2)."""
    angle = text_angle(quads)
    return np.array([(math.cos(angle), -math.sin(angle)), (math.sin(angle), math.cos(angle))])


def text_edges(quads: AnyQuads, frame: NDArray[np.float64] | None = None) -> list[Edges]:
    """Return the edges of quads (N, 4, 2) in the frame of the text, each box at least 1 px wide and high.

    Args:
        quads: of lines of text.
        frame: of their text; None: :func:`text_frame` of them.
    """
    corners = quads @ (text_frame(quads) if frame is None else frame)
    a, b, c, d = corners.swapaxes(0, 1)
    left, right = (a + d)[:, 0] / 2, (b + c)[:, 0] / 2
    top, bottom = (a + b)[:, 1] / 2, (c + d)[:, 1] / 2
    edges = np.stack([left, top, np.maximum(right, left + 1), np.maximum(bottom, top + 1)], axis=1)
    return [(left, top, right, bottom) for left, top, right, bottom in edges.tolist()]


def text_angle(quads: AnyQuads) -> float:
    """Measure the direction of most text in radians, -pi to pi: median over long lines by length; 0 without any."""
    width, height = sizes(quads).T
    long = width > MIN_ASPECT * height
    if not long.any():
        return 0.0
    weights, directions = width[long], angles(quads[long])
    mean = math.atan2(weights @ np.sin(directions), weights @ np.cos(directions))
    apart = (directions - mean + math.pi) % (2 * math.pi) - math.pi
    order = np.argsort(apart, kind="stable")
    passed = np.cumsum(weights[order])
    return mean + float(apart[order[np.searchsorted(passed, passed[-1] / 2)]])
