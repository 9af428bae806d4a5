"""The dark border that a scanner's bed leaves around a page.

A border is taken away only where it is certain: what is cut off is lost to the reader.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ingestd.document import Matrix
from ingestd.reading.enhance.image import LOOK_PX, Grey, Image, Stepped, grey, levels, reduced


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Limits of what counts as a border."""

    dark: float = 0.4
    """A border is darker than this share of the paper, ..."""
    darkest: float = 90.0
    """... and darker than this grey level."""
    min_area: float = 0.005
    """Part of the page that each piece of a border covers."""
    min_length: float = 0.5
    """A border runs along at least this part of a side."""
    step: float = 60.0
    """Grey levels between a border and what is next to it: the shade on a page grows gradually."""
    even: float = 14.0
    """Maximum standard deviation of a border's grey levels: a dark heading has light print in it."""
    max_share: float = 0.6
    """Part of the page that a border covers at most."""


LIMITS = Thresholds()


class Border(NamedTuple):
    """A dark border."""

    mask: Grey
    """255 where it is, on a copy of the page of at most LOOK_PX."""
    share: float
    """Part of the page."""


def find_border(page: Grey) -> Border | None:
    """Find a dark, even border along at least half a side of the page; None where there is none."""
    small = reduced(page, LOOK_PX)
    limit = min(LIMITS.dark * levels(small, 0.9), LIMITS.darkest)
    _, dark = cv2.threshold(small, limit, 255, cv2.THRESH_BINARY_INV)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(np.asarray(dark, np.uint8))
    mask = np.zeros_like(small)
    for label in range(1, count):
        if stats[label, cv2.CC_STAT_AREA] < LIMITS.min_area * small.size:
            continue
        region = np.asarray(labels == label)
        if _along_side(region) and _is_plain(small, region):
            mask[region] = 255
    share = cv2.countNonZero(mask) / small.size
    if not 0 < share <= LIMITS.max_share:
        return None
    return Border(np.asarray(cv2.dilate(mask, np.ones((5, 5), np.uint8)), np.uint8), share)


def _along_side(region: NDArray[np.bool_]) -> bool:
    sides = (region[0], region[-1], region[:, 0], region[:, -1])
    return any(side.mean() >= LIMITS.min_length for side in sides)


def _is_plain(small: Grey, region: NDArray[np.bool_]) -> bool:
    """Tell whether a dark region ends abruptly and holds no print: it is even and without light specks."""
    around = cv2.dilate(region.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    beside = small[around & ~region]
    if not beside.size or np.median(beside) - np.median(small[region]) < LIMITS.step:
        return False
    # towards the paper a border fades
    inner = cv2.erode(region.astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=(1,))
    if not inner.any() or float(small[inner > 0].std()) > LIMITS.even:
        return False
    outlines, hierarchy = cv2.findContours(region.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    holes = (outline for outline, (*_, parent) in zip(outlines, hierarchy[0], strict=True) if parent >= 0)
    # a border all around the page has one hole: the page
    return not any(cv2.contourArea(hole) < 0.1 * small.size for hole in holes)


def border(image: Image, _strength: float = 1.0) -> Stepped:
    """Paint a dark border in the colour of the paper and cut off what is border only."""
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
