"""Turn pages upright that lie on their side or stand on their head."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ingestd.document import Matrix, Page, frozen
from ingestd.layout.geometry import Quads, sizes, transform, turned
from ingestd.reading.crop import Legibility, crop
from ingestd.reading.models import Model, OrientationEntry

Classify = Callable[[Page, Quads], NDArray[np.float32]]
"""Probability (N,) that the text in each quad, read along its direction, stands on its head."""

VOTERS = 10
"""Most lines that are classified; the longest, which are the surest."""
WITNESSES = 4
"""Most lines that are read to confirm a turn."""
CELLS = 3
"""Squares that are read in each line to confirm a quarter turn."""
LONG = 2.0
"""A line is long enough to have a direction when one side is this many times the other."""
SIDEWAYS = 2 / 3
"""Share of the text that runs up or down the page when the page may lie on its side."""
SURE = 0.6
"""Mean vote that makes a turn worth confirming; pages that stand upright stay below 0.2."""
DOUBT = 0.3
"""Mean probability, asked one way round, below which lines stand as they lie and nothing more is asked."""
MARGIN = 0.05
"""A turned page must be easier to read by this much; measured: 0.1 to 0.7 on turned pages, 0.01 on columns."""


class Classifier:
    """Tells with a network which lines stand on their head.

    Args:
        model: an open line-orientation model.

    Raises:
        ConfigError: the model is of another kind.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._entry = model.entry_as(OrientationEntry)

    def __call__(self, page: Page, quads: Quads) -> NDArray[np.float32]:
        """Probability (N,) that the text in each quad stands on its head."""
        entry = self._entry
        rows = np.full((len(quads), entry.height, entry.width, 3), entry.padding_value, np.uint8)
        for row, quad, (width, height) in zip(rows, quads, sizes(quads), strict=True):
            fitted = min(entry.width, math.ceil(width * entry.height / height))
            row[:, :fitted] = crop(page.pixels, quad, fitted, entry.height)
        result: NDArray[np.float32] = self._model.run(entry.normalise(rows))[:, 1]
        return result


def upright(page: Page, quads: Quads, classify: Classify, legibility: Legibility) -> tuple[Page, Quads]:
    """Turn a page by 90, 180 or 270 degrees where its lines say so, and the quads along with it.

    Two witnesses must agree: the classifier, asked both ways round where it doubts, and the recogniser,
    which must read the turned page better. A page that reads equally well both ways stays as it is.

    Args:
        page: the page that was searched.
        quads: its lines, clockwise from the top left of the page as it lies.
        classify: tells lines that stand on their head.
        legibility: tells how well lines can be read.
    """
    quarters = _suspected(page, quads, classify)
    if quarters == 0 or not _confirmed(page, quads, quarters, legibility):
        return page, quads
    return _turn_page(page, quarters), _turn_quads(page, quads, quarters)


def _long(quads: Quads, vertical: bool) -> Quads:
    """Lines that run across (or up or down) the page and have a direction, longest first."""
    if not len(quads):
        return quads
    along, across = sizes(quads).T[::-1] if vertical else sizes(quads).T
    found = np.flatnonzero(along > LONG * across)
    return quads[found[np.argsort(-along[found])]]


def _suspected(page: Page, quads: Quads, classify: Classify) -> int:
    """Clockwise quarter turns after which the page would stand upright, by the votes of its longest lines."""
    across, vertical = _long(quads, vertical=False), _long(quads, vertical=True)
    reach = sizes(vertical)[:, 1].sum() if len(vertical) else 0.0
    total = reach + (sizes(across)[:, 0].sum() if len(across) else 0.0)
    if total == 0:
        return 0
    if reach > SIDEWAYS * total:
        # Text that runs down the page is righted by three quarters clockwise, text that runs up by one.
        upward = _vote(page, turned(vertical[:VOTERS], 1), classify)
        return 1 if upward > 0.5 else 3
    if not len(across):
        return 0
    return 2 if _vote(page, across[:VOTERS], classify, doubt=DOUBT) > SURE else 0


def _vote(page: Page, quads: Quads, classify: Classify, doubt: float = 0.0) -> float:
    """Mean probability that these lines stand on their head, asked both ways round; one way below ``doubt``."""
    straight = float(classify(page, quads).mean())
    if straight < doubt:
        return straight
    return (straight + 1 - float(classify(page, turned(quads, 2)).mean())) / 2


def _confirmed(page: Page, quads: Quads, quarters: int, legibility: Legibility) -> bool:
    """Whether the turned page is easier to read."""
    if quarters == 2:
        lines = _long(quads, vertical=False)[:WITNESSES]
        others = [0]
    else:
        # A line on its side and a column of upright characters look alike; single characters do not.
        lines = _squares(_long(quads, vertical=True)[:WITNESSES])
        others = [0, 2]
    read = {turn: float(legibility(page, turned(lines, -turn)).mean()) for turn in (quarters, *others)}
    return read[quarters] > max(read[turn] for turn in others) + MARGIN


def _squares(quads: Quads) -> Quads:
    """Squares as wide as the line, evenly spread along lines that run down the page."""
    squares = []
    for a, b, c, d in quads:
        for place in (np.arange(CELLS) + 0.5) / CELLS:
            left, right = a + (d - a) * place, b + (c - b) * place
            half = (right - left) / 2
            down = np.array([-half[1], half[0]])
            squares.append([left - down, right - down, right + down, left + down])
    return np.array(squares, np.float32)


def _turn_page(page: Page, quarters: int) -> Page:
    """The page, turned clockwise."""
    return replace(
        page,
        pixels=frozen(np.ascontiguousarray(np.rot90(page.pixels, -quarters))),
        to_source=frozen(page.to_source @ np.linalg.inv(_turn(page, quarters)).round()),
        rotation_deg=(page.rotation_deg + 90 * quarters) % 360,
    )


def _turn_quads(page: Page, quads: Quads, quarters: int) -> Quads:
    """The quads on the turned page, beginning at the new top left."""
    return np.roll(transform(_turn(page, quarters), quads), quarters, axis=1).astype(np.float32)


def _turn(page: Page, quarters: int) -> Matrix:
    """Maps the page's pixels to those of the page turned clockwise."""
    height, width = page.pixels.shape[:2]
    return {
        1: np.array([(0.0, -1, height), (1, 0, 0), (0, 0, 1)]),
        2: np.array([(-1.0, 0, width), (0, -1, height), (0, 0, 1)]),
        3: np.array([(0.0, 1, 0), (-1, 0, width), (0, 0, 1)]),
    }[quarters]
