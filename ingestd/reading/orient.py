"""Turn pages upright that lie on their side or stand on their head."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ingestd.document import Matrix, Page, frozen
from ingestd.layout.geometry import Quads, sizes, transform, turned
from ingestd.reading.crop import MeanCharConfidence, crop
from ingestd.reading.models import Model, OrientationEntry

Classify = Callable[[Page, Quads], NDArray[np.float32]]
"""Probability (N,) that the text in each quad, read along its direction, stands on its head."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Limits of what turns a page."""

    max_voters: int = 10
    """Lines that are classified; the longest, which tell most."""
    max_read: int = 4
    """Lines that are read to confirm a turn."""
    cells: int = 3
    """Squares that are read in each line to confirm a quarter turn."""
    long: float = 2.0
    """A line is long enough to have a direction when one side is this many times the other."""
    sideways: float = 2 / 3
    """Share of the text that runs up or down the page when the page may lie on its side."""
    sure: float = 0.6
    """Mean vote that makes a turn worth confirming."""
    doubt: float = 0.3
    """Mean probability, asked one way round, below which lines stand as they lie and nothing more is asked."""
    margin: float = 0.05
    """Mean confidence by which the turned page must read better."""


LIMITS = Thresholds()


class Classifier:
    """Network that tells which lines stand on their head.

    Args:
        model: an open line-orientation model.

    Raises:
        ConfigError: the model is of another kind.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._entry = model.entry_as(OrientationEntry)

    def __call__(self, page: Page, quads: Quads) -> NDArray[np.float32]:
        """Return the probability (N,) that the text in each quad stands on its head."""
        entry = self._entry
        rows = np.full((len(quads), entry.height, entry.width, 3), entry.padding_value, np.uint8)
        for row, quad, (width, height) in zip(rows, quads, sizes(quads), strict=True):
            fitted = min(entry.width, math.ceil(width * entry.height / height))
            row[:, :fitted] = crop(page.pixels, quad, fitted, entry.height)
        result: NDArray[np.float32] = self._model.run(entry.normalise(rows))[:, 1]
        return result


def upright(page: Page, quads: Quads, classify: Classify, confidence: MeanCharConfidence) -> tuple[Page, Quads]:
    """Turn a page by 90, 180 or 270 degrees where its lines say so, and the quads along with it.

    Two must agree: the classifier, asked both ways round where it doubts, and the recogniser,
    which must read the turned page better. A page that reads equally well both ways stays as it is.

    Args:
        page: the page that was searched.
        quads: its lines, clockwise from the top left of the page as it lies.
        classify: tells lines that stand on their head.
        confidence: tells how well lines can be read.
    """
    quarters = _suspected(page, quads, classify)
    if quarters == 0 or not _confirmed(page, quads, quarters, confidence):
        return page, quads
    return _turn_page(page, quarters), _turn_quads(page, quads, quarters)


def _long(quads: Quads, vertical: bool) -> Quads:
    """Select lines that run across (or up or down) the page and have a direction, longest first."""
    if not len(quads):
        return quads
    along, across = sizes(quads).T[::-1] if vertical else sizes(quads).T
    found = np.flatnonzero(along > LIMITS.long * across)
    return quads[found[np.argsort(-along[found])]]


def _suspected(page: Page, quads: Quads, classify: Classify) -> int:
    """Count the clockwise quarter turns that would set the page upright, by the votes of its longest lines."""
    across, vertical = _long(quads, vertical=False), _long(quads, vertical=True)
    reach = sizes(vertical)[:, 1].sum() if len(vertical) else 0.0
    total = reach + (sizes(across)[:, 0].sum() if len(across) else 0.0)
    if total == 0:
        return 0
    if reach > LIMITS.sideways * total:
        # Text that runs down the page is righted by three quarters clockwise, text that runs up by one.
        upward = _vote(page, turned(vertical[: LIMITS.max_voters], 1), classify)
        return 1 if upward > 0.5 else 3
    if not len(across):
        return 0
    return 2 if _vote(page, across[: LIMITS.max_voters], classify, doubt=LIMITS.doubt) > LIMITS.sure else 0


def _vote(page: Page, quads: Quads, classify: Classify, doubt: float = 0.0) -> float:
    """Return the mean probability of standing on the head, asked both ways round, or one way below ``doubt``."""
    straight = float(classify(page, quads).mean())
    if straight < doubt:
        return straight
    return (straight + 1 - float(classify(page, turned(quads, 2)).mean())) / 2


def _confirmed(page: Page, quads: Quads, quarters: int, confidence: MeanCharConfidence) -> bool:
    """Tell whether the turned page is easier to read."""
    if quarters == 2:
        lines = _long(quads, vertical=False)[: LIMITS.max_read]
        others = [0]
    else:
        # A line on its side and a column of upright characters look alike; single characters do not.
        lines = _squares(_long(quads, vertical=True)[: LIMITS.max_read])
        others = [0, 2]
    read = {turn: float(confidence(page, turned(lines, -turn)).mean()) for turn in (quarters, *others)}
    return read[quarters] > max(read[turn] for turn in others) + LIMITS.margin


def _squares(quads: Quads) -> Quads:
    """Place squares as wide as the line evenly along lines that run down the page."""
    squares = []
    for a, b, c, d in quads:
        for place in (np.arange(LIMITS.cells) + 0.5) / LIMITS.cells:
            left, right = a + (d - a) * place, b + (c - b) * place
            half = (right - left) / 2
            down = np.array([-half[1], half[0]])
            squares.append([left - down, right - down, right + down, left + down])
    return np.array(squares, np.float32)


def _turn_page(page: Page, quarters: int) -> Page:
    """Turn the page clockwise."""
    return replace(
        page,
        pixels=frozen(np.ascontiguousarray(np.rot90(page.pixels, -quarters))),
        to_source=frozen(page.to_source @ np.linalg.inv(_turn(page, quarters)).round()),
        rotation_deg=(page.rotation_deg + 90 * quarters) % 360,
    )


def _turn_quads(page: Page, quads: Quads, quarters: int) -> Quads:
    """Move quads to the turned page, beginning at the new top left."""
    return np.roll(transform(_turn(page, quarters), quads), quarters, axis=1).astype(np.float32)


def _turn(page: Page, quarters: int) -> Matrix:
    """Return the matrix from the page's pixels to those of the page turned clockwise."""
    height, width = page.pixels.shape[:2]
    return {
        1: np.array([(0.0, -1, height), (1, 0, 0), (0, 0, 1)]),
        2: np.array([(-1.0, 0, width), (0, -1, height), (0, 0, 1)]),
        3: np.array([(0.0, 1, 0), (-1, 0, width), (0, 0, 1)]),
    }[quarters]
