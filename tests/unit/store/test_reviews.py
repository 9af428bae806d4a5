"""The queue of the review desk: order, locks, what was put off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from ingestd.document import Status
from ingestd.store import reviews
from ingestd.store.database import connect
from tests.support import records

NOW = datetime(2026, 8, 3, 12, tzinfo=UTC)


@pytest.fixture
def db(tmp_path: Path) -> Database:
    """Four documents for review and one that is done."""
    db = connect(tmp_path / "ingestd.db")
    for name, total, rule in (
        ("small", "5.00", "a"),
        ("large", "500.00", "a"),
        ("none", None, "b"),
        ("same", "500.00", "b"),
    ):
        records.save(db, records.record(name, fields={"total": total}, rule=rule, status=Status.REVIEW))
    records.save(db, records.record("done", fields={"total": "900.00"}))
    return db


def names(db: Database, user: str = "anna", now: datetime = NOW, kind: str | None = None, limit: int = 10) -> list[str]:
    return [one.name for one in reviews.queue(db, user, now, limit, kind)]


def id_of(db: Database, name: str) -> int:
    return int(db.execute("SELECT id FROM documents WHERE name = ?", [name]).fetchone()[0])


def test_most_valuable_come_first_then_the_oldest(db: Database) -> None:
    assert names(db) == ["large", "same", "small", "none"]
    assert names(db, kind="b") == ["same", "none"]
    assert names(db, limit=1) == ["large"]


def test_two_people_never_get_the_same_document(db: Database) -> None:
    taken = [reviews.take(db, user, NOW, 60) for user in ("anna", "ben", "carl", "dora", "emil")]
    assert [one and one.name for one in taken] == ["large", "same", "small", "none", None]
    assert names(db, "anna") == ["large"]
    assert names(db, "emil") == []


def test_lock_ends_by_itself_and_is_renewed_by_its_holder(db: Database) -> None:
    large = id_of(db, "large")
    assert reviews.lock(db, large, "anna", NOW, 60).by == "anna"
    later = NOW + timedelta(seconds=59)
    other = reviews.lock(db, large, "ben", later, 60)
    assert (other.by, other.until) == ("anna", NOW + timedelta(seconds=60))
    assert reviews.lock(db, large, "anna", later, 60).until == later + timedelta(seconds=60)
    assert reviews.holder(db, large, later) == "anna"
    after = later + timedelta(seconds=60)
    assert reviews.holder(db, large, after) is None
    assert reviews.lock(db, large, "ben", after, 60).by == "ben"


def test_only_its_holder_closes_a_document(db: Database) -> None:
    large = id_of(db, "large")
    reviews.lock(db, large, "anna", NOW, 60)
    reviews.unlock_all(db, [large], "ben")
    assert reviews.holder(db, large, NOW) == "anna"
    reviews.unlock_all(db, [large], "anna")
    assert reviews.holder(db, large, NOW) is None
    assert db.execute("SELECT count(*) FROM reviews").fetchone() == (0,)


def test_user_asks_for_the_next_document_while_one_is_open(db: Database) -> None:
    first = reviews.take(db, "anna", NOW, 60)
    assert first is not None
    second = reviews.take(db, "anna", NOW, 60, skip=[first.id])
    assert second is not None and second.name == "same"
    assert reviews.take(db, "anna", NOW, 60, kind="a", skip=[first.id, second.id]).name == "small"  # type: ignore[union-attr]


def test_what_is_put_off_comes_last_with_its_note(db: Database) -> None:
    large, small = id_of(db, "large"), id_of(db, "small")
    reviews.lock(db, large, "anna", NOW, 60)
    reviews.postpone(db, large, "anna", "ask the seller " * 100, NOW)
    reviews.postpone(db, small, "anna", "", NOW + timedelta(seconds=1))
    assert names(db, "ben") == ["same", "none", "large", "small"]
    assert names(db, "ben", limit=3) == ["same", "none", "large"]
    put_off = reviews.postponed(db, 10)
    assert [(one.document.name, one.by, one.note[:7], len(one.note)) for one in put_off] == [
        ("large", "anna", "ask the", reviews.MAX_NOTE),
        ("small", "anna", "", 0),
    ]
    assert reviews.depth(db, NOW) == reviews.Depth(waiting=4, postponed=2, locked=0)
    reviews.resume(db, large)
    assert names(db, "ben") == ["large", "same", "none", "small"]
    assert reviews.depth(db, NOW).postponed == 1


def test_documents_that_do_not_exist(db: Database) -> None:
    with pytest.raises(LookupError):
        reviews.lock(db, 99, "anna", NOW, 60)
    with pytest.raises(LookupError):
        reviews.postpone(db, 99, "anna", "", NOW)
    assert reviews.holder(db, 99, NOW) is None
    reviews.unlock_all(db, [99], "anna")
    reviews.resume(db, 99)


def test_queue_walks_an_index(db: Database) -> None:
    """However long the queue, its first documents are found without sorting."""
    plans: list[str] = []
    db.conn.set_trace_callback(plans.append)
    names(db)
    db.conn.set_trace_callback(None)
    [statement] = [sql for sql in plans if "INDEXED BY" in sql]
    details = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()]
    assert not any("TEMP B-TREE" in detail or "SCAN" in detail for detail in details), details
