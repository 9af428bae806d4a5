"""Comparison of a text layer with the marks on its page.

Pages carry text that no layer holds: pictures of text, letters drawn as outlines, a scan under a
stamp. Whatever its origin, such text shows as marks of the size of letters where the layer has
nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ingestd.document import Line, Pixels
from ingestd.layout.geometry import bounds


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Limits of what counts as a letter and as explained."""

    look_dpi: float = 100.0
    """Resolution of the copy: letters of 6 pt are 4 px high there, and words hang together."""
    paper_window_px: int = 25
    """Window of the mean that ink is compared with."""
    ink_contrast: int = 20
    """Grey levels by which ink is darker than that mean."""
    min_height_px: int = 4
    """Height of a letter at least."""
    max_height_px: int = 40
    """Height of a letter at most."""
    max_aspect: int = 12
    """Width of a mark in heights: letters of a word may touch."""
    margin_px: int = 3
    """A mark this near to a line belongs to it."""
    few_marks: int = 40
    """So many marks are a logo, a seal, a code."""
    max_unexplained: float = 0.25
    """Share of marks outside all lines."""


LIMITS = Thresholds()


def explains(lines: Sequence[Line], pixels: Pixels, dpi: float) -> bool:
    """Tell whether nearly all marks of letter size lie inside the lines.

    Args:
        lines: the text layer, quads in pixels of the raster.
        pixels: raster of the page.
        dpi: its resolution.
    """
    if not lines:
        return False
    scale = min(1.0, LIMITS.look_dpi / dpi)
    grey = cv2.resize(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    ink = cv2.adaptiveThreshold(
        grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, LIMITS.paper_window_px, LIMITS.ink_contrast
    )
    explained = np.zeros_like(grey)
    for line in lines:
        left, top, right, bottom = (round(edge * scale) for edge in bounds(line.quad))
        top_left = (left - LIMITS.margin_px, top - LIMITS.margin_px)
        cv2.rectangle(explained, top_left, (right + LIMITS.margin_px, bottom + LIMITS.margin_px), 255, cv2.FILLED)
    _, _, stats, centres = cv2.connectedComponentsWithStats(ink)
    width, height = stats[1:, cv2.CC_STAT_WIDTH], stats[1:, cv2.CC_STAT_HEIGHT]
    letters = (
        (height >= LIMITS.min_height_px) & (height <= LIMITS.max_height_px) & (width <= LIMITS.max_aspect * height)
    )
    x, y = centres[1:][letters].astype(np.intp).T
    marks = len(x)
    outside = marks - int(np.count_nonzero(explained[y, x]))
    return outside <= max(LIMITS.few_marks, LIMITS.max_unexplained * marks)
