"""Whatever is saved comes back the same."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from ingestd.document import Extraction, Record
from ingestd.files.encoding import file_number, path_from, path_text
from ingestd.output import sidecar
from ingestd.store import documents
from ingestd.store.database import connect, transaction
from tests.support.records import NOON, extractions, file_names, records

shares_database = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with connect(tmp_path / "ingestd.db") as db:
        yield db


def saved(db: Database, record: Record) -> int:
    with transaction(db):
        db.execute("DELETE FROM documents")
        return documents.save(
            db,
            record,
            source_path=Path("/inbox", record.name),
            archive_path=Path("/archive", record.name),
            received_at=NOON,
            recorded_at=NOON,
        )


@shares_database
@given(record=records)
def test_a_record_is_loaded_as_it_was_saved(db: Database, record: Record) -> None:
    document = documents.load_document(db, saved(db, record))
    assert document.record == record
    assert document.source_path == Path("/inbox", record.name)
    assert document.archive_path == Path("/archive", record.name)
    assert (document.received_at, document.recorded_at) == (NOON, NOON)
    assert documents.load_reading(db, document.id) == record.reading


@shares_database
@given(record=records, extraction=extractions)
def test_replacing_the_extraction_leaves_the_reading(db: Database, record: Record, extraction: Extraction) -> None:
    document_id = saved(db, record)
    with transaction(db):
        documents.replace_extraction(db, document_id, extraction, rules_hash="today")
    after = documents.load_document(db, document_id).record
    assert after.reading == record.reading
    assert after.extraction == extraction == documents.load_extraction(db, document_id)
    assert after.provenance == {**record.provenance, "rules": "today"}
    db.execute("INSERT INTO documents_fts (documents_fts, rank) VALUES ('integrity-check', 1)")


@shares_database
@given(record=records)
def test_a_sidecar_is_valid_and_says_what_the_record_says(db: Database, record: Record) -> None:
    rendered = sidecar.render(db, saved(db, record))
    assert rendered.endswith(b"}\n")
    content = json.loads(rendered)
    read_back = sidecar.Sidecar.model_validate(content)
    times = {"received_at", "recorded_at"}
    said = json.loads(read_back.model_dump_json(by_alias=True, exclude=times))
    for key in ("corrections", "tables", "papers", "paper_fields", "paper_pages"):
        assert said.pop(key) == content.pop(key, [])
    assert said.pop("paper_area") == content.pop("paper_area", None)
    for page in content["pages"]:
        page.setdefault("role", "free")
        page.setdefault("fault", None)
    assert said == {key: value for key, value in content.items() if key not in times}
    assert [field["value"] for field in content["fields"]] == [field.value for field in record.extraction.fields]
    assert [line["text"] for line in content["lines"]] == [line.text for line in record.reading.lines]


@given(raw=st.binary(max_size=60).filter(lambda raw: 0 not in raw))
def test_every_path_can_be_stored_and_found_again(raw: bytes) -> None:
    path = Path(os.fsdecode(raw))
    text = path_text(path)
    assert path_from(text) == path
    assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in text)
    assert text.encode("utf-8")  # no surrogates: SQLite and JSON take it


@given(name=st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1))
def test_printable_names_are_stored_as_they_are(name: str) -> None:
    assert path_text(name) == name or "\\x" in name


@given(names=st.lists(file_names, min_size=2, max_size=2, unique=True))
def test_different_names_are_stored_differently(names: list[str]) -> None:
    assert path_text(names[0]) != path_text(names[1])


@given(inode=st.integers(0, 2**64 - 1))
def test_every_inode_fits_a_column_and_stays_distinct(inode: int) -> None:
    number = file_number(inode)
    assert -(2**63) <= number < 2**63
    assert number % 2**64 == inode
