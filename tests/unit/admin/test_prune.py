"""Old documents go with all that belongs to them, and an interruption leaves nothing behind."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlite_utils import Database

from ingestd.admin.prune import Wanted, finish, old_documents, prune
from ingestd.cli import cli
from ingestd.document import Status
from ingestd.errors import TransientError
from ingestd.files import durable
from ingestd.files.names import copy_path, sidecar_path
from ingestd.store.database import connect
from ingestd.store.jobs import Jobs
from tests.support.jobs import done
from tests.support.records import NOON, record, save

YEAR = timedelta(days=365)
CUT = NOON - YEAR


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    (tmp_path / "archive").mkdir()
    with connect(tmp_path / "ingestd.db") as db:
        yield db


def archived(db: Database, folder: Path, name: str, *, years: int, rule: str = "receipt", review: bool = False) -> int:
    """Record a document so many years ago, with all files that may belong to it."""
    status = Status.REVIEW if review else Status.DONE
    document_id = save(db, record(name, rule=rule, status=status), archive=folder / "archive", at=NOON - years * YEAR)
    done(Jobs(db), name, document_id, folder / "archive")
    original = folder / "archive" / name
    for path in (original, sidecar_path(original), copy_path(original)):
        path.write_bytes(b"content")
    return document_id


def names(db: Database, wanted: Wanted) -> list[str]:
    return [old.name for batch in old_documents(db, wanted) for old in batch]


def left(db: Database) -> list[str]:
    return [name for (name,) in db.execute("SELECT name FROM documents ORDER BY id").fetchall()]


def test_age_kind_and_status_decide(db: Database, tmp_path: Path) -> None:
    archived(db, tmp_path, "old.pdf", years=3)
    archived(db, tmp_path, "other.pdf", years=3, rule="invoice")
    archived(db, tmp_path, "open.pdf", years=3, review=True)
    archived(db, tmp_path, "new.pdf", years=0)
    assert names(db, Wanted(CUT)) == ["old.pdf", "other.pdf"]
    assert names(db, Wanted(CUT, kind="receipt")) == ["old.pdf"]
    assert names(db, Wanted(CUT, kind="receipt", with_review=True)) == ["old.pdf", "open.pdf"]


def test_rows_files_and_words_go(db: Database, tmp_path: Path) -> None:
    archived(db, tmp_path, "old.pdf", years=3)
    archived(db, tmp_path, "new.pdf", years=0)
    for batch in old_documents(db, Wanted(CUT)):
        prune(db, batch)
    assert left(db) == ["new.pdf"]
    kept = tmp_path / "archive" / "new.pdf"
    assert set((tmp_path / "archive").iterdir()) == {kept, sidecar_path(kept), copy_path(kept)}
    tables = ("fields", "items", "pages", "lines", "readings", "summaries", "jobs")
    for table in tables:
        assert db.execute(f"SELECT DISTINCT document_id FROM {table}").fetchall() == [(2,)]
    assert db.execute("SELECT count(*) FROM documents_fts WHERE documents_fts MATCH 'Total'").fetchone() == (1,)
    assert db.execute("SELECT number FROM counts WHERE what = 'documents'").fetchone() == (1,)
    assert db.execute("PRAGMA foreign_key_check").fetchall() == []


def test_documents_on_their_way_and_originals_in_an_inbox_stay(db: Database, tmp_path: Path) -> None:
    archived(db, tmp_path, "way.pdf", years=3)
    db.execute("UPDATE jobs SET state = 'recorded'")
    source = tmp_path / "left.pdf"
    source.write_bytes(b"content")
    save(db, record("left.pdf"), archive=None, at=NOON - 3 * YEAR)
    db.execute("UPDATE documents SET source_path = ? WHERE name = 'left.pdf'", [str(source)])
    assert names(db, Wanted(CUT)) == []
    source.unlink()
    assert names(db, Wanted(CUT)) == ["left.pdf"]


def test_files_that_an_interruption_leaves_go_with_the_next_run(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archived(db, tmp_path, "old.pdf", years=3)

    def fails(path: Path) -> None:
        raise TransientError(f"cannot delete {path}")

    monkeypatch.setattr(durable, "remove", fails)
    [batch] = old_documents(db, Wanted(CUT))
    with pytest.raises(TransientError):
        prune(db, batch)
    monkeypatch.undo()
    assert left(db) == []
    assert (tmp_path / "archive" / "old.pdf").exists()
    finish(db)
    assert list((tmp_path / "archive").iterdir()) == []
    finish(db)


@pytest.fixture
def ingestd(tmp_path: Path) -> Callable[..., Result]:
    (tmp_path / "config.yaml").write_text("inboxes: [{path: inbox}]\n")
    return lambda *words: CliRunner().invoke(cli, [*words, "-c", str(tmp_path / "config.yaml")])


def test_a_dry_run_says_what_would_go(db: Database, tmp_path: Path, ingestd: Callable[..., Result]) -> None:
    archived(db, tmp_path, "old.pdf", years=3)
    said = ingestd("prune", "--older-than", "300", "--dry-run", "--json")
    assert said.exit_code == 0
    assert [one["name"] for one in json.loads(said.stdout)] == ["old.pdf"]
    assert "would remove 1 documents" in said.stderr
    assert left(db) == ["old.pdf"]


def test_it_asks_and_then_removes(db: Database, tmp_path: Path, ingestd: Callable[..., Result]) -> None:
    archived(db, tmp_path, "old.pdf", years=3)
    refused = ingestd("prune", "--before", "2025-01-01")
    assert (refused.exit_code, left(db)) == (2, ["old.pdf"])
    assert ingestd("prune", "--before", "2020-01-01", "--yes").exit_code == 0
    assert left(db) == ["old.pdf"]
    said = ingestd("prune", "--before", "2025-01-01", "--yes")
    assert said.exit_code == 0
    assert "1  receipt" in said.stdout
    assert "removed 1 documents" in said.stderr
    assert left(db) == []
    assert ingestd("prune").exit_code == 2


def test_many_documents_go_in_batches(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingestd.admin.prune.BATCH", 2)
    for number in range(5):
        save(db, replace(record(f"{number}.pdf"), sha256=f"{number:064x}"), archive=None, at=NOON - 2 * YEAR)
    assert [len(batch) for batch in old_documents(db, Wanted(CUT))] == [2, 2, 1]
    for batch in old_documents(db, Wanted(CUT)):
        prune(db, batch)
    assert left(db) == []
