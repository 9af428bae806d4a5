"""The order in which a person reads lines: rows from the top, each from its start. Pure."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ingestd.layout.geometry import Quads

SAME_ROW = 0.5
"""Centres of neighbours in one row differ by less than this much of the lower line's height."""


def reading_order(quads: Quads) -> list[int]:
    """Indices of the quads in reading order.

    Rows may slope and bend a little: a line joins the row whose nearest member it is level with.
    Where most text runs downward, "rows" are columns and the first is the rightmost.

    Args:
        quads: (N, 4, 2), clockwise from the reading direction's top left.

    >>> import numpy as np
    >>> def box(x, y): return np.array([(x, y), (x + 40, y), (x + 40, y + 10), (x, y + 10)], np.float32)
    >>> reading_order(np.array([box(60, 1), box(0, 20), box(0, 0)]))
    [2, 0, 1]
    """
    if not len(quads):
        return []
    corners = np.asarray(quads, np.float64)
    along = (corners[:, 1] + corners[:, 2] - corners[:, 0] - corners[:, 3]) / 2
    down = (corners[:, 3] + corners[:, 2] - corners[:, 0] - corners[:, 1]) / 2
    direction = _main_direction(along)
    middles = corners.mean(axis=1)
    places = middles @ direction
    levels = middles @ np.array([-direction[1], direction[0]])
    reaches = np.abs(corners @ direction - places[:, None]).max(axis=1)
    heights = np.linalg.norm(down, axis=1)
    boxes = [_Box(*values) for values in np.stack([places, levels, reaches, heights], axis=1).tolist()]
    rows: list[list[int]] = []
    for index in sorted(range(len(boxes)), key=lambda index: boxes[index].level):
        row = _row_of(boxes[index], rows, boxes)
        if row is None:
            rows.append([index])
        else:
            row.append(index)
    rows.sort(key=lambda row: sum(boxes[index].level for index in row) / len(row))
    return [index for row in rows for index in sorted(row, key=lambda index: boxes[index].place)]


class _Box(NamedTuple):
    """A line, seen along and across the main reading direction (px)."""

    place: float
    """Its middle along the direction."""
    level: float
    """Its middle across the direction."""
    reach: float
    """Half its length along the direction."""
    height: float


def _main_direction(along: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unit vector of the reading direction that most of the text has, long lines counting more."""
    lengths = np.linalg.norm(along, axis=1)
    angles = np.arctan2(along[:, 1], along[:, 0])
    order = np.argsort(angles)
    half = np.searchsorted(np.cumsum(lengths[order]), lengths.sum() / 2)
    angle = angles[order[min(int(half), len(order) - 1)]]
    return np.array([np.cos(angle), np.sin(angle)])


def _row_of(box: _Box, rows: list[list[int]], boxes: list[_Box]) -> list[int] | None:
    """The row that a line continues, None where it begins a new one."""
    best, best_offset = None, SAME_ROW
    for row in rows:
        nearest = min((boxes[index] for index in row), key=lambda other: abs(other.place - box.place))
        # Two lines that stand above each other are never in one row.
        if abs(nearest.place - box.place) < max(nearest.reach, box.reach):
            continue
        offset = abs(nearest.level - box.level) / max(min(nearest.height, box.height), 1.0)
        if offset < best_offset:
            best, best_offset = row, offset
    return best
