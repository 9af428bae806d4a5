"""Connections to the database, and the one kind of transaction that writes to it.

Transactions in sqlite-utils 4, as relied on here: outside a transaction ``db.execute()`` and every
``insert``/``update``/``delete`` commit at once, each on its own; inside an open transaction they
take part in it and commit nothing (multi-row calls set a savepoint). ``db.atomic()`` begins with a
plain ``BEGIN``, which takes the write lock only at the first write: a transaction that has read
before then fails with "database is locked" without waiting, whatever the busy timeout. Therefore
all writing goes through ``transaction()``, which takes the lock first. ``db.query()`` is lazy and
keeps its snapshot until it is exhausted: read it to the end.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from sqlite_utils import Database

from ingestd.errors import ConfigError, TransientError
from ingestd.store import conversion, packing, proofs, schema

OLDEST_SQLITE = (3, 38, 0)
"""STRICT tables (3.37) and the JSON functions without a compile option (3.38)."""

BUSY_S = 30.0
"""Seconds that a statement waits for the write transaction of another process; ours take milliseconds."""

PAGE_BYTES = 16_384
"""Page of a new database: with the 4096 of SQLite a tenth of the file is room that no further row fits into."""

_STEPS = 1_000_000
"""SQLite instructions between two words on the progress of a migration, some hundredths of a second."""
_OPEN_MODES = {"create": "rwc", "write": "rw", "read": "ro"}


def connect(
    path: Path,
    access: Literal["create", "write", "read"] = "create",
    progress: conversion.Progress = lambda _done, _total: None,
) -> Database:
    """Open the database of ingestd: WAL, synchronous FULL, foreign keys on, newest schema.

    Args:
        path: the file.
        access: ``create`` makes the file and brings its schema up to date, ``write`` insists that
            it exists, ``read`` neither creates nor changes anything.
        progress: called while an older database is brought up to date, which may take minutes.

    Raises:
        ConfigError: the file is missing, not a database, not ours, damaged, not writable, or
            written by a newer ingestd.
        TransientError: the disk is full or another process holds the file for too long.
    """
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        oldest = ".".join(map(str, OLDEST_SQLITE))
        raise ConfigError([f"SQLite: found {sqlite3.sqlite_version}, expected {oldest} or newer; upgrade libsqlite3"])
    if access != "create" and not path.is_file():
        raise ConfigError(
            [f"{path}: found no such file, expected the database; 'ingestd run' creates it, or correct record.database"]
        )
    with faults(path):
        connection = sqlite3.connect(_uri(path, access), uri=True, timeout=BUSY_S)
        try:
            return _prepared(Database(connection, execute_plugins=False), path, access, progress)
        except BaseException:
            connection.close()
            raise


def _uri(path: Path, access: Literal["create", "write", "read"]) -> str:
    """Return the address of a database.

    Even for reading, SQLite makes files beside one that no process has open (WAL), unless told that nothing changes.

    Raises:
        ConfigError: the last writer was killed, and this user may not make those files.
    """
    uri = f"{path.absolute().as_uri()}?mode={_OPEN_MODES[access]}"
    if access != "read" or os.access(path.parent, os.W_OK, effective_ids=True):
        return uri
    log, memory = (path.with_name(f"{path.name}{end}") for end in ("-wal", "-shm"))
    if log.exists() and not memory.exists():
        raise ConfigError(
            [
                f"{path}: found the journal of an ingestd that was killed, which this user cannot apply;"
                " start ingestd, or ask as its user"
            ]
        )
    return uri if log.exists() else f"{uri}&immutable=1"


def require_usable(path: Path) -> None:
    """Refuse a database that ``connect`` would refuse; creates and changes nothing, and accepts a missing file.

    Raises:
        ConfigError, TransientError: as ``connect``.
    """
    if not path.is_file():
        return
    with faults(path), opened_as_it_is(path) as db:
        schema.require_ours(db, path)


@contextlib.contextmanager
def opened_as_it_is(path: Path) -> Iterator[Database]:
    """Open a database for reading, of whatever schema it is."""
    with contextlib.closing(sqlite3.connect(_uri(path, "read"), uri=True, timeout=1)) as connection:
        packing.register(connection)
        yield Database(connection, execute_plugins=False)


def _prepared(db: Database, path: Path, access: str, progress: conversion.Progress) -> Database:
    packing.register(db.conn)
    proofs.register(db.conn)
    schema.require_ours(db, path)
    if access == "read":
        schema.require_current(db, path)
        db.execute("PRAGMA query_only = ON")
        return db
    if access == "create":
        db.execute(f"PRAGMA page_size = {PAGE_BYTES}")  # of a new file; that of another stays as it is
    db.enable_wal()
    if db.journal_mode != "wal":
        raise ConfigError(
            [
                f"{path}: found journal mode {db.journal_mode}, expected WAL, which this filesystem does not offer;"
                " put the database on a local disk"
            ]
        )
    db.execute("PRAGMA synchronous = FULL")
    # Foreign keys stay off until the schema is right: rebuilding a table would cascade (SQLite, ALTER TABLE, 7).
    with transaction(db), _telling(db, progress):
        schema.migrate(db)
    db.execute("PRAGMA foreign_keys = ON")
    if access == "create":
        _convert(db, progress)
    schema.require_converted(db, path)
    return db


@contextlib.contextmanager
def _telling(db: Database, progress: conversion.Progress) -> Iterator[None]:
    """Call ``progress`` while the statements of a migration run, some of which read all documents."""
    total = db.execute("SELECT coalesce(max(id), 0) FROM documents").fetchone()[0] if db["documents"].exists() else 0

    def tell() -> int:
        progress(0, total)
        return 0  # go on

    db.conn.set_progress_handler(tell, _STEPS)
    try:
        yield
    finally:
        db.conn.set_progress_handler(None, 0)


def _convert(db: Database, progress: conversion.Progress) -> None:
    """Pack the rows of an older database, batch by batch; goes on where it was interrupted.

    Several processes may do it at once: each batch is chosen and packed under the write lock.
    """
    total = conversion.left(db)
    while left := conversion.left(db):
        progress(max(0, total - left), total)
        with transaction(db):
            conversion.pack_some(db)


@contextlib.contextmanager
def transaction(db: Database) -> Iterator[None]:
    """Hold the write lock for the block, then COMMIT; on any exception roll back everything.

    Raises:
        sqlite3.OperationalError: if a transaction is open already (they do not nest), or the lock
            cannot be had within the busy timeout.
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.commit()
    except BaseException:
        db.rollback()
        raise


