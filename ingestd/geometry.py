"""Points, quads and transforms. Pure functions; y grows downward, angles in degrees."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ingestd.document import Matrix, Quad


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
