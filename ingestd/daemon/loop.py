"""The loop: claims, reads, records and disposes of arrived files.

:meth:`Daemon.step` does one turn and never waits, so a test can drive it with a clock of its own.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from ingestd.daemon.events import JobEvent, JobOutcome
from ingestd.daemon.failure import is_temporary, reason_of
from ingestd.daemon.hooks import Hooks
from ingestd.daemon.in_flight import Hashing, InFlight, InWork, Read, Stage, Undisposed
from ingestd.daemon.intake import Intake
from ingestd.daemon.lifecycle import Lifecycle
from ingestd.daemon.outcomes import Changed, Claimed, Duplicate, Gone, Recorded, Refused, Started
from ingestd.daemon.pairs import Pairs, Waits
from ingestd.daemon.retry import SIDECARS, Kind, RetrySchedule, Task
from ingestd.daemon.second_look import SecondLook
from ingestd.daemon.suspects import Suspects
from ingestd.document import Record
from ingestd.engine import Engine, Machine
from ingestd.engine.rolling import RollingEngine
from ingestd.errors import AttemptError, DocumentError, TransientError
from ingestd.files.encoding import path_text
from ingestd.store.jobs import UNSETTLED, Job, Jobs, Moved, State
from ingestd.watch.inbox import Inbox

log = logging.getLogger(__name__)

S = TypeVar("S", bound=Stage)

_MAX_PAUSE_S = 5.0
"""Longest pause between two turns: another process (``ingestd retry``) may have made a job due."""


class Daemon:
    """Driver of the way from arrival to record.

    Args:
        intake: the inboxes.
        jobs: job states.
        lifecycle: moves files together with job states.
        engine: reads documents.
        hooks: commands that run when a document is recorded or has failed.
        schedule: pauses after faults.
        suspects: documents that were in work when ingestd died.
        second_look: looks again at files that were put away.
        pairs: sides of stacks that were scanned in two passes.
        attempts: attempts before a document that kills its worker fails.
        wake: called from other threads when a turn is due.
    """

    def __init__(
        self,
        *,
        intake: Intake,
        jobs: Jobs,
        lifecycle: Lifecycle,
        engine: RollingEngine[Record],
        hooks: Hooks,
        schedule: RetrySchedule,
        suspects: Suspects,
        second_look: SecondLook,
        pairs: Pairs,
        attempts: int,
        wake: Callable[[], None],
    ) -> None:
        self._intake = intake
        self._jobs = jobs
        self._lifecycle = lifecycle
        self._engine = engine
        self._hooks = hooks
        self._schedule = schedule
        self._suspects = suspects
        self._second_look = second_look
        self._pairs = pairs
        self._attempts = attempts
        self._wake = wake
        self._listeners: list[Callable[[JobEvent], None]] = []
        self._in_flight: dict[int, InFlight] = {}
        """By job id."""
        self._draining = False
        self.ended = 0
        """Number of documents that finished since the start: recorded, failed or duplicate."""

    def subscribe(self, listener: Callable[[JobEvent], None]) -> None:
        """Call a function on every job outcome, after those subscribed before."""
        self._listeners.append(listener)

    # -- one turn

    def recover(self, now: datetime) -> None:
        """Resume, after a start, the jobs that a crash, a power cut or a stop left unfinished."""
        self._pairs.tidy()
        stranded = {job.id: job for job in self._lifecycle.stranded(now)}
        jobs = stranded | {job.id: job for job in self._jobs.in_states(UNSETTLED)}
        for job in jobs.values():
            latest = self._jobs.died(job, now) if job.state is State.RUNNING else job
            if isinstance(latest, Moved):
                _log_moved(job, latest)
            elif latest.state in (State.RECORDED, State.FAILED, State.DUPLICATE):
                self._in_flight[job.id] = InFlight(latest, Undisposed())
            elif (verdict := self._suspects.verdict(latest)) is not None:
                self._fail(latest, verdict, now)
        if jobs:
            log.info("resuming %d unfinished documents", len(jobs))

    def step(self, now: datetime, tick: float) -> bool:
        """Do one turn; never waits for a worker.

        Args:
            now: UTC, for the ledger.
            tick: seconds on a monotonic clock, for quiet times and pauses.

        Returns:
            True if anything was done, so that another turn at once makes sense.
        """
        done = self._intake.turn(now, tick)
        done |= self._collect(now, tick)
        done |= self._start(now, tick)
        done |= self._dispose(now, tick)
        done |= self._second_look.turn(now, tick, self._in_flight.keys())
        done |= self._refresh_sidecars(tick)
        done |= self._hooks.turn(tick, [job.id for job, _ in self._at(Undisposed)])
        self._engine.turn(tick, expected=self._intake.pending or self._suspects.any_due(now))
        return done

    def pause_s(self, now: datetime, tick: float) -> float:
        """Return the seconds until the next turn is due, if nothing wakes the daemon before."""
        dues = [self._intake.next_due(tick), *self._schedule.dues(tick)]
        waiting = self._jobs.next_at()
        if waiting is not None and self._free_slots > 0:
            dues.append(tick + (waiting - now).total_seconds())
        return max(0.0, min([tick + _MAX_PAUSE_S, *dues]) - tick)

    def idle(self, now: datetime) -> bool:
        """Tell whether nothing is left to do but to wait for new files or for a later attempt."""
        return not (self._in_flight or self._hooks.running or self._intake.pending or self._suspects.any_due(now))

    def drain(self) -> None:
        """Start nothing new from now on."""
        self._draining = True
        self._hooks.drain()

    # -- figures, for health and metrics

    @property
    def inboxes(self) -> Sequence[Inbox]:
        """The watched folders."""
        return self._intake.inboxes

    @property
    def blind(self) -> bool:
        """True while something in the inboxes cannot be looked at."""
        return self._intake.blind

    @property
    def in_work(self) -> int:
        """Number of documents that workers or hooks have now; may be asked from any thread."""
        read = sum(stage.record is not None for _, stage in self._at(Hashing))
        return len(self._at(InWork)) + read + self._hooks.running

    @property
    def unsettled(self) -> int:
        """Number of documents that have arrived and are neither recorded nor failed nor duplicates."""
        return self._jobs.count_unsettled()

    @property
    def worker_restarts(self) -> int:
        """Number of worker processes that died or were killed since the start."""
        return self._engine.restarts

    @property
    def machines(self) -> Sequence[Machine]:
        """Machines that read for this one; none where all is read here."""
        return self._engine.machines

    def overdue_s(self, now: datetime) -> float:
        """Return the seconds since the longest waiting document became due; 0 if none is due."""
        since = self._jobs.due_since(now)
        return 0.0 if since is None else (now - since).total_seconds()

    def longest_running_s(self, tick: float) -> float:
        """Return the seconds since the oldest document in work was handed to the engine; 0 if there is none."""
        return max((tick - work.since for _, work in self._at(InWork)), default=0.0)

    # -- starting

    @property
    def _free_slots(self) -> int:
        """Number of documents to claim: one more than idle workers, so that no worker waits for the daemon."""
        busy = [*self._at(InWork), *self._at(Hashing)]
        return 0 if any(job.suspect for job, _ in busy) else self._engine.slots + 1 - len(busy)

    def _start(self, now: datetime, tick: float) -> bool:
        free = 0 if self._draining else self._free_slots
        if free <= 0:
            return False
        # A job in flight is due only if 'ingestd retry' made it so.
        hashing = {job.id for job, _ in self._at(Hashing)}
        held = self._schedule.held(Kind.JOB, tick) - self._in_flight.keys() | hashing
        suspect = self._suspects.next(now, tick, held)
        is_overdue = suspect is not None and now - suspect.updated_at > self._schedule.longest
        jobs = [] if is_overdue else self._jobs.due(now, free, held, self._schedule.longest)
        if suspect is not None and not jobs and not hashing and not self._at(InWork):
            jobs = [suspect]
        for job in jobs:
            self._in_flight.pop(job.id, None)
            self._guarded(job, now, tick, functools.partial(self._start_one, tick))
        return bool(jobs)

    def _start_one(self, tick: float, job: Job, now: datetime) -> None:
        pairing = self._pairs.look(job, now)
        if isinstance(pairing, Waits):
            self._pairs.wait(job, pairing.reason, now)
            return
        match self._lifecycle.claim(job, now):
            case Refused(job=refused, error=error):
                self._fail(refused, error, now)
            case Claimed(job=claimed):
                self._intake.claimed(claimed)
                mate = None if pairing is None else self._lend(pairing.mate, now)
                if pairing is not None and mate is None:
                    self._pairs.wait(claimed, "waits for the other side of the stack", now)
                elif (fault := self._lifecycle.oversized(claimed)) is not None:
                    self._fail(claimed, fault, now)
                else:
                    self._hash(tick, Hashing(self._lifecycle.hashing(claimed), None), mate, claimed, now)
            case Gone():
                self._intake.lost(job)
            case Moved() as moved:
                _log_moved(job, moved)

    def _lend(self, mate: Job, now: datetime) -> Job | None:
        """Bring the other side of a stack into work; None where that is not possible now."""
        match self._lifecycle.claim(mate, now):
            case Claimed(job=claimed):
                self._intake.claimed(claimed)
                lent = self._pairs.wait(claimed, "is being read with the other side of the stack", now)
                return None if isinstance(lent, Moved) else lent
            case Refused(job=refused, error=error):
                self._fail(refused, error, now)
            case Gone():
                self._intake.lost(mate)
        return None

    def _hash(self, tick: float, stage: Hashing, mate: Job | None, job: Job, now: datetime) -> None:
        """Hash one more piece of a file, or go on with the job; both sides of a stack are hashed at once."""
        sha256 = stage.digest.step()
        while sha256 is None and mate is not None:
            sha256 = stage.digest.step()
        if sha256 is None:
            self._in_flight[job.id] = InFlight(job, stage)
        elif stage.record is None:
            self._in_flight.pop(job.id, None)  # the ledger has it from now on
            self._submit(job, sha256, now, tick, mate)
        else:
            self._record(job, stage.record, sha256, now)

    def _submit(self, job: Job, sha256: str, now: datetime, tick: float, mate: Job | None) -> None:
        match self._lifecycle.start(job, sha256, now):
            case Started(job=started, claim=claim):
                future = self._engine.submit(claim if mate is None else self._pairs.claim_of(claim, job, mate))
                self._in_flight[started.id] = InFlight(started, InWork(future, tick))
                future.add_done_callback(lambda _: self._wake())
            case Duplicate(job=duplicate):
                self._in_flight[duplicate.id] = InFlight(duplicate, Undisposed())
            case Moved() as moved:
                _log_moved(job, moved)

    # -- collecting

    def _collect(self, now: datetime, tick: float) -> bool:
        for job, work in self._at(InWork):
            if work.future.done():
                self._in_flight[job.id] = InFlight(job, Read(work.future.exception() or work.future.result()))
        ready = self._ready(Read, tick)
        for job, read in ready:
            self._guarded(job, now, tick, functools.partial(self._settle, tick, read.result))
        hashing = [
            (job, stage)
            for job, stage in self._ready(Hashing, tick)
            if stage.record is not None or not self._draining  # nothing new is begun
        ]
        for job, stage in hashing:
            self._guarded(job, now, tick, functools.partial(self._hash, tick, stage, None))
        return bool(ready or hashing)

    def _settle(self, tick: float, result: Record | BaseException, job: Job, now: datetime) -> None:
        """Put the result of an attempt into the ledger; of a record once the file is known not to have changed."""
        if isinstance(result, BaseException):
            self._try_failed(job, result, now)
        elif result.collated is not None:
            self._collated(job, result, now)
        else:
            self._hash(tick, Hashing(self._lifecycle.hashing(job), result), None, job, now)

    def _record(self, job: Job, record: Record, sha256: str, now: datetime) -> None:
        try:
            outcome = self._lifecycle.record(job, record, sha256, now)
        except AttemptError as error:
            self._try_failed(job, error, now)
            return
        match outcome:
            case Recorded(job=recorded):
                self._in_flight[job.id] = InFlight(recorded, Undisposed())
                self._tell(JobOutcome.RECORDED, recorded, record=record)
            case Duplicate(job=duplicate):
                self._in_flight[job.id] = InFlight(duplicate, Undisposed())
            case Changed():
                del self._in_flight[job.id]
            case Moved() as moved:
                del self._in_flight[job.id]
                _log_moved(job, moved)

    def _collated(self, job: Job, record: Record, now: datetime) -> None:
        """Put both sides of a stack away; the collated file has arrived."""
        match self._pairs.collated(job, record, now):
            case None:
                del self._in_flight[job.id]
                self._jobs.requeue(job, now, refund=False)
            case Moved() as moved:
                del self._in_flight[job.id]
                _log_moved(job, moved)
            case sides:
                self._in_flight |= {side.id: InFlight(side, Undisposed()) for side in sides}

    def _try_failed(self, job: Job, error: BaseException, now: datetime) -> None:
        match error:
            case TransientError():  # the attempt does not count
                self._wait(job, error, now, refund=True)
            case AttemptError() if job.attempt < self._attempts:
                self._wait(job, error, now, refund=False)
            case AttemptError() | DocumentError():
                mate = self._pairs.lent(job)
                self._fail(job, error, now)
                if mate is not None:
                    self._fail(mate, error, now)
            case _:
                raise error

    def _wait(self, job: Job, error: Exception, now: datetime, *, refund: bool) -> None:
        pause = self._schedule.pause(job.attempt if refund else job.attempt + 1)
        waiting = self._jobs.wait(job, now + pause, str(error), now, refund=refund)
        self._in_flight.pop(job.id, None)
        if isinstance(waiting, Moved):
            _log_moved(job, waiting)
        else:
            self._tell(JobOutcome.WAITING, waiting, reason=f"{error}; next attempt in {pause.total_seconds():.0f} s")

    def _fail(self, job: Job, error: AttemptError | DocumentError, now: datetime) -> None:
        match self._lifecycle.fail(job, reason_of(error, self._attempts), now):
            case Moved() as moved:
                self._in_flight.pop(job.id, None)
                _log_moved(job, moved)
            case Changed():
                self._in_flight.pop(job.id, None)
            case Job() as failed:
                self._in_flight[job.id] = InFlight(failed, Undisposed())
                self._tell(JobOutcome.FAILED, failed, reason=str(error))

    # -- disposing

    def _dispose(self, now: datetime, tick: float) -> bool:
        ready = self._ready(Undisposed, tick)
        for job, _ in sorted(ready, key=lambda pair: pair[0].id):
            self._guarded(job, now, tick, self._dispose_one)
        return bool(ready)

    def _dispose_one(self, job: Job, now: datetime) -> None:
        disposed = self._lifecycle.dispose(job, now)
        del self._in_flight[job.id]
        if isinstance(disposed, Moved):
            _log_moved(job, disposed)
        elif disposed.state is State.DUPLICATE:
            self._tell(JobOutcome.DUPLICATE, disposed)

    def _refresh_sidecars(self, tick: float) -> bool:
        """Make up for corrections that were cut off before their sidecar was written."""
        if not self._schedule.is_due(SIDECARS, tick):
            return False
        try:
            done = self._lifecycle.refresh_sidecars()
        except TransientError as error:
            pause = self._schedule.put_off(SIDECARS, tick)
            log.warning("sidecars of corrected documents: %s; next try in %.0f s", error, pause.total_seconds())
            return False
        self._schedule.clear(SIDECARS)
        return done

    # -- temporary faults

    def _guarded(self, job: Job, now: datetime, tick: float, action: Callable[[Job, datetime], None]) -> None:
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
        if job.id in self._in_flight:
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
            self._tell(JobOutcome.WAITING, waiting, reason=str(error))

    # -- engines

    def replace_engine(self, engine: Engine[Record]) -> None:
        """Use another engine from now on; the old one finishes the documents it has."""
        self._engine.replace(engine)

    def close(self, now: datetime) -> None:
        """Stop working; unfinished documents stay in work, and the next start claims them again."""
        try:
            self._engine.close(finish=False)
            for job, _ in [*self._at(InWork), *self._at(Hashing)]:
                self._jobs.requeue(job, now, refund=True)
        finally:
            self._hooks.close()

    # -- small

    def _at(self, kind: type[S]) -> list[tuple[Job, S]]:
        """Return the jobs at one kind of stage; may be called from any thread."""
        flights = list(self._in_flight.values())
        return [(flight.job, flight.stage) for flight in flights if isinstance(flight.stage, kind)]

    def _ready(self, kind: type[S], tick: float) -> list[tuple[Job, S]]:
        """Return the jobs at one kind of stage that no fault keeps waiting."""
        return [(job, stage) for job, stage in self._at(kind) if self._schedule.is_due(Task(Kind.JOB, job.id), tick)]

    def _tell(self, outcome: JobOutcome, job: Job, *, record: Record | None = None, reason: str | None = None) -> None:
        self.ended += outcome is not JobOutcome.WAITING
        for listener in self._listeners:
            listener(JobEvent(outcome, job, record, reason))


def _log_moved(job: Job, moved: Moved) -> None:
    log.info("%s: another process has changed job %d (now %s)", path_text(job.name), job.id, moved.state or "gone")
