"""The boundary of a photographed sheet on a desk.

A sheet is cut out only where its boundary is certain: what is cut off is lost to the reader.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from ingestd.document import Matrix
from ingestd.reading.enhance.image import LOOK_PX, Grey, Image, Stepped, grey, reduced


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Limits of what counts as a sheet; lengths are px of the copy or shares of the page's diagonal."""

    splinter_px: int = 9
    """Thickness below which a part away from the ground does not belong to a sheet."""
    min_share: float = 0.2
    """Part of the page that a sheet covers at least."""
    max_share: float = 0.97
    """Part of the page that a sheet covers at most; beyond there is nothing to gain."""
    solid: float = 0.97
    """Minimum area of a bright region as a share of its hull, and of the hull as a share of the four sides' area."""
    bend: float = 0.012
    """Share of the diagonal by which an edge of the sheet may stray from a straight line."""
    lean_deg: float = 25.0
    """Degrees by which a corner of the sheet may differ from a right angle."""
    step: float = 20.0
    """Grey levels by which the sheet is brighter than what is next to it."""
    seen: float = 0.9
    """Part of each edge along which the sheet has to be that much brighter."""
    side_points: int = 40
    """Points at which each edge is looked for."""
    reach: float = 0.025
    """Share of the diagonal within which an edge is looked for."""
    abrupt_px: int = 2
    """Brightness changes at an edge within so many px to either side; at the rim of a shadow it takes more."""
    ground_px: int = 6
    """So far from an edge the ground is still darker than the sheet."""
    aside: float = 0.012
    """Share of the diagonal: what is nearer to the sheet does not lie beside it."""
    max_print_outside: float = 0.05
    """Strokes outside the sheet, in all, as a share of those on it: more would be text that is lost."""
    stroke_px: int = 7
    """Strokes up to this wide count as print."""
    stroke_levels: int = 24
    """Grey levels by which print is darker than its surroundings."""


LIMITS = Thresholds()


def find_sheet(page: Grey) -> NDArray[np.float64] | None:
    """Find the four corners of a bright sheet on darker ground, (4, 2) px, clockwise from the top left.

    None where there is any doubt: an edge that cannot be seen or is not straight, a corner far from a right angle,
    print beside the sheet, a sheet that fills the page or is a small part of it.
    """
    small = reduced(page, LOOK_PX)
    smooth = np.asarray(cv2.medianBlur(small, 5), np.uint8)
    rough = _bright_quad(_within_edges(smooth))
    corners = None if rough is None else _sharpened(smooth, rough)
    if corners is None or keystone_deg(corners) > LIMITS.lean_deg or not _holds_all_print(small, corners):
        return None
    scale = np.array(page.shape[::-1]) / np.array(small.shape[::-1])
    return np.asarray((corners + 0.5) * scale - 0.5, np.float64)


