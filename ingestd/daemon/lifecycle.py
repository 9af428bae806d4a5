"""Lifecycle of one file in work: attempts, record or failure, and its way to archive or failed.

The order of effects makes a crash harmless. The target of a file is in the ledger before the file goes there; the
record is committed before the original is disposed of. Every method may be called again after a crash at any point
inside it.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from ingestd.config import HooksConfig, InboxConfig, RecordConfig, SpoolConfig
from ingestd.daemon.failure import reason_file
from ingestd.daemon.outcomes import Changed, Duplicate, Overtaken, Recorded, Started
from ingestd.document import Claim, Record, Splitting
from ingestd.errors import AttemptError, TransientError
from ingestd.files import durable
from ingestd.files.archive_layout import archive_folder
from ingestd.files.encoding import path_text
from ingestd.files.identity import digest
from ingestd.files.names import copy_path, error_path, sidecar_path, work_copy_path, work_path
from ingestd.output import sidecar
from ingestd.store import documents, supersessions
from ingestd.store.database import transaction
from ingestd.store.job import Job, Moved, State
from ingestd.store.jobs import Jobs

log = logging.getLogger(__name__)

_MAX_SIDECARS = 20
"""Sidecars that are brought up to date in one turn."""


class Lifecycle:
    """Mover of files and job states, together.

    Args:
        jobs: job states.
        inboxes: by name; a job of an inbox no longer configured is treated as ``move``.
        places: work, archive and failed folders.
        options: says if sidecars are written.
        look_again_s: seconds after which a file that was put away has to be looked at again.
        hooks: say which outcomes make a command due.
    """

    def __init__(
        self,
        jobs: Jobs,
        inboxes: Mapping[str, InboxConfig],
        places: SpoolConfig,
        options: RecordConfig,
        look_again_s: float,
        hooks: HooksConfig,
    ) -> None:
        self._jobs = jobs
        self._inboxes = inboxes
        self._places = places
        self._options = options
        self._look_again = timedelta(seconds=look_again_s)
        self._hooks = hooks

    def _original(self, job: Job) -> str:
        """Return the configured treatment of the original: ``move``, ``leave`` or ``delete``."""
        inbox = self._inboxes.get(job.inbox)
        return inbox.original if inbox is not None else "move"

    def _work_path(self, job: Job) -> Path:
        return work_path(self._places.work, job.id, job.name)

    def start(self, job: Job, sha256: str, now: datetime) -> Started | Duplicate | Moved:
        """Start one more attempt at a claimed job, unless its bytes are recorded already.

        The attempt is persisted before a worker sees the document, so that the next start knows what was in work
        when the machine went down.

        Raises:
            TransientError: the file cannot be read.
        """
        work = self._work_path(job)
        known = documents.document_by_sha(self._jobs.db, sha256)
        if known is not None:
            return self._duplicate(job, known, sha256, now)
        started = self._jobs.start(job, sha256, now)
        if isinstance(started, Moved):
            return started
        inbox = self._inboxes.get(job.inbox)
        splitting = Splitting() if inbox is None else inbox.splitting
        attempt = started.attempt + started.deaths_alone
        claim = Claim(work, job.source_path, work.stat().st_size, sha256, attempt, splitting)
        return Started(started, claim)

    def record(self, job: Job, record: Record, sha256: str, now: datetime) -> Recorded | Duplicate | Changed | Moved:
        """Commit record and job state in one transaction.

        Raises:
            AttemptError: the record holds a value that SQLite cannot (half a surrogate pair, infinity).
            TransientError: the file cannot be read.
        """
        if sha256 != record.sha256:
            return self._read_again(job, now)
        known = documents.document_by_sha(self._jobs.db, record.sha256)
        if known is not None:  # the same bytes were read at the same time under another name
            return self._duplicate(job, known, record.sha256, now)
        folder, name = archive_folder(
            self._places.archive,
            self._places.layout,
            received=job.created_at,
            name=job.name,
            inbox=job.inbox,
            rule=record.extraction.rule,
            values={field.name: field.value for field in record.extraction.fields if field.value is not None},
        )
        target = self._jobs.free_target(folder, name, record.sha256, job.id)
        self._keep_copy(job, record)
        try:
            return Recorded(self._commit(job, record, target, now))
        except Overtaken as overtaken:
            return overtaken.moved

    def _read_again(self, job: Job, now: datetime) -> Changed | Moved:
        log.warning("%s changed while it was being read; reading it again", path_text(job.source_path))
        requeued = self._jobs.requeue(job, now, refund=False)
        return requeued if isinstance(requeued, Moved) else Changed(requeued)

    def _keep_copy(self, job: Job, record: Record) -> None:
        """Write the searchable copy where a crash after the commit finds it."""
        if record.copy is None:
            return
        if record.copy.content:
            durable.write_atomic(work_copy_path(self._places.work, job.id), record.copy.content)
        else:
            log.warning("%s: no searchable copy: %s", path_text(job.source_path), record.copy.problem)

    def _commit(self, job: Job, record: Record, target: Path, now: datetime) -> Job:
        with _storing(), transaction(self._jobs.db):
            document_id = documents.save(
                self._jobs.db,
                record,
                source_path=job.source_path,
                archive_path=target if self._original(job) == "move" else None,
                received_at=job.created_at,
                recorded_at=now,
            )
            hook_at = now if self._hooks.on_success else None
            recorded = self._jobs.record(job, document_id, record.sha256, target, hook_at, now)
            if isinstance(recorded, Moved):
                raise Overtaken(recorded)
        return recorded

    def _duplicate(self, job: Job, document_id: int, sha256: str, now: datetime) -> Duplicate | Moved:
        target = self._jobs.free_target(self._places.archive / "duplicates", job.name, sha256, job.id)
        look_at = None if self._drops_duplicates(job) else now + self._look_again
        with transaction(self._jobs.db):
            duplicate = self._jobs.duplicate(job, document_id, sha256, target, look_at, now)
            if isinstance(duplicate, Job):
                supersessions.withdraw(self._jobs.db, document_id)
        return duplicate if isinstance(duplicate, Moved) else Duplicate(duplicate)

    def _drops_duplicates(self, job: Job) -> bool:
        inbox = self._inboxes.get(job.inbox)
        return inbox is not None and (inbox.duplicates == "delete" or inbox.original != "move")

    def fail(self, job: Job, reason: Mapping[str, str | int], now: datetime) -> Job | Changed | Moved:
        """Note a failure and the place where the file will be kept; :meth:`dispose` takes it there.

        A file that changed while it was read is read again instead: the reason is one of bytes that are no more.

        Raises:
            TransientError: the file cannot be read.
        """
        if job.state is State.RUNNING and job.sha256 != _digest(self._work_path(job)):
            return self._read_again(job, now)
        target = self._jobs.free_target(self._places.failed, job.name, job.sha256 or str(job.id), job.id)
        due = now if self._hooks.on_failure else None
        look_at = None if self._original(job) == "leave" else now + self._look_again
        return self._jobs.fail(job, json.dumps(reason, ensure_ascii=False), target, due, now, look_at)

    def dispose(self, job: Job, now: datetime) -> Job | Moved:
        """Finish a recorded, failed or duplicate job: write sidecar or reason, then put the file in its place.

        Raises:
            TransientError: archive or failed cannot be written; call again later.
        """
        latest = self._jobs.job(job.id)
        if latest is None or latest.state is not job.state:  # 'ingestd retry' came first
            return Moved(job.id, None if latest is None else latest.state)
        assert job.archive_path is not None, "record, fail and duplicate name the place first"
        target, work = job.archive_path, self._work_path(job)
        match job.state:
            case State.RECORDED:
                assert job.document_id is not None, "set in the transaction that recorded it"
                if self._options.sidecar:
                    slim = self._options.sidecar == "slim"
                    content = sidecar.render(self._jobs.db, job.document_id, slim=slim)
                    durable.write_atomic(sidecar_path(target), content)
                self._put_copy(job, copy_path(target))
                self._put(work, target if self._original(job) == "move" else None)
            case State.FAILED:
                durable.write_atomic(error_path(target), reason_file(job, now))
                self._put(work, None if self._original(job) == "leave" else target)
            case State.DUPLICATE:
                self._put(work, None if self._drops_duplicates(job) else target)
        durable.remove(work_copy_path(self._places.work, job.id))
        durable.remove_folder(work.parent)
        if job.state is not State.RECORDED:
            return job
        return self._jobs.finish(job, now, now + self._look_again if self._original(job) == "move" else None)

    def _put(self, work: Path, target: Path | None) -> None:
        """Move the file from work to its target, or delete it (target None), unless that was done before."""
        if not os.path.lexists(work):
            return
        if target is None or (os.path.lexists(target) and digest(target) == digest(work)):
            durable.remove(work)
        else:
            durable.move(work, target)

    def _put_copy(self, job: Job, target: Path) -> None:
        """Move the searchable copy beside the original, unless that was done before."""
        copy = work_copy_path(self._places.work, job.id)
        if copy.exists() and not os.path.lexists(target):
            durable.move(copy, target)

    def refresh_sidecars(self) -> bool:
        """Bring sidecars up to date that do not show a correction yet; True if there were any.

        Raises:
            TransientError: one cannot be written; call again later.
        """
        return sidecar.refresh_due(self._jobs.db, _MAX_SIDECARS, wanted=bool(self._options.sidecar)) > 0


@contextlib.contextmanager
def _storing() -> Iterator[None]:
    """Turn a record that cannot be stored into a failed attempt of its document; other documents go on."""
    try:
        yield
    except (ValueError, OverflowError, sqlite3.IntegrityError, sqlite3.DataError) as error:
        raise AttemptError(f"the record cannot be stored: {type(error).__name__}: {error}") from error


def _digest(path: Path) -> str:
    try:
        return digest(path)
    except OSError as error:
        raise TransientError(f"cannot read {path}: {error.strerror}; will be retried") from error
