"""The comparison of readers: what counts as right, which conditions a run has, what its table says."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from lab.bench.data import Labelled
from lab.bench.readers.process import ReaderError, ReaderProcess
from lab.bench.score import Score, score
from lab.bench.table import OURS, PLAIN, rows
from lab.corpus.conditions import CLEAN, STANDARD, Condition, conditions, spoil
from tests.support.places import ROOT
from tests.support.print import printed


def test_ideographs_are_words_and_marks_between_label_and_value_are_none() -> None:
    assert score(["发票号码：01234567"], ["发票号码", "01234567"]) == Score(5, 5, 5, 1, 1)


def test_a_number_with_one_wrong_digit_is_not_read() -> None:
    assert score(["Total 19.08"], ["TOTAL 19.00"]) == Score(1, 2, 2, 0, 1)


def test_conditions_of_a_run() -> None:
    assert conditions(None, None) == list(STANDARD)
    assert conditions(["clean", "noise"], [1, 3]) == [CLEAN, Condition("noise", 1), Condition("noise", 3)]
    assert conditions(["turned"], [1, 2, 3]) == [Condition("turned", 1), Condition("turned", 2)]


def test_spoilt_files_are_the_same_every_time_and_clean_ones_are_the_corpus(tmp_path: Path) -> None:
    path = tmp_path / "page.png"
    cv2.imwrite(str(path), printed(120, 160))
    pages = [Labelled(path, ("text",))]
    assert spoil(pages, CLEAN, tmp_path) == [path]
    once, again = (spoil(pages, Condition("noise", 2), tmp_path / name)[0] for name in ("a", "b"))
    assert once.read_bytes() == again.read_bytes()
    assert not np.array_equal(cv2.imread(str(once)), cv2.imread(str(path)))


ECHO = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from lab.bench.readers.loop import serve
def read(paths):
    print("a library's chatter")
    return [[path, "second"] for path in paths]
serve("echo", "1.5", read)
"""


def test_reader_answers_every_group() -> None:
    with ReaderProcess([sys.executable, "-c", ECHO], Path("warm"), cores=1) as reader:
        assert reader.version == "1.5"
        result = reader.read([Path("a"), Path("b")])
        assert result.texts == (("a", "second"), ("b", "second"))
        assert result.peak_mb > 1
        assert reader.read([Path("c")]).texts == (("c", "second"),)


def test_reader_that_dies_says_why() -> None:
    with pytest.raises(ReaderError, match="exit status 3: no such model"):
        ReaderProcess(
            [sys.executable, "-c", "import sys; print('no such model', file=sys.stderr); sys.exit(3)"], Path("w"), 1
        )


def cell(reader: str, right: int, cores: int = 2, condition: str = "clean", seconds: float = 1.0) -> dict[str, object]:
    pages = [{"right": right, "read": 10, "true": 10, "numbers_right": 1, "numbers_true": 2}]
    return {
        "corpus": "drawn",
        "condition": condition,
        "severity": 0 if condition == "clean" else 2,
        "reader": reader,
        "cores": cores,
        "seconds_a_page": seconds,
        "peak_mb": 100.0,
        "pages": pages,
    }


def test_table_compares_with_the_best_peer_on_the_most_cores() -> None:
    cells = [cell(PLAIN, 8), cell(OURS, 9), cell(OURS, 9, cores=1, seconds=2.0)]
    cells += [cell("RapidOCR", 6, seconds=4.0), cell("Tesseract", 3), cell(OURS, 1, condition="noise")]
    clean, noisy, everything = rows(json.loads(json.dumps({"cells": cells})))
    assert (clean.condition, noisy.condition, everything.condition) == ("clean", "noise 2", "all")
    assert clean.best_peer == "RapidOCR"
    assert clean.ratio(OURS, clean.best_peer) == pytest.approx(1.5)
    assert clean.ratio(OURS, PLAIN) == pytest.approx(9 / 8)
    assert clean.speed(OURS, clean.best_peer) == pytest.approx(4.0)
    assert clean.figures[OURS].seconds == {1: 2.0, 2: 1.0}
    assert noisy.best_peer is None
    assert noisy.ratio(OURS, noisy.best_peer) is None
    assert everything.figures[OURS].score.f1 == pytest.approx(0.5)
