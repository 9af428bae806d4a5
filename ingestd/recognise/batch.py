"""Lay the lines of a page into batches of one width. Pure.

Cost grows with the width of the input and not with the number of batches, so a batch is as wide as its
lines are and never wider.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingestd.crop import Quads, crop
from ingestd.document import Pixels


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines of about the same width."""

    indices: tuple[int, ...]
    """Which lines, in the order given."""
    widths: tuple[int, ...]
    """Width of each line in pixels, without padding."""
    width: int
    """Width of the input in pixels."""


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


def fill(pixels: Pixels, quads: Quads, batch: Batch, height: int, padding: int) -> NDArray[np.uint8]:
    """The lines of a batch as uint8 (N, height, width, 3), left-aligned, ``padding`` after their ends."""
    rows = np.full((len(batch.indices), height, batch.width, 3), padding, np.uint8)
    for row, index, width in zip(rows, batch.indices, batch.widths, strict=True):
        row[:, :width] = crop(pixels, quads[index], width, height)
    return rows
