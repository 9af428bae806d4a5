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
    """Lines that are read to confirm a half turn."""
    max_lying: int = 8
    """Lines that are read to confirm a quarter turn; few pages lie on their side."""
    cells: int = 3
    """Squares that are read in each line to confirm a quarter turn."""
    long: float = 2.0
    """A line is long enough to have a direction when one side is this many times the other."""
    sideways: float = 2 / 3
    """Share of the text that runs up or down the page when the page may lie on its side."""
    sure: float = 0.6
    """Mean vote from which the classifier is believed once the recogniser agrees."""
    unsure: float = 0.35
    """Mean vote from which a half turn is worth confirming; up to ``sure`` the recogniser must agree more clearly."""
    even: float = 0.15
    """Mean vote, or its complement, below which the classifier tells text that runs up from text that runs down."""
    doubt: float = 0.3
    """Mean probability, asked one way round, below which lines stand as they lie and nothing more is asked."""
    few: int = 4
    """Lines that are asked first; no more are ..."""
    clear: float = 0.1
    """... where their mean probability is below this."""
    margin: float = 0.05
    """Mean confidence by which the turned page must read better."""
    clear_margin: float = 0.1
    """The same where the classifier is unsure."""
    line_margin: float = 0.15
    """Mean confidence by which lines of the turned page must read better than single characters as the page lies."""


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
    vertical = _long(quads, vertical=True)
    if _lies_on_its_side(quads, vertical):
        quarters = _quarter_turn(page, vertical, classify, confidence)
    else:
        quarters = _half_turn(page, _long(quads, vertical=False), classify, confidence)
    return (_turn_page(page, quarters), _turn_quads(page, quads, quarters)) if quarters else (page, quads)


def _long(quads: Quads, vertical: bool) -> Quads:
    """Select lines that run across (or up or down) the page and have a direction, longest first."""
    if not len(quads):
        return quads
    along, across = sizes(quads).T[::-1] if vertical else sizes(quads).T
    found = np.flatnonzero(along > LIMITS.long * across)
    return quads[found[np.argsort(-along[found])]]


def _lies_on_its_side(quads: Quads, vertical: Quads) -> bool:
    """Tell whether most of the text runs up or down the page."""
    across = _long(quads, vertical=False)
    reach = float(sizes(vertical)[:, 1].sum()) if len(vertical) else 0.0
    total = reach + (float(sizes(across)[:, 0].sum()) if len(across) else 0.0)
    return reach > LIMITS.sideways * total


def _half_turn(page: Page, across: Quads, classify: Classify, confidence: MeanCharConfidence) -> int:
    """Return 2 where lines that run across the page stand on their head, else 0."""
    if not len(across):
        return 0
    vote = _vote(page, across[: LIMITS.max_voters], classify, doubt=LIMITS.doubt)
    if vote <= LIMITS.unsure:
        return 0
    lines = across[: LIMITS.max_read]
    gain = _mean(confidence, page, lines, 2) - _mean(confidence, page, lines, 0)
    return 2 if gain > (LIMITS.margin if vote > LIMITS.sure else LIMITS.clear_margin) else 0


def _quarter_turn(page: Page, vertical: Quads, classify: Classify, confidence: MeanCharConfidence) -> int:
    """Return 1 or 3, which rights text that runs up or down the page; 0 where it may be a column of characters.

    A line on its side and a column of upright characters look alike; single characters do not. They are read as the
    page lies, and turned. Characters that are joined or crowded are lost in single squares: then the turned lines
    themselves must read better than the squares do as the page lies.
    """
    lines = vertical[: LIMITS.max_lying]
    upward = _vote(page, turned(vertical[: LIMITS.max_voters], 1), classify)
    read: dict[int, float] = {}
    if LIMITS.even < upward < 1 - LIMITS.even:
        read = {quarters: _mean(confidence, page, lines, quarters) for quarters in (1, 3)}
        quarters = 1 if read[1] > read[3] else 3
    else:
        quarters = 1 if upward > 0.5 else 3
    squares = _squares(lines)
    as_it_lies = max(_mean(confidence, page, squares, other) for other in (0, 2))
    if _mean(confidence, page, squares, quarters) > as_it_lies + LIMITS.margin:
        return quarters
    of_lines = read[quarters] if read else _mean(confidence, page, lines, quarters)
    return quarters if of_lines > as_it_lies + LIMITS.line_margin else 0


def _mean(confidence: MeanCharConfidence, page: Page, quads: Quads, quarters: int) -> float:
    """Return how well quads of the page read once it is turned."""
    return float(confidence(page, turned(quads, -quarters)).mean())


def _vote(page: Page, quads: Quads, classify: Classify, doubt: float = 0.0) -> float:
    """Return the mean probability of standing on the head, asked both ways round, or one way below ``doubt``."""
    votes = classify(page, quads[: LIMITS.few if doubt else len(quads)])
    if len(votes) < len(quads) and float(votes.mean()) >= LIMITS.clear:
        votes = np.concatenate([votes, classify(page, quads[len(votes) :])])
    straight = float(votes.mean())
    if straight < doubt:
        return straight
    return (straight + 1 - float(classify(page, turned(quads, 2)).mean())) / 2


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
