from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlite_utils import Database

from ingestd.document import Paper, Status
from ingestd.output import sidecar
from ingestd.store import documents
from ingestd.store.database import connect, transaction
from tests.support.records import record, save, with_table

NOT_IN_SIDECAR = {"document_id", "field_values", "field_index", "type", "probability"}
NOT_IN_SIDECAR |= {"box", "place", "abbreviated", "type_code", "measures", "origin", "seconds"}  # short forms
NOT_IN_SIDECAR |= {"paper_pages", "paper_area", "role", "fault"}  # only where they say something


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with connect(tmp_path / "ingestd.db") as db:
        yield db


def columns(db: Database, table: str) -> set[str]:
    return {name for (name,) in db.execute("SELECT name FROM pragma_table_xinfo(?)", [table]).fetchall()}


def test_keys_are_the_columns_of_the_database(db: Database) -> None:
    content = json.loads(sidecar.render(db, save(db, record())))
    tables = {"fields", "items", "codes", "pages", "lines"}
    assert set(content) - tables - {"schema"} == columns(db, "documents") - NOT_IN_SIDECAR
    for table in tables:
        packed = {"quad", "chars"} if table == "lines" else set()
        assert set(content[table][0]) == columns(db, table) - NOT_IN_SIDECAR | packed


def test_papers_after_the_first_have_rows_of_their_own(db: Database) -> None:
    first = record()
    paper = Paper((1,), None, "invoice", first.extraction.fields[:1], first.extraction.items[:1], Status.REVIEW)
    document_id = save(db, replace(first, extraction=replace(first.extraction, further=(paper,))))
    content = json.loads(sidecar.render(db, document_id))
    [row] = content["papers"]
    assert (row["paper_index"], row["pages"], row["rule"], row["items"][0]["name"]) == (1, [1], "invoice", "牛奶")
    assert [(one["paper_index"], one["name"]) for one in content["paper_fields"]] == [
        (1, first.extraction.fields[0].name)
    ]
    sidecar.Sidecar.model_validate(content)


def test_a_single_paper_leaves_these_keys_out(db: Database) -> None:
    assert not {"papers", "paper_fields"} & set(json.loads(sidecar.render(db, save(db, record()))))


def test_tables_have_their_cells_with_place_and_lines(db: Database) -> None:
    content = json.loads(sidecar.render(db, save(db, with_table())))
    [table] = content["tables"]
    assert (table["row_count"], table["column_count"], table["header_rows"]) == (2, 2, 1)
    assert [(cell["row_index"], cell["column_index"], cell["text"]) for cell in table["cells"]] == [
        (0, 0, "Total"),
        (1, 0, "=1+1"),
        (1, 1, ""),
    ]
    assert (table["cells"][0]["column_span"], table["cells"][0]["lines"]) == (2, [0, 1])
    assert table["cells"][2]["quad"] == [[200, 250], [500, 250], [500, 300], [200, 300]]
    sidecar.Sidecar.model_validate(content)


def test_a_slim_sidecar_leaves_the_places_of_cells_out(db: Database) -> None:
    content = json.loads(sidecar.render(db, save(db, with_table()), slim=True))
    assert "quad" not in content["tables"][0]["cells"][0]
    sidecar.Sidecar.model_validate(content)


def test_a_document_without_tables_leaves_the_key_out(db: Database) -> None:
    assert "tables" not in json.loads(sidecar.render(db, save(db, record())))


def test_rendering_again_gives_the_same_bytes(db: Database, tmp_path: Path) -> None:
    document_id = save(db, record())
    first = sidecar.render(db, document_id)
    with connect(tmp_path / "ingestd.db", "read") as reader:
        assert sidecar.render(reader, document_id) == first


def test_it_is_utf8_that_a_person_can_read_with_one_row_a_line(db: Database) -> None:
    rendered = sidecar.render(db, save(db, record())).decode()
    assert '"schema": 1,\n' in rendered
    assert '  {"name": "merchant", "value": "永辉超市", "raw": " 永辉超市", "level": "proved"' in rendered
    assert rendered.endswith("\n}\n")


def test_values_are_the_database_values(db: Database) -> None:
    content = json.loads(sidecar.render(db, save(db, record("a\n.pdf"))))
    assert content["schema"] == sidecar.SCHEMA
    assert content["name"] == "a\\x0a.pdf"
    assert content["received_at"] == "2026-08-03T11:59:55.250Z"
    assert content["timings"] == {"decode": 0.125, "recognise": 0.75}
    assert content["lines"][0]["chars"][0] == [0.125, "永", 0.9, "?", 0.0625]
    assert content["codes"][0]["text"] == "01,04,\0"
    assert content["fields"][2] == {
        "name": "date",
        "value": None,
        "raw": None,
        "level": "missing",
        "page_index": None,
        "quad": None,
        "lines": [],
        "reasons": [],
    }


def test_an_empty_document_has_empty_lists(db: Database) -> None:
    content = json.loads(sidecar.render(db, save(db, record(text=(), fields={}, pages=1))))
    assert (content["lines"], content["fields"], content["text"]) == ([], [], "")


def test_rendering_takes_part_in_an_open_transaction(db: Database) -> None:
    document_id = save(db, record())
    with transaction(db):
        documents.replace_extraction(db, document_id, documents.load_extraction(db, document_id), rules_hash="r1")
        assert json.loads(sidecar.render(db, document_id))["provenance"]["rules"] == "r1"
        assert db.conn.in_transaction


def test_an_unknown_document_is_a_lookup_error(db: Database) -> None:
    with pytest.raises(LookupError, match="no document with id 7"):
        sidecar.render(db, 7)


def test_a_slim_one_has_lines_without_characters(db: Database, tmp_path: Path) -> None:
    document_id = save(db, record())
    full, slim = (sidecar.render(db, document_id, slim=slim) for slim in (False, True))
    content = json.loads(slim)
    assert [set(line) for line in content["lines"]] == [set(sidecar.LineRow.model_fields) - {"chars"}] * 2
    whole = json.loads(full)
    for line in whole["lines"]:
        del line["chars"]
    assert content == whole
    assert sidecar.Sidecar.model_validate(content).lines[0].chars == []
    path = tmp_path / "there.json"
    for bytes_there in (full, slim):
        path.write_bytes(bytes_there)
        assert sidecar.render_like(db, document_id, path) == bytes_there
