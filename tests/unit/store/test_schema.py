from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlite_utils import Database

from ingestd.document import Extraction, Field, FieldType, Level, Paper, Reason, ReasonKind, Status
from ingestd.store import documents, schema
from ingestd.store.database import connect, transaction
from tests.support.records import record, save, with_table

CONTRACT = {
    "documents": "id sha256 name media_type size_bytes page_count source_path archive_path status rule text received_at"
    " recorded_at provenance timings",
    "pages": "document_id page_index width_px height_px dpi rotation_deg skew_deg quality steps",
    "lines": "document_id page_index line_index text confidence source",
    "readings": "document_id lines packed",
    "proofs": "document_id packed",
    "tables": "document_id table_index page_index row_count column_count header_rows quad cells",
    "table_cells": "document_id page_index table_index row_index column_index text row_span column_span is_header",
    "codes": "document_id page_index kind text quad",
    "fields": "document_id name value raw level page_index quad lines reasons type probability",
    "papers": "document_id paper_index pages area rule status items",
    "paper_fields": "document_id paper_index name value raw level page_index quad lines reasons type probability",
    "items": "document_id item_index name quantity unit_price amount rate tax",
    "jobs": "id inbox source_path name size_bytes sha256 state attempt next_at error document_id archive_path mtime_ns"
    " inode created_at updated_at",
    "invoices": "document_id invoice_code invoice_no date check_code buyer_name buyer_tax_no seller_name seller_tax_no"
    " net tax total total_words invoice_no_level total_level paper_index",
    "receipts": "document_id merchant date receipt_no tax_no net tax rounding total paid change total_level"
    " paper_index",
}


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with connect(tmp_path / "ingestd.db") as db:
        yield db


@pytest.mark.parametrize("name", CONTRACT)
def test_names_that_users_rely_on_are_there(db: Database, name: str) -> None:
    assert set(CONTRACT[name].split()) <= columns(db, name)


def columns(db: Database, table: str) -> set[str]:
    """Columns of a table, those too that are made when they are read."""
    return {name for (name,) in db.execute("SELECT name FROM pragma_table_xinfo(?)", [table]).fetchall()}


def test_views_have_a_row_per_paper(db: Database) -> None:
    first = record()
    number, other = (
        Field("invoice_no", value, value, Level.READ, type=FieldType.CODE) for value in ("2024-311", "W-7781")
    )
    paper = Paper((1,), None, "invoice", (other,), (), Status.REVIEW)
    save(db, replace(first, extraction=Extraction("invoice", (number,), (), Status.REVIEW, (paper,))))
    rows = db.query("SELECT invoice_no, invoice_no_level, paper_index FROM invoices ORDER BY paper_index")
    assert [tuple(row.values()) for row in rows] == [("2024-311", "read", 0), ("W-7781", "read", 1)]


def test_deleting_a_document_takes_its_rows_and_leaves_its_job(db: Database) -> None:
    document_id = save(db, with_table())
    db.execute(
        "INSERT INTO jobs (inbox, source_path, name, size_bytes, state, document_id, created_at, updated_at)"
        " VALUES ('in', '/a', 'a', 1, 'done', ?, '', '')",
        [document_id],
    )
    db.table("documents").delete(document_id)
    names = ("pages", "lines", "codes", "tables", "fields", "items")
    assert {name: db[name].count for name in names} == dict.fromkeys(names, 0)
    assert db.execute("SELECT state, document_id FROM jobs").fetchall() == [("done", None)]


@pytest.mark.parametrize(
    "wrong",
    [
        "UPDATE documents SET status = 'finished'",
        "UPDATE documents SET size_bytes = 'many'",
        "UPDATE fields SET level = 'certain'",
        "UPDATE pages SET role = 'guess'",
        "UPDATE pages SET document_id = 99",
    ],
)
def test_values_outside_the_contract_are_refused(db: Database, wrong: str) -> None:
    save(db, record())
    with pytest.raises(sqlite3.IntegrityError), transaction(db):
        db.execute(wrong)


def test_the_same_bytes_are_recorded_once(db: Database) -> None:
    save(db, record())
    with pytest.raises(sqlite3.IntegrityError, match=r"documents\.sha256"):
        save(db, record())
    assert db.execute("SELECT count(*) FROM lines").fetchone() == (2,)


def matches(db: Database, term: str) -> list[str]:
    found = db.table("documents").search(f'"{term}"', columns=["name"])
    return [row["name"] for row in found]


def test_full_text_finds_parts_of_names_texts_and_values(db: Database) -> None:
    save(db, record("扫描件0001.pdf", text=("深圳市腾讯计算机系统有限公司",), fields={"date": "2023-05-01"}))
    for term in ("腾讯计算机", "描件0", "2023-05-01"):
        assert matches(db, term) == ["扫描件0001.pdf"]
    assert matches(db, "计算器系统") == []


