"""Ends of attempts: what a result means for the ledger, and what becomes of the file."""

from __future__ import annotations

from datetime import datetime

from ingestd.daemon.events import JobOutcome
from ingestd.daemon.failure import reason_of
from ingestd.daemon.flights import Flights, log_moved
from ingestd.daemon.in_flight import Undisposed
from ingestd.daemon.lifecycle import Lifecycle
from ingestd.daemon.outcomes import Changed, Duplicate, Recorded
from ingestd.daemon.pairs import Pairs
from ingestd.daemon.retry import RetrySchedule
from ingestd.document import Record
from ingestd.errors import AttemptError, DocumentError, TransientError
from ingestd.store.job import Job, Moved, State
from ingestd.store.jobs import Jobs


class Endings:
    """Writer of the outcomes of attempts.

    Args:
        flights: the jobs in flight.
        jobs: job states.
        lifecycle: moves files together with job states.
        pairs: sides of stacks that were scanned in two passes.
        schedule: pauses after faults.
        attempts: attempts before a document that kills its worker fails.
    """

    def __init__(
        self,
        flights: Flights,
        *,
        jobs: Jobs,
        lifecycle: Lifecycle,
        pairs: Pairs,
        schedule: RetrySchedule,
        attempts: int,
    ) -> None:
        self._flights = flights
        self._jobs = jobs
        self._lifecycle = lifecycle
        self._pairs = pairs
        self._schedule = schedule
        self._attempts = attempts

    def record(self, job: Job, record: Record, sha256: str, now: datetime) -> None:
        """Commit a record."""
        try:
            outcome = self._lifecycle.record(job, record, sha256, now)
        except AttemptError as error:
            self.try_failed(job, error, now)
            return
        match outcome:
            case Recorded(job=recorded):
                self._flights.put(recorded, Undisposed())
                self._flights.tell(JobOutcome.RECORDED, recorded, record=record)
            case Duplicate(job=duplicate):
                self._flights.put(duplicate, Undisposed())
            case Changed():
                self._flights.drop(job)
            case Moved() as moved:
                self._flights.drop(job)
                log_moved(job, moved)

    def collated(self, job: Job, record: Record, now: datetime) -> None:
        """Put both sides of a stack away; the collated file has arrived."""
        match self._pairs.collated(job, record, now):
            case None:
                self._flights.drop(job)
                self._jobs.requeue(job, now, refund=False)
            case Moved() as moved:
                self._flights.drop(job)
                log_moved(job, moved)
            case sides:
                for side in sides:
                    self._flights.put(side, Undisposed())

    def try_failed(self, job: Job, error: BaseException, now: datetime) -> None:
        """Put off or fail a document after an attempt that ended in an error."""
        match error:
            case TransientError():  # the attempt does not count
                self._wait(job, error, now, refund=True)
            case AttemptError() if job.attempt < self._attempts:
                self._wait(job, error, now, refund=False)
            case AttemptError() | DocumentError():
                mate = self._pairs.lent(job)
                self.fail(job, error, now)
                if mate is not None:
                    self.fail(mate, error, now)
            case _:
                raise error

    def _wait(self, job: Job, error: Exception, now: datetime, *, refund: bool) -> None:
        pause = self._schedule.pause(job.attempt if refund else job.attempt + 1)
        waiting = self._jobs.wait(job, now + pause, str(error), now, refund=refund)
        self._flights.drop(job)
        if isinstance(waiting, Moved):
            log_moved(job, waiting)
        else:
            reason = f"{error}; next attempt in {pause.total_seconds():.0f} s"
            self._flights.tell(JobOutcome.WAITING, waiting, reason=reason)

    def fail(self, job: Job, error: AttemptError | DocumentError, now: datetime) -> None:
        """Give a document up, with its reason."""
        match self._lifecycle.fail(job, reason_of(error, self._attempts), now):
            case Moved() as moved:
                self._flights.drop(job)
                log_moved(job, moved)
            case Changed():
                self._flights.drop(job)
            case Job() as failed:
                self._flights.put(failed, Undisposed())
                self._flights.tell(JobOutcome.FAILED, failed, reason=str(error))

    def dispose(self, now: datetime, tick: float) -> bool:
        """Put away the files of jobs whose end is in the ledger."""
        ready = self._flights.ready(Undisposed, tick)
        for job, _ in sorted(ready, key=lambda pair: pair[0].id):
            self._flights.guarded(job, now, tick, self._dispose_one)
        return bool(ready)

    def _dispose_one(self, job: Job, now: datetime) -> None:
        disposed = self._lifecycle.dispose(job, now)
        self._flights.drop(job)
        if isinstance(disposed, Moved):
            log_moved(job, disposed)
        elif disposed.state is State.DUPLICATE:
            self._flights.tell(JobOutcome.DUPLICATE, disposed)
