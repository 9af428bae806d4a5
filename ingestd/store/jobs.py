"""The ledger: the state of every file that ever arrived, in the table ``jobs``.

    arrived -> claimed -> running -> recorded -> done
                 |-> waiting   (environmental failure, or a failed attempt: due again at next_at)
                 |-> failed    (bad document, attempts used up, or ingestd died of it)
                 |-> duplicate (same bytes already recorded, or one side of a stack that lives on in a collated file)

There is one method per transition; no other code sets a state. Each is a compare-and-set: it changes the row only
if the job is in one of the expected states, and returns the changed job, else :class:`Moved`. A transition commits
by itself, or takes part in the caller's transaction.

A job that was in work when ingestd died is *suspect*: see :mod:`ingestd.daemon.suspects`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from ingestd.files.encoding import file_number, path_from, path_text, time_from, time_text
from ingestd.files.identity import Identity
from ingestd.store.database import transaction
from ingestd.store.job import COLUMNS, UNSETTLED, Job, Moved, State, control_s, identity_from, job_from

__all__ = ["UNSETTLED", "Job", "Jobs", "Moved", "State", "control_s"]

_Values = Mapping[str, str | int | None]
"""Column -> value."""

_UNCHANGED, _REFUNDED = "attempt", "max(0, attempt - 1)"
"""SQL for the number of attempts after a transition."""


BY_STATE = "jobs indexed by jobs_state_next_at"
"""Jobs of a few states. The index is named: nearly all jobs are done, from which SQLite, once somebody has executed
ANALYZE, concludes that reading all of them is as good."""


class Jobs:
    """Ledger of all jobs.

    Args:
        db: opened and migrated by :mod:`ingestd.store.database`.
    """

    def __init__(self, db: Database) -> None:
        self.db = db

    # -- transitions

    def arrive(self, inbox: str, path: Path, identity: Identity, now: datetime) -> Job:
        """Note a complete file in an inbox; one noted before and not yet claimed only gets its new identity."""
        values = [identity.size, identity.mtime_ns, file_number(identity.inode), identity.ctime_ns]
        with self._atomic():
            known = self._rows(
                "inbox = ? and source_path = ? and state in ('arrived', 'waiting') and sha256 is null",
                [inbox, path_text(path)],
                limit=1,
            )
            if known:
                self.db.execute(
                    "update jobs set size_bytes = ?, mtime_ns = ?, inode = ?, ctime_ns = ?, updated_at = ?"
                    " where id = ?",
                    [*values, time_text(now), known[0].id],
                )
                job_id: int | None = known[0].id
            else:
                at = time_text(now)
                job_id = self.db.execute(
                    "insert into jobs (state, attempt, inbox, source_path, name, size_bytes, mtime_ns, inode,"
                    " ctime_ns, created_at, updated_at) values ('arrived', 0, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    [inbox, path_text(path), path_text(path.name), *values, at, at],
                ).lastrowid
            assert job_id is not None, "sqlite numbers every inserted row"
            [job] = self._rows("id = ?", [job_id])
        return job

    def claim(self, job: Job, now: datetime) -> Job | Moved:
        """Note that the file is in the work folder."""
        return self._move(job.id, (State.ARRIVED, State.WAITING, State.CLAIMED), State.CLAIMED, now)

    def forget(self, job: Job) -> None:
        """Delete a job whose file vanished from the inbox, or changed there, before it was claimed."""
        self.db.execute("delete from jobs where id = ? and state in ('arrived', 'waiting', 'claimed')", [job.id])

    def start(self, job: Job, sha256: str, now: datetime) -> Job | Moved:
        """Begin one more attempt; persisted before a worker sees the document."""
        values = {"sha256": sha256, "error": None}
        return self._move(job.id, (State.CLAIMED,), State.RUNNING, now, values, attempts="attempt + 1")

    def requeue(self, job: Job, now: datetime, *, refund: bool) -> Job | Moved:
        """End an attempt without a result, so that the document is read again at once.

        Args:
            job: running.
            now: UTC.
            refund: do not count the attempt.
        """
        return self._move(job.id, (State.RUNNING,), State.CLAIMED, now, attempts=_REFUNDED if refund else _UNCHANGED)

    def died(self, job: Job, now: datetime) -> Job | Moved:
        """Note that ingestd died while the document was in work, alone if suspect; the attempt does not count."""
        values = {"suspect": 1, "deaths_alone": job.deaths_alone + job.suspect}
        return self._move(job.id, (State.RUNNING,), State.CLAIMED, now, values, attempts=_REFUNDED)

    def wait(self, job: Job, until: datetime, error: str, now: datetime, *, refund: bool) -> Job | Moved:
        """Put off a job that is not yet recorded.

        Args:
            job: not yet recorded.
            until: moment at which it is due again, UTC.
            error: reason of the wait.
            now: UTC.
            refund: do not count the attempt that has ended.
        """
        states = (State.ARRIVED, State.CLAIMED, State.WAITING, State.RUNNING)
        values = {"next_at": time_text(until), "error": _storable(error)}
        return self._move(job.id, states, State.WAITING, now, values, attempts=_REFUNDED if refund else _UNCHANGED)

    def record(
        self, job: Job, document_id: int, sha256: str, archive_path: Path, hook_at: datetime | None, now: datetime
    ) -> Job | Moved:
        """Note that the document is in the database; call it in the transaction that saves the document.

        Args:
            job: running.
            document_id: of the saved document.
            sha256: of its bytes.
            archive_path: target of the original.
            hook_at: moment from which a hook is due; None: no hook.
            now: UTC.
        """
        values: _Values = {
            "document_id": document_id,
            "archive_path": path_text(archive_path),
            "sha256": sha256,
            "hook_at": _moment(hook_at),
        }
        return self._move(job.id, (State.RUNNING,), State.RECORDED, now, values)

    def duplicate(
        self, job: Job, document_id: int, sha256: str, archive_path: Path, look_at: datetime | None, now: datetime
    ) -> Job | Moved:
        """Note that the same bytes are recorded already as ``document_id``; see :meth:`fail`."""
        values: _Values = {
            "document_id": document_id,
            "archive_path": path_text(archive_path),
            "sha256": sha256,
            "error": None,
            "look_at": _moment(look_at),
        }
        return self._move(job.id, (State.CLAIMED, State.RUNNING), State.DUPLICATE, now, values)

    def lend(self, job: Job, sha256: str, until: datetime, reason: str, now: datetime) -> Job | Moved:
        """Put off a side of a stack whose file is in work, while the other side is awaited or both are read."""
        values = {"next_at": time_text(until), "error": _storable(reason), "sha256": sha256}
        return self._move(job.id, (State.CLAIMED,), State.WAITING, now, values)

    def collate(self, job: Job, archive_path: Path, reason: str, now: datetime) -> Job | Moved:
        """Note that a side of a stack lives on in a collated file; call it in the transaction that lets that arrive."""
        values = {"archive_path": path_text(archive_path), "error": _storable(reason)}
        return self._move(job.id, (State.RUNNING, State.WAITING), State.DUPLICATE, now, values)

    def fail(
        self,
        job: Job,
        error: str,
        archive_path: Path,
        hook_at: datetime | None,
        now: datetime,
        look_at: datetime | None = None,
    ) -> Job | Moved:
        """Note that a document has failed.

        Args:
            job: not yet recorded.
            error: reason as JSON (see :mod:`ingestd.daemon.failure`).
            archive_path: target of the file.
            hook_at: moment from which a hook is due; None: no hook.
            now: UTC.
            look_at: moment from which the file has to be looked at again; None: it is not kept.
        """
        states = (State.CLAIMED, State.WAITING, State.RUNNING)
        values = {
            "error": _storable(error),
            "archive_path": path_text(archive_path),
            "hook_at": _moment(hook_at),
            "look_at": _moment(look_at),
        }
        return self._move(job.id, states, State.FAILED, now, values)

    def finish(self, job: Job, now: datetime, look_at: datetime | None = None) -> Job | Moved:
        """Note that original and sidecar of a recorded document are where they belong; see :meth:`fail`."""
        return self._move(job.id, (State.RECORDED,), State.DONE, now, {"look_at": _moment(look_at)})

    def retry(self, job: Job, now: datetime) -> Job | Moved:
        """Make a failed or waiting job due at once, with all its attempts and no suspicion."""
        return self._again(job, (State.FAILED, State.WAITING), now)

    def reopen(self, job: Job, now: datetime) -> Job | Moved:
        """Make a job due at once whose file changed after it was put away."""
        return self._again(job, (State.FAILED, State.DUPLICATE), now)

    def _again(self, job: Job, states: Collection[State], now: datetime) -> Job | Moved:
        fresh: _Values = {"document_id": None, "suspect": 0, "deaths_alone": 0, "look_at": None}
        return self._move(job.id, states, State.WAITING, now, {"next_at": time_text(now), **fresh}, attempts="0")

    def looked(self, job: Job) -> None:
        """Note that the file of a job was looked at again."""
        self.db.execute("update jobs set look_at = null where id = ?", [job.id])

    def read_again(self, job: Job, identity: Identity, now: datetime) -> None:
        """Make a job of its own for a file that changed after it was put away; take part in the caller's transaction.

        Args:
            job: at its end, with the file in its ``archive_path``.
            identity: present state of the file.
            now: UTC.
        """
        at, why = time_text(now), "it changed after it was put away"
        numbers = [identity.size, identity.mtime_ns, file_number(identity.inode), identity.ctime_ns]
        self.db.execute(
            "insert into jobs (state, attempt, inbox, source_path, name, size_bytes, mtime_ns, inode, ctime_ns, sha256,"
            " archive_path, next_at, error, created_at, updated_at) select 'waiting', 0, inbox, source_path, name,"
            " ?, ?, ?, ?, sha256, archive_path, ?, ?, ?, ? from jobs where id = ?",
            [*numbers, at, why, at, at, job.id],
        )
        self.looked(job)

    def hook_ended(self, job: Job) -> None:
        """Note that the hook of a job has ended; a hook that became due again meanwhile stays due."""
        assert job.hook_at is not None, "only hooks that are due are run"
        self.db.execute("update jobs set hook_at = null where id = ? and hook_at = ?", [job.id, time_text(job.hook_at)])

    def _move(
        self,
        job_id: int,
        expected: Collection[State],
        state: State,
        now: datetime,
        values: _Values | None = None,
        *,
        attempts: str = _UNCHANGED,
    ) -> Job | Moved:
        """Set state, values and attempts (SQL) of a job in an expected state; ``next_at`` is null unless given."""
        columns = {"state": state, "updated_at": time_text(now), "next_at": None, **(values or {})}
        settings = ", ".join((*(f"{name} = ?" for name in columns), f"attempt = {attempts}"))
        marks = ", ".join("?" for _ in expected)
        with self._atomic():
            changed = self.db.execute(
                f"update jobs set {settings} where id = ? and state in ({marks})",
                [*columns.values(), job_id, *expected],
            )
            job = self.job(job_id)
        if changed.rowcount and job is not None:
            return job
        return Moved(job_id, None if job is None else job.state)

    @contextlib.contextmanager
    def _atomic(self) -> Iterator[None]:
        """Take part in the open transaction, or hold one for the block."""
        if self.db.conn.in_transaction:
            yield
        else:
            with transaction(self.db):
                yield

    # -- questions

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

    def is_reserved(self, path: Path, job_id: int) -> bool:
        """Tell whether a place below archive or failed was ever promised to another job."""
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


def _storable(text: str) -> str:
    """Return text that SQLite takes: an error may name a file whose name is not UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode()


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else time_text(moment)
