from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from ingestd.document import Page
from ingestd.layout.geometry import Quads
from ingestd.reading.crop import MeanCharConfidence
from ingestd.reading.enhance.bleed_through import LIMITS, without_bleed_through
from tests.support.print import as_page

INK, GHOST, NOTE = 200, 60, 90
"""Depth of print, of what shines through and of a faint note, in grey levels."""
STRAIGHT, MIRRORED, UPSIDE_DOWN, BOTH, NEITHER = (
    (1.0, 0.6, 0.6),
    (0.7, 1.0, 0.7),
    (0.7, 0.7, 1.0),
    (0.9,) * 3,
    (0.2,) * 3,
)
"""How well a line reads as it stands, mirrored left to right and mirrored upside down."""

Row = tuple[int, tuple[float, ...]]
"""Depth of a line, and how well it reads."""


def sheet(rows: Sequence[Row]) -> tuple[Page, Quads, MeanCharConfidence]:
    """A page with a bar of each row's depth, its lines, and a reader that knows which way round each is."""
    pixels = np.full((40 * len(rows) + 40, 400, 3), 255, np.uint8)
    boxes = []
    for place, (depth, _) in enumerate(rows):
        top = 30 + 40 * place
        pixels[top : top + 6, 60:300:8] -= np.uint8(depth)
        boxes.append([(50, top - 7), (310, top - 7), (310, top + 13), (50, top + 13)])

    def confidence(_: Page, quads: Quads) -> np.ndarray:
        read = []
        for quad in quads:
            rightward, downward = quad[1, 0] > quad[0, 0], quad[3, 1] > quad[0, 1]
            ways = rows[int((quad[:, 1].mean() - 33) // 40)][1]
            read.append(ways[0] if rightward and downward else ways[1] if downward else ways[2])
        return np.array(read, np.float32)

    return as_page(pixels), np.array(boxes, np.float32).reshape(-1, 4, 2), confidence


def depth_left(page: Page, row: int) -> int:
    return 255 - int(page.pixels[30 + 40 * row : 36 + 40 * row].min())


PRINT = [(INK, STRAIGHT)] * 6


@pytest.mark.parametrize("way", [MIRRORED, UPSIDE_DOWN], ids=["over the long side", "over the short side"])
def test_lines_that_read_better_in_a_mirror_fade(way: tuple[float, ...]) -> None:
    page = without_bleed_through(*sheet([*PRINT, (GHOST, way), (GHOST, way)]))
    assert page.quality["bleed_through"] == pytest.approx(GHOST / INK, abs=0.01)
    assert page.steps == ("bleed_through",)
    assert depth_left(page, 0) >= INK
    assert depth_left(page, 6) < 0.1 * GHOST


@pytest.mark.parametrize(
    "others",
    [
        [],
        [(GHOST, STRAIGHT)] * 3,
        [(GHOST, BOTH)] * 3,
        [(GHOST, NEITHER)] * 3,
        [(GHOST, MIRRORED)],
        [(GHOST, MIRRORED)] * 2 + [(GHOST - 10, STRAIGHT)] * 2,
        [(INK - 20, MIRRORED)] * 3,
    ],
    ids=["clean", "faint", "alike", "illegible", "one line", "as much that is faint", "not faint"],
)
def test_without_proof_a_page_keeps_its_pixels(others: list[Row]) -> None:
    page, quads, confidence = sheet([*PRINT, *others])
    kept = without_bleed_through(page, quads, confidence)
    assert kept.pixels is page.pixels
    assert kept.quality["bleed_through"] == 0
    assert kept.steps == ()


def test_faint_print_deeper_than_the_other_side_stays() -> None:
    page = without_bleed_through(*sheet([*PRINT, *[(NOTE, STRAIGHT)] * 3, *[(GHOST, MIRRORED)] * 2]))
    assert page.steps == ("bleed_through",)
    assert depth_left(page, 6) > 0.4 * NOTE


def test_signs_and_what_cannot_be_read_do_not_crowd_out_the_witnesses() -> None:
    page, quads, confidence = sheet([*PRINT, *[(GHOST // 2, NEITHER)] * LIMITS.max_lines, *[(GHOST, MIRRORED)] * 2])
    quads[6 : 6 + LIMITS.max_lines, 1:3, 0] = 80  # as wide as high
    assert without_bleed_through(page, quads, confidence).quality["bleed_through"] > 0


def test_page_without_lines_has_nothing_to_be_proven() -> None:
    page, _, confidence = sheet([])
    assert without_bleed_through(page, np.zeros((0, 4, 2), np.float32), confidence).pixels is page.pixels


def test_lines_beyond_the_edge_of_the_page_are_measured_within_it() -> None:
    page, quads, confidence = sheet([*PRINT, (GHOST, MIRRORED), (GHOST, MIRRORED)])
    quads[0, [1, 2], 0] = 2 * page.pixels.shape[1]
    quads[1, [0, 3], 0] = -page.pixels.shape[1]
    assert without_bleed_through(page, quads, confidence).steps == ("bleed_through",)
