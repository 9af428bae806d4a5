from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlite_utils import Database

from ingestd.document import Extraction, Source, Status
from ingestd.store import documents, rows, short
from ingestd.store.database import connect, transaction
from tests.support.records import NOON, line, record, save


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with connect(tmp_path / "ingestd.db") as db:
        yield db


@pytest.fixture
def reader(db: Database, tmp_path: Path) -> Iterator[Database]:
    with connect(tmp_path / "ingestd.db", "read") as reader:
        yield reader


def test_saving_without_a_transaction_is_a_mistake_of_the_caller(db: Database) -> None:
    with pytest.raises(RuntimeError, match=r"transaction\(\)"):
        documents.save(db, record(), source_path=Path("/a"), archive_path=None, received_at=NOON, recorded_at=NOON)
    with pytest.raises(RuntimeError, match=r"transaction\(\)"):
        documents.replace_extraction(db, 1, record().extraction, rules_hash="r1")


def test_saving_commits_nothing_by_itself(db: Database) -> None:
    with pytest.raises(RuntimeError, match="power cut"), transaction(db):
        documents.save(db, record(), source_path=Path("/a"), archive_path=None, received_at=NOON, recorded_at=NOON)
        raise RuntimeError("power cut")
    assert [db[name].count for name in ("documents", "pages", "lines", "codes", "fields", "items")] == [0] * 6


def test_a_saved_document_is_seen_by_others_only_after_the_commit(db: Database, reader: Database) -> None:
    with transaction(db):
        documents.save(db, record(), source_path=Path("/a"), archive_path=None, received_at=NOON, recorded_at=NOON)
        assert reader.table("documents").count == 0
    assert reader.table("documents").count == 1


def test_a_document_is_found_by_its_bytes(db: Database) -> None:
    document_id = save(db, record())
    assert documents.document_by_sha(db, record().sha256) == document_id
    assert documents.document_by_sha(db, "0" * 64) is None


def test_an_original_that_is_not_kept_has_no_archive_path(db: Database) -> None:
    assert documents.load_document(db, save(db, record(), archive=None)).archive_path is None


def test_an_unknown_document_is_a_lookup_error(db: Database) -> None:
    for load in (documents.load_document, documents.load_extraction):
        with pytest.raises(LookupError, match="no document with id 7"):
            load(db, 7)


def test_reading_a_document_closes_its_snapshot(db: Database, reader: Database) -> None:
    document_id = save(db, record())
    documents.load_document(reader, document_id)
    with transaction(db):
        documents.replace_extraction(db, document_id, Extraction("unknown", (), (), Status.REVIEW), rules_hash="r1")
    assert documents.load_document(reader, document_id).record.extraction.status is Status.REVIEW


def test_text_has_a_line_a_line_and_a_form_feed_between_pages_even_empty_ones() -> None:
    two = record(text=("a", "b"), pages=2).reading
    assert rows.plain_text(two) == "a\nb\fa\nb"
    blank_first = replace(two, lines=tuple(line for line in two.lines if line.page_index == 1))
    assert rows.plain_text(blank_first) == "\fa\nb"


def test_full_text_reaches_past_a_nul(db: Database) -> None:
    save(db, record(text=("before\0after",)))
    assert [row["id"] for row in db.table("documents").search('"after"')] == [1]


@pytest.mark.parametrize("names", [("contrast", "noise"), short.MEASURES])
def test_a_measure_that_is_not_a_number_is_null_in_json_and_nan_again(db: Database, names: tuple[str, ...]) -> None:
    read = record()
    quality = {**dict.fromkeys(names, 1.5), names[0]: math.nan}
    page = replace(read.reading.pages[0], quality=quality)
    document_id = save(db, replace(read, reading=replace(read.reading, pages=(page,))))
    [(stored,)] = db.execute("SELECT quality FROM pages").fetchall()
    assert json.loads(stored) == {**dict.fromkeys(names, 1.5), names[0]: None}
    loaded = documents.load_reading(db, document_id).pages[0].quality
    assert list(loaded) == list(names)
    assert math.isnan(loaded[names[0]])
    assert loaded[names[1]] == 1.5


def test_values_that_the_text_has_are_not_kept_for_searching_again(db: Database) -> None:
    document_id = save(db, record(text=("Total 12.50",), fields={"total": "12.50", "date": "2026-07-31"}))
    values = "SELECT field_values FROM documents"
    assert db.execute(values).fetchone() == ("2026-07-31",)
    with transaction(db):
        documents.replace_extraction(db, document_id, record(fields={"total": "99.00"}).extraction)
    assert db.execute(values).fetchone() == ("99.00",)
    assert [row["id"] for row in db.table("documents").search('"12.50"')] == [document_id]


@pytest.mark.parametrize("left_out", [(), ("enhance", "copy"), short.STAGES])
def test_seconds_of_stages_are_stored_short_and_read_by_name(db: Database, left_out: tuple[str, ...]) -> None:
    timings = {name: 0.5 + place for place, name in enumerate(short.STAGES) if name not in left_out}
    document_id = save(db, replace(record(), timings=timings))
    [(stored, shown)] = db.execute("SELECT seconds, timings FROM documents").fetchall()
    assert isinstance(json.loads(stored), list)
    assert json.loads(shown) == timings
    assert documents.load_document(db, document_id).record.timings == timings


def test_rules_change_in_the_provenance_of_either_form(db: Database) -> None:
    first = record("a.pdf")
    saved = [save(db, first), save(db, replace(record("b.pdf"), provenance={"rules": "r0", "more": "x"}))]
    for document_id in saved:
        with transaction(db):
            documents.replace_extraction(db, document_id, first.extraction, rules_hash="r1")
    changed = [documents.load_document(db, document_id).record.provenance for document_id in saved]
    assert changed == [{**first.provenance, "rules": "r1"}, {"rules": "r1", "more": "x"}]


def test_lines_in_sql_are_those_of_the_reading(db: Database) -> None:
    """Lines of other pages, sources, orders and confidences, and one that is not in the text."""
    ocr, layer = line("永辉超市"), replace(line("Total 12.50", page=2), source=Source.TEXT_LAYER, confidence=1.0)
    lines = (
        ocr,
        replace(line("one", row=1), confidence=0.98765),
        layer,
        line("", page=2, row=3),
        line("二", page=2, row=4),
    )
    for name, some in (("a", lines), ("b", lines[::-1])):
        read = record(name, pages=3)
        document_id = save(db, replace(read, reading=replace(read.reading, lines=some)))
        loaded = documents.load_reading(db, document_id).lines
        assert loaded == some
        sql = "SELECT page_index, line_index, text, confidence, source FROM lines WHERE document_id = ?"
        assert db.execute(sql, [document_id]).fetchall() == [
            (one.page_index, index, one.text, one.confidence, one.source.value) for index, one in enumerate(some)
        ]
