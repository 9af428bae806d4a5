from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlite_utils import Database

from ingestd.document import Extraction, Status
from ingestd.store import documents, rows
from ingestd.store.database import connect, transaction
from tests.support.records import NOON, record, save


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


def test_a_measure_that_is_not_a_number_is_null_in_json_and_nan_again() -> None:
    page = replace(record().reading.pages[0], quality={"contrast": math.nan, "noise": 1.5})
    row = rows.page_row(page)
    assert row["quality"] == '{"contrast":null,"noise":1.5}'
    quality = rows.page_from(row).quality
    assert math.isnan(quality["contrast"])
    assert quality["noise"] == 1.5
