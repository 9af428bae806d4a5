"""Queries of the commands and the page: plain data comes back, nothing is changed.

Names and paths in it are as ``record.encoding`` writes them: printable whatever the file is called.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from ingestd.files.encoding import path_text, time_from, time_text
from ingestd.store import blind_spots
from ingestd.store.blind_spots import BlindSpot
from ingestd.store.job_queries import BY_STATE
from ingestd.store.soundness import Checked, last_check
from ingestd.store.words import ENDS, TRIGRAM, excerpt, like_conditions, match, trigrams_of, words_of

_SHA256 = re.compile("[0-9a-f]{6,64}")
"""Digits of a SHA-256, enough to name a document."""

_QUEUED = ("arrived", "claimed", "running", "waiting")
"""States of files that have not been read yet."""

_MAX_BLIND_SPOTS = 20
_SUSPECT = "ingestd died while it was in work; it is tried alone, behind all others"

_SUMMARY = "d.id, d.name, d.rule, d.status, d.page_count, d.recorded_at"


@dataclass(frozen=True, slots=True)
class Summary:
    """One document in a list."""

    id: int
    name: str
    rule: str
    status: str
    page_count: int
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class SearchHit:
    """One document found by a search."""

    document: Summary
    excerpt: str
    """Text around the first word found, on one line; the beginning if only the name or a value has it."""


def search(db: Database, text: str, limit: int) -> list[SearchHit]:
    """Find the documents whose name, text or field values contain every word of ``text``, newest first.

    Words stand between blanks; any part of a longer word matches too, whatever the case of its letters. Time does not
    grow with the number of matches: documents are walked from the newest until enough are found.
    """
    words = words_of(text)
    if not words:
        return []
    trigrams = {word: trigrams_of(db, word) for word in words if len(word) == TRIGRAM - 1}
    ids = _by_index(db, words, trigrams, limit)
    for word, found in trigrams.items():
        if found is not None:
            ids += _at_ends(db, words, word, limit)
    newest = sorted(set(ids), reverse=True)[:limit]
    marks = ", ".join("?" for _ in newest)
    rows = db.query(f"SELECT {_SUMMARY}, d.text FROM documents d WHERE d.id IN ({marks}) ORDER BY d.id DESC", newest)
    return [SearchHit(_summary(row), excerpt(row["text"], words)) for row in rows]


def _by_index(db: Database, words: list[str], trigrams: Mapping[str, list[str] | None], limit: int) -> list[int]:
    """Return the newest documents with all words; those of two characters not at the end of a text."""
    long = [word for word in words if len(word) >= TRIGRAM]
    groups = [found for found in trigrams.values() if found is not None]
    if not all(groups):
        return []  # no trigram begins with one of the words
    conditions, values = like_conditions([word for word in words if len(word) < TRIGRAM and not trigrams.get(word)])
    table, order = "documents d", "d.id"
    if long or groups:
        # FTS5 walks its rowids downwards only if they are asked for by their own name.
        table, order = "documents_fts CROSS JOIN documents d ON d.id = documents_fts.rowid", "documents_fts.rowid"
        conditions.append("documents_fts MATCH :match")
        values["match"] = match(long, groups)
    sql = f"SELECT d.id FROM {table} WHERE {' AND '.join(conditions)} ORDER BY {order} DESC LIMIT {limit:d}"
    return [document_id for (document_id,) in db.execute(sql, values).fetchall()]


def _at_ends(db: Database, words: list[str], word: str, limit: int) -> list[int]:
    """Return the newest documents with all words whose name, text or values end with ``word``."""
    conditions, values = like_conditions(words)
    found: list[int] = []
    for table, end in ENDS:
        sql = f"SELECT d.id FROM {table} WHERE {end} = :end AND {' AND '.join(conditions)} ORDER BY d.id DESC"
        rows = db.execute(f"{sql} LIMIT {limit:d}", {**values, "end": word.lower()}).fetchall()
        found += [document_id for (document_id,) in rows]
    return found


def latest(db: Database, limit: int) -> list[Summary]:
    """Return the documents recorded last, newest first."""
    rows = db.query(f"SELECT {_SUMMARY} FROM documents d ORDER BY d.recorded_at DESC, d.id DESC LIMIT {limit:d}")
    return [_summary(row) for row in rows]


def find(db: Database, name: str) -> list[Summary]:
    """Find the document that a user means: by id, path (as dropped or archived), name, or SHA-256.

    The first of these that finds something decides.

    Args:
        db: the database.
        name: digits of the id, a path relative to the current folder, a file name, or at least six
            digits of the hash.

    Returns:
        Newest first; several where names or hashes are not unique, none where nothing fits.
    """
    attempts: list[tuple[str, list[Any]]] = []
    if name.isascii() and name.isdigit() and len(name) <= 18:
        attempts.append(("d.id = ?", [int(name)]))
    path = path_text(Path(name).absolute())
    # Paths are found by indexes of other columns: a name is the end of its source path, jobs know both.
    by_job = "d.id IN (SELECT document_id FROM jobs WHERE archive_path = ?) AND d.archive_path = ?"
    by_name = "d.name = ? AND (d.source_path = ? OR d.archive_path = ?)"
    attempts.append((f"({by_job}) OR ({by_name})", [path, path, path_text(Path(name).name), path, path]))
    attempts.append(("d.name = ?", [path_text(name)]))
    if _SHA256.fullmatch(name.lower()):
        attempts.append(("d.sha256 >= ? AND d.sha256 < ?", [name.lower(), f"{name.lower()}g"]))
    for condition, values in attempts:
        rows = db.query(f"SELECT {_SUMMARY} FROM documents d WHERE {condition} ORDER BY d.id DESC", values)
        found = [_summary(row) for row in rows]
        if found:
            return found
    return []


def all_ids(db: Database) -> list[int]:
    """Return the ids of all documents, oldest first."""
    return [document_id for (document_id,) in db.execute("SELECT id FROM documents ORDER BY id").fetchall()]


def _summary(row: Mapping[str, Any]) -> Summary:
    return Summary(
        id=row["id"],
        name=row["name"],
        rule=row["rule"],
        status=row["status"],
        page_count=row["page_count"],
        recorded_at=time_from(row["recorded_at"]),
    )


@dataclass(frozen=True, slots=True)
class Waiting:
    """File that has not been read yet."""

    job_id: int
    name: str
    inbox: str
    state: str
    since: datetime
    age_s: float
    """Seconds since it arrived."""
    reason: str | None
    """Reason of the wait, if there was an environmental failure or a failed attempt."""


@dataclass(frozen=True, slots=True)
class Failure:
    """File that could not be read."""

    job_id: int
    name: str
    inbox: str
    failed_at: datetime
    kept_path: str | None
    code: str
    """Short stable name of the kind of fault."""
    reason: str


@dataclass(frozen=True, slots=True)
class Overview:
    """Numbers of documents and files, the oldest that waits, the last failures."""

    documents: int
    review: int
    """Documents that a person should look at."""
    pages: int
    last_hour: int
    """Documents recorded in the last hour."""
    last_day: int
    jobs: dict[str, int]
    """State -> number of files, states without files left out."""
    oldest: Waiting | None
    failures: list[Failure]
    """Newest first, not more than asked for; ``jobs["failed"]`` counts them all."""
    check: Checked | None = None
    """Last check of the whole database file."""
    blind: int = 0
    """Number of places that cannot be looked at."""
    blind_spots: list[BlindSpot] = field(default_factory=list)
    """Of these not more than asked for, oldest first."""


def status(db: Database, now: datetime, failures: int) -> Overview:
    """Count documents and files by state, and name the oldest that waits and the last that failed.

    Args:
        db: the database.
        now: UTC.
        failures: how many to list.
    """
    with db.atomic():
        documents = counts(db, "documents")
        return Overview(
            documents=sum(documents.values()),
            review=in_review(db),
            pages=sum(counts(db, "pages").values()),
            last_hour=_recorded_since(db, now - timedelta(hours=1)),
            last_day=_recorded_since(db, now - timedelta(days=1)),
            jobs=jobs_by_state(db),
            oldest=oldest_waiting(db, now),
            failures=latest_failures(db, failures),
            check=last_check(db),
            blind=blind_spots.count(db),
            blind_spots=blind_spots.listed(db, _MAX_BLIND_SPOTS),
        )


def in_review(db: Database) -> int:
    """Return the number of documents that a person should look at; superseded ones are left out."""
    sql = "SELECT count(*) FROM superseded u JOIN documents d ON d.id = u.document_id WHERE d.status = 'review'"
    return counts(db, "documents").get("review", 0) - int(db.execute(sql).fetchone()[0])


def counts(db: Database, what: str) -> dict[str, int]:
    """Return the number of rows of ``documents``, ``jobs`` or ``pages`` by state; states without rows are left out."""
    sql = "SELECT state, number FROM counts WHERE what = ? AND number <> 0 ORDER BY state"
    return dict(db.execute(sql, [what]).fetchall())


def _recorded_since(db: Database, moment: datetime) -> int:
    row = db.execute("SELECT count(*) FROM documents WHERE recorded_at >= ?", [time_text(moment)]).fetchone()
    return int(row[0])


def jobs_by_state(db: Database) -> dict[str, int]:
    """Return the number of files by state; states without files are left out."""
    return counts(db, "jobs")


def oldest_waiting(db: Database, now: datetime) -> Waiting | None:
    """Return the file that arrived first of those that have not been read; None if there is none."""
    marks = ", ".join("?" for _ in _QUEUED)
    rows = db.query(f"SELECT * FROM {BY_STATE} WHERE state IN ({marks}) ORDER BY created_at, id LIMIT 1", _QUEUED)
    for row in rows:
        since = time_from(row["created_at"])
        return Waiting(
            job_id=row["id"],
            name=row["name"],
            inbox=row["inbox"],
            state=row["state"],
            since=since,
            age_s=(now - since).total_seconds(),
            reason=row["error"] or (_SUSPECT if row["suspect"] else None),
        )
    return None


def latest_failures(db: Database, limit: int) -> list[Failure]:
    """Return the files that failed last, newest first."""
    rows = db.query(
        "SELECT * FROM jobs INDEXED BY jobs_failed WHERE state = 'failed'"
        f" ORDER BY updated_at DESC, id DESC LIMIT {limit:d}"
    )
    return [_failure(row) for row in rows]


def _failure(row: Mapping[str, Any]) -> Failure:
    reason = json.loads(row["error"])
    return Failure(
        job_id=row["id"],
        name=row["name"],
        inbox=row["inbox"],
        failed_at=time_from(row["updated_at"]),
        kept_path=row["archive_path"],
        code=reason["code"],
        reason=f"{reason['found']}; expected {reason['expected']}; {reason['fix']}",
    )
