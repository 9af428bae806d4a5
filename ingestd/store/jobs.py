"""The state of every file that ever arrived, in the table ``jobs``.

    arrived -> claimed -> running -> recorded -> done
                 |-> waiting   (a temporary fault, or a try that failed: due again at next_at)
                 |-> failed    (bad document, or tries used up)
                 |-> duplicate (same bytes already recorded)

Only the daemon writes here. Each method is one statement: it commits by itself, or takes part in
the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from ingestd.files.encoding import file_number, path_from, path_text, time_from, time_text
from ingestd.files.identity import Identity


class State(StrEnum):
    """Where a job is; see the module's picture."""

    ARRIVED = "arrived"
    CLAIMED = "claimed"
    RUNNING = "running"
    WAITING = "waiting"
    RECORDED = "recorded"
    DONE = "done"
    FAILED = "failed"
    DUPLICATE = "duplicate"


UNSETTLED = (State.ARRIVED, State.CLAIMED, State.RUNNING, State.WAITING, State.RECORDED)
"""States from which the daemon has to go on."""


@dataclass(frozen=True, slots=True)
class Job:
    """One row of ``jobs``."""

    id: int
    inbox: str
    source_path: Path
    name: str
    identity: Identity
    sha256: str | None
    state: State
    attempt: int
    """Tries begun so far."""
    next_at: datetime | None
    error: str | None
    document_id: int | None
    archive_path: Path | None
    """Where the original goes, or has gone, persisted before it is moved."""
    created_at: datetime
    hook_at: datetime | None
    """Since when its hook is due; None where it has come to its end or there is none."""


