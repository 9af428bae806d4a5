"""Long work that an interruption does not undo: how far a re-extraction is, and files of pruned documents.

Functions that write need the caller's write transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sqlite_utils import Database

from ingestd.files.encoding import path_from, path_text

_TABLES = """
CREATE TABLE reextractions (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    rules TEXT NOT NULL,
    last_document_id INTEGER NOT NULL
) STRICT;
CREATE TABLE removals (
    path TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
"""


def create_long_work(db: Database) -> None:
    """Create the tables."""
    for statement in _TABLES.split(";\n")[:-1]:
        db.execute(statement)


def reached(db: Database, rules: str) -> int:
    """Return the last document that an interrupted re-extraction by these rules has done; 0: there was none."""
    row = db.execute("SELECT last_document_id FROM reextractions WHERE rules = ?", [rules]).fetchone()
    return 0 if row is None else int(row[0])


def note_reached(db: Database, rules: str, document_id: int) -> None:
    """Note that a re-extraction by these rules has done all documents up to this one."""
    db.execute("INSERT OR REPLACE INTO reextractions VALUES (1, ?, ?)", [rules, document_id])


def forget_reached(db: Database) -> None:
    """Note that no re-extraction is on its way."""
    db.execute("DELETE FROM reextractions")


def note_removals(db: Database, paths: Iterable[Path]) -> None:
    """Note files that are to be removed once the transaction is committed."""
    db.conn.executemany("INSERT OR IGNORE INTO removals VALUES (?)", [(path_text(path),) for path in paths])


def removals(db: Database) -> list[Path]:
    """List the files that are still to be removed."""
    return [path_from(text) for (text,) in db.execute("SELECT path FROM removals").fetchall()]


def removed(db: Database, paths: Iterable[Path]) -> None:
    """Note that these files are removed."""
    db.conn.executemany("DELETE FROM removals WHERE path = ?", [(path_text(path),) for path in paths])
