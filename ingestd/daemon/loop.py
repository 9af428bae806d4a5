"""The loop: claims, reads, records and disposes of arrived files.

:meth:`Daemon.step` does one turn and never waits, so a test can drive it with a clock of its own.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from ingestd.daemon.claims import Claims
from ingestd.daemon.endings import Endings
from ingestd.daemon.events import JobEvent
from ingestd.daemon.flights import Flights, log_moved
from ingestd.daemon.hooks import Hooks
from ingestd.daemon.in_flight import Hashing, InWork, Read, Undisposed
from ingestd.daemon.intake import Intake
from ingestd.daemon.lifecycle import Lifecycle
from ingestd.daemon.outcomes import Claimed, Duplicate, Gone, Refused, Started
from ingestd.daemon.pairs import Pairs, Waits
from ingestd.daemon.retry import SIDECARS, Kind, RetrySchedule
from ingestd.daemon.second_look import SecondLook
from ingestd.daemon.suspects import Suspects
from ingestd.document import Record
from ingestd.engine import Engine, Machine
from ingestd.engine.rolling import RollingEngine
from ingestd.errors import TransientError
from ingestd.store.job import UNSETTLED, Job, Moved, State
from ingestd.store.jobs import Jobs
from ingestd.watch.inbox import Inbox

log = logging.getLogger(__name__)

_MAX_PAUSE_S = 5.0
"""Longest pause between two turns: another process (``ingestd retry``) may have made a job due."""


class Daemon:
    """Driver of the way from arrival to record.

    Args:
        intake: the inboxes.
        jobs: job states.
        claims: brings files into work.
        lifecycle: moves files on, together with job states.
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
        claims: Claims,
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
        self._claims = claims
        self._lifecycle = lifecycle
        self._engine = engine
        self._hooks = hooks
        self._schedule = schedule
        self._suspects = suspects
        self._second_look = second_look
        self._pairs = pairs
        self._wake = wake
        self._flights = Flights(jobs, schedule)
        self._endings = Endings(
            self._flights, jobs=jobs, lifecycle=lifecycle, pairs=pairs, schedule=schedule, attempts=attempts
        )
        self._draining = False

    def subscribe(self, listener: Callable[[JobEvent], None]) -> None:
        """Call a function on every job outcome, after those subscribed before."""
        self._flights.subscribe(listener)

    # -- one turn

    def recover(self, now: datetime) -> None:
        """Resume, after a start, the jobs that a crash, a power cut or a stop left unfinished."""
        unsettled = self._jobs.in_states(UNSETTLED)
        self._claims.sync_names(unsettled)
        self._pairs.tidy()
        stranded = {job.id: job for job in self._claims.stranded(now)}
        jobs = stranded | {job.id: job for job in self._jobs.in_states(UNSETTLED)}
        for job in jobs.values():
            latest = self._jobs.died(job, now) if job.state is State.RUNNING else job
            if isinstance(latest, Moved):
                log_moved(job, latest)
            elif latest.state in (State.RECORDED, State.FAILED, State.DUPLICATE):
                self._flights.put(latest, Undisposed())
            elif (verdict := self._suspects.verdict(latest)) is not None:
                self._endings.fail(latest, verdict, now)
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
        done |= self._endings.dispose(now, tick)
        done |= self._second_look.turn(now, tick, self._flights.ids)
        done |= self._refresh_sidecars(tick)
        done |= self._hooks.turn(tick, [job.id for job, _ in self._flights.at(Undisposed)])
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
        return not (self._flights.ids or self._hooks.running or self._intake.pending or self._suspects.any_due(now))

    def drain(self) -> None:
        """Start nothing new from now on."""
        self._draining = True
        self._hooks.drain()

    # -- figures, for health and metrics

    @property
    def ended(self) -> int:
        """Number of documents that finished since the start: recorded, failed or duplicate."""
        return self._flights.ended

    @property
    def inboxes(self) -> Sequence[Inbox]:
        """The watched folders."""
        return self._intake.inboxes

    @property
    def blind(self) -> bool:
        """True while something in the inboxes cannot be looked at."""
        return self._intake.blind

    @property
    def blind_spots(self) -> Mapping[str, int]:
        """Number of places that cannot be looked at, by inbox; may be asked from any thread."""
        return self._intake.blind_spots

    @property
    def in_work(self) -> int:
        """Number of documents that workers or hooks have now; may be asked from any thread."""
        read = sum(stage.record is not None for _, stage in self._flights.at(Hashing))
        return len(self._flights.at(InWork)) + read + self._hooks.running

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
        return max((tick - work.since for _, work in self._flights.at(InWork)), default=0.0)

    # -- starting

    @property
    def _free_slots(self) -> int:
        """Number of documents to claim: one more than idle workers, so that no worker waits for the daemon."""
        busy = [*self._flights.at(InWork), *self._flights.at(Hashing)]
        return 0 if any(job.suspect for job, _ in busy) else self._engine.slots + 1 - len(busy)

    def _start(self, now: datetime, tick: float) -> bool:
        free = 0 if self._draining else self._free_slots
        if free <= 0:
            return False
        # A job in flight is due only if 'ingestd retry' made it so.
        hashing = {job.id for job, _ in self._flights.at(Hashing)}
        held = self._schedule.held(Kind.JOB, tick) - self._flights.ids | hashing
        suspect = self._suspects.next(now, tick, held)
        is_overdue = suspect is not None and now - suspect.updated_at > self._schedule.longest
        jobs = [] if is_overdue else self._jobs.due(now, free, held, self._schedule.longest)
        if suspect is not None and not jobs and not hashing and not self._flights.at(InWork):
            jobs = [suspect]
        for job in jobs:
            self._flights.drop(job)
            self._flights.guarded(job, now, tick, functools.partial(self._start_one, tick))
        return bool(jobs)

    def _start_one(self, tick: float, job: Job, now: datetime) -> None:
        pairing = self._pairs.look(job, now)
        if isinstance(pairing, Waits):
            self._pairs.wait(job, pairing.reason, now)
            return
        match self._claims.claim(job, now):
            case Refused(job=refused, error=error):
                self._endings.fail(refused, error, now)
            case Claimed(job=claimed):
                self._intake.claimed(claimed)
                mate = None if pairing is None else self._lend(pairing.mate, now)
                if pairing is not None and mate is None:
                    self._pairs.wait(claimed, "waits for the other side of the stack", now)
                elif (fault := self._claims.oversized(claimed)) is not None:
                    self._endings.fail(claimed, fault, now)
                else:
                    self._hash(tick, Hashing(self._claims.hashing(claimed), None), mate, claimed, now)
            case Gone():
                self._intake.lost(job)
            case Moved() as moved:
                log_moved(job, moved)

    def _lend(self, mate: Job, now: datetime) -> Job | None:
        """Bring the other side of a stack into work; None where that is not possible now."""
        match self._claims.claim(mate, now):
            case Claimed(job=claimed):
                self._intake.claimed(claimed)
                lent = self._pairs.wait(claimed, "is being read with the other side of the stack", now)
                return None if isinstance(lent, Moved) else lent
            case Refused(job=refused, error=error):
                self._endings.fail(refused, error, now)
            case Gone():
                self._intake.lost(mate)
        return None

    def _hash(self, tick: float, stage: Hashing, mate: Job | None, job: Job, now: datetime) -> None:
        """Hash one more piece of a file, or go on with the job; both sides of a stack are hashed at once."""
        sha256 = stage.digest.step()
        while sha256 is None and mate is not None:
            sha256 = stage.digest.step()
        if sha256 is None:
            self._flights.put(job, stage)
        elif stage.record is None:
            self._flights.drop(job)  # the ledger has it from now on
            self._submit(job, sha256, now, tick, mate)
        else:
            self._endings.record(job, stage.record, sha256, now)

    def _submit(self, job: Job, sha256: str, now: datetime, tick: float, mate: Job | None) -> None:
        match self._lifecycle.start(job, sha256, now):
            case Started(job=started, claim=claim):
                future = self._engine.submit(claim if mate is None else self._pairs.claim_of(claim, job, mate))
                self._flights.put(started, InWork(future, tick))
                future.add_done_callback(lambda _: self._wake())
            case Duplicate(job=duplicate):
                self._flights.put(duplicate, Undisposed())
            case Moved() as moved:
                log_moved(job, moved)

    # -- collecting

    def _collect(self, now: datetime, tick: float) -> bool:
        for job, work in self._flights.at(InWork):
            if work.future.done():
                self._flights.put(job, Read(work.future.exception() or work.future.result()))
        ready = self._flights.ready(Read, tick)
        for job, read in ready:
            self._flights.guarded(job, now, tick, functools.partial(self._settle, tick, read.result))
        hashing = [
            (job, stage)
            for job, stage in self._flights.ready(Hashing, tick)
            if stage.record is not None or not self._draining  # nothing new is begun
        ]
        for job, stage in hashing:
            self._flights.guarded(job, now, tick, functools.partial(self._hash, tick, stage, None))
        return bool(ready or hashing)

    def _settle(self, tick: float, result: Record | BaseException, job: Job, now: datetime) -> None:
        """Put the result of an attempt into the ledger; of a record once the file is known not to have changed."""
        if isinstance(result, BaseException):
            self._endings.try_failed(job, result, now)
        elif result.collated is not None:
            self._endings.collated(job, result, now)
        else:
            self._hash(tick, Hashing(self._claims.hashing(job), result), None, job, now)

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

    # -- engines

    def replace_engine(self, engine: Engine[Record]) -> None:
        """Use another engine from now on; the old one finishes the documents it has."""
        self._engine.replace(engine)

    def close(self, now: datetime) -> None:
        """Stop working; unfinished documents stay in work, and the next start claims them again."""
        try:
            self._engine.close(finish=False)
            for job, _ in [*self._flights.at(InWork), *self._flights.at(Hashing)]:
                self._jobs.requeue(job, now, refund=True)
        finally:
            self._hooks.close()

    # -- small
