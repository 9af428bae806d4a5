"""Join pieces of one large line that a seal or a stamp lies across.

The detector finds the beginning and the end of a title under a round seal and loses its middle, where two inks cross.
The recogniser reads through the seal if it is given the whole line.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ingestd.document import Page
from ingestd.layout.geometry import Quads, sizes
from ingestd.reading.crop import MeanCharConfidence


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Limits of pieces that may belong together; lengths are shares of the height of the first piece."""

    large: float = 1.25
    """A piece is this many times as high as the median line: titles, which seals are set upon."""
    alike: float = 1.6
    """Heights of pieces differ by no more than this many times."""
    level: float = 0.25
    """Distance of the middles of two pieces, up or down."""
    lost: float = 0.9
    """Distance of two pieces along the line, at least: a character is lost between them."""
    gap: float = 7.0
    """The same, at most."""
    blank: float = 0.6
    """A longer blank in the gap parts two texts."""
    stroke: float = 0.3
    """Contrast of a column with ink, as a share of the contrast of the first piece."""
    legible: float = 0.8
    """Mean confidence that the whole line reaches."""
    loss: float = 0.15
    """Mean confidence by which it may be below that of its pieces."""


LIMITS = Thresholds()


def bridged(page: Page, quads: Quads, confidence: MeanCharConfidence) -> Quads:
    """Return the quads with pieces of large lines joined where ink goes on between them and the whole reads well.

    Args:
        page: the page that was searched, upright.
        quads: its lines, (N, 4, 2).
        confidence: tells how well lines can be read.
    """
    for first, last in _pairs(page, quads):
        whole = np.stack([quads[first, 0], quads[last, 1], quads[last, 2], quads[first, 3]])
        pieces = _inside(quads, whole)
        pieces[[first, last]] = True
        of_whole = float(confidence(page, whole[None])[0])
        if of_whole >= max(LIMITS.legible, float(confidence(page, quads[pieces]).mean()) - LIMITS.loss):
            return bridged(page, np.concatenate([quads[~pieces], whole[None]]).astype(np.float32), confidence)
    return quads


def _pairs(page: Page, quads: Quads) -> list[tuple[int, int]]:
    """Return pieces that may be begin and end of one line, from left to right, the longest line of each."""
    if len(quads) < 2:
        return []
    width, height = sizes(quads).T
    middle, left, right = quads.mean(axis=1)[:, 1], quads[:, (0, 3), 0].max(axis=1), quads[:, (1, 2), 0].min(axis=1)
    level = np.abs(quads[:, 1, 1] - quads[:, 0, 1]) < LIMITS.level * height
    large = np.flatnonzero(level & (height > LIMITS.large * np.median(height)) & (width > 0.5 * height))
    found = []
    for first in large[np.argsort(left[large])].tolist():
        high = height[first]
        alike = [
            other
            for other in large.tolist()
            if left[other] > left[first] + 0.5 * high
            and max(height[other], high) < LIMITS.alike * min(height[other], high)
            and abs(middle[other] - middle[first]) < LIMITS.level * high
            and LIMITS.lost * high < left[other] - right[first] < LIMITS.gap * high
        ]
        far = sorted(alike, key=lambda other: -float(left[other]))
        last = next((other for other in far if _inked(page, quads[first], quads[other])), None)
        if last is not None:
            found.append((first, last))
    return found


def _inked(page: Page, first: NDArray[np.float32], last: NDArray[np.float32]) -> bool:
    """Tell whether ink goes on between two pieces, with no blank as wide as between two texts."""
    top, bottom = (round(float(value)) for value in (first[:2, 1].mean(), first[2:, 1].mean()))
    begin, ends, starts = (
        round(float(x)) for x in (first[(0, 3), 0].min(), first[(1, 2), 0].min(), last[(0, 3), 0].max())
    )
    band = page.pixels[max(top, 0) : bottom, max(begin, 0) : starts]
    if band.shape[0] < 4 or starts - ends < 2:
        return False
    grey = cv2.cvtColor(band, cv2.COLOR_BGR2GRAY).astype(np.float32)
    contrast = grey.max(axis=0) - grey.min(axis=0)
    inked = contrast > LIMITS.stroke * float(np.quantile(contrast[: ends - max(begin, 0)], 0.75))
    longest = run = 0
    for ink in inked[ends - max(begin, 0) :].tolist():
        run = 0 if ink else run + 1
        longest = max(longest, run)
    return longest < LIMITS.blank * (bottom - top)


def _inside(quads: Quads, whole: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Tell which quads have their middle within a quad."""
    outline = whole.astype(np.float32)
    return np.array([cv2.pointPolygonTest(outline, tuple(map(float, one.mean(axis=0))), False) >= 0 for one in quads])
