"""Does a text layer say everything that can be read on its page?

Pages carry text that no layer holds: pictures of text, letters drawn as outlines, a scan under a
stamp. Whatever its origin, such text shows as marks of the size of letters where the layer has
nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ingestd.document import Line, Pixels
from ingestd.layout.geometry import bounds

_LOOK_DPI = 100.0
"""Letters of 6 pt are 4 px high here, and words hang together."""
_PAPER_WINDOW_PX = 25
_INK_CONTRAST = 20
_LEAST_HEIGHT_PX, _MOST_HEIGHT_PX = 4, 40
_MOST_ASPECT = 12
_MARGIN_PX = 3
_FEW_MARKS = 40
"""So many marks are a logo, a seal, a code."""
_MOST_UNEXPLAINED = 0.25


def explains(lines: Sequence[Line], pixels: Pixels, dpi: float) -> bool:
    """Tell whether nearly all marks of letter size lie inside the lines.

    Args:
        lines: the text layer, quads in pixels of the raster.
        pixels: raster of the page.
        dpi: its resolution.
    """
    if not lines:
        return False
    scale = min(1.0, _LOOK_DPI / dpi)
    grey = cv2.resize(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    ink = cv2.adaptiveThreshold(
        grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, _PAPER_WINDOW_PX, _INK_CONTRAST
    )
    explained = np.zeros_like(grey)
    for line in lines:
        left, top, right, bottom = (round(edge * scale) for edge in bounds(line.quad))
        top_left = (left - _MARGIN_PX, top - _MARGIN_PX)
        cv2.rectangle(explained, top_left, (right + _MARGIN_PX, bottom + _MARGIN_PX), 255, cv2.FILLED)
    _, _, stats, centres = cv2.connectedComponentsWithStats(ink)
    width, height = stats[1:, cv2.CC_STAT_WIDTH], stats[1:, cv2.CC_STAT_HEIGHT]
    letters = (height >= _LEAST_HEIGHT_PX) & (height <= _MOST_HEIGHT_PX) & (width <= _MOST_ASPECT * height)
    x, y = centres[1:][letters].astype(np.intp).T
    marks = len(x)
    outside = marks - int(np.count_nonzero(explained[y, x]))
    return outside <= max(_FEW_MARKS, _MOST_UNEXPLAINED * marks)
