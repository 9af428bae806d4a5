"""Careful second readings: which documents get one, and which of both readings is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import cast

import pytest

from ingestd.app.pipelines import build_pipeline, manifest_of, rules_of
from ingestd.config import parse
from ingestd.document import Claim, Code, Line, Page, Record, Source
from ingestd.extract.rulefile.model import RuleTest
from ingestd.extract.selftest import reading_of
from ingestd.files.identity import digest
from ingestd.layout.geometry import rect_quad
from ingestd.pipeline import Pipeline
from ingestd.reading.page import PageReader, Stopwatch
from lab.corpus.pdf import pdf, scan_page
from tests.support import documents as pictures

DONE = """\
Receipt
SAMPLE & SONS LTD
Date: 15/11/2025
Subtotal  10.00
VAT 20%  2.00
Total  12.00
"""
IN_DOUBT = DONE.replace("Total  12.00", "Total  12.90")
GARBLED = "Rcpt\nDote: l5/11\nTtal  I2"
LETTER = "Dear Anna\nthank you for the flowers\nyours Bert"


class Scripted:
    """A reader that says what it was told, on every page."""

    def __init__(self, text: str, confidence: float = 0.99, source: Source = Source.OCR) -> None:
        lines = reading_of(RuleTest(name="page", text=text)).lines
        self._lines = tuple(replace(line, confidence=confidence, source=source) for line in lines)
        self.calls = 0
        self.seen: list[Page] = []
        self.earlier: list[str] = []

    def read(self, page: Page, watch: Stopwatch) -> tuple[Page, tuple[Line, ...]]:
        self.calls += 1
        enhanced = replace(page, steps=("grey",))
        self.seen.append(enhanced)
        return enhanced, tuple(replace(line, page_index=page.index) for line in self._lines)

    def read_again(self, readable: Page, earlier: Sequence[Line], watch: Stopwatch) -> tuple[Page, tuple[Line, ...]]:
        self.calls += 1
        self.earlier = [line.text for line in earlier]
        self.seen.append(readable)
        return readable, tuple(replace(line, page_index=readable.index) for line in self._lines)

    def codes(self, page: Page, lines: tuple[Line, ...], _: object) -> tuple[Code, ...]:
        text = "harder" if self.insists(lines) else "at first sight"
        return (Code(page.index, rect_quad(0, 0, 9, 9), "QR", text),)

    def insists(self, lines: tuple[Line, ...]) -> bool:
        return any("发票" in line.text for line in lines)

    def is_blank(self, *_: object) -> bool:
        return False


@pytest.fixture(scope="module")
def shipped() -> Pipeline:
    config = parse("inboxes: [{path: inbox}]", Path("/nowhere/config.yaml"))
    return build_pipeline(config, rules_of(config), manifest_of(config))


def read(shipped: Pipeline, folder: Path, first: Scripted, second: Scripted, pages: int = 1) -> Record:
    path = folder / "scan.pdf"
    path.write_bytes(pdf(*(scan_page(pictures.picture("x")) for _ in range(pages))))
    pipeline = replace(
        shipped,
        pages=cast("PageReader", first),
        careful=cast("PageReader", second),
        today=lambda: date(2026, 11, 3),
    )
    return pipeline(Claim(path, path, path.stat().st_size, digest(path), attempt=1))


def total(record: Record) -> str | None:
    return next((field.value for field in record.extraction.fields if field.name == "total"), None)


def test_the_careful_reading_of_a_document_in_doubt_is_kept_where_it_proves_more(
    shipped: Pipeline, tmp_path: Path
) -> None:
    record = read(shipped, tmp_path, Scripted(IN_DOUBT), careful := Scripted(DONE))
    assert careful.calls == 1
    assert (total(record), record.extraction.status) == ("12.00", "done")
    assert any("12.00" in line.text for line in record.reading.lines)
    assert "careful" in record.timings


def test_the_only_page_of_a_document_is_decoded_enhanced_and_searched_for_codes_once(
    shipped: Pipeline, tmp_path: Path
) -> None:
    record = read(shipped, tmp_path, first := Scripted(IN_DOUBT), careful := Scripted(DONE))
    assert careful.seen[0] is first.seen[0]
    assert careful.earlier == [line.text for line in first._lines]
    assert record.reading.pages[0].steps == ("grey",)
    assert [code.text for code in record.reading.codes] == ["at first sight"]


def test_a_page_that_is_known_to_carry_a_code_only_then_is_searched_harder(shipped: Pipeline, tmp_path: Path) -> None:
    record = read(shipped, tmp_path, Scripted(IN_DOUBT), Scripted(DONE + "发票\n"))
    assert [code.text for code in record.reading.codes] == ["at first sight", "harder"]


def test_pages_of_longer_documents_are_decoded_again_one_at_a_time(shipped: Pipeline, tmp_path: Path) -> None:
    read(shipped, tmp_path, first := Scripted(IN_DOUBT), careful := Scripted(DONE), pages=2)
    assert careful.calls == 2
    assert not {id(page) for page in first.seen} & {id(page) for page in careful.seen}


def test_the_first_reading_is_kept_where_care_proves_less(shipped: Pipeline, tmp_path: Path) -> None:
    record = read(shipped, tmp_path, Scripted(IN_DOUBT), careful := Scripted(GARBLED))
    assert careful.calls == 1
    assert any("12.90" in line.text for line in record.reading.lines)


def test_of_readings_that_prove_as_much_the_more_legible_is_kept(shipped: Pipeline, tmp_path: Path) -> None:
    record = read(shipped, tmp_path, Scripted(IN_DOUBT, 0.8), Scripted(IN_DOUBT + "Thank you\n", 0.8))
    assert any(line.text == "Thank you" for line in record.reading.lines)
    record = read(shipped, tmp_path, Scripted(IN_DOUBT, 0.8), Scripted(IN_DOUBT + "Thank you\n", 0.6))
    assert all(line.text != "Thank you" for line in record.reading.lines)


def test_of_a_document_of_no_kind_the_more_legible_reading_is_kept(shipped: Pipeline, tmp_path: Path) -> None:
    first, second = Scripted("Dear Ana\nthank vou", 0.7), Scripted("Dear Anna,\nthank you", 0.8)
    record = read(shipped, tmp_path, first, second)
    assert [line.text for line in record.reading.lines] == ["Dear Anna,", "thank you"]
    first, second = Scripted("Dear Anna,\nthank you", 0.7), Scripted("Dear", 0.8)
    record = read(shipped, tmp_path, first, second)
    assert len(record.reading.lines) == 2


@pytest.mark.parametrize(
    ("first", "pages"),
    [
        (Scripted(DONE), 1),
        (Scripted(IN_DOUBT, source=Source.TEXT_LAYER), 1),
        (Scripted(IN_DOUBT), 6),
        (Scripted(LETTER), 1),
    ],
    ids=["done", "text of the file", "more pages than careful_pages", "a letter that is read with confidence"],
)
def test_nothing_else_is_read_twice(shipped: Pipeline, tmp_path: Path, first: Scripted, pages: int) -> None:
    record = read(shipped, tmp_path, first, careful := Scripted(DONE), pages)
    assert careful.calls == 0
    assert "careful" not in record.timings


@pytest.mark.parametrize("first", [Scripted(LETTER, confidence=0.7), Scripted("")], ids=["unsure", "empty"])
def test_pages_that_are_hard_to_read_are_read_again(shipped: Pipeline, tmp_path: Path, first: Scripted) -> None:
    assert total(read(shipped, tmp_path, first, Scripted(DONE))) == "12.00"


@pytest.mark.parametrize(("effort", "has_second"), [("fast", False), ("auto", True), ("careful", False)])
def test_effort_says_how_often_pages_are_read(effort: str, has_second: bool) -> None:
    config = parse(f"inboxes: [{{path: inbox}}]\nreading: {{effort: {effort}}}", Path("/nowhere/config.yaml"))
    built = build_pipeline(config, rules_of(config), manifest_of(config))
    assert (built.careful is not None) is has_second


def test_a_third_model_is_for_careful_readings(shipped: Pipeline) -> None:
    assert shipped.careful is not None
    assert (shipped.careful.recogniser.has_third, shipped.pages.recogniser.has_third) == (True, False)


@pytest.mark.parametrize(
    ("written", "name"), [("{}", "ppocrv6-small-det"), ("{careful_detector: null}", "ppocrv6-tiny-det")]
)
def test_a_careful_reading_has_a_detector_of_its_own(written: str, name: str) -> None:
    config = parse(f"inboxes: [{{path: inbox}}]\nreading: {written}", Path("/nowhere/config.yaml"))
    built = build_pipeline(config, rules_of(config), manifest_of(config))
    assert built.careful is not None
    assert built.careful.detector.name == name
    assert built.pages.detector.name == "ppocrv6-tiny-det"


def test_only_careful_readings_look_for_blur(shipped: Pipeline) -> None:
    assert shipped.careful is not None
    assert (shipped.careful.deblur, shipped.pages.deblur) == (True, False)
