"""Originals that get another name in the archive; a rename that a crash cut off is finished later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlite_utils import Database

from ingestd.files.encoding import path_from, path_text, time_from

_TABLE = """
CREATE TABLE renames (
    document_id INTEGER PRIMARY KEY REFERENCES documents (id) ON DELETE CASCADE,
    old_path TEXT NOT NULL,
    new_path TEXT NOT NULL
) STRICT
"""


def create_renames(db: Database) -> None:
    """Create the table."""
    db.execute(_TABLE)


@dataclass(frozen=True, slots=True)
class Rename:
    """Move of an original and of the files beside it."""

    document_id: int
    old: Path
    new: Path


@dataclass(frozen=True, slots=True)
class Archived:
    """Original in the archive, with the facts that its name is made of."""

    document_id: int
    job_id: int
    path: Path
    name: str
    """Of the file as dropped."""
    sha256: str
    inbox: str
    rule: str
    received_at: datetime
    values: dict[str, str]
    """Fields of its first paper."""


def archived(db: Database, document_id: int) -> Archived | None:
    """Return a document whose original is in the archive; None where it is not, or not yet."""
    row = db.execute(
        "SELECT d.name, d.sha256, d.rule, d.received_at, j.id, j.inbox, j.archive_path FROM documents d JOIN jobs j"
        " ON j.document_id = d.id AND j.state = 'done' WHERE d.id = ? AND d.archive_path = j.archive_path",
        [document_id],
    ).fetchone()
    if row is None:
        return None
    name, sha256, rule, received, job, inbox, path = row
    fields = db.execute(
        "SELECT name, value FROM fields WHERE document_id = ? AND value IS NOT NULL", [document_id]
    ).fetchall()
    return Archived(
        document_id,
        job,
        path_from(path),
        str(path_from(name)),
        sha256,
        inbox,
        rule,
        time_from(received),
        dict(fields),
    )


def begin(db: Database, rename: Rename) -> None:
    """Note a rename before any file moves; inside a transaction of the caller."""
    values = [rename.document_id, path_text(rename.old), path_text(rename.new)]
    db.execute("INSERT INTO renames VALUES (?, ?, ?)", values)


def place(db: Database, rename: Rename) -> None:
    """Name the new place of an original; inside a transaction of the caller."""
    paths = [path_text(rename.new), rename.document_id, path_text(rename.old)]
    db.execute("UPDATE documents SET archive_path = ? WHERE id = ? AND archive_path = ?", paths)
    db.execute("UPDATE jobs SET archive_path = ? WHERE document_id = ? AND archive_path = ?", paths)


def finish(db: Database, document_id: int) -> None:
    """Forget a rename whose files are all in place; inside a transaction of the caller."""
    db.execute("DELETE FROM renames WHERE document_id = ?", [document_id])


def pending(db: Database) -> list[Rename]:
    """Return the renames that were begun and not finished."""
    rows = db.execute("SELECT document_id, old_path, new_path FROM renames ORDER BY document_id").fetchall()
    return [Rename(document_id, path_from(old), path_from(new)) for document_id, old, new in rows]
