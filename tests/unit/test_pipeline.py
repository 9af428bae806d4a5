"""The whole line with real models, on small pages."""

from __future__ import annotations

import json
import weakref
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ingestd.app.pipelines import build_annotating, build_pipeline, manifest_of, rules_of
from ingestd.config import parse
from ingestd.document import KIND, Char, Claim, Level, Line, Page, Record, Source, Status
from ingestd.errors import DocumentError
from ingestd.extract import extract
from ingestd.extract.confirm.doubts import doubts
from ingestd.files.identity import digest
from ingestd.output import sidecar
from ingestd.pipeline import Pipeline
from ingestd.reading.detect import Detector
from ingestd.reading.page import Sharing
from ingestd.store import documents, short
from ingestd.store.database import connect
from lab.corpus.pdf import PdfPage, Text, paragraph, pdf, scan_page
from tests.support import documents as pictures
from tests.support.records import save


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    config = parse("inboxes: [{path: inbox}]", Path("/nowhere/config.yaml"))
    return build_pipeline(config, rules_of(config), manifest_of(config))


def claim(path: Path) -> Claim:
    return Claim(path, Path("/inbox/a\udcff.png"), path.stat().st_size, digest(path), attempt=1)


def process(pipeline: Pipeline, folder: Path, content: bytes) -> Record:
    path = folder / "document"
    path.write_bytes(content)
    return pipeline(claim(path))


def text(record: Record) -> str:
    return " ".join(line.text for line in record.reading.lines)


def test_picture_is_read_with_timings_of_every_stage(pipeline: Pipeline, tmp_path: Path) -> None:
    record = process(pipeline, tmp_path, pictures.encoded(pictures.picture("TOTAL 12.50"), "PNG"))
    assert "TOTAL 12.50" in text(record)
    assert record.name == "a\\xff.png"
    assert record.media_type == "image/png"
    before = {"admit", "decode", "enhance", "detect", "orient", "bleed_through", "recognise", "barcodes", "tables"}
    assert set(record.timings) == before | {"structured", "extract", "careful"}
    assert record.timings.keys() <= set(short.STAGES), "else the database cannot store them short"
    assert set(record.provenance) == {"version", "config", "rules", "models"}


def test_blank_page_has_no_lines_and_is_no_fault(pipeline: Pipeline, tmp_path: Path) -> None:
    record = process(pipeline, tmp_path, pictures.encoded(pictures.picture(""), "PNG"))
    assert record.reading.lines == ()
    assert len(record.reading.pages) == 1


def test_mixed_pdf_is_read_page_by_page_each_in_its_way(pipeline: Pipeline, tmp_path: Path) -> None:
    scanned = scan_page(pictures.picture("SCANNED PAGE 77", size=(595, 842)))
    record = process(pipeline, tmp_path, pdf(PdfPage(paragraph()), scanned))
    sources = [{line.source for line in record.reading.lines if line.page_index == page} for page in (0, 1)]
    assert sources == [{Source.TEXT_LAYER}, {Source.OCR}]
    assert "SCANNED PAGE 77" in text(record)
    assert [page.index for page in record.reading.pages] == [0, 1]


