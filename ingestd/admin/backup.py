"""Consistent copies of the database, made while the daemon goes on writing."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from ingestd.errors import ConfigError, IngestdError
from ingestd.files import durable
from ingestd.files.names import partial_path
from ingestd.store import schema
from ingestd.store.database import damaged, faults


@dataclass(frozen=True, slots=True)
class Backup:
    """Facts of a finished copy."""

    path: Path
    size_bytes: int
    documents: int
    jobs: int


Progress = Callable[[int, int | None], None]
"""Called with the pages copied, and all of them; None while the copy is checked."""

_PAGES = 4096
"""Pages copied between two words on the progress: 16 MiB."""


def backup(
    database: Path, target: Path, *, overwrite: bool = False, progress: Progress = lambda _done, _total: None
) -> Backup:
    """Copy the database as it is at one moment into a file of its own, checked and synced.

    The copy is made under a scratch name by SQLite's online backup, which does not block writers. It gets its
    name only when it is whole and sound, and needs no other file beside it. Its schema is that of the original,
    so that a copy can be made before an upgrade.

    Args:
        database: of ingestd.
        target: path of the copy; its folder must exist.
        overwrite: replace an older copy of this name.
        progress: told how far it is.

    Raises:
        IngestdError: the target exists or is the database itself.
        ConfigError: there is no such database, it is damaged, or its copy is not sound.
        TransientError: the disk is full or the database is locked for too long.
    """
    if not database.is_file():
        raise ConfigError([f"{database}: found no such file, expected the database; correct record.database"])
    _require_free(database, target, overwrite)
    scratch = partial_path(target.with_name(f"{target.name}.{os.getpid()}"))
    try:
        durable.create_like(database, scratch)
        with faults(scratch), faults(database):
            counts = _copy(database, scratch, progress)
        durable.publish(scratch, target, overwrite=overwrite)
    finally:
        for suffix in ("", "-journal", "-wal", "-shm"):
            scratch.with_name(scratch.name + suffix).unlink(missing_ok=True)
    return Backup(target, target.stat().st_size, *counts)


def _require_free(database: Path, target: Path, overwrite: bool) -> None:
    if not target.parent.is_dir():
        raise IngestdError(f"{target}: found no folder {target.parent}; create it, or name another place")
    if not os.path.lexists(target):
        return
    own = [Path(f"{database}{suffix}") for suffix in ("", "-wal", "-shm")]
    if any(path.exists() and target.exists() and path.samefile(target) for path in own):
        raise IngestdError(f"{target}: is the database itself; name another file for its copy")
    if not overwrite:
        raise IngestdError(f"{target}: exists; name another file, or replace it with --overwrite")


def _copy(database: Path, scratch: Path, progress: Progress) -> tuple[int, int]:
    """Copy and check; return the number of documents and of jobs."""
    with (
        closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True, timeout=30)) as source,
        closing(sqlite3.connect(scratch)) as copy,
    ):
        schema.require_ours(Database(source, execute_plugins=False), database)
        # With a transaction that lasts, later commits of others do not begin the copy again.
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        source.backup(copy, pages=_PAGES, progress=lambda _, left, total: progress(total - left, total))
        source.execute("ROLLBACK")
        progress(0, None)
        # The journal mode is part of the copy; WAL would need two more files beside it.
        copy.execute("PRAGMA journal_mode = DELETE")
        found = [text for (text,) in copy.execute("PRAGMA integrity_check(3)")]
        found += [f"a row of {table} without its {parent}" for table, _, parent, _ in foreign_key_faults(copy)]
        if found != ["ok"]:
            raise ConfigError([damaged(database, "; ".join(found[:3]))])
        tables = {name for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        return _count(copy, "documents", tables), _count(copy, "jobs", tables)


def foreign_key_faults(connection: sqlite3.Connection) -> list[tuple[str, int | None, str, int]]:
    """Return at most three rows whose parent is missing: table, rowid, parent table, number of the key."""
    return connection.execute("PRAGMA foreign_key_check").fetchmany(3)


def _count(copy: sqlite3.Connection, table: str, tables: set[str]) -> int:
    return int(copy.execute(f"SELECT count(*) FROM {table}").fetchone()[0]) if table in tables else 0
