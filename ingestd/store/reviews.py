"""The queue of documents that wait for a person: order, locks that expire, and what was put off.

Functions that write take the write lock themselves, except where they say otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlite_utils import Database

from ingestd.files.encoding import time_from, time_text
from ingestd.store.database import transaction
from ingestd.store.listing import Listed, listed_rows
from ingestd.store.supersessions import not_superseded

MAX_NOTE = 500
"""Characters of a note."""
_LOOKED_AT = 500
"""Documents of the queue that are looked at for one that is not open elsewhere."""


@dataclass(frozen=True, slots=True)
class Lock:
    """Lock of a document, held by the user who has it open."""

    document_id: int
    by: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Postponed:
    """Document put off by a user."""

    document: Listed
    by: str
    at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class Depth:
    """Length of the queue."""

    waiting: int
    """Documents for review, postponed ones included."""
    postponed: int
    locked: int
    """By anybody, now."""


def queue(
    db: Database, user: str, now: datetime, limit: int, kind: str | None = None, field: str | None = None
) -> list[Listed]:
    """List the next documents for a user: the largest total first, then the oldest; postponed ones come last.

    Args:
        db: the database.
        user: documents that others have open are left out.
        now: UTC.
        limit: most documents, at most ``listing.MAX_PAGE``.
        kind: only documents of this kind.
        field: only documents where no person has confirmed this field.
    """
    values = {"user": user, "now": time_text(now), "kind": kind, "field": field}
    free = "(r.locked_by IS NULL OR r.locked_by = :user OR r.locked_until <= :now)"
    narrower = f" AND {not_superseded('s.document_id')}"
    if kind is not None:
        narrower += " AND s.rule = :kind"
    if field is not None:
        narrower += (
            " AND EXISTS (SELECT 1 FROM fields f WHERE f.document_id = s.document_id AND f.name = :field"
            " AND f.level <> 'confirmed')"
        )
    found = listed_rows(
        db,
        "summaries s INDEXED BY summaries_status JOIN documents d ON d.id = s.document_id"
        " LEFT JOIN reviews r ON r.document_id = s.document_id",
        f"s.status = 'review' AND r.postponed_at IS NULL AND {free}{narrower}",
        "s.total_cents DESC, s.document_id",
        values,
        limit,
    )
    if len(found) < limit:
        found += listed_rows(
            db,
            "reviews r JOIN summaries s ON s.document_id = r.document_id JOIN documents d ON d.id = r.document_id",
            f"s.status = 'review' AND r.postponed_at IS NOT NULL AND {free}{narrower}",
            "r.postponed_at, s.document_id",
            values,
            limit - len(found),
        )
    return found


def take(
    db: Database, user: str, now: datetime, seconds: float, kind: str | None = None, skip: Sequence[int] = ()
) -> Listed | None:
    """Open the next document of the queue for a user and lock it; None where nothing is left.

    Args:
        db: open for writing.
        user: who opens it.
        now: UTC.
        seconds: after which the lock ends by itself.
        kind: only documents of this kind.
        skip: documents that the user has at hand already.
    """
    with transaction(db):
        for one in queue(db, user, now, len(skip) + 1, kind):
            if one.id not in skip:
                _lock(db, one.id, user, now, seconds)
                return one
    return None


def lock(db: Database, document_id: int, user: str, now: datetime, seconds: float) -> Lock:
    """Open a document for a user, or keep it open; returns who has it, which may be somebody else.

    Args:
        db: open for writing.
        document_id: of a recorded document.
        user: who opens it.
        now: UTC.
        seconds: after which the lock ends by itself.

    Raises:
        LookupError: there is no such document.
    """
    with transaction(db):
        if db.execute("SELECT 1 FROM documents WHERE id = ?", [document_id]).fetchone() is None:
            raise LookupError(f"no document with id {document_id}")
        _lock(db, document_id, user, now, seconds)
        by, until = db.execute(
            "SELECT locked_by, locked_until FROM reviews WHERE document_id = ?", [document_id]
        ).fetchone()
    return Lock(document_id, by, time_from(until))


def _lock(db: Database, document_id: int, user: str, now: datetime, seconds: float) -> None:
    db.execute(
        "INSERT INTO reviews (document_id, locked_by, locked_until) VALUES (:id, :user, :until)"
        " ON CONFLICT (document_id) DO UPDATE SET locked_by = :user, locked_until = :until"
        " WHERE locked_by IS NULL OR locked_by = :user OR locked_until <= :now",
        {
            "id": document_id,
            "user": user,
            "now": time_text(now),
            "until": time_text(now + timedelta(seconds=seconds)),
        },
    )


def lock_all(db: Database, document_ids: Sequence[int], user: str, now: datetime, seconds: float) -> list[int]:
    """Open documents for a user, as :func:`lock`; returns those that no one else has open."""
    with transaction(db):
        for document_id in document_ids:
            _lock(db, document_id, user, now, seconds)
        return [one for one in document_ids if holder(db, one, now) == user]


def keep(db: Database, document_ids: Sequence[int], user: str, now: datetime, seconds: float) -> list[int]:
    """Keep documents open for a user who has opened them; returns those that are still theirs.

    Args:
        db: open for writing.
        document_ids: that the user has at hand.
        user: who has them open.
        now: UTC.
        seconds: after which the locks end by themselves.
    """
    with transaction(db):
        for document_id in document_ids:
            db.execute(
                "UPDATE reviews SET locked_until = ? WHERE document_id = ? AND locked_by = ?",
                [time_text(now + timedelta(seconds=seconds)), document_id, user],
            )
        return [one for one in document_ids if holder(db, one, now) == user]


def unlock_all(db: Database, document_ids: Sequence[int], user: str) -> None:
    """Close the documents of these that a user has open."""
    with transaction(db):
        for document_id in document_ids:
            _unlock(db, document_id, user)


def _unlock(db: Database, document_id: int, user: str) -> None:
    db.execute(
        "UPDATE reviews SET locked_by = NULL, locked_until = NULL WHERE document_id = ? AND locked_by = ?",
        [document_id, user],
    )
    _forget_empty(db, document_id)


def holder(db: Database, document_id: int, now: datetime) -> str | None:
    """User who has a document open; None where no one has."""
    row = db.execute(
        "SELECT locked_by FROM reviews WHERE document_id = ? AND locked_until > ?", [document_id, time_text(now)]
    ).fetchone()
    return None if row is None else str(row[0])


def postpone(db: Database, document_id: int, user: str, note: str, now: datetime) -> None:
    """Put a document off, to the end of the queue, and close it.

    Args:
        db: open for writing.
        document_id: of a recorded document.
        user: who puts it off.
        note: why; cut to MAX_NOTE characters.
        now: UTC.

    Raises:
        LookupError: there is no such document.
    """
    with transaction(db):
        if db.execute("SELECT 1 FROM documents WHERE id = ?", [document_id]).fetchone() is None:
            raise LookupError(f"no document with id {document_id}")
        db.execute(
            "INSERT INTO reviews (document_id, postponed_by, postponed_at, note) VALUES (:id, :user, :now, :note)"
            " ON CONFLICT (document_id) DO UPDATE SET locked_by = NULL, locked_until = NULL,"
            " postponed_by = :user, postponed_at = :now, note = :note",
            {"id": document_id, "user": user, "now": time_text(now), "note": note[:MAX_NOTE]},
        )


def note(db: Database, document_id: int) -> str | None:
    """Note of a document that was put off, maybe empty; None where it was not."""
    row = db.execute(
        "SELECT coalesce(note, '') FROM reviews WHERE document_id = ? AND postponed_at IS NOT NULL", [document_id]
    ).fetchone()
    return None if row is None else str(row[0])


def resume(db: Database, document_id: int) -> None:
    """Take a document that was put off back into its place in the queue."""
    with transaction(db):
        db.execute(
            "UPDATE reviews SET postponed_by = NULL, postponed_at = NULL, note = NULL WHERE document_id = ?",
            [document_id],
        )
        _forget_empty(db, document_id)


def postponed(db: Database, limit: int) -> list[Postponed]:
    """Documents that were put off, those first that wait for longest."""
    rows = list(
        db.query(
            "SELECT document_id, postponed_by, postponed_at, note FROM reviews r"
            f" WHERE postponed_at IS NOT NULL ORDER BY postponed_at LIMIT {limit:d}"
        )
    )
    return [found for row in rows for found in _postponed(db, row)]


def _postponed(db: Database, row: dict[str, Any]) -> list[Postponed]:
    documents = listed_rows(
        db,
        "summaries s JOIN documents d ON d.id = s.document_id",
        "s.document_id = :id AND s.status = 'review'",
        "s.document_id",
        {"id": row["document_id"]},
        1,
    )
    at = time_from(row["postponed_at"])
    return [Postponed(one, row["postponed_by"], at, row["note"] or "") for one in documents]


def fields_in_doubt(db: Database, below: float, kind: str | None = None) -> list[tuple[str, int]]:
    """Count the documents among the first of the queue where a field looks doubtful; most first.

    Args:
        db: the database.
        below: probability up to which a value that no person confirmed counts.
        kind: only documents of this kind.
    """
    of_kind = "" if kind is None else " AND rule = :kind"
    found = db.execute(
        "SELECT name, count(*) FROM fields"
        " WHERE (level = 'conflict' OR level <> 'confirmed' AND probability <= :below) AND document_id IN"
        f" (SELECT document_id FROM summaries WHERE status = 'review'{of_kind}"
        f" ORDER BY total_cents DESC, document_id LIMIT {_LOOKED_AT:d})"
        " GROUP BY name ORDER BY 2 DESC, 1",
        {"kind": kind, "below": below},
    )
    return [(name, count) for name, count in found.fetchall()]


def depth(db: Database, now: datetime) -> Depth:
    """Count the documents that wait for a person."""
    [(waiting,)] = db.execute("SELECT count(*) FROM summaries WHERE status = 'review'").fetchall()
    [(put_off, locked)] = db.execute(
        "SELECT coalesce(sum(r.postponed_at IS NOT NULL), 0), coalesce(sum(r.locked_until > ?), 0)"
        " FROM reviews r JOIN summaries s ON s.document_id = r.document_id AND s.status = 'review'",
        [time_text(now)],
    ).fetchall()
    return Depth(waiting, put_off, locked)


def corrected(db: Database, document_id: int) -> None:
    """Drop lock and note of a document that is done; inside the caller's write transaction."""
    db.execute(
        "DELETE FROM reviews WHERE document_id = ? AND EXISTS"
        " (SELECT 1 FROM documents WHERE id = reviews.document_id AND status = 'done')",
        [document_id],
    )


def _forget_empty(db: Database, document_id: int) -> None:
    db.execute(
        "DELETE FROM reviews WHERE document_id = ? AND locked_by IS NULL AND postponed_at IS NULL", [document_id]
    )
