"""Blank pages: next to nothing is on the paper, and what is read there is no print of it."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ingestd.document import Line, Page
from ingestd.layout.geometry import transform
from ingestd.reading.enhance.image import Grey, grey, levels, reduced

MAX_INK = 0.0003
"""Share of a blank page that may differ from its paper, by dust or a fold; a row of text or a signature is more."""
MIN_CHARS = 3
"""Shorter lines are read in dust and holes too."""
_OVERVIEW_PX = 700
_RIM = 0.03
"""Share of each side at the edges that is not looked at: shadows and the bed of the scanner."""
_HOLE_RIM = 0.1
"""Share of each side within which punched holes are."""
_HOLE_MM = (3.0, 9.0)
"""Diameters of punched holes."""
_HOLE_FILLS = 0.6
"""Least share of its square that a hole fills; a circle fills 0.79."""
_LONG_SIDE_MM = 297.0
_LEVELS = 40
"""Grey levels between ink and the paper around it."""
_MIDDLE = _HOLE_RIM + _HOLE_MM[1] / _LONG_SIDE_MM
"""Share of each side beyond which no part of a punched hole is."""

Marks = NDArray[np.uint8]
"""1 where ink is, 0 elsewhere."""


def faint_lines(page: Page, lines: Sequence[Line]) -> list[Line] | None:
    """Return what is read on a page without ink; None where the page is not blank.

    Args:
        page: decoded, or enhanced without its surroundings.
        lines: read on it.

    Returns:
        Lines that leave no mark: shine-through, or print that has faded.
    """
    small = reduced(grey(page.pixels).image, _OVERVIEW_PX)
    scale = max(small.shape) / max(page.pixels.shape[:2])
    far = np.abs(small.astype(np.int16) - np.int16(levels(small, 0.5))) > 2 * _LEVELS
    if _is_printed(far):
        return None
    marks = _marks(small, far)
    if marks.mean() > MAX_INK or any(_is_marked(marks, page, line, scale) for line in lines):
        return None
    return [line for line in lines if len(line.text.strip()) >= MIN_CHARS]


def _is_marked(marks: Marks, page: Page, line: Line, scale: float) -> bool:
    if not line.text.strip():
        return False
    corners = transform(np.asarray(np.linalg.inv(page.to_source), np.float64), line.quad) * scale
    left, top = np.floor(corners.min(axis=0)).astype(int).clip(0)
    right, bottom = np.ceil(corners.max(axis=0)).astype(int).clip(0)
    return bool(marks[top:bottom, left:right].any())


def _is_printed(far: NDArray[np.bool_]) -> bool:
    """Tell whether the middle of a page alone has too much ink. Most have, and :func:`_marks` takes ten times longer.

    Args:
        far: true where a pixel is far from the usual colour of the paper.
    """
    seen = np.asarray(cv2.medianBlur(far.astype(np.uint8), 3), np.uint8)
    height, width = seen.shape
    y, x = round(_MIDDLE * height), round(_MIDDLE * width)
    return cv2.countNonZero(seen[y : height - y, x : width - x]) > MAX_INK * seen.size


def _marks(small: Grey, far: NDArray[np.bool_]) -> Marks:
    """Mark what is darker or lighter than the paper around it, without the rim and punched holes."""
    # Light that falls off towards the edges is not ink: only what differs within millimetres is, or a dark area.
    around = cv2.medianBlur(small, 51) if min(small.shape) > 51 else np.float32(levels(small, 0.5))
    marks = (np.abs(small.astype(np.float32) - around) > _LEVELS) | far
    seen = np.asarray(cv2.medianBlur(marks.astype(np.uint8), 3), np.uint8)
    rim_y, rim_x = (max(1, round(_RIM * side)) for side in seen.shape)
    seen[:rim_y], seen[-rim_y:], seen[:, :rim_x], seen[:, -rim_x:] = 0, 0, 0, 0
    return _without_holes(seen, max(seen.shape) / _LONG_SIDE_MM)


def _without_holes(marks: Marks, px_per_mm: float) -> Marks:
    """Take punched holes away: small full circles near the edges."""
    height, width = marks.shape
    _, labels, found, centres = cv2.connectedComponentsWithStats(marks)
    holes = []
    for number, ((_, _, across, down, area), (x, y)) in enumerate(zip(found.tolist(), centres.tolist(), strict=True)):
        at_rim = min(x, width - x) < _HOLE_RIM * width or min(y, height - y) < _HOLE_RIM * height
        is_round = min(across, down) > 0.7 * max(across, down) and area >= _HOLE_FILLS * across * down
        if number and at_rim and is_round and _HOLE_MM[0] <= max(across, down) / px_per_mm <= _HOLE_MM[1]:
            holes.append(number)
    return np.where(np.isin(labels, holes), 0, marks).astype(np.uint8)
