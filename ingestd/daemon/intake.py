"""Intake: from complete files in the inboxes to jobs in the ledger."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from datetime import datetime

from ingestd.daemon.failure import is_temporary
from ingestd.daemon.retry import ARRIVALS, RetrySchedule
from ingestd.store.jobs import Job, Jobs
from ingestd.watch.inbox import Arrival, Inbox

log = logging.getLogger(__name__)


class Intake:
    """All inboxes as one.

    While the database cannot be written, arrivals wait together: trying each of thousands would flood
    the log and wait for the lock as often.

    Args:
        inboxes: watched folders.
        jobs: where arrivals are noted.
        schedule: pauses after faults.
    """

    def __init__(self, inboxes: Sequence[Inbox], jobs: Jobs, schedule: RetrySchedule) -> None:
        self.inboxes = inboxes
        self._by_name = {inbox.config.name: inbox for inbox in inboxes}
        self._jobs = jobs
        self._schedule = schedule

    def turn(self, now: datetime, tick: float) -> bool:
        """Look into the inboxes and note the complete files; True if any was noted."""
        if not self._schedule.is_due(ARRIVALS, tick):
            return False
        arrivals = [(inbox, arrival) for inbox in self.inboxes for arrival in inbox.turn(tick)]
        for count, (inbox, arrival) in enumerate(arrivals):
            try:
                self._jobs.arrive(inbox.config.name, arrival.path, arrival.identity, now)
            except Exception as error:
                if not is_temporary(error):
                    raise
                self._put_off(arrivals[count:], error, tick)
                return count > 0
        if arrivals or not self._any_pending():
            self._schedule.clear(ARRIVALS)
        return bool(arrivals)

    def _put_off(self, arrivals: list[tuple[Inbox, Arrival]], error: Exception, tick: float) -> None:
        pause = self._schedule.put_off(ARRIVALS, tick)
        log.warning("cannot note %d arrivals: %s; next attempt in %.0f s", len(arrivals), error, pause.total_seconds())
        for inbox, arrival in arrivals:
            inbox.look_again(arrival.path)

    def next_due(self, tick: float) -> float:
        """Return the tick at which :meth:`turn` has something to do at the latest."""
        soonest = min((inbox.next_due(tick) for inbox in self.inboxes), default=math.inf)
        return max(soonest, self._schedule.due_at(ARRIVALS))

    @property
    def pending(self) -> bool:
        """True while files with content are not noted yet."""
        return self._schedule.faults(ARRIVALS) > 0 or self._any_pending()

    def _any_pending(self) -> bool:
        return any(inbox.pending for inbox in self.inboxes)

    def claimed(self, job: Job) -> None:
        """Tell the inbox of a job that its file was taken."""
        if job.inbox in self._by_name:
            self._by_name[job.inbox].taken(job.source_path)

    def lost(self, job: Job) -> None:
        """Tell the inbox of a job that its file is gone or another one."""
        if job.inbox in self._by_name:
            self._by_name[job.inbox].look_again(job.source_path)
