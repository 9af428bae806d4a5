from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from ingestd.document import Page, Pixels
from ingestd.layout.geometry import Quads
from ingestd.reading.enhance.deblur import LIMITS, Blur, deblurred, without
from lab.corpus.effects import moved
from tests.support.models import detector, recogniser
from tests.support.print import as_page, noisy, printed


def error(one: Pixels, other: Pixels) -> float:
    """Root mean square difference away from the rim, in grey levels."""
    inside = (slice(40, -40), slice(40, -40))
    return float(np.sqrt(np.mean((one[inside].astype(float) - other[inside]) ** 2)))


BLURS = [Blur(7.0, math.radians(degrees), 0.0) for degrees in (0, 30, 90, 135)] + [Blur(0.0, 0.0, 1.4)]


def smeared(page: Pixels, blur: Blur) -> Pixels:
    """The page moved, or out of focus, with a little noise."""
    soft = moved(page, blur.length, blur.direction) if blur.length else cv2.GaussianBlur(page, (0, 0), blur.sigma)
    return noisy(soft, 1.0)


@pytest.mark.parametrize("blur", BLURS, ids=str)
def test_a_known_blur_is_taken_back(blur: Blur) -> None:
    sharp = printed()
    soft = smeared(sharp, blur)
    assert error(without(soft, blur), sharp) < 0.75 * error(soft, sharp)


@pytest.mark.parametrize("blur", BLURS, ids=str)
def test_even_paper_stays_as_it_is(blur: Blur) -> None:
    paper = np.full((90, 120, 3), (200, 210, 220), np.uint8)
    assert np.array_equal(without(paper, blur), paper)


def lines(count: int) -> Quads:
    tops = [80 + 30 * place for place in range(count)]
    return np.array([[(40, top), (340, top), (340, top + 26), (40, top + 26)] for top in tops], np.float32)


class Asked:
    """A reader that is as sure as it was told; it notes how often it was asked, and for how many lines."""

    def __init__(self, plain: float, tried: float) -> None:
        self._plain, self._tried = plain, tried
        self.asked: list[int] = []

    def __call__(self, _: Page, quads: Quads) -> np.ndarray:
        self.asked.append(len(quads))
        return np.full(len(quads), self._plain if len(self.asked) == 1 else self._tried, np.float32)


def test_a_page_that_reads_well_is_looked_at_once() -> None:
    page, judge = as_page(printed()), Asked(1.0, 1.0)
    assert deblurred(page, lines(20), judge) is page
    assert judge.asked == [LIMITS.lines]


@pytest.mark.parametrize(
    ("tried", "tries"),
    [
        (0.45, LIMITS.directions + len(LIMITS.spots)),
        (0.55, LIMITS.directions + len(LIMITS.spots) + LIMITS.best_directions * len(LIMITS.other_lengths)),
    ],
    ids=["hopeless", "not better"],
)
def test_the_search_ends_early_where_no_try_helps(tried: float, tries: int) -> None:
    page, judge = as_page(printed()), Asked(0.6, tried)
    assert deblurred(page, lines(20), judge) is page
    assert len(judge.asked) == 1 + tries


def test_a_page_keeps_its_pixels_where_little_is_gained() -> None:
    page, judge = as_page(printed()), Asked(0.6, 0.6 + LIMITS.gain / 2)
    assert deblurred(page, lines(20), judge) is page


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_lines_prove_nothing(count: int) -> None:
    page, judge = as_page(printed()), Asked(0.3, 0.9)
    assert deblurred(page, lines(count), judge) is page
    assert not judge.asked


def test_huge_print_is_left_alone() -> None:
    page, judge = as_page(printed()), Asked(0.3, 0.9)
    assert deblurred(page, lines(9) * np.float32(4), judge) is page
    assert not judge.asked


def test_lines_at_the_rim_are_looked_at_too() -> None:
    page, judge = as_page(printed(400, 300)), Asked(0.3, 0.9)
    assert deblurred(page, lines(9) - np.float32(60), judge).steps == ("deblur",)


def test_the_blur_of_real_print_is_found_and_it_reads_again() -> None:
    page = as_page(noisy(moved(printed(), 7.0, math.radians(60)), 1.0))
    judge = recogniser(second_model=None).mean_char_confidence
    quads = detector().detect(page)[:4]
    sharper = deblurred(page, quads, judge)
    assert sharper.steps == ("deblur",)
    assert sharper.quality["motion_deg"] == pytest.approx(60, abs=15)
    assert sharper.quality["motion_px"] == pytest.approx(7.0, rel=0.3)
    assert judge(sharper, quads).mean() > judge(page, quads).mean() + 0.1


def test_sharp_print_is_left_alone() -> None:
    page = as_page(printed())
    assert deblurred(page, detector().detect(page), recogniser().mean_char_confidence) is page
