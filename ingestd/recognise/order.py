"""The order in which a person reads lines: rows from the top, each from its start. Pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ingestd.crop import Quads

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
    direction = _main_direction(along)
    across = np.array([-direction[1], direction[0]])
    starts, levels = corners.mean(axis=1) @ direction, corners.mean(axis=1) @ across
    reach = np.abs(corners @ direction - starts[:, None]).max(axis=1)
    heights = np.linalg.norm((corners[:, 3] + corners[:, 2] - corners[:, 0] - corners[:, 1]) / 2, axis=1)
    rows: list[list[int]] = []
    for index in np.argsort(levels, kind="stable").tolist():
        row = _row_of(index, rows, starts, levels, reach, heights)
        if row is None:
            rows.append([index])
        else:
            row.append(index)
    rows.sort(key=lambda row: float(np.mean(levels[row])))
    return [index for row in rows for index in sorted(row, key=lambda index: float(starts[index]))]


def _main_direction(along: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unit vector of the reading direction that most of the text has, long lines counting more."""
    lengths = np.linalg.norm(along, axis=1)
    angles = np.arctan2(along[:, 1], along[:, 0])
    order = np.argsort(angles)
    half = np.searchsorted(np.cumsum(lengths[order]), lengths.sum() / 2)
    angle = angles[order[min(int(half), len(order) - 1)]]
    return np.array([np.cos(angle), np.sin(angle)])


def _row_of(
    index: int,
    rows: list[list[int]],
    starts: NDArray[np.float64],
    levels: NDArray[np.float64],
    reach: NDArray[np.float64],
    heights: NDArray[np.float64],
) -> list[int] | None:
    """The row that a line continues, None where it begins a new one."""
    best, best_offset = None, SAME_ROW
    for row in reversed(rows):
        distances = np.abs(starts[row] - starts[index])
        nearest = row[int(np.argmin(distances))]
        # Two lines that stand above each other are never in one row.
        if abs(starts[nearest] - starts[index]) < max(reach[nearest], reach[index]):
            continue
        offset = abs(levels[nearest] - levels[index]) / min(heights[nearest], heights[index])
        if offset < best_offset:
            best, best_offset = row, offset
    return best
