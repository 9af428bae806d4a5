"""Lines that an earlier reading of a page was sure of: found in the same place again, they are not read again. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingestd.document import Line, Page
from ingestd.layout.geometry import Quads, as_quads, sizes, transform


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Limits of what is taken over."""

    sure: float = 0.6
    """Least product of the probabilities of a line's characters."""
    sure_of_digits: float = 0.95
    """The same of a line with digits: a point that was lost in an amount may not show, and one digit is a value."""
    apart: float = 0.35
    """Distance of the corners of two boxes of the same line, as a share of its height."""


LIMITS = Thresholds()


def known_lines(page: Page, quads: Quads, earlier: Sequence[Line]) -> dict[int, Line]:
    """Return the sure line of an earlier reading for each quad that has one, by index of the quad.

    Args:
        page: the page that was searched.
        quads: float32 (N, 4, 2), page pixels.
        earlier: lines of the earlier reading, their quads in decoded pixels.
    """
    sure = [line for line in earlier if _is_sure(line)]
    if not sure or not len(quads):
        return {}
    back = np.asarray(np.linalg.inv(page.to_source), np.float64)
    theirs = transform(back, as_quads(line.quad for line in sure))
    apart = np.abs(quads[:, np.newaxis] - theirs).max(axis=(2, 3)) / sizes(quads)[:, 1, np.newaxis]
    nearest: NDArray[np.intp] = apart.argmin(axis=1)
    return {index: sure[nearest[index]] for index in np.flatnonzero(apart.min(axis=1) <= LIMITS.apart).tolist()}


def _is_sure(line: Line) -> bool:
    if not line.chars:
        return False
    probability = math.prod(char.alternatives[0][1] for char in line.chars)
    return probability >= (LIMITS.sure_of_digits if any(map(str.isdigit, line.text)) else LIMITS.sure)
