"""The loop: what arrived is claimed, read, recorded and disposed of.

:meth:`Daemon.step` does one turn and never waits, so a test can drive it with a clock of its own.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime

from ingestd.config import LedgerConfig
from ingestd.daemon.events import Outcome, Report
from ingestd.daemon.failure import reason_of
from ingestd.daemon.hooks import Hooks
from ingestd.daemon.intake import Reception
from ingestd.daemon.lifecycle import Custody, is_temporary
from ingestd.daemon.retry import Patience
from ingestd.document import Record
from ingestd.engine import Engine
from ingestd.engine.rolling import Succession
from ingestd.errors import AttemptError, DocumentError, TransientError
from ingestd.files.encoding import path_text
from ingestd.store.jobs import UNSETTLED, Job, Ledger, State
from ingestd.watch.inbox import Inbox

log = logging.getLogger(__name__)

_LOOK_AGAIN_S = 5.0
"""Longest pause between two turns: another process (``ingestd retry``) may have made a job due."""


@dataclass(slots=True)
class _Running:
    future: Future[Record]
    since: float
    """Tick at which it was handed to the engine."""


class Daemon:
    """Turns arrivals into records.

    Args:
        inboxes: watched folders.
        ledger: job states.
        custody: moves files together with job states.
        engine: does the reading.
        hooks: commands that are told what became of a document.
        options: tries and waits.
        idle_s: the engine rests when nothing came for so long; None: never.
        wake: called from other threads when a turn is due.
        chance: source of jitter.
    """

    def __init__(
        self,
        *,
        inboxes: Sequence[Inbox],
        ledger: Ledger,
        custody: Custody,
        engine: Engine[Record],
        hooks: Hooks,
        options: LedgerConfig,
        idle_s: float | None = None,
        wake: Callable[[], None],
        chance: random.Random,
    ) -> None:
        self.inboxes = inboxes
        self._ledger = ledger
        self._custody = custody
        self._engine = Succession(engine, idle_s)
        self._hooks = hooks
        self._options = options
        self._listeners: list[Callable[[Report], None]] = []
        self._wake = wake
        self._patience = Patience(options, chance)
        self._reception = Reception(inboxes, ledger, self._patience)
        self._draining = False
        self.ended = 0
        """Documents that came to an end since the start: recorded, failed or duplicate."""
        self._running: dict[int, _Running] = {}
        self._finished: dict[int, Record | BaseException] = {}
        """What came out of the engine and is not in the ledger yet; kept while the database cannot be written."""
        self._undisposed: set[int] = set()

    def subscribe(self, listener: Callable[[Report], None]) -> None:
        """Have a function called on every job outcome, after those subscribed before."""
        self._listeners.append(listener)

    # -- one turn

    def recover(self, now: datetime) -> None:
        """After a start: go on with whatever a crash, a power cut or a stop left behind."""
        stranded = {job.id: job for job in self._custody.stranded(now)}
        jobs = stranded | {job.id: job for job in self._ledger.in_states(UNSETTLED)}
        for job in jobs.values():
            match job.state:
                case State.RUNNING if job.attempt >= self._options.attempts:
                    self._fail(job, AttemptError(f"it stopped ingestd in each of {job.attempt} tries"), now)
                case State.RUNNING:
                    self._ledger.update(job.id, State.CLAIMED, now)
                case State.RECORDED | State.FAILED | State.DUPLICATE:
                    self._undisposed.add(job.id)
        if jobs:
            log.info("going on with %d unfinished documents", len(jobs))

    def step(self, now: datetime, tick: float) -> bool:
        """Do one turn; never waits for a worker.

        Args:
            now: UTC, for the ledger.
            tick: seconds on a monotonic clock, for quiet times and waits.

        Returns:
            True if anything was done, so that another turn at once makes sense.
        """
        done = self._reception.turn(now, tick)
        done |= self._collect(now, tick)
        done |= self._start(now, tick)
        done |= self._dispose(now, tick)
        done |= self._hooks.turn(tick, self._undisposed)
        self._engine.turn(tick, expected=self._reception.pending)
        return done

    def pause_s(self, now: datetime, tick: float) -> float:
        """Seconds until the next turn is due, if nothing wakes the daemon before."""
        dues = [self._reception.next_due(tick), *self._patience.dues(tick)]
        waiting = self._ledger.next_at()
        if waiting is not None and len(self._running) < self._slots:
            dues.append(tick + (waiting - now).total_seconds())
        return max(0.0, min([tick + _LOOK_AGAIN_S, *dues]) - tick)

    def idle(self) -> bool:
        """True when nothing is left to do but to wait for new files or for a later try."""
        busy = self._running or self._finished or self._undisposed or self._hooks.running
        return not busy and not self._reception.pending

    @property
    def in_work(self) -> int:
        """Documents that workers or hooks have now."""
        return len(self._running) + self._hooks.running

    @property
    def unsettled(self) -> int:
        """Documents that have arrived and are neither recorded nor failed nor duplicates."""
        return self._ledger.count_unsettled()

    @property
    def worker_restarts(self) -> int:
        """Worker processes that died or were killed since the start."""
        return self._engine.restarts

    def overdue_s(self, now: datetime) -> float:
        """Seconds for which the document that waits longest could have been worked on; 0 if none could."""
        since = self._ledger.due_since(now)
        return 0.0 if since is None else (now - since).total_seconds()

    def longest_running_s(self, tick: float) -> float:
        """Seconds since the oldest document in work was handed to the engine; 0 if there is none."""
        return max((tick - running.since for running in self._running.values()), default=0.0)

    def drain(self) -> None:
        """Start nothing new from now on."""
        self._draining = True
        self._hooks.drain()

    @property
    def _slots(self) -> int:
        """One more document than workers is claimed, so that no worker waits for the daemon."""
        return self._engine.slots + 1

    # -- starting

    def _start(self, now: datetime, tick: float) -> bool:
        free = 0 if self._draining else self._slots - len(self._running)
        if free <= 0:
            return False
        busy = self._patience.held(tick) | self._running.keys() | self._finished.keys() | self._undisposed
        jobs = self._ledger.due(now, free, busy)
        for job in jobs:
            self._guarded(job, now, tick, lambda job, now: self._start_one(job, now, tick))
        return bool(jobs)

    def _start_one(self, job: Job, now: datetime, tick: float) -> None:
        try:
            claimed = self._custody.claim(job, now)
        except DocumentError as error:
            self._fail(job, error, now)
            return
        self._reception.claimed(job, claimed)
        if not claimed:
            return
        begun = self._custody.begin(job, now)
        if begun is None:
            self._undisposed.add(job.id)
            return
        claim, sha256 = begun
        future = self._engine.submit(claim, sha256)
        self._running[job.id] = _Running(future, tick)
        future.add_done_callback(lambda _: self._wake())

    # -- collecting

    def _collect(self, now: datetime, tick: float) -> bool:
        for job_id in [job_id for job_id, running in self._running.items() if running.future.done()]:
            future = self._running.pop(job_id).future
            self._finished[job_id] = future.exception() or future.result()
        ready = [job_id for job_id in self._finished if self._patience.may_go_on(job_id, tick)]
        for job_id in ready:
            self._guarded(self._job(job_id), now, tick, self._settle)
        return bool(ready)

    def _settle(self, job: Job, now: datetime) -> None:
        """Put the end of a try into the ledger."""
        result = self._finished[job.id]
        if isinstance(result, BaseException):
            self._try_failed(job, result, now)
        else:
            self._record(job, result, now)
        del self._finished[job.id]

    def _record(self, job: Job, record: Record, now: datetime) -> None:
        try:
            recorded = self._custody.record(job, record, now)
        except AttemptError as error:
            self._try_failed(job, error, now)
            return
        if recorded:
            self._undisposed.add(job.id)
            if self._job(job.id).state is State.RECORDED:
                self._tell(Outcome.RECORDED, job, record=record)

    def _try_failed(self, job: Job, error: BaseException, now: datetime) -> None:
        match error:
            case TransientError():  # the try does not count
                self._wait(job, error, now, attempt=job.attempt - 1)
            case AttemptError() if job.attempt < self._options.attempts:
                self._wait(job, error, now, attempt=job.attempt)
            case AttemptError() | DocumentError():
                self._fail(job, error, now)
            case _:
                raise error

    def _wait(self, job: Job, error: Exception, now: datetime, attempt: int) -> None:
        wait = self._patience.wait(attempt + 1)
        self._ledger.update(job.id, State.WAITING, now, next_at=now + wait, error=str(error), attempt=attempt)
        self._tell(Outcome.WAITING, job, reason=f"{error}; next try in {wait.total_seconds():.0f} s")

    def _fail(self, job: Job, error: AttemptError | DocumentError, now: datetime) -> None:
        self._custody.fail(job, reason_of(error, self._options.attempts), now)
        self._undisposed.add(job.id)
        self._tell(Outcome.FAILED, job, reason=str(error))

    # -- disposing

    def _dispose(self, now: datetime, tick: float) -> bool:
        ready = [job_id for job_id in sorted(self._undisposed) if self._patience.may_go_on(job_id, tick)]
        for job_id in ready:
            self._guarded(self._job(job_id), now, tick, self._dispose_one)
        return bool(ready)

    def _dispose_one(self, job: Job, now: datetime) -> None:
        self._custody.dispose(job, now)
        self._undisposed.discard(job.id)
        if job.state is State.DUPLICATE:
            self._tell(Outcome.DUPLICATE, job)

    # -- faults of the surroundings

    def _guarded(self, job: Job, now: datetime, tick: float, action: Callable[[Job, datetime], None]) -> None:
        """Do something with a job; a temporary fault puts it off and does not count as a try."""
        try:
            action(job, now)
        except Exception as error:
            if not is_temporary(error):
                raise
            self._put_off(job, error, now, tick)
        else:
            self._patience.forgive(job.id)

    def _put_off(self, job: Job, error: Exception, now: datetime, tick: float) -> None:
        wait = self._patience.put_off(job.id, tick)
        log.warning("%s: %s; next try in %.0f s", path_text(job.name), error, wait.total_seconds())
        latest = self._ledger.job(job.id)
        if latest is None or latest.state not in (State.ARRIVED, State.CLAIMED, State.WAITING):
            return
        try:
            self._ledger.update(job.id, State.WAITING, now, next_at=now + wait, error=str(error))
        except Exception as also:
            if not is_temporary(also):
                raise
            log.warning("the database cannot be written either: %s", also)
            return
        self._tell(Outcome.WAITING, job, reason=str(error))

    # -- engines

    def replace_engine(self, engine: Engine[Record]) -> None:
        """Use another engine from now on; the old one finishes the documents it has."""
        self._engine.replace(engine)

    def close(self, now: datetime) -> None:
        """Stop working; documents not finished stay in work and are claimed anew by the next start."""
        try:
            self._engine.close(finish=False)
            for job_id in self._running:
                job = self._job(job_id)
                self._ledger.update(job_id, State.CLAIMED, now, attempt=max(0, job.attempt - 1))
        finally:
            self._hooks.close()

    # -- small

    def _job(self, job_id: int) -> Job:
        job = self._ledger.job(job_id)
        assert job is not None, "only jobs that never began are forgotten"
        return job

    def _tell(self, outcome: Outcome, job: Job, *, record: Record | None = None, reason: str | None = None) -> None:
        self.ended += outcome is not Outcome.WAITING
        report = Report(outcome, self._job(job.id), record, reason)
        for listener in self._listeners:
            listener(report)
