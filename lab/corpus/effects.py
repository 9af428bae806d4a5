"""Physical effects that spoil pages and lines, each implemented once.

Pages for benchmarks (lab.corpus.degrade) and lines for training (lab.train.degrade) choose their own amounts and
mixtures: a benchmark spoilt exactly like the training lines would be no test. Pictures are float32, HxWx3, in any range
unless a function says otherwise.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from cv2.typing import MatLike, Scalar
from numpy.random import Generator
from numpy.typing import NDArray

from ingestd.document import Pixels

Array = NDArray[np.float32]


def smooth_noise(grid: tuple[int, int], shape: tuple[int, int], rng: Generator) -> Array:
    """Draw random values, about 0 to 1, that change smoothly between the points of a grid.

    Args:
        grid: rows and columns of random values; at least 2 of each are drawn.
        shape: height and width of the result.
        rng: source of chance.
    """
    coarse = rng.random((max(2, grid[0]), max(2, grid[1])), np.float32)
    return np.asarray(cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC), np.float32)


def with_noise(image: Array, sigma: float, rng: Generator, channels: int = 1) -> Array:
    """Add the noise of a sensor: Gaussian, grey (one channel) or coloured (three)."""
    return image + np.float32(sigma) * rng.standard_normal((*image.shape[:2], channels), np.float32)


def compressed(pixels: MatLike, quality: int) -> Pixels:
    """Compress a uint8 picture as JPEG and read it back."""
    data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def moved(image: MatLike, length: float, angle: float) -> MatLike:
    """Blur a picture by a movement of ``length`` px in a direction (radians) while it was exposed."""
    side = 2 * math.ceil(length / 2) + 1
    kernel = np.zeros((side, side), np.float32)
    for place in np.linspace(-length / 2, length / 2, 4 * side):
        x, y = side // 2 + place * math.cos(angle), side // 2 + place * math.sin(angle)
        kernel[int(np.clip(round(y), 0, side - 1)), int(np.clip(round(x), 0, side - 1))] += 1
    return cv2.filter2D(image, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)


def other_side(image: MatLike, sigma: float, shift: tuple[int, int]) -> MatLike:
    """Return the print that shines through: the picture mirrored, blurred and shifted by rows and columns."""
    return np.roll(cv2.GaussianBlur(image[:, ::-1], (0, 0), sigma), shift, axis=(0, 1))


def turned(image: MatLike, degrees: float, paper: Scalar) -> MatLike:
    """Turn a picture counter-clockwise on a canvas of one colour that holds all of it."""
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1)
    cos, sin = abs(matrix[0, 0]), abs(matrix[0, 1])
    size = (math.ceil(width * cos + height * sin), math.ceil(width * sin + height * cos))
    matrix[:, 2] += ((size[0] - width) / 2, (size[1] - height) / 2)
    return cv2.warpAffine(image, matrix, size, flags=cv2.INTER_CUBIC, borderValue=paper)
