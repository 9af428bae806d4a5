"""Documents that were read before their file was whole, and the job that reads the whole file.

Such a document stays with its corrections. It counts as superseded once that job has recorded a document, or has found
one with the same bytes; until then, and if the job fails, it is all that is known of the file.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlite_utils import Database

_STATEMENTS = (
    "CREATE TABLE supersessions ("
    "document_id INTEGER PRIMARY KEY REFERENCES documents (id) ON DELETE CASCADE,"
    " job_id INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE) STRICT",
    "CREATE INDEX supersessions_job_id ON supersessions (job_id)",
    "CREATE VIEW superseded AS SELECT s.document_id, j.document_id AS by_document_id"
    " FROM supersessions s JOIN jobs j ON j.id = s.job_id"
    " WHERE j.document_id IS NOT NULL AND j.document_id <> s.document_id",
)


def create_supersessions(db: Database) -> None:
    """Create the table, and the view of documents that are superseded."""
    for statement in _STATEMENTS:
        db.execute(statement)


@dataclass(frozen=True, slots=True)
class Successor:
    """Reading of a file that changed after a document was read from it."""

    job_id: int
    state: str
    """Of the job."""
    document_id: int | None
    """Of the document that supersedes the one before; None where there is none yet."""


def not_superseded(document: str) -> str:
    """Return a condition: the document of this column is not superseded."""
    return f"NOT EXISTS (SELECT 1 FROM superseded u WHERE u.document_id = {document})"


def note(db: Database, document_id: int, job_id: int) -> None:
    """Note which job reads the file of a document again."""
    db.execute("INSERT OR REPLACE INTO supersessions VALUES (?, ?)", [document_id, job_id])


def withdraw(db: Database, document_id: int) -> None:
    """Let a document stand for itself again: a whole file with its bytes has arrived."""
    db.execute("DELETE FROM supersessions WHERE document_id = ?", [document_id])


def successor(db: Database, document_id: int) -> Successor | None:
    """Return the reading that supersedes a document, or will; None for nearly all documents."""
    row = db.execute(
        "SELECT j.id, j.state, u.by_document_id FROM supersessions s JOIN jobs j ON j.id = s.job_id"
        " LEFT JOIN superseded u ON u.document_id = s.document_id WHERE s.document_id = ?",
        [document_id],
    ).fetchone()
    return None if row is None else Successor(*row)


def predecessors(db: Database, document_id: int) -> list[int]:
    """Return the documents that a document supersedes, oldest first."""
    rows = db.execute("SELECT document_id FROM superseded WHERE by_document_id = ? ORDER BY 1", [document_id])
    return [number for (number,) in rows.fetchall()]
