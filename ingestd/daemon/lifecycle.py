"""What happens to one file: from inbox to work, and from work to archive or failed.

The order of effects is what makes a crash harmless. A job is in the ledger before its file moves;
the place a file goes to is in the ledger before it goes there; the record is committed before the
original is disposed of. Every function may be called again after a crash at any point inside it.
"""

from __future__ import annotations

import contextlib
import functools
import json
import logging
import os
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from ingestd.config import HooksConfig, InboxConfig, RecordConfig, SpoolConfig
from ingestd.daemon.failure import reason_file, reason_path
from ingestd.document import Claim, Record
from ingestd.errors import AttemptError, DocumentError, TransientError
from ingestd.files import durable
from ingestd.files.encoding import path_text
from ingestd.files.identity import digest, kind, look
from ingestd.output import sidecar
from ingestd.store import documents
from ingestd.store.database import transaction
from ingestd.store.jobs import Job, Ledger, State

log = logging.getLogger(__name__)

_CODE_DIGITS = 8
"""Digits of the content's hash that tell files of one name apart."""


class Custody:
    """Moves files and job states together.

    Args:
        ledger: job states.
        inboxes: by name; a job of an inbox no longer configured is treated as ``move``.
        places: work, archive and failed folders.
        options: whether sidecars are written.
        hooks: which outcomes have a command that becomes due with them.
    """

    def __init__(
        self,
        ledger: Ledger,
        inboxes: Mapping[str, InboxConfig],
        places: SpoolConfig,
        options: RecordConfig,
        hooks: HooksConfig,
    ) -> None:
        self._ledger = ledger
        self._inboxes = inboxes
        self._places = places
        self._options = options
        self._hooks = hooks

    def _left(self, job: Job) -> bool:
        inbox = self._inboxes.get(job.inbox)
        return inbox is not None and inbox.original == "leave"

    def work_path(self, job: Job) -> Path:
        """Where the bytes of a claimed job are."""
        return self._places.work / str(job.id) / job.name

    # -- from inbox to work

    def claim(self, job: Job, now: datetime) -> bool:
        """Bring the file of a job into work; False if it is gone or has changed, and the job forgotten.

        Raises:
            TransientError: the file could not be moved.
            DocumentError: it is no regular file (it is in work all the same, ready to be failed).
        """
        work = self.work_path(job)
        if os.path.lexists(work):
            self._drop_claimed_source(job, work)
        elif not self._take(job, work):
            return False
        self._ledger.update(job.id, State.CLAIMED, now)
        irregular = kind(work.lstat().st_mode)
        if irregular:
            raise DocumentError(
                f"found {irregular}", expected="a regular file", fix="drop the file itself", code="not-a-file"
            )
        return True

    def _take(self, job: Job, work: Path) -> bool:
        """Move or copy the file into work, unless it is no longer the one that was whole."""
        kept = job.archive_path
        if kept is not None and os.path.lexists(kept):  # a failed job that is to be tried again
            durable.remove(reason_path(kept))
            durable.move(kept, work)
            return True
        identity = look(job.source_path)
        if identity is None and job.sha256 is not None:
            raise DocumentError(
                f"{work} has vanished", expected="nobody but ingestd to touch it", fix="drop it again", code="vanished"
            )
        if identity != job.identity:
            self._ledger.forget(job.id)
            return False
        if self._left(job):
            durable.copy(job.source_path, work)
            unchanged = look(job.source_path) == job.identity
        else:
            durable.move(job.source_path, work)
            moved = look(work)
            unchanged = moved is not None and (moved.size, moved.mtime_ns) == (job.identity.size, job.identity.mtime_ns)
        if not unchanged:
            self._give_back(job, work)
        return unchanged

    def _give_back(self, job: Job, work: Path) -> None:
        """Somebody was still writing: the inbox gets the file back, and it has to settle again."""
        log.info("%s changed while it was being claimed; waiting for it again", path_text(job.source_path))
        if self._left(job):
            durable.remove(work)
        else:
            durable.move(work, job.source_path)
        durable.remove_folder(work.parent)
        self._ledger.forget(job.id)

    def _drop_claimed_source(self, job: Job, work: Path) -> None:
        """After a crash between copy and unlink both exist; the source goes if it is the same file."""
        same = job.state is State.ARRIVED and look(job.source_path) == job.identity
        if same and not self._left(job) and digest(job.source_path) == digest(work):
            durable.remove(job.source_path)

    def begin(self, job: Job, now: datetime) -> tuple[Claim, str] | None:
        """Start one more try at a claimed job; None if its bytes are recorded already.

        The attempt is persisted before a worker sees the document, so that one that takes the
        whole machine down is not tried for ever.
        """
        work = self.work_path(job)
        sha256 = _digest(work)
        known = documents.document_by_sha(self._ledger.db, sha256)
        if known is not None:
            self._set_duplicate(job, known, sha256, now)
            return None
        attempt = job.attempt + 1
        self._ledger.update(job.id, State.RUNNING, now, attempt=attempt, sha256=sha256, error=None)
        return Claim(job.id, work, job.source_path, job.inbox, work.stat().st_size, now, attempt), sha256

    # -- from work to archive or failed

    def record(self, job: Job, record: Record, now: datetime) -> bool:
        """Commit record and job state in one transaction; False if the file changed and must be read again.

        Raises:
            AttemptError: the record holds what no database can (half a surrogate pair, a number without end).
        """
        if _digest(self.work_path(job)) != record.sha256:
            log.warning("%s changed while it was being read; reading it again", path_text(job.source_path))
            self._ledger.update(job.id, State.CLAIMED, now)
            return False
        db = self._ledger.db
        known = documents.document_by_sha(db, record.sha256)
        if known is not None:  # the same bytes were read at the same time under another name
            self._set_duplicate(job, known, record.sha256, now)
            return True
        folder, name = durable.archive_folder(
            self._places.archive,
            self._places.layout,
            received=job.created_at,
            name=job.name,
            inbox=job.inbox,
            rule=record.extraction.rule,
        )
        target = self._free(folder, job, record.sha256, name)
        archived = target if self._disposal(job) == "move" else None
        with _storing(), transaction(db):
            document_id = documents.save(
                db,
                record,
                source_path=job.source_path,
                archive_path=archived,
                received_at=job.created_at,
                recorded_at=now,
            )
            self._ledger.update(
                job.id,
                State.RECORDED,
                now,
                document_id=document_id,
                archive_path=target,
                sha256=record.sha256,
                hook_at=now if self._hooks.on_success else None,
            )
        return True

    def _disposal(self, job: Job) -> str:
        inbox = self._inboxes.get(job.inbox)
        return inbox.original if inbox is not None else "move"

    def _free(self, folder: Path, job: Job, code: str, name: str | None = None) -> Path:
        reserved = functools.partial(self._ledger.is_reserved, job_id=job.id)
        return durable.free_target(folder, name or job.name, code[:_CODE_DIGITS], reserved)

    def _set_duplicate(self, job: Job, document_id: int, sha256: str, now: datetime) -> None:
        target = self._free(self._places.archive / "duplicates", job, sha256)
        self._ledger.update(
            job.id, State.DUPLICATE, now, document_id=document_id, sha256=sha256, archive_path=target, error=None
        )

    def fail(self, job: Job, reason: Mapping[str, str | int], now: datetime) -> None:
        """Note that a document is bad and where it will be kept; :meth:`dispose` takes it there."""
        target = self._free(self._places.failed, job, job.sha256 or str(job.id))
        error = json.dumps(reason, ensure_ascii=False)
        due = now if self._hooks.on_failure else None
        self._ledger.update(job.id, State.FAILED, now, error=error, archive_path=target, hook_at=due)

    def dispose(self, job: Job, now: datetime) -> None:
        """Finish a recorded, failed or duplicate job: write what belongs beside the file, put the file there.

        Raises:
            TransientError: archive or failed cannot be written; call again later.
        """
        assert job.archive_path is not None, "record, fail and duplicate name the place first"
        target, work = job.archive_path, self.work_path(job)
        match job.state:
            case State.RECORDED:
                assert job.document_id is not None, "set in the transaction that recorded it"
                if self._options.sidecar:
                    durable.write_atomic(sidecar.path_of(target), sidecar.render(self._ledger.db, job.document_id))
                self._put(work, target if self._disposal(job) == "move" else None)
            case State.FAILED:
                durable.write_atomic(reason_path(target), reason_file(job, now))
                self._put(work, None if self._left(job) else target)
            case State.DUPLICATE:
                inbox = self._inboxes.get(job.inbox)
                dropped = inbox is not None and (inbox.duplicates == "delete" or inbox.original != "move")
                self._put(work, None if dropped else target)
        durable.remove_folder(work.parent)
        if job.state is State.RECORDED:
            self._ledger.update(job.id, State.DONE, now)

    def _put(self, work: Path, target: Path | None) -> None:
        """Move the file from work to its last place, or delete it (target None); done already is fine."""
        if not os.path.lexists(work):
            return
        if target is None or (os.path.lexists(target) and digest(target) == digest(work)):
            durable.remove(work)
        else:
            durable.move(work, target)

    # -- after a crash

    def stranded(self, now: datetime) -> list[Job]:
        """Look through work and return the jobs whose files are there; files without a job get one."""
        jobs: list[Job] = []
        if not self._places.work.is_dir():
            return jobs
        for folder in sorted(self._places.work.iterdir()):
            if not folder.is_dir() or not folder.name.isdigit():
                continue
            job = self._ledger.job(int(folder.name))
            for path in folder.iterdir():
                if path.name.startswith(".") and path.name.endswith(".partial"):
                    durable.remove(path)
                elif job is None or path.name != job.name or job.state is State.DONE:
                    jobs.append(self._adopt(path, now))
            if not any(folder.iterdir()):
                durable.remove_folder(folder)
            elif job is not None:
                jobs.append(job)
        return jobs

    def _adopt(self, path: Path, now: datetime) -> Job:
        """Give a file in work that the ledger does not know (an older database was restored) a new job."""
        inbox = next(iter(self._inboxes.values()))
        identity = look(path)
        assert identity is not None, "it was listed a moment ago and nobody else works here"
        job_id = self._ledger.arrive(inbox.name, inbox.path / path.name, identity, now)
        job = self._ledger.job(job_id)
        assert job is not None, "inserted a line before"
        log.warning("%s was in work without a job; it gets a new one", path_text(path))
        durable.move(path, self.work_path(job))
        return job


@contextlib.contextmanager
def _storing() -> Iterator[None]:
    """A record that cannot be stored is a defect that one document brings out; the others go on."""
    try:
        yield
    except (ValueError, OverflowError, sqlite3.IntegrityError, sqlite3.DataError) as error:
        raise AttemptError(f"what was read cannot be stored: {type(error).__name__}: {error}") from error


def _digest(path: Path) -> str:
    try:
        return digest(path)
    except OSError as error:
        raise TransientError(f"cannot read {path}: {error.strerror}; it is tried again") from error


def is_temporary(error: BaseException) -> bool:
    """Tell whether an error is about the surroundings (disk, permissions, lock), not about the document."""
    return isinstance(error, TransientError | OSError | sqlite3.OperationalError)
