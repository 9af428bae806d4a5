"""Places of a line's characters: adjoining cells along the line, so that no reader of PDFs finds a gap. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ingestd.document import Line, Matrix
from ingestd.layout.geometry import transform

DESCENT = 0.2
"""Share of a line's height below the baseline."""
UNIT = 100
"""Steps per text height in which widths are counted: 1/100 of it is below a pixel."""


def edges(line: Line) -> list[float]:
    """Return the borders between characters along the line, 0 to 1, ascending: one more than characters.

    >>> from ingestd.layout.geometry import rect_quad
    >>> edges(Line(0, rect_quad(0, 0, 60, 20), "a发", 1.0))
    [0.0, 0.3333333333333333, 1.0]
    """
    if len(line.chars) == len(line.text):
        centres = [char.position for char in line.chars]
        inner = [(left + right) / 2 for left, right in pairwise(centres)]
    else:
        widths = np.cumsum([2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line.text])
        inner = [float(width) for width in widths[:-1] / widths[-1]]
    return [float(border) for border in np.maximum.accumulate(np.clip([0.0, *inner, 1.0], 0, 1))]


def widths(borders: Sequence[float], length: float) -> list[int]:
    """Round cells to whole units, none of them empty, so that errors do not add up along the line.

    Args:
        borders: of :func:`edges`.
        length: of the line, in text heights.

    >>> widths([0, 0.333, 0.333, 1], 1.0)
    [33, 1, 66]
    """
    found: list[int] = []
    at = 0
    for border in borders[1:]:
        width = max(1, round(border * length * UNIT) - at)
        found.append(width)
        at += width
    return found


def frame(line: Line, to_page: Matrix) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return start of the baseline, direction along and direction up of a line on its page, each (2,), in points.

    Args:
        line: its quad in decoded pixels.
        to_page: maps decoded pixels to the page's own space, y up.
    """
    top_left, top_right, bottom_right, bottom_left = transform(to_page, line.quad)
    along = (top_right - top_left + bottom_right - bottom_left) / 2
    up = (top_left - bottom_left + top_right - bottom_right) / 2
    centre = (top_left + top_right + bottom_right + bottom_left) / 4
    return centre - along / 2 - up / 2 + DESCENT * up, along, up
