"""Lifecycle of one file: from inbox to work, and from work to archive or failed.

The order of effects makes a crash harmless. A job is in the ledger before its file moves; the target of
a file is in the ledger before the file goes there; the record is committed before the original is disposed
of. Every method may be called again after a crash at any point inside it.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from enum import Enum, auto
from pathlib import Path

from ingestd.config import HooksConfig, InboxConfig, RecordConfig, SpoolConfig
from ingestd.daemon.failure import reason_file
from ingestd.daemon.outcomes import Changed, Claimed, Duplicate, Gone, Overtaken, Recorded, Refused, Started
from ingestd.document import Claim, Record, Splitting
from ingestd.errors import AttemptError, DocumentError, TransientError
from ingestd.files import durable
from ingestd.files.archive_layout import archive_folder
from ingestd.files.encoding import path_text
from ingestd.files.identity import GradualDigest, digest, kind, look
from ingestd.files.names import (
    copy_path,
    error_path,
    is_partial,
    sidecar_path,
    work_copy_path,
    work_path,
)
from ingestd.files.size import require_size
from ingestd.files.writers import has_writer
from ingestd.output import sidecar
from ingestd.store import documents
from ingestd.store.database import transaction
from ingestd.store.job import Job, Moved, State
from ingestd.store.jobs import Jobs

log = logging.getLogger(__name__)

_MAX_SIDECARS = 20
"""Sidecars that are brought up to date in one turn."""


class _Taken(Enum):
    """Result of taking a file out of its inbox."""

    YES = auto()
    GONE = auto()
    VANISHED = auto()
    """The file is missing, though it was in work, which only ingestd may touch."""


class Lifecycle:
    """Mover of files and job states, together.

    Args:
        jobs: job states.
        inboxes: by name; a job of an inbox no longer configured is treated as ``move``.
        places: work, archive and failed folders.
        options: says if sidecars are written.
        max_bytes: length of the largest file that is read.
        look_again_s: seconds after which a file that was put away has to be looked at again.
        hooks: say which outcomes make a command due.
    """

    def __init__(
        self,
        jobs: Jobs,
        inboxes: Mapping[str, InboxConfig],
        places: SpoolConfig,
        options: RecordConfig,
        max_bytes: int,
        look_again_s: float,
        hooks: HooksConfig,
    ) -> None:
        self._jobs = jobs
        self._inboxes = inboxes
        self._places = places
        self._options = options
        self._max_bytes = max_bytes
        self._look_again = timedelta(seconds=look_again_s)
        self._hooks = hooks

    def _original(self, job: Job) -> str:
        """Return the configured treatment of the original: ``move``, ``leave`` or ``delete``."""
        inbox = self._inboxes.get(job.inbox)
        return inbox.original if inbox is not None else "move"

    def _work_path(self, job: Job) -> Path:
        return work_path(self._places.work, job.id, job.name)

    # -- from inbox to work

    def claim(self, job: Job, now: datetime) -> Claimed | Refused | Gone | Moved:
        """Bring the file of a job into work.

        Raises:
            TransientError: the file could not be moved.
        """
        work = self._work_path(job)
        taken = _Taken.YES
        if os.path.lexists(work):
            self._drop_claimed_source(job, work)
        else:
            taken = self._take(job, work)
        if taken is _Taken.GONE:
            return Gone()
        if taken is _Taken.VANISHED:
            return Refused(job, _vanished(work))
        claimed = self._jobs.claim(job, now)
        if isinstance(claimed, Moved):
            return claimed
        irregular = kind(work.lstat().st_mode)
        return Refused(claimed, _not_a_file(irregular)) if irregular else Claimed(claimed)

    def _take(self, job: Job, work: Path) -> _Taken:
        """Move or copy the file into work, unless it is no longer the one that was complete."""
        kept = job.archive_path
        if kept is not None and os.path.lexists(kept):  # a failed job that is to be tried again
            durable.remove(error_path(kept))
            durable.move(kept, work)
            return _Taken.YES
        identity = look(job.source_path)
        if identity is None and job.sha256 is not None:
            return _Taken.VANISHED
        if not job.identity.is_same(identity) or has_writer(job.source_path):
            self._jobs.forget(job)
            return _Taken.GONE
        if self._original(job) == "leave":
            durable.copy(job.source_path, work)
            unchanged = job.identity.is_same(look(job.source_path))
        else:
            durable.move(job.source_path, work)
            moved = look(work)
            unchanged = moved is not None and (moved.size, moved.mtime_ns) == (job.identity.size, job.identity.mtime_ns)
        if unchanged:
            return _Taken.YES
        self._return_to_inbox(job, work)
        return _Taken.GONE

    def _return_to_inbox(self, job: Job, work: Path) -> None:
        """Give a file that another program still wrote back to the inbox, where it has to settle again."""
        log.info("%s changed while it was being claimed; waiting until it is complete", path_text(job.source_path))
        if self._original(job) == "leave":
            durable.remove(work)
        else:
            durable.move(work, job.source_path)
        durable.remove_folder(work.parent)
        self._jobs.forget(job)

    def _drop_claimed_source(self, job: Job, work: Path) -> None:
        """Remove the remains of an interrupted step: the source of a file in work, or the reason of its failure."""
        # a crash between copy and unlink leaves both; the source goes if it is the same file
        same = job.state is State.ARRIVED and job.identity.is_same(look(job.source_path))
        if same and self._original(job) != "leave" and digest(job.source_path) == digest(work):
            durable.remove(job.source_path)
        # a failed document that is tried again before it was put away may have its reason there already
        if job.archive_path is not None:
            durable.remove(error_path(job.archive_path))

    def oversized(self, job: Job) -> DocumentError | None:
        """Return the fault of a claimed file whose length alone refuses it; looked at before anything reads it."""
        try:
            require_size(self._work_path(job).lstat(), self._max_bytes)
        except DocumentError as error:
            return error
        return None

    def hashing(self, job: Job) -> GradualDigest:
        """Begin to hash the file of a job in work."""
        return GradualDigest(self._work_path(job))

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

    # -- from work to archive or failed

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
        target = self._free(folder, job, record.sha256, name)
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

    def _free(self, folder: Path, job: Job, sha256: str, name: str | None = None) -> Path:
        return self._jobs.free_target(folder, name or job.name, sha256, job.id)

    def _duplicate(self, job: Job, document_id: int, sha256: str, now: datetime) -> Duplicate | Moved:
        target = self._free(self._places.archive / "duplicates", job, sha256)
        look_at = None if self._drops_duplicates(job) else now + self._look_again
        duplicate = self._jobs.duplicate(job, document_id, sha256, target, look_at, now)
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
        target = self._free(self._places.failed, job, job.sha256 or str(job.id))
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

    # -- after a crash

    def stranded(self, now: datetime) -> list[Job]:
        """Return the jobs whose files are in work after a crash; files without a job get one."""
        jobs: list[Job] = []
        if not self._places.work.is_dir():
            return jobs
        for folder in sorted(self._places.work.iterdir()):
            if not folder.is_dir() or not folder.name.isdigit():
                continue
            job = self._jobs.job(int(folder.name))
            for path in folder.iterdir():
                if is_partial(path.name):
                    durable.remove(path)
                elif job is None or path.name != job.name or job.state is State.DONE:
                    jobs.append(self._adopt(path, now))
            if not any(folder.iterdir()):
                durable.remove_folder(folder)
            elif job is not None:
                jobs.append(job)
        return jobs

    def _adopt(self, path: Path, now: datetime) -> Job:
        """Make a job for a file in work that the ledger does not know, because an older database was restored."""
        inbox = next(iter(self._inboxes.values()))
        identity = look(path)
        assert identity is not None, "it was listed a moment ago, and no other program works here"
        job = self._jobs.arrive(inbox.name, inbox.path / path.name, identity, now)
        log.warning("%s was in the work folder without a job; made one", path_text(path))
        durable.move(path, self._work_path(job))
        return job


def _vanished(work: Path) -> DocumentError:
    return DocumentError(
        f"{work} has vanished", expected="the file to stay until ingestd moves it", fix="drop it again", code="vanished"
    )


def _not_a_file(found: str) -> DocumentError:
    return DocumentError(f"found {found}", expected="a regular file", fix="drop the file itself", code="not-a-file")


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
