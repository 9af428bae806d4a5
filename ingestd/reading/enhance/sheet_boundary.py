"""What surrounds a page: the desk that a sheet was photographed on, the dark bed of a scanner.

Both are only taken away where there is no doubt about them: what is cut off is lost to the reader.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from ingestd.document import Matrix
from ingestd.reading.enhance.image import Grey, Image, Stepped, grey, levels, reduced

LOOK_PX = 480
"""Longest side of the copy on which surroundings are looked for."""
SPLINTER_PX = 9
"""What is thinner (px of the copy) and apart from the ground is no part of a sheet."""
SHARES = (0.2, 0.97)
"""Part of the page that a sheet covers, at least and at most; beyond there is nothing to gain."""
SOLID = 0.97
"""Least area of a bright region as a share of its hull, and of the hull as a share of the four sides' area."""
BEND = 0.012
"""How far an edge of the sheet may stray from a straight line, as a share of the page's diagonal."""
LEAN_DEG = 25.0
"""How far a corner of the sheet may be from a right angle."""
STEP = 20.0
"""Grey levels by which the sheet is brighter than what is next to it."""
SEEN = 0.9
"""Part of each edge along which the sheet has to be that much brighter."""
SIDE_POINTS = 40
REACH = 0.025
"""How far from where it should be an edge is looked for, as a share of the page's diagonal."""
ABRUPT_PX = 2
"""Within so many px of the copy to either side brightness changes at an edge; at the rim of a shadow it takes more."""
GROUND_PX = 6
"""So far from an edge (px of the copy) the ground is still darker than the sheet."""
ASIDE = 0.012
"""What is nearer to the sheet, as a share of the page's diagonal, does not lie beside it."""
MOST_PRINT_OUTSIDE = 0.05
"""Strokes outside the sheet, in all, as a share of those on it: more would be text that is lost."""
STROKE_PX = 7
STROKE_LEVELS = 24

DARK = 0.4
"""Darker than this share of the paper is no paper."""
DARKEST = 90
"""And darker than this grey level."""
BORDER_AREA = 0.005
"""Least part of the page that a dark border covers."""
BORDER_LENGTH = 0.5
"""A border runs along at least this part of a side."""
BORDER_STEP = 60.0
"""Grey levels between a border and what is next to it: the shade on a page grows gradually."""
BORDER_EVEN = 14.0
"""Standard deviation of a border's grey levels: a dark heading has light print in it."""
MOST_BORDER = 0.6


class Border(NamedTuple):
    """A dark border."""

    mask: Grey
    """255 where it is, on a copy of the page of at most LOOK_PX."""
    share: float
    """Part of the page."""


def find_sheet(page: Grey) -> NDArray[np.float64] | None:
    """The four corners of a bright sheet on darker ground, (4, 2) px, clockwise from the top left.

    None where there is any doubt: an edge that cannot be seen or is not straight, a corner far from a right angle,
    print beside the sheet, a sheet that fills the page or is a small part of it.
    """
    small = reduced(page, LOOK_PX)
    smooth = np.asarray(cv2.medianBlur(small, 5), np.uint8)
    rough = _bright_quad(_within_edges(smooth))
    corners = None if rough is None else _sharpened(smooth, rough)
    if corners is None or keystone_deg(corners) > LEAN_DEG or not _holds_all_print(small, corners):
        return None
    scale = np.array(page.shape[::-1]) / np.array(small.shape[::-1])
    return np.asarray((corners + 0.5) * scale - 0.5, np.float64)


