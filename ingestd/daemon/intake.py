"""Intake: from complete files in the inboxes to jobs in the ledger."""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from ingestd.daemon.failure import is_temporary
from ingestd.daemon.retry import ARRIVALS, RetrySchedule
from ingestd.files.encoding import path_text
from ingestd.store import blind_spots
from ingestd.store.database import transaction
from ingestd.store.job import Job
from ingestd.store.jobs import Jobs
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
        self._blind: dict[Path, tuple[str, str]] = {}
        """Places that cannot be looked at -> inbox and problem, as logged."""
        self._is_told = False
        """True while the database has them."""

    def turn(self, now: datetime, tick: float) -> bool:
        """Look into the inboxes and note the complete files; True if any was noted."""
        if not self._schedule.is_due(ARRIVALS, tick):
            return False
        arrivals = [(inbox, arrival) for inbox in self.inboxes for arrival in inbox.turn(tick)]
        self._log_blind_spots()
        try:
            self._note(arrivals, now)
        except Exception as error:
            if not is_temporary(error):
                raise
            self._put_off(arrivals, error, tick)
            return False
        self._tell_blind_spots(now)
        if arrivals or not self._any_pending():
            self._schedule.clear(ARRIVALS)
        return bool(arrivals)

    def _note(self, arrivals: list[tuple[Inbox, Arrival]], now: datetime) -> None:
        """Note all or none: one COMMIT each would keep workers waiting for hundreds of syncs of the disk."""
        if not arrivals:
            return
        with transaction(self._jobs.db):
            for inbox, arrival in arrivals:
                self._jobs.arrive(inbox.config.name, arrival.path, arrival.identity, now)

    def _put_off(self, arrivals: list[tuple[Inbox, Arrival]], error: Exception, tick: float) -> None:
        pause = self._schedule.put_off(ARRIVALS, tick)
        log.warning("cannot note %d arrivals: %s; next attempt in %.0f s", len(arrivals), error, pause.total_seconds())
        for inbox, arrival in arrivals:
            inbox.look_again(arrival.path)

    @property
    def blind(self) -> bool:
        """True while something in the inboxes cannot be looked at."""
        return bool(self._blind)

    @property
    def blind_spots(self) -> dict[str, int]:
        """Number of places that cannot be looked at, by inbox; may be asked from any thread."""
        found = Counter(inbox for inbox, _ in self._blind.values())
        return {inbox.config.name: found[inbox.config.name] for inbox in self.inboxes}

    def _log_blind_spots(self) -> None:
        found = {path: (box.config.name, problem) for box in self.inboxes for path, problem in box.unseen.items()}
        if found == self._blind:
            return
        roots = {inbox.config.path for inbox in self.inboxes}  # an inbox tells of itself
        for path in found.keys() - self._blind.keys() - roots:
            log.warning("cannot look at %s: %s", path_text(path), found[path][1])
        for path in self._blind.keys() - found.keys() - roots:
            log.info("can look at %s again", path_text(path))
        self._blind, self._is_told = found, False

    def _tell_blind_spots(self, now: datetime) -> None:
        """Let other processes know; while the database cannot be written, the next turn tries again."""
        if self._is_told:
            return
        try:
            blind_spots.replace_all(self._jobs.db, self._blind, now)
        except Exception as error:
            if not is_temporary(error):
                raise
        else:
            self._is_told = True

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
