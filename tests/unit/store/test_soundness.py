from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from ingestd.document import Status
from ingestd.errors import ConfigError
from ingestd.store import queries, soundness
from ingestd.store.database import PAGE_BYTES, connect, faults, transaction
from ingestd.store.soundness import Checked
from tests.support.older import migrated
from tests.support.records import NOON, record, save


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "ingestd.db"
    with connect(path) as db:
        for number in range(30):
            save(db, record(f"{number}.png", text=(f"line {number}" * 40,)))
    return path


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every database is too large for a start to read it whole."""
    monkeypatch.setattr(soundness, "SMALL_BYTES", 0)


def overwrite(path: Path, page: int, count: int = 1) -> None:
    with path.open("r+b") as file:
        file.seek(PAGE_BYTES * page)
        file.write(b"\xa5" * PAGE_BYTES * count)


def page_of(path: Path, table: str, *, leaf: bool) -> int:
    with connect(path, "read") as db:
        [(root,)] = db.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", [table]).fetchall()
    return int(root) - 1


def opened(path: Path) -> None:
    with faults(path), connect(path) as db:
        soundness.require_plausible(db, path)


def test_a_sound_file_of_any_size_is_plausible(path: Path, large: None) -> None:
    opened(path)


def test_a_sound_file_of_an_older_schema_is_plausible(tmp_path: Path, large: None) -> None:
    path = tmp_path / "old.db"
    with Database(path) as old:
        migrated(old, 22)
    assert soundness.damage(path) == []


def test_small_files_are_read_whole_at_every_start(path: Path) -> None:
    overwrite(path, page_of(path, "codes_document_id", leaf=False))
    with pytest.raises(ConfigError, match="restore a backup"):
        opened(path)


@pytest.mark.parametrize("table", ["documents", "readings", "jobs", "codes_document_id", "fields_name_value"])
def test_a_damaged_root_is_found_by_the_bounded_checks(path: Path, large: None, table: str) -> None:
    overwrite(path, page_of(path, table, leaf=False))
    with pytest.raises(ConfigError, match="restore a backup"):
        opened(path)


def test_the_check_of_the_whole_file_finds_what_bounded_ones_cannot(path: Path, large: None) -> None:
    assert soundness.check_whole(path, threading.Event()) == soundness.SOUND
    with connect(path) as db:
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute("UPDATE codes SET document_id = 99 WHERE rowid = 3")
    opened(path)
    assert soundness.check_whole(path, threading.Event()) == "a row of codes without its documents"


def test_a_damaged_page_is_a_finding_and_a_stopped_check_none(path: Path) -> None:
    overwrite(path, page_of(path, "readings", leaf=False))
    assert soundness.check_whole(path, threading.Event()) not in (None, soundness.SOUND)


def test_progress_counts_tables(path: Path) -> None:
    seen: list[tuple[int, int]] = []
    soundness.check_whole(path, threading.Event(), lambda done, total: seen.append((done, total)))
    assert seen[0][0] == 0
    assert seen[-1][0] == seen[-1][1] > 5


def checked(found: str, days: int = 0) -> Checked:
    return Checked(NOON - timedelta(days=days), NOON - timedelta(days=days), "age", found)


def test_a_file_once_found_damaged_is_refused_until_it_is_checked_again(path: Path, large: None) -> None:
    with connect(path) as db:
        soundness.note_check(db, checked("row 7 missing from index"))
    with pytest.raises(ConfigError, match=r"row 7 missing.*'ingestd check --full'"):
        opened(path)
    with connect(path) as db:
        soundness.note_check(db, checked("ok"))
    opened(path)


def test_only_the_last_results_are_kept(path: Path) -> None:
    with connect(path) as db:
        for _ in range(30):
            soundness.note_check(db, checked("ok"))
        assert db.table("checks").count == 20
        assert queries.status(db, NOON, 1).check == checked("ok")


@pytest.mark.parametrize(
    ("last", "killed", "reason"),
    [(None, False, "age"), (1, False, None), (1, True, "crash"), (31, False, "age"), (None, True, "crash")],
)
def test_a_large_file_is_due_after_a_crash_and_after_a_month(
    path: Path, large: None, last: int | None, killed: bool, reason: str | None
) -> None:
    before = None if last is None else checked("ok", last)
    assert soundness.due(path, before, NOON, killed=killed) == reason


def test_a_small_file_is_never_due(path: Path) -> None:
    assert soundness.due(path, None, NOON, killed=True) is None


def test_a_file_that_was_closed_well_was_not_killed(path: Path) -> None:
    assert not soundness.was_killed(path)
    with connect(path) as db:
        db.execute("DELETE FROM codes")
        assert soundness.was_killed(path)


@pytest.fixture
def db(path: Path) -> Iterator[Database]:
    with connect(path) as db:
        yield db


def counted(db: Database) -> dict[str, dict[str, int]]:
    return {what: queries.counts(db, what) for what in ("documents", "jobs", "pages")}


def really(db: Database) -> dict[str, dict[str, int]]:
    by = {"documents": "status", "jobs": "state", "pages": "''"}
    return {
        table: dict(db.execute(f"SELECT {column}, count(*) FROM {table} GROUP BY 1 ORDER BY 1").fetchall())
        for table, column in by.items()
    }


def test_counts_follow_every_change(db: Database) -> None:
    save(db, record("doubt.png", status=Status.REVIEW, pages=3))
    row = {"inbox": "in", "source_path": "/a", "name": "a", "size_bytes": 1, "created_at": "", "updated_at": ""}
    db.table("jobs").insert_all([{**row, "state": state} for state in ("done", "done", "failed", "waiting")])
    assert counted(db) == really(db)
    assert counted(db)["documents"] == {"done": 30, "review": 1}
    with transaction(db):
        db.execute("UPDATE documents SET status = 'review' WHERE id < 4")
        db.execute("DELETE FROM documents WHERE id > 25")
        db.execute("UPDATE jobs SET state = 'failed' WHERE state = 'waiting'")
        db.execute("DELETE FROM jobs WHERE state = 'done'")
    assert counted(db) == really(db)
    db.execute("DELETE FROM documents")
    assert counted(db) == really(db) == {"documents": {}, "jobs": {"failed": 2}, "pages": {}}
