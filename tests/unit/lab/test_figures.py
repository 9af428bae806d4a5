"""The record of figures: runs leave a file, the page is made from the record and is current."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from lab.bench import figures, harness

TABLE = harness.Table("ink", ("what", "ms"), (("a | b", "1"),), "one run")


def measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The file of a run with one option."""

    def options(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--pages", type=int, default=1)

    def measure(parsed: argparse.Namespace) -> harness.Outcome:
        return harness.Outcome(f"{parsed.pages} pages", (TABLE,), {"page": 1})

    path = tmp_path / "out" / "growth.json"
    harness.run("growth", "Measure.", measure, options, ["--pages", "7", "--out", str(path)])
    assert "a | b" in capsys.readouterr().out
    return path


def test_a_run_says_what_it_measured_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = json.loads(measured(tmp_path, capsys).read_text(encoding="utf-8"))
    assert result["split"] == "7 pages"
    assert all(result[name] for name in ("benchmark", "made", "version", "commit", "machine"))
    assert result["details"] == {"page": 1}


def test_results_are_taken_into_the_record_and_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figures.take(json.loads(measured(tmp_path, capsys).read_text(encoding="utf-8")), tmp_path)
    page = figures.page(tmp_path)
    assert "## Growth\n\n7 pages.\n\nMeasured " in page
    assert "| what | ms |\n| --- | --- |\n| a \\| b | 1 |\n\none run\n" in page
    assert "carried over*." not in page


def test_results_of_an_unknown_benchmark_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'guess' is not a section"):
        figures.take({"benchmark": "guess"}, tmp_path)


def test_the_page_is_made_from_the_record() -> None:
    assert figures.PAGE.read_text(encoding="utf-8") == figures.page(figures.RECORD), "run 'make bench-report'"


def test_every_record_is_on_the_page() -> None:
    assert {path.stem for path in figures.RECORD.glob("*.json")} <= set(figures.SECTIONS)
