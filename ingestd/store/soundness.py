"""Checks of the database file: bounded ones at the start, and the whole file, whose results are kept in ``checks``."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from sqlite_utils import Database

from ingestd.errors import ConfigError
from ingestd.files.encoding import time_from, time_text
from ingestd.store.database import BUSY_S, damaged, faults, opened_as_it_is, transaction

SMALL_BYTES = 64 << 20
"""Size up to which every start reads the whole file: less than a second."""
MAX_AGE = timedelta(days=30)
"""Age of the last check of the whole file from which on another is due."""
SOUND = "ok"
"""``checks.found`` of a sound file, as SQLite says it."""

_NEWEST = 20
"""Documents that a start reads with all their rows: the last pages written are those that a crash may have torn."""
_KEPT = 20
"""Rows of ``checks``."""
_STEPS = 100_000
"""SQLite instructions between two looks at the stop signal, some milliseconds."""

Reason = Literal["start", "crash", "age", "request"]


@dataclass(frozen=True, slots=True)
class Checked:
    """Result of one check of the whole file."""

    begun_at: datetime
    ended_at: datetime
    reason: str
    """``start`` (small file), ``crash``, ``age`` or ``request``."""
    found: str
    """``SOUND``, or the first faults."""

    @property
    def sound(self) -> bool:
        """True if no fault was found."""
        return self.found == SOUND


def was_killed(path: Path) -> bool:
    """Return True if the last writer did not close the file: SQLite removes the write-ahead log of one that did."""
    log = Path(f"{path}-wal")
    return log.exists() and log.stat().st_size > 0


def is_small(path: Path) -> bool:
    """Return True if a start can read the whole file."""
    return path.stat().st_size <= SMALL_BYTES


def require_plausible(db: Database, path: Path) -> None:
    """Check the schema, both ends of every table and index, and the newest documents, in time that does not grow.

    A small file is checked whole, but for the comparison of indexes with tables.

    Raises:
        ConfigError: with the first fault, or with that of the last check of the whole file.
    """
    if is_small(path):
        [(found,)] = db.execute("PRAGMA quick_check(1)").fetchall()
        if found != SOUND:
            raise ConfigError([damaged(path, " ".join(found.split()))])
        return
    last = last_check(db)
    if last is not None and not last.sound:
        raise ConfigError([f"{damaged(path, last.found)}; after a repair, 'ingestd check --full' checks it again"])
    _look_at_ends(db)


def damage(path: Path) -> list[str]:
    """Return the damage for which a start would refuse a database, with the way back; changes nothing.

    Empty where there is none, and where there is no file yet.

    Raises:
        TransientError: the file is locked, or the disk fails.
    """
    if not path.is_file():
        return []
    try:
        with faults(path), opened_as_it_is(path) as db:
            if is_small(path) or db.table("checks").exists():  # an older database gets that table at the start
                require_plausible(db, path)
    except ConfigError as error:
        return list(error.problems)
    return []


def _look_at_ends(db: Database) -> None:
    """Read the ends of all trees and the newest documents; SQLite raises where it finds damage."""
    objects = db.execute("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE rootpage > 0").fetchall()
    for kind, name, table, sql in objects:
        # SQLite uses a partial index only where the query implies its condition.
        condition = (sql or "").partition(" WHERE ")[2] if kind == "index" else ""
        indexed = f' INDEXED BY "{name}"' if kind == "index" and sql is not None else ""
        where = f" WHERE {condition}" if condition else ""
        db.execute(f'SELECT * FROM "{table}"{indexed}{where} LIMIT 1').fetchall()
    newest = f"SELECT id FROM documents ORDER BY id DESC LIMIT {_NEWEST}"
    db.execute(f"SELECT * FROM ({newest}) n JOIN documents d ON d.id = n.id").fetchall()
    parts = {"pages", "readings", "codes", "tables", "fields", "proofs", "items"}
    for table in sorted(parts & {name for _, name, _, _ in objects}):  # an older schema lacks some
        db.execute(f"SELECT * FROM {table} WHERE document_id IN ({newest})").fetchall()
    db.execute("SELECT * FROM jobs ORDER BY id DESC LIMIT 100").fetchall()


def check_whole(
    path: Path, stop: threading.Event, progress: Callable[[int, int], None] = lambda *_: None
) -> str | None:
    """Check the whole file: pages, rows, constraints, indexes against tables, foreign keys.

    Each table is a read transaction of its own, so that writers go on and their log is emptied in between.

    Args:
        path: the file.
        stop: ends the check early.
        progress: called with the number of tables that are done, and of all.

    Returns:
        ``SOUND``, at most three faults in one line, or None if it was stopped.
    """
    uri = f"{path.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=BUSY_S, check_same_thread=False)) as connection:
        connection.set_progress_handler(stop.is_set, _STEPS)
        try:
            return _faults(connection, progress)
        except sqlite3.DatabaseError as error:
            if stop.is_set():
                return None
            if getattr(error, "sqlite_errorcode", 0) & 0xFF not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                raise
            return str(error)


def _faults(connection: sqlite3.Connection, progress: Callable[[int, int], None]) -> str:
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage")]
    found = []
    for done, name in enumerate(names):
        progress(done, len(names))
        checked = connection.execute(f"PRAGMA integrity_check('{name}')").fetchmany(3)
        found += [" ".join(text.split()) for (text,) in checked if text != SOUND]
    missing = connection.execute("PRAGMA foreign_key_check").fetchmany(3)
    found += [f"a row of {table} without its {parent}" for table, _, parent, _ in missing]
    progress(len(names), len(names))
    return "; ".join(found[:3]) or SOUND


def last_check(db: Database) -> Checked | None:
    """Return the last check of the whole file; None if there was none."""
    row = db.execute("SELECT begun_at, ended_at, reason, found FROM checks ORDER BY id DESC LIMIT 1").fetchone()
    return None if row is None else Checked(time_from(row[0]), time_from(row[1]), row[2], row[3])


def note_check(db: Database, checked: Checked) -> None:
    """Keep the result of a check; the oldest results go."""
    with transaction(db):
        db.execute(
            "INSERT INTO checks (begun_at, ended_at, reason, found) VALUES (?, ?, ?, ?)",
            [time_text(checked.begun_at), time_text(checked.ended_at), checked.reason, checked.found],
        )
        db.execute("DELETE FROM checks WHERE id <= (SELECT max(id) FROM checks) - ?", [_KEPT])


def due(path: Path, last: Checked | None, now: datetime, *, killed: bool) -> Reason | None:
    """Return the reason why the whole file has to be checked in the background; None if it has not.

    Args:
        path: the file.
        last: last check.
        now: UTC.
        killed: the last writer did not close the file.
    """
    if is_small(path):
        return None
    if killed:
        return "crash"
    return "age" if last is None or now - last.ended_at > MAX_AGE else None
