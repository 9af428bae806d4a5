"""Jobs as the ledger has them: one row of ``jobs``, its states, and a transition that did not happen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from ingestd.files.encoding import path_from, time_from
from ingestd.files.identity import Identity


class State(StrEnum):
    """State of a job; see :mod:`ingestd.store.jobs`."""

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

CONTROL_S = 10.0
"""Seconds that ingestd has to run before the first lone attempt; doubled by each death during one."""


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
    """Number of attempts begun so far."""
    next_at: datetime | None
    error: str | None
    document_id: int | None
    archive_path: Path | None
    """Target of the original, persisted before it is moved."""
    created_at: datetime
    updated_at: datetime
    """Moment of its last transition."""
    hook_at: datetime | None
    """Moment from which its hook is due; None if it has ended or there is none."""
    suspect: bool
    """True if ingestd died while it was in work: it is tried behind all others and alone."""
    deaths_alone: int
    """Number of times that ingestd died while this document alone was in work."""

    @property
    def control_s(self) -> float:
        """Seconds that ingestd has to run before it tries this document alone."""
        return control_s(self.deaths_alone)


def control_s(deaths: int) -> float:
    """Return the seconds that ingestd has to run before a lone attempt.

    >>> [control_s(deaths) for deaths in range(3)]
    [10.0, 20.0, 40.0]
    """
    return CONTROL_S * 2.0**deaths


@dataclass(frozen=True, slots=True)
class Moved:
    """Result of a transition that did not happen, because another process changed the job first."""

    job_id: int
    state: State | None
    """Present state; None if the job is gone."""


COLUMNS = (
    "id, inbox, source_path, name, size_bytes, mtime_ns, inode, ctime_ns, sha256, state, attempt, next_at, error,"
    " document_id, archive_path, created_at, updated_at, hook_at, suspect, deaths_alone"
)
"""Columns of ``jobs`` in the order that :func:`job_from` expects."""


def job_from(row: tuple[Any, ...]) -> Job:
    """Make a job of a row with the columns ``COLUMNS``."""
    (job_id, inbox, source, name, size, mtime_ns, inode, ctime_ns, sha256, state, attempt, next_at, *rest) = row
    error, document_id, archive_path, created_at, updated_at, hook_at, suspect, deaths_alone = rest
    return Job(
        id=job_id,
        inbox=inbox,
        source_path=path_from(source),
        name=str(path_from(name)),
        identity=identity_from(size, mtime_ns, inode, ctime_ns),
        sha256=sha256,
        state=State(state),
        attempt=attempt,
        next_at=time_from(next_at) if next_at else None,
        error=error,
        document_id=document_id,
        archive_path=path_from(archive_path) if archive_path else None,
        created_at=time_from(created_at),
        updated_at=time_from(updated_at),
        hook_at=time_from(hook_at) if hook_at else None,
        suspect=bool(suspect),
        deaths_alone=deaths_alone,
    )


def identity_from(size: int, mtime_ns: int, inode: int, ctime_ns: int | None) -> Identity:
    """Undo ``file_number``: SQLite's integers are signed, inodes are not."""
    return Identity(size, mtime_ns, inode % (1 << 64), ctime_ns)
