"""Print that shines through from the other side of the sheet: proven by reading it in a mirror, then faded.

Faint print alone proves nothing: it may be a carbon copy, a grey note, a line in the shade. What shines through is
also the wrong way round, so the recogniser reads it better mirrored than as it stands.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ingestd.document import Page
from ingestd.layout.geometry import Quads, sizes
from ingestd.reading.crop import Legibility
from ingestd.reading.enhance import apply
from ingestd.reading.enhance.image import Grey, grey, levels
from ingestd.reading.enhance.plan import Planned

FAINT = 0.5
"""Lines of less than this share of the page's usual depth of print may be those of the other side."""
WITNESSES = 8
"""Most lines that are read in a mirror; the faintest of the long ones."""
LONG = 2.0
"""Lines so many times as wide as high come first: single signs can hardly be read in a mirror."""
LEAST_WITNESSES = 2
"""Lines of the other side it takes."""
MIRRORS = ([1, 0, 3, 2], [3, 2, 1, 0])
"""Orders of a quad's corners that mirror it left to right and upside down: a sheet is turned over its long side or
its short side."""
LEGIBLE = 0.8
"""A line has a vote where it is so legible one way or the other."""
CERTAIN = 0.995
"""No line counts as more legible than this."""
PROOF = 2.0
"""Odds of being legible that all lines together gain in the mirror, natural logarithm."""
BESIDE = 1.25
"""Lines up to so many times as deep as those of the other side would fade with them, and have a vote."""
FADED = (0.1, 0.45)
"""Least and most share of the ink's depth that is faded."""


def without_other_side(page: Page, quads: Quads, legibility: Legibility) -> Page:
    """Fade what shines through; a page where nothing does keeps its pixels.

    Args:
        page: the page that was searched, upright.
        quads: lines found on it, float32 (N, 4, 2), page pixels, clockwise from the top left.
        legibility: tells how well lines can be read.

    Returns:
        The page with ``bleed_through`` among its measures; has to be searched anew where its pixels are others.
    """
    depth = bleed_through(page, quads, legibility)
    measured = replace(page, quality={**page.quality, "bleed_through": round(depth, 4)})
    if not depth:
        return measured
    least, most = FADED
    return apply(measured, [Planned("whiten", min(most, max(least, depth)))])


def bleed_through(page: Page, quads: Quads, legibility: Legibility) -> float:
    """Median depth of the lines of the other side, as a share of the usual depth of print; 0 where there is none."""
    if not len(quads):
        return 0.0
    depths = _depths(grey(page.pixels).image, quads)
    shares = depths / max(float(np.percentile(depths, 75)), 1.0)
    suspected = np.flatnonzero(shares < FAINT)
    if len(suspected) < LEAST_WITNESSES:
        return 0.0
    width, height = sizes(quads[suspected]).T
    witnesses = suspected[np.lexsort((shares[suspected], width < LONG * height))][:WITNESSES]
    straight = legibility(page, quads[witnesses])
    for corners in MIRRORS:
        mirrored = legibility(page, quads[witnesses][:, corners])
        gained = np.where(np.maximum(straight, mirrored) >= LEGIBLE, _log_odds(mirrored) - _log_odds(straight), 0.0)
        reverse = gained > 0
        if reverse.sum() < LEAST_WITNESSES:
            continue
        depth = float(np.median(shares[witnesses[reverse]]))
        if gained[shares[witnesses] <= BESIDE * depth].sum() > PROOF:
            return depth
    return 0.0


def _log_odds(legibility: NDArray[np.float32]) -> NDArray[np.float64]:
    probability = np.clip(legibility.astype(np.float64), 1 - CERTAIN, CERTAIN)
    return np.log(probability / (1 - probability))


def _depths(brightness: Grey, quads: Quads) -> NDArray[np.float64]:
    """How far the ink is below the paper, in grey levels (N,), in the middle of each line."""
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
    """First pixel and the one after the last that these coordinates span, at least one."""
    first = min(max(int(along.min()), 0), size - 1)
    return first, max(first + 1, min(int(np.ceil(along.max())), size))
