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
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from ingestd.files.encoding import file_number, path_text, time_text
from ingestd.files.identity import Identity
from ingestd.store.database import transaction
from ingestd.store.job import Job, Moved, State
from ingestd.store.job_queries import JobQueries

_Values = Mapping[str, str | int | None]
"""Column -> value."""

_UNCHANGED, _REFUNDED = "attempt", "max(0, attempt - 1)"
"""SQL for the number of attempts after a transition."""


class Jobs(JobQueries):
    """Ledger of all jobs: one method per transition, beside the questions."""

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

    def read_again(self, job: Job, identity: Identity, now: datetime) -> int:
        """Make a job of its own for a file that changed after it was put away; take part in the caller's transaction.

        Args:
            job: at its end, with the file in its ``archive_path``.
            identity: present state of the file.
            now: UTC.

        Returns:
            Id of the new job.
        """
        at, why = time_text(now), "it changed after it was put away"
        numbers = [identity.size, identity.mtime_ns, file_number(identity.inode), identity.ctime_ns]
        job_id = self.db.execute(
            "insert into jobs (state, attempt, inbox, source_path, name, size_bytes, mtime_ns, inode, ctime_ns, sha256,"
            " archive_path, next_at, error, created_at, updated_at) select 'waiting', 0, inbox, source_path, name,"
            " ?, ?, ?, ?, sha256, archive_path, ?, ?, ?, ? from jobs where id = ?",
            [*numbers, at, why, at, at, job.id],
        ).lastrowid
        assert job_id is not None, "sqlite numbers every inserted row"
        self.looked(job)
        return job_id

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


def _storable(text: str) -> str:
    """Return text that SQLite takes: an error may name a file whose name is not UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode()


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else time_text(moment)