def test_a_bad_page_is_recorded_with_its_reason_and_keeps_the_document_in_review(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    record = process(pipeline, tmp_path, pdf(PdfPage(paragraph(2)), claimed_pages=2))
    assert [page.fault is None for page in record.reading.pages] == [True, False]
    assert "page 2 of 2 cannot be found" in (record.reading.pages[1].fault or "")
    assert record.extraction.status is Status.REVIEW
    assert record.extraction.unread == (1,)
    with connect(tmp_path / "ingestd.db") as db:
        assert documents.load_document(db, save(db, record)).record == record
        pages = json.loads(sidecar.render(db, 1))["pages"]
    assert ["fault" in page for page in pages] == [False, True]
    settled = extract(record.reading, pipeline.rules, pipeline.today(), "receipt")
    assert KIND not in doubts(settled.rule, settled.fields, pipeline.rules, kind_confirmed=True, unread=settled.unread)


def test_a_document_without_a_good_page_fails(pipeline: Pipeline, tmp_path: Path) -> None:
    content = bytearray(pictures.encoded(pictures.picture(), "PNG"))
    content[len(content) // 2] ^= 0xFF
    with pytest.raises(DocumentError, match="damaged"):
        process(pipeline, tmp_path, bytes(content))


def test_receipt_is_recognised_and_its_total_proved(pipeline: Pipeline, tmp_path: Path) -> None:
    rows = [
        "EXAMPLE STORE SDN BHD",
        "TAX INVOICE",
        "Date: 03/08/2026",
        "Subtotal 100.00",
        "GST 6% 6.00",
        "Total 106.00",
    ]
    rows += ["Cash 110.00", "Change 4.00"]
    page = PdfPage([Text(60, 700 - 30 * row, line) for row, line in enumerate(rows)])
    record = process(pipeline, tmp_path, pdf(page))
    fields = {field.name: field for field in record.extraction.fields}
    assert record.extraction.rule == "en-receipt"
    assert (fields["total"].value, fields["total"].level) == ("106.00", Level.PROVED)
    assert pipeline.today() >= date(2026, 8, 3)


def test_code_whose_box_cuts_off_the_tails_of_its_letters_is_read(pipeline: Pipeline) -> None:
    code, font = "91420100QWJ7QXA8D5", ImageFont.load_default(24)
    picture = Image.new("RGB", (340, 80), "white")
    draw = ImageDraw.Draw(picture)
    draw.text((20, 20), code, fill="black", font=font)
    left, top, right, _ = draw.textbbox((16, 17), code, font=font)
    *_, baseline = draw.textbbox((20, 20), "A", font=font)
    quads = np.array([[(left, top), (right + 8, top), (right + 8, baseline), (left, baseline)]], np.float32)
    pixels = np.ascontiguousarray(np.asarray(picture)[..., ::-1])
    (line,) = pipeline.pages.recogniser.read(Page(0, pixels, 150.0, picture.size, np.eye(3)), quads)
    assert line.text == code


def test_other_side_that_shines_through_is_neither_read_nor_in_the_way(pipeline: Pipeline, tmp_path: Path) -> None:
    rows = ["EXAMPLE STORE LTD", "TAX INVOICE 4711", "Apples, green 12.00", "Milk and bread 7.30", "Total 19.30"]
    picture = np.full((560, 620, 3), 255, np.uint8)
    for row, line in enumerate(rows):
        cv2.putText(picture, line, (40, 60 + 80 * row), cv2.FONT_HERSHEY_DUPLEX, 0.9, (0, 0, 0), 1, cv2.LINE_AA)
    back = cv2.GaussianBlur(np.roll(picture[:, ::-1], 40, axis=0), (0, 0), 0.8)
    seen = (picture - (255.0 - back) * 0.35).clip(0, 255).astype(np.uint8)
    record = process(pipeline, tmp_path, cv2.imencode(".png", seen)[1].tobytes())
    (page,) = record.reading.pages
    assert page.steps == ("bleed_through",)
    assert 0.1 < page.quality["bleed_through"] < 0.5
    assert [line.text for line in record.reading.lines] == rows


def test_bad_document_is_a_typed_error(pipeline: Pipeline, tmp_path: Path) -> None:
    with pytest.raises(DocumentError) as caught:
        process(pipeline, tmp_path, pictures.zip_archive("a.txt"))
    assert caught.value.code == "unsupported"


def test_annotating_pipeline_draws_every_page(tmp_path: Path) -> None:
    config = parse("inboxes: [{path: inbox}]", Path("/nowhere/config.yaml"))
    path = tmp_path / "document"
    path.write_bytes(pdf(PdfPage(paragraph(5)), PdfPage(paragraph(5))))
    drawn = build_annotating(config, rules_of(config), manifest_of(config))(claim(path))
    assert len(drawn.pictures) == 2
    assert all(picture.startswith(b"\x89PNG") for picture in drawn.pictures)
    assert drawn.record.reading.lines


class Blind:
    """A detector that finds nothing, and notes how many pages of pixels are alive when it looks."""

    def __init__(self) -> None:
        self.pages: list[weakref.ref[Any]] = []
        self.alive: list[int] = []

    def detect(self, page: Page) -> NDArray[np.float32]:
        self.pages.append(weakref.ref(page.pixels))
        self.alive.append(sum(pixels() is not None for pixels in self.pages))
        return np.zeros((0, 4, 2), np.float32)


def test_pitfall_20_pages_of_a_long_document_pass_one_at_a_time(pipeline: Pipeline, tmp_path: Path) -> None:
    detector = Blind()
    pages = [scan_page(pictures.picture("x")) for _ in range(12)]
    record = process(
        replace(pipeline, pages=replace(pipeline.pages, detector=cast("Detector", detector))), tmp_path, pdf(*pages)
    )
    assert len(record.reading.pages) == 12
    assert detector.alive == [1] * 12


def test_characters_of_a_document_share_what_recurs() -> None:
    sharing = Sharing()
    chars = (Char(0.333333333, (("7", 0.999987654), ("1", 0.0000123))), Char(0.9, (("A", 0.5),)))
    line = Line(0, ((0, 0), (9, 0), (9, 3), (0, 3)), "7A", 0.9, chars)
    one, other = sharing.line(line), sharing.line(replace(line, page_index=1))
    assert one.chars == (Char(0.3333, (("7", 1.0), ("1", 0.0))), Char(0.9, (("A", 0.5),)))
    assert one.chars[0].alternatives is other.chars[0].alternatives
    assert one.chars[0].position is other.chars[0].position
    assert (one.text, one.quad, one.confidence) == (line.text, line.quad, line.confidence)
