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

from ingestd.document import Pixels
from ingestd.layout.geometry import Quads
from ingestd.reading.crop import crop


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines of about the same width."""

    indices: tuple[int, ...]
    """Indices of the lines, in the order given."""
    widths: tuple[int, ...]
    """Width of each line in pixels, without padding."""
    width: int
    """Width of the input in pixels."""


def plan_batches(
    widths: Sequence[int], multiple: int, *, min_width: int, max_width: int, lines: int
) -> Iterator[Batch]:
    """Group lines into batches whose lines round up to the same width, narrow ones first.

    Args:
        widths: of the lines (px).
        multiple: widths of batches are multiples of this (px).
        min_width: of a batch (px).
        max_width: widths of the lines of one batch add up to no more (px), which bounds its memory;
            a line that is longer has a batch to itself.
        lines: maximum per batch.
    """
    order = sorted(range(len(widths)), key=lambda index: widths[index])
    rounded = [max(min_width, math.ceil(widths[index] / multiple) * multiple) for index in order]
    start = 0
    while start < len(order):
        width = rounded[start]
        room = max(1, min(lines, max_width // width))
        indices = tuple(
            order[place] for place in range(start, min(start + room, len(order))) if rounded[place] == width
        )
        yield Batch(indices, tuple(widths[index] for index in indices), width)
        start += len(indices)


def fill(pixels: Pixels, quads: Quads, batch: Batch, height: int, padding: int) -> NDArray[np.uint8]:
    """Cut the lines of a batch out as uint8 (N, height, width, 3), left-aligned, ``padding`` after their ends."""
    rows = np.full((len(batch.indices), height, batch.width, 3), padding, np.uint8)
    for row, index, width in zip(rows, batch.indices, batch.widths, strict=True):
        row[:, :width] = crop(pixels, quads[index], width, height)
    return rows
