"""Questions to the ledger, which change nothing; see :mod:`ingestd.store.jobs`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from ingestd.files.encoding import path_from, path_text, time_from, time_text
from ingestd.files.identity import Identity
from ingestd.files.names import free_target
from ingestd.store.job import COLUMNS, UNSETTLED, Job, State, identity_from, job_from

BY_STATE = "jobs indexed by jobs_state_next_at"
"""Jobs of a few states. The index is named: nearly all jobs are done, from which SQLite, once somebody has executed
ANALYZE, concludes that reading all of them is as good."""


class JobQueries:
    """Questions to the ledger.

    Args:
        db: opened and migrated by :mod:`ingestd.store.database`.
    """

    def __init__(self, db: Database) -> None:
        self.db = db

    def job(self, job_id: int) -> Job | None:
        """Return the job with this id; None if there is none."""
        rows = self._rows("id = ?", [job_id])
        return rows[0] if rows else None

    def due(self, now: datetime, limit: int, excluding: Iterable[int], longest: timedelta) -> list[Job]:
        """Return the jobs to be started now but for suspects, oldest first; of the waiting, those due for longest.

        Args:
            now: UTC.
            limit: how many.
            excluding: ids of jobs to be left out.
            longest: longest wait that there is; what is due later was put off before the clock was set back.
        """
        skipped = sorted(excluding)
        marks = ", ".join("?" for _ in skipped)
        # Each part walks an index and stops: every turn asks this, and a hundred thousand files may have arrived.
        parts = (
            f"state = 'arrived' and next_at is null and id not in ({marks}) order by id",
            f"state = 'claimed' and next_at is null and not suspect and id not in ({marks}) order by id",
            f"state = 'waiting' and next_at <= ? and not suspect and id not in ({marks}) order by next_at",
            f"state = 'waiting' and next_at > ? and not suspect and id not in ({marks}) order by next_at",
        )
        chosen = " union all ".join(
            f"select * from (select id from {BY_STATE} where {part} limit {limit})" for part in parts
        )
        moments = [time_text(now), *skipped, time_text(now + longest), *skipped]
        return self._rows(f"id in ({chosen})", [*skipped, *skipped, *moments], limit)

    def suspect_due(self, now: datetime, excluding: Iterable[int], longest: timedelta) -> Job | None:
        """Return the suspect to be tried next, the one with the fewest deaths; None if none is due; see ``due``."""
        skipped = sorted(excluding)
        marks = ", ".join("?" for _ in skipped)
        found = self.db.execute(
            # By the short index of suspects, whose condition has to stand here word for word.
            "select id from jobs where suspect = 1 and state in ('claimed', 'waiting')"
            f" and (coalesce(next_at, '') <= ? or next_at > ?) and id not in ({marks})"
            " order by deaths_alone, id limit 1",
            [time_text(now), time_text(now + longest), *skipped],
        ).fetchone()
        return self.job(found[0]) if found else None

    def hooks_due(self, limit: int, excluding: Iterable[int]) -> list[Job]:
        """Return the finished jobs whose hook is due, oldest first."""
        skipped = sorted(excluding)
        marks = ", ".join("?" for _ in skipped)
        return self._rows(
            # By the short index of due hooks: the indexes of ids and states hold every document.
            "id in (select id from jobs indexed by jobs_hook_at where hook_at is not null)"
            f" and +state in ('done', 'failed') and id not in ({marks})",
            [*skipped],
            limit,
        )

    def looks_due(self, now: datetime, longest: timedelta, limit: int, excluding: Iterable[int]) -> list[Job]:
        """Return the jobs at their end whose file has to be looked at again; see ``due``."""
        skipped = sorted(excluding)
        marks = ", ".join("?" for _ in skipped)
        return self._rows(
            # By the short index of looks, as in hooks_due.
            "id in (select id from jobs indexed by jobs_look_at where look_at is not null"
            " and (look_at <= ? or look_at > ?))"
            f" and +state in ('done', 'failed', 'duplicate') and id not in ({marks})",
            [time_text(now), time_text(now + longest), *skipped],
            limit,
        )

    def next_at(self) -> datetime | None:
        """Return the moment at which the first waiting job but for suspects is due; None if none waits."""
        row = self.db.execute(
            f"select next_at from {BY_STATE} where state = 'waiting' and not suspect order by next_at limit 1"
        ).fetchone()
        return time_from(row[0]) if row else None

    def due_since(self, now: datetime) -> datetime | None:
        """Return the moment at which the longest due of all due jobs became due; None if none is due."""
        # Of the arrived files the first counts as the oldest: there may be a hundred thousand.
        row = self.db.execute(
            "select min(since) from ("
            " select updated_at as since from jobs where id ="
            f" (select id from {BY_STATE} where state = 'arrived' and next_at is null order by id limit 1)"
            f" union all select updated_at from {BY_STATE} where state in ('claimed', 'running', 'recorded')"
            f" union all select min(next_at) from {BY_STATE} where state = 'waiting' and next_at <= ?)",
            [time_text(now)],
        ).fetchone()
        return time_from(row[0]) if row[0] else None

    def in_states(self, states: Sequence[State]) -> list[Job]:
        """Return the jobs in any of these states, oldest first."""
        marks = ", ".join("?" for _ in states)
        return self._rows(f"id in (select id from {BY_STATE} where state in ({marks}))", list(states))

    def count_unsettled(self) -> int:
        """Return the number of jobs that are neither done nor failed nor duplicates."""
        marks = ", ".join("?" for _ in UNSETTLED)
        return int(
            self.db.execute(f"select count(*) from {BY_STATE} where state in ({marks})", list(UNSETTLED)).fetchone()[0]
        )

    def remembered(self, inbox: str) -> dict[Path, Identity]:
        """Return the last known identity of each file of an inbox; for originals that are left in place."""
        rows = self.db.execute(
            "select source_path, size_bytes, mtime_ns, inode, ctime_ns from jobs where inbox = ? order by id", [inbox]
        )
        return {path_from(path): identity_from(*numbers) for path, *numbers in rows}

    def free_target(self, folder: Path, name: str, sha256: str, job_id: int) -> Path:
        """Return a free path below archive or failed for the file of a job, which no other job was ever promised.

        See :func:`ingestd.files.names.free_target`.
        """
        return free_target(folder, name, sha256, lambda path: self._is_reserved(path, job_id))

    def _is_reserved(self, path: Path, job_id: int) -> bool:
        found = self.db.execute(
            "select 1 from jobs where archive_path = ? and id != ? limit 1", [path_text(path), job_id]
        )
        return found.fetchone() is not None

    def of_path(self, path: Path) -> list[Job]:
        """Return the jobs of a file, newest first, by the path where it was dropped or kept."""
        text = path_text(path)
        return list(reversed(self._rows("source_path = ? or archive_path = ?", [text, text])))

    def _rows(self, where: str, values: list[Any], limit: int = -1) -> list[Job]:
        cursor = self.db.execute(
            f"select {COLUMNS} from jobs where {where} order by id limit {limit}",
            values,
        )
        return [job_from(row) for row in cursor]
