"""The comparison of readers: what counts as right, which conditions a run has, what its table says."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from lab.bench import compare
from lab.bench.compare import OURS, PLAIN, Cell, by_condition, costs
from lab.bench.conditions import CLEAN, STANDARD, Condition, conditions, spoil
from lab.bench.data import Labelled, pixels_of
from lab.bench.readers.process import ReaderError, ReaderProcess
from lab.bench.score import Score, score
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
    assert not np.array_equal(pixels_of(once), pixels_of(path))


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


def cell(reader: str, right: int, cores: int = 2, condition: str = "clean", seconds: float = 1.0) -> Cell:
    return Cell("drawn", condition, reader, cores, 2, seconds, 100.0, Score(right, 10, 10, 1, 2))


def test_conditions_are_compared_with_the_best_peer_on_the_most_cores() -> None:
    cells = [cell(PLAIN, 8), cell(OURS, 9), cell(OURS, 1, cores=1), cell("RapidOCR", 6), cell("Tesseract", 3)]
    table = by_condition("drawn", [*cells, cell(OURS, 1, condition="noise 2")])
    assert table.columns[1:5] == (PLAIN, OURS, "RapidOCR", "Tesseract")
    clean, noisy, everything = table.rows
    assert clean == ("clean", "0.800", "0.900", "0.600", "0.300", "1.125", "", "1.500")
    assert noisy[0] == "noise 2" and noisy[2] == "0.100"
    assert everything[0] == "all" and everything[2] == "0.500"


def test_costs_are_means_over_pages_for_each_number_of_cores() -> None:
    cells = [cell(OURS, 9, seconds=1.0), cell(OURS, 7, condition="noise 2", seconds=3.0), cell(OURS, 9, cores=1)]
    assert costs(cells).rows == (
        ("drawn", OURS, "2", "0.800", "0.500", "1.000", "100"),
        ("drawn", OURS, "1", "0.900", "0.500", "0.500", "100"),
    )


def test_the_previous_version_reads_from_its_own_tree(tmp_path: Path) -> None:
    parser = argparse.ArgumentParser()
    compare.options(parser)
    parsed = parser.parse_args(["--readers", "ingestd 0.1.0", "--previous", str(tmp_path)])
    assert compare._commands(parsed)["ingestd 0.1.0"][:2] == ["env", f"--chdir={tmp_path}"]
