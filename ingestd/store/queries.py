"""Queries of the commands and the page: plain data comes back, nothing is changed.

Names and paths in it are as ``record.encoding`` writes them: printable whatever the file is called.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from ingestd.files.encoding import path_text, time_from, time_text
from ingestd.store.soundness import Checked, last_check

_TRIGRAM = 3
"""Characters that the index needs; shorter words are searched for in every text."""

_SHA256 = re.compile("[0-9a-f]{6,64}")
"""Digits of a SHA-256, enough to name a document."""

_EXCERPT_BEFORE = 20
_EXCERPT_LENGTH = 72
"""Characters of an excerpt: before the first word found, and in all."""

_QUEUED = ("arrived", "claimed", "running", "waiting")
"""States of files that have not been read yet."""

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
    """Find the documents whose name, text or field values contain every word of ``text``.

    Words stand between blanks; any part of a longer word matches too, whatever the case of its
    letters. Words of three characters or more are found by the trigram index, best match first;
    shorter ones (two Chinese characters, say) by looking into each text.
    """
    words = words_of(text)
    indexed = [word for word in words if len(word) >= _TRIGRAM]
    others = [word for word in words if len(word) < _TRIGRAM]
    if not words:
        return []
    conditions = [
        f"d.name || char(10) || d.text || char(10) || d.field_values LIKE :w{n} ESCAPE '\\'" for n in range(len(others))
    ]
    values = {f"w{n}": f"%{like_literal(word)}%" for n, word in enumerate(others)}
    table, order = "documents d", "d.recorded_at DESC, d.id DESC"
    if indexed:
        table, order = "documents_fts JOIN documents d ON d.id = documents_fts.rowid", "documents_fts.rank, d.id DESC"
        conditions.append("documents_fts MATCH :match")
        values["match"] = " AND ".join(phrase(word) for word in indexed)
    rows = db.query(
        f"SELECT {_SUMMARY}, d.text FROM {table} WHERE {' AND '.join(conditions)} ORDER BY {order} LIMIT {limit:d}",
        values,
    )
    return [SearchHit(_summary(row), excerpt(row["text"], words)) for row in rows]


def words_of(text: str) -> list[str]:
    r"""Split what somebody looks for at blanks; a NUL, at which SQLite would end the text, is one.

    >>> words_of("tax\0 total")
    ['tax', 'total']
    """
    return unicodedata.normalize("NFC", text).replace("\0", " ").split()


def phrase(word: str) -> str:
    """Quote a word, so that FTS5 takes it literally."""
    return '"' + word.replace('"', '""') + '"'


def like_literal(word: str) -> str:
    r"""A word as LIKE with ``ESCAPE '\'`` takes it literally."""
    return re.sub(r"([\\%_])", r"\\\1", word)


def excerpt(text: str, words: Iterable[str]) -> str:
    """Cut out the text around the first of the words, line breaks as `` / ``.

    >>> excerpt("KEDAI PAPAN YEW CHUAN" + chr(10) + "TOTAL 12.50", ["total"])
    'KEDAI PAPAN YEW CHUAN / TOTAL 12.50'
    """
    found = re.search("|".join(map(re.escape, words)), text, re.IGNORECASE)
    start = max(0, found.start() - _EXCERPT_BEFORE) if found else 0
    start = 0 if start < _EXCERPT_BEFORE // 2 else start
    cut = text[start : start + _EXCERPT_LENGTH]
    dots = ("…" if start else "", "…" if start + _EXCERPT_LENGTH < len(text) else "")
    return dots[0] + " / ".join(re.split(r"[\n\f]+", cut.strip("\n\f"))) + dots[1]


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
    attempts.append(("d.archive_path = ? OR d.source_path = ?", [path, path]))
    attempts.append(("d.name = ?", [path_text(name)]))
    if _SHA256.fullmatch(name.lower()):
        attempts.append(("d.sha256 LIKE ?", [f"{name.lower()}%"]))
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
            review=documents.get("review", 0),
            pages=sum(counts(db, "pages").values()),
            last_hour=_recorded_since(db, now - timedelta(hours=1)),
            last_day=_recorded_since(db, now - timedelta(days=1)),
            jobs=jobs_by_state(db),
            oldest=oldest_waiting(db, now),
            failures=latest_failures(db, failures),
            check=last_check(db),
        )


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
    rows = db.query(f"SELECT * FROM jobs WHERE state IN ({marks}) ORDER BY created_at, id LIMIT 1", _QUEUED)
    for row in rows:
        since = time_from(row["created_at"])
        return Waiting(
            job_id=row["id"],
            name=row["name"],
            inbox=row["inbox"],
            state=row["state"],
            since=since,
            age_s=(now - since).total_seconds(),
            reason=row["error"],
        )
    return None


def latest_failures(db: Database, limit: int) -> list[Failure]:
    """Return the files that failed last, newest first."""
    rows = db.query(f"SELECT * FROM jobs WHERE state = 'failed' ORDER BY updated_at DESC, id DESC LIMIT {limit:d}")
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
