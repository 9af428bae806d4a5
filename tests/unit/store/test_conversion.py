"""Databases that version 0.1.0 wrote become packed ones, whatever interrupts it, and a backup leads back."""

from __future__ import annotations

import itertools
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from ingestd.admin.backup import backup
from ingestd.errors import ConfigError
from ingestd.store import conversion, documents, rows, schema
from ingestd.store.database import connect
from tests.support.records import record

RECORDS = [record(f"{n}.png", text=("永辉超市", f"Total {n}.50", "thanks"), pages=2) for n in range(5)]
TIMES = {"received_at": "2026-08-03T12:00:00.250Z", "recorded_at": "2026-08-03T12:00:00.250Z"}


def older(path: Path, *, chars: str | None = None) -> None:
    """Write a database of the four migrations of 0.1.0 with its rows."""
    with closing(Database(path)) as old:
        for migration in schema.migrations.pending(old)[:4]:
            migration.fn(old)
            old.table("_sqlite_migrations").insert(
                {"migration_set": "ingestd", "name": migration.name, "applied_at": "x"}
            )
        for number, read in enumerate(RECORDS, 1):
            old.table("documents").insert(
                {
                    **{name: getattr(read, name) for name in ("sha256", "name", "media_type", "size_bytes")},
                    **{"id": number, "page_count": 2, "source_path": "/inbox", "status": "done", "rule": "en-receipt"},
                    **{"text": rows.plain_text(read.reading), "field_values": "", "provenance": "{}", "timings": "{}"},
                    **TIMES,
                }
            )
            for row in map(rows.page_row, read.reading.pages):
                del row["fault"], row["role"]
                old.table("pages").insert({"document_id": number, **row})
            for row in rows.line_rows(read.reading.lines):
                old.table("lines").insert({"document_id": number, **row, **({} if chars is None else {"chars": chars})})
        old.create_view("mine", "SELECT document_id, text FROM lines WHERE line_index = 0")


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


@pytest.mark.parametrize("after", [0, 1, 2, 4, 5])
def test_a_conversion_that_was_cut_off_goes_on(path: Path, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
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
