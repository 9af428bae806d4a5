"""Papers for export, and which of them a layout has had: each goes into one file of a layout, even after a crash.

A batch is noted with the hash of its file before the file gets its name. A batch that a crash left open counts
only if that file is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlite_utils import Database

from ingestd.files.encoding import path_from, path_text, time_from, time_text
from ingestd.store.supersessions import not_superseded

_TABLES = """
CREATE TABLE export_batches (
    id INTEGER PRIMARY KEY,
    layout TEXT NOT NULL,
    path TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    exported_at TEXT NOT NULL,
    is_whole INTEGER NOT NULL CHECK (is_whole IN (0, 1))
) STRICT;
CREATE TABLE exports (
    layout TEXT NOT NULL,
    document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    paper_index INTEGER NOT NULL,
    batch_id INTEGER NOT NULL REFERENCES export_batches (id) ON DELETE CASCADE,
    PRIMARY KEY (layout, document_id, paper_index)
) STRICT, WITHOUT ROWID;
CREATE INDEX exports_document_id ON exports (document_id);
CREATE INDEX exports_batch_id ON exports (batch_id);
"""


def create_exports(db: Database) -> None:
    """Create the tables."""
    for statement in _TABLES.split(";\n")[:-1]:
        db.execute(statement)


@dataclass(frozen=True, slots=True)
class PaperValues:
    """One paper whose document is done, with the values of its fields."""

    document_id: int
    paper_index: int
    name: str
    """Of the file."""
    rule: str
    values: dict[str, str]


def not_had(document: str, paper: str) -> str:
    """Return a condition: the export ``:layout`` has not had the paper of these columns.

    Args:
        document: expression of its document's id.
        paper: expression of its index.
    """
    return (
        "NOT EXISTS (SELECT 1 FROM exports e WHERE e.layout = :layout"
        f" AND e.document_id = {document} AND e.paper_index = {paper})"
    )


def papers_for(db: Database, layout: str | None) -> Iterator[PaperValues]:
    """Yield the papers of all documents that are done, by their ids.

    Args:
        db: the database.
        layout: leave out what is exported for it already; None: all.
    """
    own = not_superseded("d.id")
    sql = (
        f"SELECT d.id, 0, d.name, d.rule FROM documents d WHERE d.status = 'done' AND {own} AND {{not_had}}"
        " UNION ALL SELECT d.id, p.paper_index, d.name, p.rule FROM papers p JOIN documents d ON d.id = p.document_id"
        f" WHERE d.status = 'done' AND {own} AND {{not_had_paper}} ORDER BY 1, 2"
    )
    conditions = {"not_had": not_had("d.id", "0"), "not_had_paper": not_had("d.id", "p.paper_index")}
    cursor = db.execute(sql.format(**conditions), {"layout": layout})
    for document_id, paper, name, rule in cursor:
        yield PaperValues(document_id, paper, name, rule, _values(db, document_id, paper))


def _values(db: Database, document_id: int, paper: int) -> dict[str, str]:
    table, condition = ("paper_fields", " AND paper_index = ?") if paper else ("fields", "")
    rows = db.execute(
        f"SELECT name, value FROM {table} WHERE document_id = ? AND value IS NOT NULL{condition}",
        [document_id, *([paper] if paper else [])],
    )
    return dict(rows.fetchall())


@dataclass(frozen=True, slots=True)
class Exported:
    """Mark of a paper: the file that it went into."""

    layout: str
    """Name of the layout, or ``table NAME``."""
    paper_index: int
    path: str
    """Of the file, as ``path_text`` writes it."""
    at: datetime


def exported(db: Database, document_id: int) -> list[Exported]:
    """Return the exports with ``--new`` that a document is in, oldest first, without those that a crash left open."""
    rows = db.execute(
        "SELECT e.layout, e.paper_index, b.path, b.exported_at FROM exports e"
        " JOIN export_batches b ON b.id = e.batch_id WHERE e.document_id = ? AND b.is_whole"
        " ORDER BY b.id, e.paper_index",
        [document_id],
    ).fetchall()
    return [Exported(layout, paper, path, time_from(at)) for layout, paper, path, at in rows]


def begin_batch(
    db: Database, layout: str, path: Path, sha256: str, papers: Iterable[tuple[int, int]], now: datetime
) -> int:
    """Note that papers, by document and index, are about to be in a file; inside a transaction of the caller.

    Raises:
        sqlite3.IntegrityError: another export has taken one of them meanwhile.
    """
    batch = db.execute(
        "INSERT INTO export_batches (layout, path, sha256, exported_at, is_whole) VALUES (?, ?, ?, ?, 0) RETURNING id",
        [layout, path_text(path.absolute()), sha256, time_text(now)],
    ).fetchone()[0]
    for document_id, paper_index in papers:
        db.execute("INSERT INTO exports VALUES (?, ?, ?, ?)", [layout, document_id, paper_index, batch])
    return int(batch)


def finish_batch(db: Database, batch: int) -> None:
    """Note that the file of a batch has its name; inside a transaction of the caller."""
    db.execute("UPDATE export_batches SET is_whole = 1 WHERE id = ?", [batch])


def settle_batches(db: Database, layout: str, digest: Callable[[Path], str | None]) -> None:
    """Decide batches that a crash left open; inside a transaction of the caller.

    Args:
        db: the database.
        layout: of the batches.
        digest: hash of a file; None where there is none.
    """
    rows = db.execute(
        "SELECT id, path, sha256 FROM export_batches WHERE layout = ? AND NOT is_whole", [layout]
    ).fetchall()
    for batch, path, sha256 in rows:
        if digest(path_from(path)) == sha256:
            finish_batch(db, batch)
        else:
            db.execute("DELETE FROM export_batches WHERE id = ?", [batch])
