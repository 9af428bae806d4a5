"""Databases that version 0.1.0 wrote become packed ones, whatever interrupts it, and a backup leads back."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from ingestd.admin.backup import backup
from ingestd.document import FieldCandidate, Level, Paper, Reason, ReasonKind, Record, Status
from ingestd.errors import ConfigError
from ingestd.layout.geometry import rect_quad
from ingestd.store import conversion, documents, packing, rows, schema, short
from ingestd.store.compact_schema import BEFORE
from ingestd.store.database import connect
from tests.support.older import migrated
from tests.support.records import record

PLAIN = [record(f"{n}.png", text=("永辉超市", f"Total {n}.50", "thanks 12.50"), pages=2) for n in range(5)]
RIVALS = (
    FieldCandidate("9.00", "9.00", Level.READ, (Reason(ReasonKind.LABEL, "below 'Sum'"),), 0, rect_quad(1, 2, 9, 4)),
)
FIRST = replace(PLAIN[0].extraction.fields[0], candidates=RIVALS, probability=0.75)
PAPER = Paper((1,), None, "invoice", (FIRST,), PLAIN[0].extraction.items, Status.DONE)
RECORDS = [
    *PLAIN[:3],
    *(
        replace(one, extraction=replace(one.extraction, fields=(FIRST, *one.extraction.fields[1:]), further=(PAPER,)))
        for one in PLAIN[3:]
    ),
]
TIMES = {"received_at": "2026-08-03T12:00:00.250Z", "recorded_at": "2026-08-03T12:00:00.250Z"}


def older(path: Path, *, chars: str | None = None) -> None:
    """Write a database of the four migrations of 0.1.0 with its rows."""
    with closing(Database(path)) as old:
        migrated(old, 4)
        for number, read in enumerate(RECORDS, 1):
            old.table("documents").insert(
                {
                    **{name: getattr(read, name) for name in ("sha256", "name", "media_type", "size_bytes")},
                    **{"id": number, "page_count": 2, "source_path": "/inbox", "status": "done", "rule": "en-receipt"},
                    **{
                        "text": rows.plain_text(read.reading),
                        "field_values": "2026-07-31\n12.50",
                        "provenance": "{}",
                        "timings": "{}",
                    },
                    **TIMES,
                }
            )
            for row in page_rows(read):
                del row["fault"], row["role"]
                old.table("pages").insert({"document_id": number, **row})
            for row in rows.line_rows(read.reading.lines):
                old.table("lines").insert({"document_id": number, **row, **({} if chars is None else {"chars": chars})})
        old.create_view("mine", "SELECT document_id, text FROM lines WHERE line_index = 0")


def page_rows(read: Record) -> Iterator[dict[str, Any]]:
    for page in read.reading.pages:
        row = rows.page_row(page)
        del row["measures"]
        yield {**row, "quality": short.to_json(dict(page.quality))}


def recent(path: Path) -> None:
    """Write a database as it was before rows were compact: 22 migrations, packed lines, evidence as JSON."""
    with closing(Database(path)) as old:
        migrated(old, 22)
        for number, read in enumerate(RECORDS, 1):
            extraction = read.extraction
            head = {name: getattr(read, name) for name in ("sha256", "name", "media_type", "size_bytes")}
            text = {"text": rows.plain_text(read.reading), "field_values": "2026-07-31\n12.50"}
            made = {name: short.to_json(dict(getattr(read, name))) for name in ("provenance", "timings")}
            kind = {"status": extraction.status.value, "rule": extraction.rule}
            old.table("documents").insert(
                {**head, **text, **made, **kind, **TIMES, "id": number, "page_count": 2, "source_path": "/inbox"}
            )
            own = {"document_id": number}
            packed = {**own, "packed": packing.pack(read.reading.lines)}
            old.table("readings").insert(packed)
            lines = [{name: row[name] for name in LINE} for row in rows.line_rows(read.reading.lines)]
            fields = list(map(rows.field_row, extraction.fields))
            for table, found in (("pages", list(page_rows(read))), ("lines", lines), ("fields", fields)):
                old.table(table).insert_all({**own, **row} for row in found)
            old.table("items").insert_all({**own, **row} for row in rows.item_rows(extraction.items))
            old.table("codes").insert_all({**own, **rows.code_row(code)} for code in read.reading.codes)
            for index, paper in enumerate(extraction.further, 1):
                old.table("papers").insert({**own, **rows.paper_row(paper, index)})
                more = [{**own, "paper_index": index, **rows.field_row(field)} for field in paper.fields]
                old.table("paper_fields").insert_all(more)


LINE = ("page_index", "line_index", "text", "confidence", "source")


def test_a_recent_database_becomes_compact_and_says_the_same(tmp_path: Path) -> None:
    path = tmp_path / "ingestd.db"
    recent(path)
    with closing(Database(path)) as old:
        summaries = old.execute("SELECT * FROM summaries").fetchall()
        views = [old.execute(f"SELECT * FROM {view}").fetchall() for view in ("invoices", "receipts")]
        shown = "SELECT document_id, name, value, raw, level, page_index, quad, lines, reasons, type, probability"
        fields = old.execute(f"{shown} FROM fields ORDER BY 1, 2").fetchall()
        lines = old.execute(f"SELECT document_id, {', '.join(LINE)} FROM lines ORDER BY 1, 3").fetchall()
        quality = old.execute("SELECT quality FROM pages").fetchall()
    with closing(connect(path)) as db:
        assert [documents.load_document(db, number).record for number in range(1, 6)] == RECORDS
        assert db.execute("SELECT * FROM summaries").fetchall() == summaries
        assert [db.execute(f"SELECT * FROM {view}").fetchall() for view in ("invoices", "receipts")] == views
        assert db.execute(f"{shown} FROM fields ORDER BY 1, 2").fetchall() == fields
        assert db.execute(f"SELECT document_id, {', '.join(LINE)} FROM lines ORDER BY 1, 3").fetchall() == lines
        assert db.execute("SELECT quality FROM pages").fetchall() == quality
        assert db.execute("SELECT field_values FROM documents").fetchone() == ("2026-07-31",)
        assert not {f"{name}_before" for name in BEFORE} & set(db.table_names())
        for word, count in (("永辉超", 5), ("Total 3.50", 1), ("2026-07-31", 5), ("3.png", 1)):
            found = db.execute("SELECT count(*) FROM documents_fts WHERE documents_fts MATCH ?", [f'"{word}"'])
            assert found.fetchone() == (count,), word
        db.execute("INSERT INTO documents_fts (documents_fts, rank) VALUES ('integrity-check', 1)")
        db.execute("UPDATE fields SET value = '77.00' WHERE name = 'total' AND document_id = 1")
        assert db.execute("SELECT total_cents FROM summaries WHERE document_id = 1").fetchone() == (7700,)
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "ingestd.db"
    older(path)
    return path


def lines_of(db: Database) -> list[object]:
    return [documents.load_reading(db, number).lines for number in range(1, 6)]


LINES: list[object] = [read.reading.lines for read in RECORDS]


def test_lines_of_an_older_database_are_packed_and_stay_the_same(path: Path) -> None:
    told: list[tuple[int, int]] = []
    with closing(connect(path, progress=lambda done, total: told.append((done, total)))) as db:
        assert lines_of(db) == LINES
        assert "lines_unpacked" not in db.table_names()
        assert [row["text"] for row in db.query("SELECT text FROM mine")] == ["永辉超市"] * 5
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        db.execute("DELETE FROM documents WHERE id = 2")
        assert db.execute("SELECT count(*) FROM readings").fetchone() == (4,)
    assert told[0] == (0, 5)
    connect(path, "read").close()


class Cut(Exception):
    """Stands for the death of the process."""


@pytest.mark.parametrize("write", [older, recent])
@pytest.mark.parametrize("after", [0, 1, 2, 4, 5])
def test_a_conversion_that_was_cut_off_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int, write: Callable[[Path], None]
) -> None:
    path = tmp_path / "ingestd.db"
    write(path)
    monkeypatch.setattr(conversion, "_BATCH", 1)
    calls = itertools.count()

    def cut(_done: int, _total: int) -> None:
        if next(calls) == after:
            raise Cut

    with pytest.raises(Cut):
        connect(path, progress=cut)
    for access in ("read", "write"):
        with pytest.raises(
            ConfigError, match=r"an older ingestd recorded.*start 'ingestd run'.*where it was interrupted"
        ):
            connect(path, access)
    with closing(connect(path)) as db:
        assert lines_of(db) == LINES


def test_a_line_that_cannot_be_parsed_keeps_its_text(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "ingestd.db"
    older(path, chars="[[0.1")
    with closing(connect(path)) as db:
        lines = documents.load_reading(db, 1).lines
    assert [(line.text, line.chars) for line in lines[:2]] == [("永辉超市", ()), ("Total 0.50", ())]
    assert "document 1, line 0: its place cannot be read" in caplog.text


def test_a_backup_made_before_is_the_way_back(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "before.db"
    backup(path, copy)
    connect(path).close()
    with closing(Database(copy)) as old:
        applied = [migration.name for migration in schema.migrations.applied(old)]
        assert applied == ["001_tables", "002_full_text", "003_views", "004_hooks"]
        assert {"quad", "chars"} <= set(old.table("lines").columns_dict)
        assert old.table("lines").count == sum(len(read.reading.lines) for read in RECORDS)
    copy.replace(path)
    with closing(connect(path)) as db:
        assert lines_of(db) == LINES


def test_migrations_tell_that_they_go_on(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingestd.store.database._STEPS", 50)
    told: list[tuple[int, int]] = []
    connect(path, progress=lambda done, total: told.append((done, total))).close()
    assert (0, len(RECORDS)) in told
