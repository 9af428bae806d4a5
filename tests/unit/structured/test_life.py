"""Documents that are data, after they were recorded: extracted again, corrected, shown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from ingestd.admin import reextract
from ingestd.admin.correct import Corrector, Wanted
from ingestd.config import AdmitConfig, DecodeConfig, EngineConfig
from ingestd.document import KIND, Claim, Level, PageInfo, Reading, Record, Status
from ingestd.extract import extract
from ingestd.files.identity import digest
from ingestd.files.media_types import OFD
from ingestd.pipeline import PagePainter
from ingestd.reading.admit import admit
from ingestd.store import documents
from ingestd.structured.read import stated_invoices, structured_pages
from tests.support import einvoices as made
from tests.support import records
from tests.support.claims import dropped
from tests.support.desk import Desk, shipped_rules
from tests.support.extraction import TODAY

OFD_FILE = made.packed(
    made.ofd_parts(made.text_object(1, "发票号码 12345678", at=(20, 30)), attachment=made.original())
)
FILES = {"ubl.xml": made.ubl(), "bodies.xml": made.fatturapa("1/A", "2/A"), "a.ofd": OFD_FILE}


def read(claim: Claim) -> Record:
    """Read a file of data as the pipeline does."""
    admitted = admit(claim, AdmitConfig())
    pages = list(structured_pages(admitted, AdmitConfig()))
    infos = tuple(PageInfo(page.index, *page.decoded_size, page.dpi, 0, 0.0, {}, ()) for page in pages)
    reading = Reading(infos, tuple(line for page in pages for line in page.text_lines), stated_invoices(admitted))
    return replace(
        records.record(claim.source_path.name),
        sha256=claim.sha256,
        media_type=admitted.media_type,
        size_bytes=claim.size_bytes,
        reading=reading,
        extraction=extract(reading, shipped_rules(), TODAY),
    )


@pytest.fixture(params=FILES)
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Desk:
    """A desk with one recorded document, whose original is in the archive."""
    desk = Desk(tmp_path)
    (tmp_path / "archive").mkdir()
    path = tmp_path / "archive" / request.param
    path.write_bytes(FILES[request.param])
    claim = Claim(path, path, path.stat().st_size, digest(path), attempt=1)
    records.save(desk.db, read(claim), archive=tmp_path / "archive")
    return desk


def again(desk: Desk) -> list[reextract.Change | reextract.Unreadable]:
    batches = reextract.changes(desk.config.record.database, [1], shipped_rules(), TODAY, 1, EngineConfig())
    return [change for batch in batches for change in batch]


def value(desk: Desk, name: str) -> tuple[str | None, Level]:
    fields = {field.name: field for field in documents.load_extraction(desk.db, 1).fields}
    return fields[name].value, fields[name].level


def test_extraction_again_changes_nothing(desk: Desk) -> None:
    assert again(desk) == []


def test_a_correction_holds_and_what_the_file_states_stays(desk: Desk) -> None:
    stated = value(desk, "total")[0]
    corrector = Corrector(desk.db, shipped_rules(), desk.clock, sidecars=False)
    corrector.correct(1, [Wanted("total", "999.99")], by="anna")
    assert value(desk, "total") == ("999.99", Level.CONFIRMED)
    assert again(desk) == []
    field = next(one for one in documents.load_extraction(desk.db, 1).fields if one.name == "total")
    assert stated in [rival.value for rival in field.candidates]
    corrector.undo(1, by="anna")
    assert value(desk, "total")[0] == stated


def test_a_person_may_say_another_kind(desk: Desk) -> None:
    further = documents.load_extraction(desk.db, 1).further
    corrector = Corrector(desk.db, shipped_rules(), desk.clock, sidecars=False)
    corrector.correct(1, [Wanted(KIND, "other")], by="anna")
    found = documents.load_extraction(desk.db, 1)
    assert (found.rule, found.status) == ("other", Status.DONE)
    assert again(desk) == []
    corrector.undo(1, by="anna")
    assert documents.load_extraction(desk.db, 1).further == further


def test_the_page_shows_fields_with_their_origin(desk: Desk) -> None:
    page = desk.client.get("/documents/1").text
    number, total = value(desk, "invoice_no")[0], value(desk, "total")[0]
    assert number and number in page and total and total in page
    assert "stated by the" in page
    assert ("Papers in this file" in page) == bool(documents.load_extraction(desk.db, 1).further)
    chinese = desk.client.get("/documents/1", headers={"Accept-Language": "zh"}).text
    assert "stated by the" not in chinese
    assert desk.client.get("/v1/documents/1").json()["id"] == 1
    assert desk.client.get("/documents/1/sidecar").status_code == 200


def test_pages_have_a_picture_for_review(desk: Desk) -> None:
    [(path, sha256)] = desk.db.execute("SELECT archive_path, sha256 FROM documents").fetchall()
    painter = PagePainter(AdmitConfig(), DecodeConfig(), 1200)
    claim = Claim(Path(path), Path(path), Path(path).stat().st_size, sha256, attempt=1)
    for page in documents.load_reading(desk.db, 1).pages:
        picture = cv2.imdecode(np.frombuffer(painter(claim, page.index), np.uint8), cv2.IMREAD_GRAYSCALE)
        assert picture is not None
        assert max(picture.shape) == min(1200, max(page.width_px, page.height_px))
        assert picture.shape[1] / picture.shape[0] == pytest.approx(page.width_px / page.height_px, rel=0.01)
        assert picture.min() < 128 < picture.mean()  # print on paper


def test_text_of_an_ofd_page_has_places_on_its_picture(tmp_path: Path) -> None:
    claim = dropped(tmp_path, OFD_FILE)
    (page,) = structured_pages(admit(claim, AdmitConfig()), AdmitConfig())
    assert admit(claim, AdmitConfig()).media_type == OFD
    (line,) = [line for line in page.text_lines if "12345678" in line.text]
    (left, top), _, (right, bottom), _ = line.quad
    inside = page.pixels[round(top) : round(bottom), round(left) : round(right)]
    outside = page.pixels.copy()
    outside[round(top) - 4 : round(bottom) + 4, round(left) - 4 :] = 255
    assert inside.min() < 128
    assert outside.min() == 255
