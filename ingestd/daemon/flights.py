"""Jobs on their way through the daemon: where each one stands, what puts it off, and who hears of its outcome."""

from __future__ import annotations

import logging
from collections.abc import Callable, KeysView
from datetime import datetime
from typing import TypeVar

from ingestd.daemon.events import JobEvent, JobOutcome
from ingestd.daemon.failure import is_temporary
from ingestd.daemon.in_flight import InFlight, Stage
from ingestd.daemon.retry import Kind, RetrySchedule, Task
from ingestd.document import Record
from ingestd.files.encoding import path_text
from ingestd.store.job import Job, Moved, State
from ingestd.store.jobs import Jobs

log = logging.getLogger(__name__)

S = TypeVar("S", bound=Stage)


class Flights:
    """Table of the jobs in flight.

    Args:
        jobs: job states.
        schedule: pauses after faults.
    """

    def __init__(self, jobs: Jobs, schedule: RetrySchedule) -> None:
        self._jobs = jobs
        self._schedule = schedule
        self._listeners: list[Callable[[JobEvent], None]] = []
        self._stages: dict[int, InFlight] = {}
        """By job id."""
        self.ended = 0
        """Number of documents that finished since the start: recorded, failed or duplicate."""

    def subscribe(self, listener: Callable[[JobEvent], None]) -> None:
        """Call a function on every job outcome, after those subscribed before."""
        self._listeners.append(listener)

    @property
    def ids(self) -> KeysView[int]:
        """Ids of the jobs in flight."""
        return self._stages.keys()

    def put(self, job: Job, stage: Stage) -> None:
        """Note where a job stands."""
        self._stages[job.id] = InFlight(job, stage)

    def drop(self, job: Job) -> None:
        """Forget a job: the ledger has all there is to know."""
        self._stages.pop(job.id, None)

    def at(self, kind: type[S]) -> list[tuple[Job, S]]:
        """Return the jobs at one kind of stage; may be called from any thread."""
        flights = list(self._stages.values())
        return [(flight.job, flight.stage) for flight in flights if isinstance(flight.stage, kind)]

    def ready(self, kind: type[S], tick: float) -> list[tuple[Job, S]]:
        """Return the jobs at one kind of stage that no fault keeps waiting."""
        return [(job, stage) for job, stage in self.at(kind) if self._schedule.is_due(Task(Kind.JOB, job.id), tick)]

    def guarded(self, job: Job, now: datetime, tick: float, action: Callable[[Job, datetime], None]) -> None:
        """Do something with a job; a temporary fault puts it off and does not count as an attempt."""
        try:
            action(job, now)
        except Exception as error:
            if not is_temporary(error):
                raise
            self._put_off(job, error, now, tick)
        else:
            self._schedule.clear(Task(Kind.JOB, job.id))

    def _put_off(self, job: Job, error: Exception, now: datetime, tick: float) -> None:
        task = Task(Kind.JOB, job.id)
        pause = self._schedule.put_off(task, tick)
        log.warning("%s: %s; next attempt in %.0f s", path_text(job.name), error, pause.total_seconds())
        if job.id in self._stages:
            return
        try:
            latest = self._jobs.job(job.id)
            if latest is None:
                return
            running = latest.state is State.RUNNING  # the engine could not take it
            waiting = self._jobs.wait(latest, now + pause, str(error), now, refund=running)
        except Exception as also:
            if not is_temporary(also):
                raise
            log.warning("the database cannot be written either: %s", also)
            return
        self._schedule.release(task)
        if isinstance(waiting, Job):
            self.tell(JobOutcome.WAITING, waiting, reason=str(error))

    def tell(self, outcome: JobOutcome, job: Job, *, record: Record | None = None, reason: str | None = None) -> None:
        """Tell all listeners of an outcome."""
        self.ended += outcome is not JobOutcome.WAITING
        for listener in self._listeners:
            listener(JobEvent(outcome, job, record, reason))


def log_moved(job: Job, moved: Moved) -> None:
    """Say in the log that another process was faster."""
    log.info("%s: another process has changed job %d (now %s)", path_text(job.name), job.id, moved.state or "gone")