def _within_edges(small: Grey) -> Grey:
    """Where the ground, grown from the rim over whatever is not steep, does not come: a sheet, in the shade or not."""
    steep = cv2.morphologyEx(small, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > STEP
    _, areas = cv2.connectedComponents((~steep).astype(np.uint8), connectivity=4)
    rim = np.concatenate([areas[0], areas[-1], areas[:, 0], areas[:, -1]])
    ground = np.isin(areas, rim[rim > 0])
    apart = np.where(ground, 0, 255).astype(np.uint8)
    return np.asarray(cv2.morphologyEx(apart, cv2.MORPH_OPEN, np.ones((SPLINTER_PX, SPLINTER_PX), np.uint8)), np.uint8)


def _bright_quad(mask: Grey) -> NDArray[np.float64] | None:
    """About the corners of the largest region if it has four sides."""
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not outlines:
        return None
    outline = max(outlines, key=cv2.contourArea)
    hull = cv2.convexHull(outline)
    area = cv2.contourArea(hull)
    if not SHARES[0] < area / mask.size < SHARES[1] or cv2.contourArea(outline) < SOLID * area:
        return None
    corners = _four_corners(hull)
    if corners is None or not SOLID < area / cv2.contourArea(corners.astype(np.float32)) < 1 / SOLID:
        return None
    return corners


def _four_corners(hull: MatLike) -> NDArray[np.float64] | None:
    """Corners of a hull simplified to four, clockwise from the top left; None where it has another number."""
    length = cv2.arcLength(hull, True)
    for tolerance in (0.01, 0.02, 0.03, 0.05):
        simple = cv2.approxPolyDP(hull, tolerance * length, True).reshape(-1, 2).astype(np.float64)
        if len(simple) == 4:
            around = np.arctan2(*(simple - simple.mean(axis=0)).T[::-1])
            ordered = simple[np.argsort(around)]
            return np.roll(ordered, -int(np.argmin(ordered.sum(axis=1))), axis=0)
    return None


def _sharpened(small: Grey, corners: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Corners where straight lines through the four edges meet; None where one is not straight or not seen."""
    lines = []
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        line = _edge(small, start, end)
        if line is None:
            return None
        lines.append(line)
    meeting = np.array([np.cross(lines[side - 1], lines[side]) for side in range(4)])
    return np.asarray(meeting[:, :2] / meeting[:, 2:], np.float64)


def _edge(small: Grey, start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """The straight edge (homogeneous line) between two corners: where it grows brighter to the right of the way.

    None where that cannot be seen nearly everywhere, or is not on a line.
    """
    diagonal = math.hypot(*small.shape)
    along = (end - start) / np.linalg.norm(end - start)
    inward = np.array([-along[1], along[0]])
    # near the corners it may belong to the next edge
    places = start + np.linspace(0.06, 0.94, SIDE_POINTS)[:, np.newaxis] * (end - start)
    offsets = np.arange(-REACH * diagonal, REACH * diagonal + 0.5, 0.5)
    on_it = places[:, np.newaxis] + offsets[:, np.newaxis] * inward
    steps = _levels_at(small, on_it + ABRUPT_PX * inward) - _levels_at(small, on_it - ABRUPT_PX * inward)
    steps[np.isnan(steps)] = -255  # what is beyond the page counts as no step
    seen = steps.max(axis=1) > STEP
    if seen.sum() < SEEN * SIDE_POINTS:
        return None
    points = on_it[np.arange(SIDE_POINTS), steps.argmax(axis=1)][seen]
    # the line of a printed frame is as abrupt, but beyond it the paper goes on
    lasting = _levels_at(small, points + GROUND_PX * inward) - _levels_at(small, points - GROUND_PX * inward) > STEP
    if lasting.sum() < SEEN * SIDE_POINTS:
        return None
    dx, dy, x, y = (
        float(value) for value in cv2.fitLine(points.astype(np.float32), cv2.DIST_HUBER, 0, 0.01, 0.01)[:, 0]
    )
    if np.quantile(np.abs((points - (x, y)) @ np.array([-dy, dx])), SEEN) > BEND * diagonal:
        return None
    return np.cross((x, y, 1.0), (x + dx, y + dy, 1.0))


def _levels_at(small: Grey, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Grey levels at points (..., 2), NaN where they are not on the page."""
    column, row = np.moveaxis(np.round(points).astype(np.intp), -1, 0)
    known = (column >= 0) & (row >= 0) & (column < small.shape[1]) & (row < small.shape[0])
    found = small[np.where(known, row, 0), np.where(known, column, 0)].astype(np.float64)
    return np.where(known, found, np.nan)


def _holds_all_print(small: Grey, corners: NDArray[np.float64]) -> bool:
    strokes = cv2.morphologyEx(small, cv2.MORPH_BLACKHAT, np.ones((STROKE_PX, STROKE_PX), np.uint8))
    _, print_ = cv2.threshold(strokes, STROKE_LEVELS, 255, cv2.THRESH_BINARY)
    on_it, beyond = np.zeros_like(small), np.full_like(small, 255)
    edge = round(math.hypot(*small.shape) * ASIDE)
    cv2.fillConvexPoly(on_it, np.round(corners).astype(np.int32), (255,))
    cv2.fillConvexPoly(beyond, np.round(corners).astype(np.int32), (0,))
    far = cv2.erode(beyond, np.ones((2 * edge + 1, 2 * edge + 1), np.uint8), borderValue=(255,))
    outside = cv2.countNonZero(cv2.bitwise_and(print_, far))
    return outside <= MOST_PRINT_OUTSIDE * cv2.countNonZero(cv2.bitwise_and(print_, on_it))


def sheet(image: Image, _strength: float = 1.0) -> Stepped:
    """Cut a photographed sheet out and straighten it, as large as its sides are long; nothing where none is certain."""
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


def find_border(page: Grey) -> Border | None:
    """A dark, even border along at least half a side of the page; None where there is none."""
    small = reduced(page, LOOK_PX)
    limit = min(DARK * levels(small, 0.9), DARKEST)
    _, dark = cv2.threshold(small, limit, 255, cv2.THRESH_BINARY_INV)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(np.asarray(dark, np.uint8))
    mask = np.zeros_like(small)
    for label in range(1, count):
        if stats[label, cv2.CC_STAT_AREA] < BORDER_AREA * small.size:
            continue
        region = np.asarray(labels == label)
        if _along_side(region) and _is_plain(small, region):
            mask[region] = 255
    share = cv2.countNonZero(mask) / small.size
    if not 0 < share <= MOST_BORDER:
        return None
    return Border(np.asarray(cv2.dilate(mask, np.ones((5, 5), np.uint8)), np.uint8), share)


def _along_side(region: NDArray[np.bool_]) -> bool:
    sides = (region[0], region[-1], region[:, 0], region[:, -1])
    return any(side.mean() >= BORDER_LENGTH for side in sides)


def _is_plain(small: Grey, region: NDArray[np.bool_]) -> bool:
    """Whether a dark region ends abruptly and nothing is printed in it: even, and without light specks in it."""
    around = cv2.dilate(region.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    beside = small[around & ~region]
    if not beside.size or np.median(beside) - np.median(small[region]) < BORDER_STEP:
        return False
    # towards the paper a border fades
    inner = cv2.erode(region.astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=(1,))
    if not inner.any() or float(small[inner > 0].std()) > BORDER_EVEN:
        return False
    outlines, hierarchy = cv2.findContours(region.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    holes = (outline for outline, (*_, parent) in zip(outlines, hierarchy[0], strict=True) if parent >= 0)
    # a border all around the page has one hole: the page
    return not any(cv2.contourArea(hole) < 0.1 * small.size for hole in holes)


def border(image: Image, _strength: float = 1.0) -> Stepped:
    """Paint a dark border in the colour of the paper and cut off what is border only; nothing where there is none."""
    found = find_border(grey(image).image)
    if found is None:
        return Stepped(image)
    height, width = image.shape[:2]
    mask = cv2.resize(found.mask, (width, height), interpolation=cv2.INTER_LINEAR) > 127
    left, top, across, down = cv2.boundingRect((~mask).astype(np.uint8))
    kept, covered = image[top : top + down, left : left + across].copy(), mask[top : top + down, left : left + across]
    kept[covered] = np.median(kept[~covered], axis=0)
    moved: Matrix = np.array([(1.0, 0.0, -left), (0.0, 1.0, -top), (0.0, 0.0, 1.0)])
    return Stepped(kept, moved)


def keystone_deg(corners: NDArray[np.float64]) -> float:
    """How far the worst corner (of (4, 2), in order) is from a right angle.

    >>> keystone_deg(np.array([(0.0, 0), (10, 0), (10, 10), (0, 10)]))
    0.0
    """
    sides = np.roll(corners, -1, axis=0) - corners
    before = -np.roll(sides, 1, axis=0)
    cosines = np.einsum("ij,ij->i", sides, before) / np.linalg.norm(sides, axis=1) / np.linalg.norm(before, axis=1)
    return float(np.abs(np.degrees(np.arccos(np.clip(cosines, -1, 1))) - 90).max())
