"""The second look at files that were put away a while ago.

A writer that the kernel does not tell of may go on writing into a file that was quiet and whole: it follows the file
into archive or failed. What has changed there is read again. What has not becomes the property of ingestd, so that
the user who dropped it can no longer change it.
"""

from __future__ import annotations

import logging
import stat
from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path

from ingestd.daemon.failure import is_temporary
from ingestd.daemon.retry import Kind, RetrySchedule, Task
from ingestd.files import durable
from ingestd.files.encoding import path_text
from ingestd.files.identity import Identity, digest
from ingestd.files.names import sidecar_path
from ingestd.output import sidecar
from ingestd.store import documents, supersessions
from ingestd.store.database import transaction
from ingestd.store.job import Job, State
from ingestd.store.jobs import Jobs

log = logging.getLogger(__name__)

_MAX_LOOKS = 20
"""Files that are looked at in one turn."""


class SecondLook:
    """Looks once more at every original that was put away.

    Args:
        jobs: job states.
        longest: seconds between putting away and looking again.
        mode: permissions of archived originals; None: they and their owner stay as they were dropped.
        schedule: pauses after faults.
    """

    def __init__(self, jobs: Jobs, longest: float, mode: int | None, schedule: RetrySchedule) -> None:
        self._jobs = jobs
        self._longest = timedelta(seconds=longest)
        self._mode = mode
        self._schedule = schedule

    def turn(self, now: datetime, tick: float, in_flight: Collection[int]) -> bool:
        """Look at the files that are due; True if there were any.

        Args:
            now: UTC.
            tick: seconds on a monotonic clock.
            in_flight: ids of jobs whose files are not in their places yet.
        """
        held = {*self._schedule.held(Kind.LOOK, tick), *in_flight}
        due = self._jobs.looks_due(now, self._longest, _MAX_LOOKS, held)
        for job in due:
            try:
                self._look(job, now)
            except Exception as error:
                if not is_temporary(error):
                    raise
                pause = self._schedule.put_off(Task(Kind.LOOK, job.id), tick).total_seconds()
                log.warning("%s: %s; next attempt in %.0f s", path_text(job.archive_path or job.name), error, pause)
            else:
                self._schedule.clear(Task(Kind.LOOK, job.id))
        return bool(due)

    def _look(self, job: Job, now: datetime) -> None:
        place = job.archive_path
        assert place is not None, "set with the state"
        try:
            status = place.lstat()
        except FileNotFoundError:  # taken away, or tried again
            self._jobs.looked(job)
            return
        if stat.S_ISREG(status.st_mode) and _has_changed(job, place, Identity.of(status)):
            self._read_again(job, place, Identity.of(status), now)
            return
        if job.state is not State.FAILED and self._mode is not None:
            durable.take_over(place, self._mode)
        self._jobs.looked(job)

    def _read_again(self, job: Job, place: Path, identity: Identity, now: datetime) -> None:
        """Make a job for a file that changed after it was put away; a document read from it before stays until then."""
        log.warning("%s changed after it was put away; reading it again", path_text(place))
        if job.state is not State.DONE or job.document_id is None:
            self._jobs.reopen(job, now)
            return
        with transaction(self._jobs.db):
            supersessions.note(self._jobs.db, job.document_id, self._jobs.read_again(job, identity, now))
            documents.forget_original(self._jobs.db, job.document_id)
            path = sidecar_path(place)
            if path.exists():  # before the commit: a crash in between repeats both
                durable.write_atomic(path, sidecar.render_like(self._jobs.db, job.document_id, path))


def _has_changed(job: Job, place: Path, identity: Identity) -> bool:
    if identity.has_content_of(job.identity):
        return False
    return job.sha256 is None or digest(place) != job.sha256
