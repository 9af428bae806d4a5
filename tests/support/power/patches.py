"""What is changed in the product within a fork: syncing that is left out, and identities of restored files."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path


def take_away(what: str) -> None:
    """Leave out some of the product's syncing."""
    from sqlite_utils import Database

    from ingestd.files import durable

    match what:
        case "folders":
            durable.sync_folder = lambda folder: None
        case "files":
            os.fsync = functools.partial(_sync_if_folder, os.fsync)
        case "database":
            execute = Database.execute

            def unsynced(db: Database, sql: str, *more: object) -> object:
                return execute(db, sql.replace("synchronous = FULL", "synchronous = OFF"), *more)  # type: ignore[arg-type]

            Database.execute = unsynced  # type: ignore[assignment, method-assign]
        case _:
            assert not what, what


def _sync_if_folder(fsync: Callable[[int], None], handle: int) -> None:
    if Path(f"/proc/self/fd/{handle}").is_dir():
        fsync(handle)


def recognise(identities: dict[int, tuple[int, int, int]]) -> None:
    """Let restored files have the inode and the time of change that they had when they were recorded."""
    from ingestd.files import identity

    def of(status: os.stat_result) -> identity.Identity:
        restored, inode, ctime = identities.get(status.st_ino, (None, status.st_ino, 0))
        ctime = ctime if restored == status.st_ctime_ns else status.st_ctime_ns
        return identity.Identity(status.st_size, status.st_mtime_ns, inode, ctime)

    identity.Identity.of = staticmethod(of)  # type: ignore[method-assign]
