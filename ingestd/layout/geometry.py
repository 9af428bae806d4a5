"""Points, quads and transforms. Pure functions; y grows downward, angles in degrees."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ingestd.document import Matrix, Quad

Quads = NDArray[np.float32]
"""float32 (N, 4, 2), or (4, 2) for one: clockwise from the reading direction's top left."""


def as_quad(points: ArrayLike) -> Quad:
    """Turn a 4x2 array into a Quad of plain floats rounded to 0.01 px."""
    array = np.asarray(points, dtype=np.float64).round(2)
    if array.shape != (4, 2):
        raise ValueError(f"a quad has shape (4, 2), not {array.shape}")
    (a, b, c, d) = ((float(x), float(y)) for x, y in array)
    return (a, b, c, d)


def rect_quad(left: float, top: float, right: float, bottom: float) -> Quad:
    """The axis-parallel quad with these edges.

    >>> rect_quad(0, 0, 2, 1)
    ((0.0, 0.0), (2.0, 0.0), (2.0, 1.0), (0.0, 1.0))
    """
    return as_quad([(left, top), (right, top), (right, bottom), (left, bottom)])


def bounds(quad: Quad) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of a quad.

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


def quad_size(quad: Quad) -> tuple[float, float]:
    """Width along the reading direction and height across it, each the mean of both edges.

    >>> quad_size(rect_quad(0, 0, 30, 10))
    (30.0, 10.0)
    """
    a, b, c, d = quad
    width = (math.dist(a, b) + math.dist(d, c)) / 2
    height = (math.dist(a, d) + math.dist(b, c)) / 2
    return width, height


def quad_angle(quad: Quad) -> float:
    """Slope of the reading direction in degrees, -180 to 180; positive falls to the right."""
    a, b, c, d = quad
    return math.degrees(math.atan2(b[1] + c[1] - a[1] - d[1], b[0] + c[0] - a[0] - d[0]))


def continues_row(before: Quad, after: Quad) -> bool:
    """Tell whether one line of text goes on in another, further along on the same row.

    >>> continues_row(rect_quad(0, 0, 30, 10), rect_quad(40, 2, 60, 12))
    True
    >>> continues_row(rect_quad(0, 0, 30, 10), rect_quad(0, 12, 30, 22))
    False
    """
    angle = math.radians(quad_angle(before))
    along, across = (math.cos(angle), math.sin(angle)), (-math.sin(angle), math.cos(angle))
    end, begin = _middle(before[1], before[2]), _middle(after[0], after[3])
    step = (begin[0] - end[0], begin[1] - end[1])
    height = min(quad_size(before)[1], quad_size(after)[1])
    level = abs(step[0] * across[0] + step[1] * across[1]) < height / 2
    return level and step[0] * along[0] + step[1] * along[1] > -height / 2


def _middle(a: tuple[float, float], b: tuple[float, float]) -> tuple[float, float]:
    return (a[0] + b[0]) / 2, (a[1] + b[1]) / 2


def sizes(quads: Quads) -> NDArray[np.float64]:
    """Width along the reading direction and height across it, (N, 2), in pixels, at least 1 each.

    >>> sizes(np.array([[(0, 0), (30, 0), (30, 10), (0, 10)]], np.float32)).tolist()
    [[30.0, 10.0]]
    """
    edges = np.linalg.norm(np.roll(quads, -1, axis=1).astype(np.float64) - quads, axis=2)
    return np.maximum(np.stack([edges[:, 0] + edges[:, 2], edges[:, 1] + edges[:, 3]], axis=1) / 2, 1.0)


def turned(quads: Quads, quarters: int) -> Quads:
    """The same quads (N, 4, 2), read in a direction turned clockwise by so many quarters.

    >>> turned(np.array([[(0, 0), (30, 0), (30, 10), (0, 10)]], np.float32), 1)[0, 0].tolist()
    [30.0, 0.0]
    """
    return np.roll(quads, -quarters, axis=1)


def taller(quads: Quads, share: float) -> Quads:
    """The same quads (N, 4, 2), grown across the reading direction by this share of their height on either side.

    >>> taller(np.array([[(0, 2), (30, 2), (30, 12), (0, 12)]], np.float32), 0.1)[0, :, 1].tolist()
    [1.0, 1.0, 13.0, 13.0]
    """
    down = share * (quads[:, [3, 2]] - quads[:, [0, 1]])
    return np.concatenate([quads[:, [0, 1]] - down, quads[:, [2, 3]] + down[:, ::-1]], axis=1)