@contextlib.contextmanager
def faults(path: Path) -> Iterator[None]:
    """Translate SQLite's errors about the database file into a ConfigError or a TransientError.

    Errors that are not about the file (wrong SQL, violated constraints) pass unchanged.
    """
    try:
        yield
    except sqlite3.Error as error:
        match getattr(error, "sqlite_errorcode", 0) & 0xFF:
            case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT as code:
                if code == sqlite3.SQLITE_CORRUPT:
                    raise ConfigError([damaged(path, str(error))]) from error
                raise ConfigError(
                    [
                        f"{path}: found a file that is not a SQLite database, expected the database of ingestd;"
                        " restore a backup, or move the file away to begin a new one"
                    ]
                ) from error
            case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_CANTOPEN:
                raise ConfigError(
                    [
                        f"{path}: found a file that cannot be opened or written ({error}), expected a file in a folder"
                        " that exists, both writable by this user; correct record.database or the permissions"
                    ]
                ) from error
            case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                raise TransientError(f"{path}: another process keeps it locked ({error}); will be retried") from error
            case sqlite3.SQLITE_FULL | sqlite3.SQLITE_IOERR | sqlite3.SQLITE_NOMEM:
                raise TransientError(f"{path}: {error}; free space or memory; will be retried") from error
            case _:
                raise


def damaged(path: Path, found: str) -> str:
    """Return the message about a database that SQLite finds damaged: which, and how to restore it."""
    return (
        f"{path}: found a damaged database ({found}), expected the sound database of ingestd; restore a backup: stop"
        f" ingestd, move {path.name} with its -wal and -shm to another place, put the file made by 'ingestd backup'"
        " here under this name, and start again; then 'ingestd verify' lists the originals that it does not know: drop"
        " them into an inbox to have them read again; without a backup, drop all originals of the archive"
    )
