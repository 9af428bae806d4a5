"""Points, quads and transforms. Pure functions; y grows downward.

One quad travels between stages as a frozen ``Quad``; functions that measure or move quads work on arrays of them.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ingestd.document import Matrix, Quad

Quads = NDArray[np.float32]
"""Array form of Quad for work on pixels: float32 (N, 4, 2), or (4, 2) for one, corners in the same order."""
AnyQuads = NDArray[np.float32] | NDArray[np.float64]
"""Quads of either precision, (N, 4, 2)."""


def as_quad(points: ArrayLike) -> Quad:
    """Turn a 4x2 array into a Quad of plain floats rounded to 0.1 px, more than a place is worth."""
    array = np.asarray(points, dtype=np.float64).round(1)
    if array.shape != (4, 2):
        raise ValueError(f"a quad has shape (4, 2), not {array.shape}")
    (a, b, c, d) = ((float(x), float(y)) for x, y in array)
    return (a, b, c, d)


def as_quads(quads: Iterable[Quad]) -> NDArray[np.float64]:
    """Turn Quads into an array (N, 4, 2) of full precision."""
    return np.array(list(quads), np.float64).reshape(-1, 4, 2)


def rect_quad(left: float, top: float, right: float, bottom: float) -> Quad:
    """Return the axis-parallel quad with these edges.

    >>> rect_quad(0, 0, 2, 1)
    ((0.0, 0.0), (2.0, 0.0), (2.0, 1.0), (0.0, 1.0))
    """
    return as_quad([(left, top), (right, top), (right, bottom), (left, bottom)])


def bounds(quad: Quad) -> tuple[float, float, float, float]:
    """Return left, top, right, bottom of a quad.

    >>> bounds(((0, 1), (5, 0), (5, 2), (0, 3)))
    (0, 0, 5, 3)
    """
    xs = [x for x, _ in quad]
    ys = [y for _, y in quad]
    return min(xs), min(ys), max(xs), max(ys)


def transform(matrix: Matrix, points: ArrayLike) -> NDArray[np.float64]:
    """Apply a 3x3 homography to points of shape (..., 2)."""
    array = np.asarray(points, dtype=np.float64)
    homogeneous = np.concatenate([array, np.ones((*array.shape[:-1], 1))], axis=-1) @ matrix.T
    return homogeneous[..., :2] / homogeneous[..., 2:]


def sizes(quads: AnyQuads) -> NDArray[np.float64]:
    """Measure width along the reading direction and height across it, (N, 2), in pixels, at least 1 each.

    >>> sizes(np.array([[(0, 0), (30, 0), (30, 10), (0, 10)]], np.float32)).tolist()
    [[30.0, 10.0]]
    """
    edges = np.linalg.norm(np.roll(quads, -1, axis=1).astype(np.float64) - quads, axis=2)
    return np.maximum(np.stack([edges[:, 0] + edges[:, 2], edges[:, 1] + edges[:, 3]], axis=1) / 2, 1.0)


def angles(quads: AnyQuads) -> NDArray[np.float64]:
    """Measure the slope (N,) of quads (N, 4, 2) in radians, -pi to pi; positive falls to the right.

    >>> angles(as_quads([rect_quad(0, 0, 30, 10)])).tolist()
    [0.0]
    """
    along = quads[:, 1].astype(np.float64) + quads[:, 2] - quads[:, 0] - quads[:, 3]
    return np.arctan2(along[:, 1], along[:, 0])


def turned(quads: Quads, quarters: int) -> Quads:
    """Turn the reading direction of quads (N, 4, 2) clockwise by so many quarters.

    >>> turned(np.array([[(0, 0), (30, 0), (30, 10), (0, 10)]], np.float32), 1)[0, 0].tolist()
    [30.0, 0.0]
    """
    return np.roll(quads, -quarters, axis=1)


def taller(quads: Quads, share: float) -> Quads:
    """Grow quads (N, 4, 2) across the reading direction by this share of their height on either side.

    >>> taller(np.array([[(0, 2), (30, 2), (30, 12), (0, 12)]], np.float32), 0.1)[0, :, 1].tolist()
    [1.0, 1.0, 13.0, 13.0]
    """
    down = share * (quads[:, [3, 2]] - quads[:, [0, 1]])
    return np.concatenate([quads[:, [0, 1]] - down, quads[:, [2, 3]] + down[:, ::-1]], axis=1)