def test_full_text_follows_changes_made_in_plain_sql(db: Database) -> None:
    document_id = save(db, record("a.pdf", text=("before the change",)))
    db.execute("UPDATE documents SET text = 'afterwards' WHERE id = ?", [document_id])
    assert (matches(db, "before"), matches(db, "afterwards")) == ([], ["a.pdf"])
    db.execute("DELETE FROM documents")
    assert matches(db, "afterwards") == []
    db.execute("INSERT INTO documents_fts (documents_fts, rank) VALUES ('integrity-check', 1)")


def test_sqlite_utils_and_datasette_find_the_index_by_themselves(db: Database) -> None:
    assert db.table("documents").detect_fts() == "documents_fts"


def test_views_have_a_row_a_document_and_a_column_a_field(db: Database) -> None:
    invoice = save(db, record("i.pdf", rule="my-invoice", fields={"invoice_no": "12345678", "total": "113.00"}))
    receipt = save(db, record("r.jpg", fields={"merchant": "KEDAI", "total": "12.50", "receipt_no": None}))
    save(db, record("letter.pdf", rule="unknown", fields={"date": "2026-01-01"}))
    assert list(db.query("SELECT document_id, name, invoice_no, invoice_no_level, total, net FROM invoices")) == [
        {
            "document_id": invoice,
            "name": "i.pdf",
            "invoice_no": "12345678",
            "invoice_no_level": "proved",
            "total": "113.00",
            "net": None,
        }
    ]
    assert list(db.query("SELECT document_id, merchant, receipt_no, receipt_no_level FROM receipts")) == [
        {"document_id": receipt, "merchant": "KEDAI", "receipt_no": None, "receipt_no_level": "missing"}
    ]


def test_money_in_views_can_be_summed(db: Database) -> None:
    save(db, record("a", fields={"invoice_no": "1", "total": "0.10"}))
    save(db, record("b", fields={"invoice_no": "2", "total": "1000.20"}))
    assert db.execute("SELECT round(sum(total), 2) FROM invoices").fetchone() == (1000.3,)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT id FROM jobs WHERE state = 'waiting' AND next_at <= 'x'",
        "SELECT id FROM jobs WHERE source_path = 'x'",
        "SELECT id FROM jobs WHERE archive_path = 'x'",
        "SELECT document_id FROM fields WHERE name = 'x' AND value = 'x'",
        "SELECT value FROM fields WHERE document_id = 1 AND name = 'x'",
        "SELECT id FROM documents WHERE sha256 = 'x'",
        "SELECT count(*) FROM documents WHERE recorded_at >= 'x'",
        "DELETE FROM documents WHERE id = 1",
        "SELECT total FROM invoices WHERE document_id = 1",
    ],
)
def test_what_is_asked_often_is_answered_from_an_index(db: Database, query: str) -> None:
    plan = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {query}").fetchall()]
    assert not [step for step in plan if step.startswith("SCAN") and "documents_fts" not in step]


def test_fields_of_an_older_schema_keep_their_values_order_and_views(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with contextlib.closing(Database(path)) as old:
        for migration in schema.migrations.pending(old)[:4]:
            migration.fn(old)
            old.table("_sqlite_migrations").insert(
                {"migration_set": "ingestd", "name": migration.name, "applied_at": "x"}
            )
        document = {"sha256": "0", "name": "a", "media_type": "", "size_bytes": 1, "page_count": 1, "source_path": ""}
        texts = dict.fromkeys(("rule", "text", "field_values", "received_at", "recorded_at"), "")
        old.table("documents").insert({**document, **texts, "status": "done", "provenance": "{}", "timings": "{}"})
        for name in ("total", "invoice_no"):
            row = {"document_id": 1, "name": name, "value": "7", "raw": "7", "level": "read", "lines": "[[0,2]]"}
            old.table("fields").insert({**row, "reasons": '["right of X"]'})
        old.create_view("mine", "SELECT value FROM fields")
    with connect(path) as db:
        total, number = documents.load_extraction(db, 1).fields
        assert (total.name, number.name) == ("total", "invoice_no")
        reason = Reason(ReasonKind.OTHER, "right of X")
        assert total == Field("total", "7", "7", Level.READ, lines=((0, 2),), reasons=(reason,))
        assert [row["total"] for row in db.query("SELECT total FROM invoices")] == ["7"]
        assert [row["value"] for row in db.query("SELECT value FROM mine")] == ["7", "7"]
        db.execute("UPDATE fields SET level = 'confirmed'")
        db.execute("DELETE FROM documents")
        assert db.table("fields").count == 0
