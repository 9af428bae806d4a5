"""Second and third readings of lines from outside, and handwriting through the product: figures from readings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ingestd.document import Char
from ingestd.reading.recognise.ctc import text_of
from ingestd.reading.recognise.network import LineReading
from lab.bench import doubt, handwriting
from lab.train import outside
from lab.train.dataset import Line

PAPER = np.full((48, 160, 3), 255, np.uint8)


def said(text: str, probability: float) -> LineReading:
    return LineReading(tuple(Char(0.5, ((character, 0.9),)) for character in text), probability)


def sample(first: LineReading, second: LineReading, third: LineReading, kind: str = "printed") -> doubt.Sample:
    return doubt.Sample(Line(PAPER, "Total 9", kind, 0), kind, 0, first, second, third)


def test_each_way_asks_only_where_there_is_doubt() -> None:
    sure = sample(said("Total 9", 0.9), said("Total 8", 0.95), said("Total 7", 0.99))
    assert [text_of(way(sure).chars)[-1] for way in (doubt.quick, doubt.careful)] == ["9", "8"]
    unsure = sample(said("Total 9", 0.2), said("Total 8", 0.3), said("Total 7", 0.99))
    assert text_of(doubt.quick(unsure).chars) == "Total 8"
    assert text_of(doubt.careful(unsure).chars) == "Total 7"


def test_letter_case_counts_except_on_receipts() -> None:
    reading = said("TOTAL 9", 0.9)
    assert not sample(reading, reading, reading).right(reading)
    assert sample(reading, reading, reading, "real").right(reading)
    assert sample(reading, reading, reading, "real").errors(said("total 8", 0.9)) == (1, 6)


def test_tables_have_a_row_for_each_condition_and_limit() -> None:
    right, wrong = said("Total 9", 0.9), said("Total 8", 0.3)
    samples = [sample(wrong, right, right), sample(right, right, right, "faxed")]
    samples += [replace(one, half=1) for one in samples]
    assert len(doubt.third_limits(samples).rows) == 1 + (len(doubt.THIRD_LIMITS) - 1) * len(doubt.SHARES)
    assert [row[0] for row in doubt.conditions(samples).rows] == ["printed", "faxed"]
    assert doubt.conditions(samples).rows[0][2:4] == ("0.0 / 83.3", "100.0 / 100.0")
    assert len(doubt.limits(samples).rows) == len(doubt.LIMITS)
    assert len(doubt.calibration(samples).rows[0]) == 8


def test_chance_alone_makes_a_calibration_error() -> None:
    assert 0.02 < doubt.by_chance(np.full(100, 0.5)) < 0.08
    assert doubt.by_chance(np.ones(100)) == 0


@pytest.mark.parametrize("kind", list(outside.SPOILED))
def test_a_spoiled_line_has_its_shape_and_other_grey(kind: str) -> None:
    line = PAPER.copy()
    line[20:28, 20:120] = 0
    spoiled = outside.spoil(line, kind, np.random.default_rng(0))
    height, width = spoiled.shape[:2]
    assert width / height == pytest.approx(160 / 48, abs=0.1)
    assert (spoiled < 128).mean() / (line < 128).mean() > 0.3 or kind == "faded"
    assert len(np.unique(spoiled)) > 2 or kind == "faxed"


def test_characters_of_handwriting_count_in_order() -> None:
    picture = handwriting.Picture(Path("a.png"), "你好", ("zh",))
    answers = [handwriting.Answer(picture, "你好", "好你"), handwriting.Answer(picture, "你好", "你好")]
    assert handwriting.f1(answers) == pytest.approx(0.75)
    assert handwriting.f1([]) == 0
