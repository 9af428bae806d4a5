from __future__ import annotations

import cv2
import numpy as np
import pytest

from ingestd.document import Line, Page, Pixels, frozen
from ingestd.layout.geometry import rect_quad
from ingestd.reading.ruled_lines import ruled_lines


def drawn(rule: tuple[int, int, int, int], thickness: int, colour: tuple[int, int, int] = (0, 0, 0)) -> Pixels:
    pixels = np.full((600, 900, 3), 255, np.uint8)
    for row in range(8):
        cv2.putText(pixels, "Hllnvoice 4711 total", (40, 80 + 50 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (0, 0, 0), 2)
    cv2.line(pixels, rule[:2], rule[2:], colour, thickness)
    return pixels


LINES = [Line(0, rect_quad(40, 55 + 50 * row, 360, 85 + 50 * row), "x", 0.9) for row in range(8)]


def found(pixels: Pixels, scale: float = 1.0) -> list[list[list[float]]]:
    height, width = pixels.shape[:2]
    page = Page(0, frozen(pixels), 200, (width, height), frozen(np.diag([scale, scale, 1.0])))
    rules: list[list[list[float]]] = ruled_lines(page, LINES).round().tolist()
    return rules


@pytest.mark.parametrize(("thickness", "colour"), [(1, (0, 0, 0)), (3, (0, 0, 0)), (2, (170, 170, 170))])
def test_rules_are_found_and_strokes_of_characters_are_not(thickness: int, colour: tuple[int, int, int]) -> None:
    [flat] = found(drawn((400, 300, 850, 300), thickness, colour))
    assert np.abs(np.array(flat) - [(400, 300), (850, 300)]).max() <= 4
    [upright] = found(drawn((600, 100, 600, 500), thickness, colour))
    assert np.abs(np.array(upright) - [(600, 100), (600, 500)]).max() <= 4


def test_a_rule_may_slope_a_little() -> None:
    [rule] = found(drawn((400, 300, 850, 310), 2))
    assert np.abs(np.array(rule) - [(400, 300), (850, 310)]).max() <= 5


def test_rules_are_in_decoded_pixels() -> None:
    [rule] = found(drawn((400, 300, 850, 300), 2), scale=0.9)
    assert np.abs(np.array(rule) - [(360, 270), (765, 270)]).max() <= 4


def test_a_page_with_little_text_is_not_searched() -> None:
    pixels = drawn((400, 300, 850, 300), 2)
    page = Page(0, frozen(pixels), 200, (900, 600), frozen(np.eye(3)))
    assert len(ruled_lines(page, LINES[:3])) == 0
