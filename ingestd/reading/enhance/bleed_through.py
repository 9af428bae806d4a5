"""Detection of bleed-through: print of the other side, proven by reading it in a mirror.

Faint print alone proves nothing: it may be a carbon copy, a grey note, a line in the shade. Bleed-through is also
mirrored, so the recogniser reads it better in a mirror than as it stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ingestd.document import Page
from ingestd.layout.geometry import Quads, sizes
from ingestd.reading.crop import MeanCharConfidence
from ingestd.reading.enhance import apply
from ingestd.reading.enhance.image import Grey, grey, levels
from ingestd.reading.enhance.plan import Planned

MIRRORS = ([1, 0, 3, 2], [3, 2, 1, 0])
"""Orders of a quad's corners that mirror it left to right and upside down: a sheet is turned over its long side or
its short side."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Limits of the proof; depths are shares of the page's usual depth of print."""

    faint: float = 0.5
    """Lines less deep are suspected."""
    max_lines: int = 8
    """Suspected lines that are read in a mirror; the faintest of the long ones."""
    long: float = 2.0
    """Lines so many times as wide as high come first: single signs are hard to read in a mirror."""
    min_lines: int = 2
    """Lines of the other side that a proof takes."""
    min_confidence: float = 0.8
    """A line has a vote where it is read with this confidence, one way or the other."""
    max_confidence: float = 0.995
    """No line counts as read with more confidence."""
    proof: float = 2.0
    """Log odds (natural) of being read right that all lines together gain in the mirror."""
    beside: float = 1.25
    """Lines up to so many times as deep as those of the other side would fade with them, and have a vote."""
    min_faded: float = 0.1
    """Depth that is faded at least."""
    max_faded: float = 0.45
    """Depth that is faded at most."""


LIMITS = Thresholds()


def without_bleed_through(page: Page, quads: Quads, confidence: MeanCharConfidence) -> Page:
    """Fade proven bleed-through; other pages keep their pixels.

    Args:
        page: the page that was searched, upright.
        quads: lines found on it, float32 (N, 4, 2), page pixels, clockwise from the top left.
        confidence: tells how well lines can be read.

    Returns:
        The page with ``bleed_through`` among its measures. Where its pixels changed, its lines have to be detected
        again.
    """
    depth = bleed_through_depth(page, quads, confidence)
    measured = replace(page, quality={**page.quality, "bleed_through": round(depth, 4)})
    if not depth:
        return measured
    faded = min(LIMITS.max_faded, max(LIMITS.min_faded, depth))
    return apply(measured, [Planned("bleed_through", faded)])


def bleed_through_depth(page: Page, quads: Quads, confidence: MeanCharConfidence) -> float:
    """Return the median depth of the other side's lines as a share of the usual depth of print; 0 without proof."""
    if not len(quads):
        return 0.0
    depths = _depths(grey(page.pixels).image, quads)
    shares = depths / max(float(np.percentile(depths, 75)), 1.0)
    suspected = np.flatnonzero(shares < LIMITS.faint)
    if len(suspected) < LIMITS.min_lines:
        return 0.0
    width, height = sizes(quads[suspected]).T
    asked = suspected[np.lexsort((shares[suspected], width < LIMITS.long * height))][: LIMITS.max_lines]
    for gained in _gains(page, quads[asked], confidence):
        reverse = gained > 0
        if reverse.sum() < LIMITS.min_lines:
            continue
        depth = float(np.median(shares[asked[reverse]]))
        if gained[shares[asked] <= LIMITS.beside * depth].sum() > LIMITS.proof:
            return depth
    return 0.0


def is_other_side(page: Page, quads: Quads, confidence: MeanCharConfidence) -> bool:
    """Tell whether lines are print of the other side, because they read better in a mirror.

    Args:
        page: as in :func:`without_bleed_through`.
        quads: the only lines of the page, not empty; the first are asked.
        confidence: tells how well lines can be read.
    """
    asked = quads[: LIMITS.max_lines]
    return any(
        gained.sum() > LIMITS.proof and (gained > 0).sum() > (gained < 0).sum()
        for gained in _gains(page, asked, confidence)
    )


def _gains(page: Page, quads: Quads, confidence: MeanCharConfidence) -> Iterator[NDArray[np.float64]]:
    """Yield for each way to mirror the page how much better its lines read, in log odds; 0 where neither is sure."""
    straight = confidence(page, quads)
    for corners in MIRRORS:
        mirrored = confidence(page, quads[:, corners])
        votes = np.maximum(straight, mirrored) >= LIMITS.min_confidence
        yield np.where(votes, _log_odds(mirrored) - _log_odds(straight), 0.0)


def _log_odds(confidence: NDArray[np.float32]) -> NDArray[np.float64]:
    most = LIMITS.max_confidence
    probability = np.clip(confidence.astype(np.float64), 1 - most, most)
    return np.log(probability / (1 - probability))


def _depths(brightness: Grey, quads: Quads) -> NDArray[np.float64]:
    """Return how many grey levels (N,) the ink is below the paper in the middle of each line."""
    depths = []
    for quad, (width, height) in zip(quads, sizes(quads), strict=True):
        top, bottom = _within(quad[:, 1], brightness.shape[0])
        left, right = _within(quad[:, 0], brightness.shape[1])
        if width > 4 * height:  # the ends of a slanted line would take in its neighbours
            left, right = left + (right - left) // 4, right - (right - left) // 4
        middle = brightness[top:bottom, left:right]
        depths.append(levels(middle, 0.9) - levels(middle, 0.02))
    return np.array(depths)


def _within(along: NDArray[np.float32], size: int) -> tuple[int, int]:
    """Return the first pixel and the one after the last that these coordinates span, at least one."""
    first = min(max(int(along.min()), 0), size - 1)
    return first, max(first + 1, min(int(np.ceil(along.max())), size))