class Ledger:
    """Reads and writes job states.

    Args:
        db: opened and migrated by ingestd.record.schema.
    """

    def __init__(self, db: Database) -> None:
        self.db = db

    def arrive(self, inbox: str, path: Path, identity: Identity, now: datetime) -> int:
        """Note a whole file in an inbox; one noted already and still there only gets its new identity."""
        columns = {"size_bytes": identity.size, "mtime_ns": identity.mtime_ns, "inode": file_number(identity.inode)}
        known = self._rows(
            "inbox = ? and source_path = ? and state in ('arrived', 'waiting') and sha256 is null",
            [inbox, path_text(path)],
        )
        if known:
            self.update(known[0].id, known[0].state, now, next_at=known[0].next_at, **columns)
            return known[0].id
        row = {
            "inbox": inbox,
            "source_path": path_text(path),
            "name": path_text(path.name),
            "state": State.ARRIVED,
            "attempt": 0,
            "created_at": time_text(now),
            "updated_at": time_text(now),
            **columns,
        }
        names = ", ".join(row)
        marks = ", ".join("?" for _ in row)
        cursor = self.db.execute(f"insert into jobs ({names}) values ({marks})", list(row.values()))
        assert cursor.lastrowid is not None, "sqlite numbers every inserted row"
        return cursor.lastrowid

    def update(self, job_id: int, state: State, now: datetime, **columns: Any) -> None:
        """Set the state and other columns of one job; times and paths are turned into text."""
        values: Mapping[str, Any] = {
            "state": state,
            "updated_at": time_text(now),
            "next_at": None,
            **{name: _plain(value) for name, value in columns.items()},
        }
        settings = ", ".join(f"{name} = ?" for name in values)
        self.db.execute(f"update jobs set {settings} where id = ?", [*values.values(), job_id])

    def forget(self, job_id: int) -> None:
        """Delete a job whose file vanished from the inbox before it was claimed."""
        self.db.execute("delete from jobs where id = ?", [job_id])

    def job(self, job_id: int) -> Job | None:
        """The job with this id."""
        rows = self._rows("id = ?", [job_id])
        return rows[0] if rows else None

    def due(self, now: datetime, limit: int, excluding: Iterable[int]) -> list[Job]:
        """Jobs to be claimed or run now, oldest first; waiting ones that have been due for longest."""
        skipped = sorted(excluding)
        marks = ", ".join("?" for _ in skipped)
        # Each part walks an index and stops: this is asked in every turn, and a hundred thousand may have arrived.
        parts = (
            f"state = 'arrived' and next_at is null and id not in ({marks}) order by id",
            f"state = 'claimed' and next_at is null and id not in ({marks}) order by id",
            f"state = 'waiting' and next_at <= ? and id not in ({marks}) order by next_at",
        )
        chosen = " union all ".join(f"select * from (select id from jobs where {part} limit {limit})" for part in parts)
        return self._rows(f"id in ({chosen})", [*skipped, *skipped, time_text(now), *skipped], limit)

    def hooks_due(self, limit: int, excluding: Iterable[int]) -> list[Job]:
        """Jobs that came to an end and whose hook has not, oldest first."""
        skipped = sorted(excluding)
        marks = ", ".join("?" for _ in skipped)
        return self._rows(
            # by the index of hooks that are due, which is short: those of ids and states hold every document there is
            "id in (select id from jobs indexed by jobs_hook_at where hook_at is not null)"
            f" and +state in ('done', 'failed') and id not in ({marks})",
            [*skipped],
            limit,
        )

    def hook_ended(self, job: Job) -> None:
        """Note that the hook of a job came to its end; one that became due anew meanwhile stays due."""
        assert job.hook_at is not None, "only hooks that are due are run"
        self.db.execute("update jobs set hook_at = null where id = ? and hook_at = ?", [job.id, time_text(job.hook_at)])

    def next_at(self) -> datetime | None:
        """When the first waiting job is due."""
        row = self.db.execute("select min(next_at) from jobs where state = 'waiting'").fetchone()
        return time_from(row[0]) if row[0] else None

    def due_since(self, now: datetime) -> datetime | None:
        """Since when the first of the jobs that could go on now could have; None if there is none."""
        # of those that have arrived, the first is taken for the oldest: there may be a hundred thousand
        row = self.db.execute(
            "select min(since) from ("
            " select updated_at as since from jobs where id ="
            " (select id from jobs where state = 'arrived' and next_at is null order by id limit 1)"
            " union all select updated_at from jobs where state in ('claimed', 'running', 'recorded')"
            " union all select min(next_at) from jobs where state = 'waiting' and next_at <= ?)",
            [time_text(now)],
        ).fetchone()
        return time_from(row[0]) if row[0] else None

    def in_states(self, states: Sequence[State]) -> list[Job]:
        """Jobs in any of these states, oldest first."""
        marks = ", ".join("?" for _ in states)
        return self._rows(f"state in ({marks})", list(states))

    def count_unsettled(self) -> int:
        """Number of jobs that are neither done nor failed nor duplicates."""
        marks = ", ".join("?" for _ in UNSETTLED)
        return int(
            self.db.execute(f"select count(*) from jobs where state in ({marks})", list(UNSETTLED)).fetchone()[0]
        )

    def remembered(self, inbox: str) -> dict[Path, Identity]:
        """The last state in which each file of an inbox was seen; for originals that are left in place."""
        rows = self.db.execute(
            "select source_path, size_bytes, mtime_ns, inode from jobs where inbox = ? order by id", [inbox]
        )
        return {path_from(path): _identity(size, mtime_ns, inode) for path, size, mtime_ns, inode in rows}

    def is_reserved(self, path: Path, job_id: int) -> bool:
        """Tell whether a place below archive or failed was ever given to another job."""
        found = self.db.execute(
            "select 1 from jobs where archive_path = ? and id != ? limit 1", [path_text(path), job_id]
        )
        return found.fetchone() is not None

    def of_path(self, path: Path) -> list[Job]:
        """Jobs of a file, newest first, whether the path is where it was dropped or where it went."""
        text = path_text(path)
        return list(reversed(self._rows("source_path = ? or archive_path = ?", [text, text])))

    def _rows(self, where: str, values: list[Any], limit: int = -1) -> list[Job]:
        cursor = self.db.execute(
            "select id, inbox, source_path, name, size_bytes, mtime_ns, inode, sha256, state, attempt, next_at, error,"
            f" document_id, archive_path, created_at, hook_at from jobs where {where} order by id limit {limit}",
            values,
        )
        return [_job(row) for row in cursor]


def _job(row: tuple[Any, ...]) -> Job:
    (job_id, inbox, source, name, size, mtime_ns, inode, sha256, state, attempt, next_at, error, *rest) = row
    document_id, archive_path, created_at, hook_at = rest
    return Job(
        id=job_id,
        inbox=inbox,
        source_path=path_from(source),
        name=str(path_from(name)),
        identity=_identity(size, mtime_ns, inode),
        sha256=sha256,
        state=State(state),
        attempt=attempt,
        next_at=time_from(next_at) if next_at else None,
        error=error,
        document_id=document_id,
        archive_path=path_from(archive_path) if archive_path else None,
        created_at=time_from(created_at),
        hook_at=time_from(hook_at) if hook_at else None,
    )


def _identity(size: int, mtime_ns: int, inode: int) -> Identity:
    """Undo ``file_number``: SQLite's integers are signed, inodes are not."""
    return Identity(size, mtime_ns, inode % (1 << 64))


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return time_text(value)
        case Path():
            return path_text(value)
        case str():  # an error may name a file whose name is no UTF-8, which SQLite would not take
            return value.encode("utf-8", "backslashreplace").decode()
        case _:
            return value
