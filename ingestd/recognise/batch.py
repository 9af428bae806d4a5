"""Cut lines out of a page and lay them into batches of one width. Pure.

Cost grows with the width of the input and not with the number of batches, so a batch is as wide as its
lines are and never wider.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ingestd.document import Pixels

Points = NDArray[np.float32]
"""float32 (4, 2): a quad in page pixels."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines of about the same width."""

    indices: tuple[int, ...]
    """Which lines, in the order given."""
    widths: tuple[int, ...]
    """Width of each line in pixels, without padding."""
    width: int
    """Width of the input in pixels."""


def extent(quad: Points) -> tuple[float, float]:
    """Width along the reading direction and height across it, in pixels, at least 1 each."""
    width = (np.linalg.norm(quad[1] - quad[0]) + np.linalg.norm(quad[2] - quad[3])) / 2
    height = (np.linalg.norm(quad[3] - quad[0]) + np.linalg.norm(quad[2] - quad[1])) / 2
    return max(float(width), 1.0), max(float(height), 1.0)


def turned(quad: Points, quarters: int = 1) -> Points:
    """The same quad, read in a direction that is turned clockwise by so many quarters."""
    return np.roll(quad, -quarters, axis=0)


def crop(pixels: Pixels, quad: Points, width: int, height: int) -> Pixels:
    """Straighten a quad of the page into a picture of this size."""
    # Shrinking samples every pixel: cut at a whole multiple of the size, then average.
    factor = max(1, round(extent(quad)[1] / height))
    size = (width * factor, height * factor)
    target = np.array([(0, 0), (size[0], 0), size, (0, size[1])], np.float32)
    # Corners are edges of pixels, OpenCV counts from their centres.
    matrix = cv2.getPerspectiveTransform(quad - np.float32(0.5), target - np.float32(0.5))
    cut = cv2.warpPerspective(pixels, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    exact = cut if factor == 1 else cv2.resize(cut, (width, height), interpolation=cv2.INTER_AREA)
    return exact.astype(np.uint8, copy=False)


def plan(widths: Sequence[int], *, multiple: int, min_width: int, batch: int) -> Iterator[Batch]:
    """Group lines into batches whose lines round up to the same width, narrow ones first."""
    order = sorted(range(len(widths)), key=lambda index: widths[index])
    rounded = [max(min_width, math.ceil(width / multiple) * multiple) for width in widths]
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and end - start < batch and rounded[order[end]] == rounded[order[start]]:
            end += 1
        indices = tuple(order[start:end])
        yield Batch(indices, tuple(widths[index] for index in indices), rounded[order[start]])
        start = end


def fill(pixels: Pixels, quads: Sequence[Points], batch: Batch, height: int, padding: int) -> NDArray[np.uint8]:
    """The lines of a batch as uint8 (N, height, width, 3), left-aligned, ``padding`` after their ends."""
    rows = np.full((len(batch.indices), height, batch.width, 3), padding, np.uint8)
    for row, index, width in zip(rows, batch.indices, batch.widths, strict=True):
        row[:, :width] = crop(pixels, quads[index], width, height)
    return rows
