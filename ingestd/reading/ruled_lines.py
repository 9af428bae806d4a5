"""Straight lines printed on a page: the rules of tables, forms and boxes.

Dark pixels are told from their surroundings (adaptive threshold), and what is longer than any stroke of a character is
kept (morphological opening with a kernel of one row or column).
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray

from ingestd.document import Line, Page, Pixels
from ingestd.layout.geometry import as_quads, sizes, transform
from ingestd.layout.tables.find import MIN_LINES
from ingestd.layout.tables.ruling import NO_RULES, RuledLines

MIN_LENGTHS = (3.0, 1.6)
"""Heights of a line of text that a horizontal and a vertical rule are long: strokes of characters are shorter."""
MAX_THICKNESS = 0.5
"""Thickness of a rule in heights of a line of text, besides its slope."""
MAX_SLOPE = 0.1
"""Slope of a rule on an upright page."""
HEIGHT = 12
"""Pages are reduced until a line of text is so high, in pixels: thin rules still show."""
MIN_CONTRAST = 12
"""Levels (0-255) by which a rule is darker than its surroundings."""
MAX_RULES = 1000
"""A page with more is a picture, or a pattern."""


def ruled_lines(page: Page, lines: Sequence[Line]) -> RuledLines:
    """Find the rules of a page.

    Args:
        page: as it was read, upright.
        lines: its text, in decoded pixels; its height says how long a rule has to be.

    Returns:
        Ends of each rule in decoded pixels.
    """
    if len(lines) < MIN_LINES:
        return NO_RULES
    scale = float(np.sqrt(abs(np.linalg.det(page.to_source[:2, :2]))))
    height = median(sizes(as_quads(line.quad for line in lines))[:, 1].tolist()) / scale
    found = segments(page.pixels, height)
    if not 0 < len(found) <= MAX_RULES:
        return NO_RULES
    return np.asarray(transform(page.to_source, found), np.float64)


def segments(pixels: Pixels, height: float) -> NDArray[np.float64]:
    """Return the ends (N, 2, 2) of the rules, in pixels.

    Args:
        pixels: of an upright page.
        height: of a line of text, in pixels.
    """
    grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    scale = 1 / max(1, round(height / HEIGHT))
    if scale < 1:  # whole factors are many times faster
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        height *= scale
    block = 2 * max(3, round(height / 2)) + 1
    dark = cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, block, MIN_CONTRAST)
    across, down = (max(8, round(share * height)) for share in MIN_LENGTHS)
    flat = _runs(np.asarray(dark, np.uint8), across, height)
    upright = _runs(np.ascontiguousarray(dark.T, np.uint8), down, height)[:, :, ::-1]
    return (np.concatenate([flat, upright]) + 0.5) / scale - 0.5


def _runs(dark: NDArray[np.uint8], length: int, height: float) -> NDArray[np.float64]:
    """Return the ends (N, 2, 2) of horizontal runs of dark pixels of at least this length."""
    thick = cv2.dilate(dark, np.ones((3, 1), np.uint8))  # joins the steps of a rule that is not quite level
    runs = cv2.morphologyEx(thick, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    found = []
    for contour in cv2.findContours(runs, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]:
        points = contour[:, 0]
        (left, top), (right, bottom) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
        if bottom - top >= MAX_THICKNESS * height + 2 + MAX_SLOPE * (right - left):
            continue
        edge = max(1, min(right - left, length) // 4)
        first = points[points[:, 0] <= left + edge, 1].mean()
        last = points[points[:, 0] >= right - edge, 1].mean()
        found.append([(left, first), (right, last)])
    return np.array(found, np.float64).reshape(-1, 2, 2)
