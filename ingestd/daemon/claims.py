"""Files on their way from an inbox into work.

A job is in the ledger before its file moves. Every method may be called again after a crash at any point inside it.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum, auto
from pathlib import Path

from ingestd.config import InboxConfig
from ingestd.daemon.outcomes import Claimed, Gone, Refused
from ingestd.errors import DocumentError
from ingestd.files import durable
from ingestd.files.encoding import path_text
from ingestd.files.identity import GradualDigest, digest, kind, look
from ingestd.files.names import error_path, is_partial, work_path
from ingestd.files.size import require_size
from ingestd.files.writers import has_writer
from ingestd.store.job import Job, Moved, State
from ingestd.store.jobs import Jobs

log = logging.getLogger(__name__)


class _Taken(Enum):
    """Result of taking a file out of its inbox."""

    YES = auto()
    GONE = auto()
    VANISHED = auto()
    """The file is missing, though it was in work, which only ingestd may touch."""


class Claims:
    """Mover of files from inboxes into work.

    Args:
        jobs: job states.
        inboxes: by name; a job of an inbox no longer configured is treated as ``move``.
        work: work folder.
        max_bytes: length of the largest file that is read.
    """

    def __init__(self, jobs: Jobs, inboxes: Mapping[str, InboxConfig], work: Path, max_bytes: int) -> None:
        self._jobs = jobs
        self._inboxes = inboxes
        self._work = work
        self._max_bytes = max_bytes

    def _stays(self, job: Job) -> bool:
        """Tell whether the original stays in its inbox, and a copy is read."""
        inbox = self._inboxes.get(job.inbox)
        return inbox is not None and inbox.original == "leave"

    def _work_path(self, job: Job) -> Path:
        return work_path(self._work, job.id, job.name)

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
        ours = identity is not None and job.source_path.is_relative_to(self._work)  # collated: no one else writes it
        if not ours and (not job.identity.is_same(identity) or has_writer(job.source_path)):
            self._jobs.forget(job)
            return _Taken.GONE
        if self._stays(job):
            durable.copy(job.source_path, work)
            unchanged = job.identity.is_same(look(job.source_path))
        else:
            durable.move(job.source_path, work)
            moved = look(work)
            unchanged = ours or (moved is not None and moved.has_content_of(job.identity))
        if unchanged:
            return _Taken.YES
        self._return_to_inbox(job, work)
        return _Taken.GONE

    def _return_to_inbox(self, job: Job, work: Path) -> None:
        """Give a file that another program still wrote back to the inbox, where it has to settle again."""
        log.info("%s changed while it was being claimed; waiting until it is complete", path_text(job.source_path))
        if self._stays(job):
            durable.remove(work)
        else:
            durable.move(work, job.source_path)
        durable.remove_folder(work.parent)
        self._jobs.forget(job)

    def _drop_claimed_source(self, job: Job, work: Path) -> None:
        """Remove the remains of an interrupted step: the source of a file in work, or the reason of its failure."""
        # a crash between copy and unlink leaves both; the source goes if it is the same file
        source = look(job.source_path)
        same = job.state is State.ARRIVED and source is not None and source.has_content_of(job.identity)
        if same and not self._stays(job) and digest(job.source_path) == digest(work):
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

    def sync_names(self, unsettled: Iterable[Job]) -> None:
        """Make durable, before anything relies on it, what was renamed by a process that was killed before it synced.

        Args:
            unsettled: jobs that were on their way.

        Raises:
            TransientError: the filesystem refused.
        """
        places = [path for job in unsettled for path in (job.source_path, job.archive_path) if path is not None]
        below = self._work.iterdir() if self._work.is_dir() else ()
        durable.sync_names({self._work, *below, *(path.parent for path in places)})

    def stranded(self, now: datetime) -> list[Job]:
        """Return the jobs whose files are in work after a crash; files without a job get one."""
        jobs: list[Job] = []
        if not self._work.is_dir():
            return jobs
        for folder in sorted(self._work.iterdir()):
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
