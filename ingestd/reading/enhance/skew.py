"""Slope of the text lines of a page, from the projection profile of their lower edges.

Baird 1987: points on the bottom of glyphs fall into few rows when they are projected along the text lines, so
the angle with the most uneven profile is the slope. The same is tried for text that runs down the page.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LIMIT_DEG = 15.0
"""Steeper lines are taken for something else than a crooked feed."""
TOLERANCE_DEG = 0.5
"""So much steeper still counts as the limit."""
MAX_POINTS = 2000
MIN_POINTS = 60
PROMINENCE = 1.25
"""Least ratio of the best angle's score to the median score of all angles."""
GOLDEN_RATIO = np.float32(0.618034)

_COARSE = np.arange(-LIMIT_DEG - 1, LIMIT_DEG + 1.01, 0.75)
_COARSE_BIN_PX = 2.0
_FINE = np.arange(-0.8, 0.81, 0.1)
_FINE_BIN_PX = 1.0


def skew_angle(mask: NDArray[np.uint8]) -> float:
    """Measure the slope of the text lines.

    Args:
        mask: uint8, HxW, text is not 0; 700 px and more on the longest side give 0.1 degrees.

    Returns:
        Degrees, -15 to 15, positive where lines fall to the right (equally: a page whose text runs down or up
        is turned clockwise by that much); 0.0 where no angle stands out.
    """
    ink = mask > 0
    down, level = np.nonzero(ink[:-1] & ~ink[1:])
    side, upright = np.nonzero(ink[:, :-1] & ~ink[:, 1:])
    best = max(_coarse(level, down), _coarse(side, -upright), key=lambda profile: profile.prominence)
    if best.prominence < PROMINENCE:
        return 0.0
    angles = best.angle + _FINE
    angle = _peak(angles, _scores(best.along, best.across, angles, _FINE_BIN_PX))
    return float(np.clip(angle, -LIMIT_DEG, LIMIT_DEG)) if abs(angle) <= LIMIT_DEG + TOLERANCE_DEG else 0.0


class _Profile(NamedTuple):
    """The best of the coarse angles for one direction of text."""

    prominence: float
    angle: float
    along: NDArray[np.float32]
    across: NDArray[np.float32]


def _coarse(along: NDArray[np.int64], across: NDArray[np.int64]) -> _Profile:
    """Find the angle with the most uneven profile and how much it stands out among all angles."""
    stride = -(-len(along) // MAX_POINTS) or 1
    x, y = along[::stride].astype(np.float32), across[::stride].astype(np.float32)
    # whole rows of pixels would always line up best at exactly 0 degrees: spread the points over their pixel
    y += (np.arange(len(y), dtype=np.float32) * GOLDEN_RATIO) % 1
    if len(x) < MIN_POINTS:
        return _Profile(0.0, 0.0, x, y)
    scores = _scores(x, y, _COARSE, _COARSE_BIN_PX)
    return _Profile(float(scores.max() / np.median(scores)), float(_COARSE[np.argmax(scores)]), x, y)


def _scores(
    x: NDArray[np.float32], y: NDArray[np.float32], angles: NDArray[np.float64], bin_px: float
) -> NDArray[np.float64]:
    """Sum the squares of the profile for each angle, all profiles counted in one go."""
    radians = np.radians(angles).astype(np.float32)[:, np.newaxis]
    offsets = (y * np.cos(radians) - x * np.sin(radians)) / np.float32(bin_px)
    bins = (offsets - offsets.min()).astype(np.int64)
    length = int(bins.max()) + 1
    bins += np.arange(len(angles))[:, np.newaxis] * length
    counts = np.bincount(bins.ravel(), minlength=len(angles) * length).reshape(len(angles), length)
    scores: NDArray[np.float64] = np.square(counts, dtype=np.float64).sum(axis=1)
    return scores


def _peak(places: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    """Find the centre of the peak: mean place of the values in the upper fifth, weighted by height."""
    weights = np.maximum(values - (values.min() + 0.8 * np.ptp(values)), 0)
    return float(np.average(places, weights=weights)) if weights.any() else float(places.mean())