def _within_edges(small: Grey) -> Grey:
    """Mark what the ground, grown from the rim over all that is not steep, does not reach: a sheet, shaded or not."""
    steep = cv2.morphologyEx(small, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > LIMITS.step
    _, areas = cv2.connectedComponents((~steep).astype(np.uint8), connectivity=4)
    rim = np.concatenate([areas[0], areas[-1], areas[:, 0], areas[:, -1]])
    ground = np.isin(areas, rim[rim > 0])
    apart = np.where(ground, 0, 255).astype(np.uint8)
    return np.asarray(
        cv2.morphologyEx(apart, cv2.MORPH_OPEN, np.ones((LIMITS.splinter_px, LIMITS.splinter_px), np.uint8)),
        np.uint8,
    )


def _bright_quad(mask: Grey) -> NDArray[np.float64] | None:
    """Return rough corners of the largest region if it has four sides."""
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not outlines:
        return None
    outline = max(outlines, key=cv2.contourArea)
    hull = cv2.convexHull(outline)
    area = cv2.contourArea(hull)
    if not LIMITS.min_share < area / mask.size < LIMITS.max_share or cv2.contourArea(outline) < LIMITS.solid * area:
        return None
    corners = _four_corners(hull)
    if corners is None or not LIMITS.solid < area / cv2.contourArea(corners.astype(np.float32)) < 1 / LIMITS.solid:
        return None
    return corners


def _four_corners(hull: MatLike) -> NDArray[np.float64] | None:
    """Simplify a hull to four corners, clockwise from the top left; None where it has another number."""
    length = cv2.arcLength(hull, True)
    for tolerance in (0.01, 0.02, 0.03, 0.05):
        simple = cv2.approxPolyDP(hull, tolerance * length, True).reshape(-1, 2).astype(np.float64)
        if len(simple) == 4:
            around = np.arctan2(*(simple - simple.mean(axis=0)).T[::-1])
            ordered = simple[np.argsort(around)]
            return np.roll(ordered, -int(np.argmin(ordered.sum(axis=1))), axis=0)
    return None


def _sharpened(small: Grey, corners: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Intersect straight lines through the four edges; None where one is not straight or not seen."""
    lines = []
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        line = _edge(small, start, end)
        if line is None:
            return None
        lines.append(line)
    meeting = np.array([np.cross(lines[side - 1], lines[side]) for side in range(4)])
    return np.asarray(meeting[:, :2] / meeting[:, 2:], np.float64)


def _edge(small: Grey, start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Fit the straight edge (homogeneous line) between two corners: it grows brighter to the right of the way.

    None where that cannot be seen nearly everywhere, or is not on a line.
    """
    diagonal = math.hypot(*small.shape)
    along = (end - start) / np.linalg.norm(end - start)
    inward = np.array([-along[1], along[0]])
    # near the corners it may belong to the next edge
    places = start + np.linspace(0.06, 0.94, LIMITS.side_points)[:, np.newaxis] * (end - start)
    offsets = np.arange(-LIMITS.reach * diagonal, LIMITS.reach * diagonal + 0.5, 0.5)
    on_it = places[:, np.newaxis] + offsets[:, np.newaxis] * inward
    steps = _levels_at(small, on_it + LIMITS.abrupt_px * inward) - _levels_at(small, on_it - LIMITS.abrupt_px * inward)
    steps[np.isnan(steps)] = -255  # what is beyond the page counts as no step
    seen = steps.max(axis=1) > LIMITS.step
    if seen.sum() < LIMITS.seen * LIMITS.side_points:
        return None
    points = on_it[np.arange(LIMITS.side_points), steps.argmax(axis=1)][seen]
    # the line of a printed frame is as abrupt, but beyond it the paper goes on
    lasting = (
        _levels_at(small, points + LIMITS.ground_px * inward) - _levels_at(small, points - LIMITS.ground_px * inward)
        > LIMITS.step
    )
    if lasting.sum() < LIMITS.seen * LIMITS.side_points:
        return None
    dx, dy, x, y = (
        float(value) for value in cv2.fitLine(points.astype(np.float32), cv2.DIST_HUBER, 0, 0.01, 0.01)[:, 0]
    )
    if np.quantile(np.abs((points - (x, y)) @ np.array([-dy, dx])), LIMITS.seen) > LIMITS.bend * diagonal:
        return None
    return np.cross((x, y, 1.0), (x + dx, y + dy, 1.0))


def _levels_at(small: Grey, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Look up grey levels at points (..., 2), NaN where they are not on the page."""
    column, row = np.moveaxis(np.round(points).astype(np.intp), -1, 0)
    known = (column >= 0) & (row >= 0) & (column < small.shape[1]) & (row < small.shape[0])
    found = small[np.where(known, row, 0), np.where(known, column, 0)].astype(np.float64)
    return np.where(known, found, np.nan)


def _holds_all_print(small: Grey, corners: NDArray[np.float64]) -> bool:
    strokes = cv2.morphologyEx(small, cv2.MORPH_BLACKHAT, np.ones((LIMITS.stroke_px, LIMITS.stroke_px), np.uint8))
    _, print_ = cv2.threshold(strokes, LIMITS.stroke_levels, 255, cv2.THRESH_BINARY)
    on_it, beyond = np.zeros_like(small), np.full_like(small, 255)
    edge = round(math.hypot(*small.shape) * LIMITS.aside)
    cv2.fillConvexPoly(on_it, np.round(corners).astype(np.int32), (255,))
    cv2.fillConvexPoly(beyond, np.round(corners).astype(np.int32), (0,))
    far = cv2.erode(beyond, np.ones((2 * edge + 1, 2 * edge + 1), np.uint8), borderValue=(255,))
    outside = cv2.countNonZero(cv2.bitwise_and(print_, far))
    return outside <= LIMITS.max_print_outside * cv2.countNonZero(cv2.bitwise_and(print_, on_it))


def sheet_boundary(image: Image, _strength: float = 1.0) -> Stepped:
    """Cut a photographed sheet out and straighten it, as large as its sides are long; leave others as they are."""
    corners = find_sheet(grey(image).image)
    if corners is None:
        return Stepped(image)
    a, b, c, d = corners
    width = max(1, round((math.dist(a, b) + math.dist(d, c)) / 2))
    height = max(1, round((math.dist(a, d) + math.dist(b, c)) / 2))
    target = np.array([(0, 0), (width - 1, 0), (width - 1, height - 1), (0, height - 1)], np.float32)
    matrix: Matrix = np.asarray(cv2.getPerspectiveTransform(corners.astype(np.float32), target), np.float64)
    flat = cv2.warpPerspective(image, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return Stepped(np.asarray(flat, np.uint8), matrix)


def keystone_deg(corners: NDArray[np.float64]) -> float:
    """Return the degrees by which the worst corner (of (4, 2), in order) differs from a right angle.

    >>> keystone_deg(np.array([(0.0, 0), (10, 0), (10, 10), (0, 10)]))
    0.0
    """
    sides = np.roll(corners, -1, axis=0) - corners
    before = -np.roll(sides, 1, axis=0)
    cosines = np.einsum("ij,ij->i", sides, before) / np.linalg.norm(sides, axis=1) / np.linalg.norm(before, axis=1)
    return float(np.abs(np.degrees(np.arccos(np.clip(cosines, -1, 1))) - 90).max())
