"""Large lines that a seal lies across, found in pieces."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from ingestd.document import Page, frozen
from ingestd.layout.geometry import Quads
from ingestd.reading.bridge import bridged

TITLE = (20, 20, 90, 30), (230, 22, 80, 30)
"""Begin and end of a title: left, top, width, height."""
SMALL = tuple((20, 90 + 20 * row, 120, 12) for row in range(5))


def boxes(*found: tuple[float, float, float, float]) -> Quads:
    return np.array([[(x, y), (x + w, y), (x + w, y + h), (x, y + h)] for x, y, w, h in found], np.float32)


def page(inked_to: int = 310) -> Page:
    """Strokes from the begin of the title to a place, and again under its end."""
    pixels = np.full((220, 400, 3), 255, np.uint8)
    for x in (*range(22, inked_to, 8), *range(232, 308, 8)):
        cv2.line(pixels, (x, 24), (x, 46), (0, 0, 0), 3)
    return Page(0, frozen(pixels), 150.0, (400, 220), np.eye(3))


def legible(whole: float, pieces: float):  # type: ignore[no-untyped-def]
    return lambda _page, quads: np.array([whole if quad[1, 0] - quad[0, 0] > 200 else pieces for quad in quads])


def test_pieces_of_a_title_become_one_line_and_take_in_what_lies_between() -> None:
    found = boxes(*TITLE, (150, 28, 16, 16), *SMALL)
    joined = bridged(page(), found, legible(0.95, 0.99))
    assert len(joined) == len(SMALL) + 1
    assert joined[-1].tolist() == [[20, 20], [310, 22], [310, 52], [20, 50]]


@pytest.mark.parametrize(
    ("shown", "found", "confidence"),
    [
        (page(inked_to=120), TITLE, legible(0.95, 0.99)),
        (page(), TITLE, legible(0.6, 0.99)),
        (page(), TITLE, legible(0.82, 0.99)),
        (page(), ((20, 20, 190, 30), TITLE[1]), legible(0.95, 0.99)),
        (page(), (TITLE[0], (230, 60, 80, 30)), legible(0.95, 0.99)),
        (page(), (TITLE[0], (230, 22, 80, 12)), legible(0.95, 0.99)),
        (page(), ((20, 20, 90, 12), (230, 22, 80, 12)), legible(0.95, 0.99)),
    ],
    ids=[
        "a blank between them",
        "the whole reads badly",
        "the pieces read much better",
        "no character is lost between them",
        "of two rows",
        "of other sizes",
        "small print",
    ],
)
def test_other_lines_stay_apart(shown: Page, found: tuple, confidence) -> None:  # type: ignore[no-untyped-def, type-arg]
    quads = boxes(*found, *SMALL)
    assert bridged(shown, quads, confidence) is quads


def test_a_page_with_hardly_a_line_is_left_alone() -> None:
    assert len(bridged(page(), boxes(), legible(1, 1))) == 0
