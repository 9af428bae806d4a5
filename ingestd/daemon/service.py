"""The daemon as a process: signals, systemd, the pause between two turns."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from types import FrameType

from ingestd.clock import Clock
from ingestd.daemon.diary import Diary
from ingestd.daemon.events import JobEvent, JobOutcome
from ingestd.daemon.failure import is_temporary
from ingestd.daemon.health import Health
from ingestd.daemon.loop import Daemon
from ingestd.daemon.metrics import Metrics
from ingestd.daemon.retry import TURN, RetrySchedule
from ingestd.daemon.systemd import notify, watchdog_s
from ingestd.document import Record
from ingestd.engine import Engine
from ingestd.engine.machines import MachinesFile
from ingestd.errors import ConfigError
from ingestd.watch.observe import Events

log = logging.getLogger(__name__)

_FINISH_S = 20.0
"""Time for documents in work after SIGTERM; less than TimeoutStopSec in the unit."""
_FINISH_POLL_S = 0.2
"""Pause between two turns in that time."""


class Signals:
    """Requests to stop and to reload, and the event that ends a pause."""

    def __init__(self) -> None:
        self.wake = threading.Event()
        self.stop = False
        self.reload = False

    def request_stop(self) -> None:
        """Ask the service to stop."""
        self.stop = True
        self.wake.set()

    def request_reload(self) -> None:
        """Ask the service to load the configuration again."""
        self.reload = True
        self.wake.set()

    @contextmanager
    def handled(self) -> Iterator[None]:
        """Take SIGTERM and SIGINT as requests to stop, SIGHUP as one to reload."""

        def handle(number: int, _frame: FrameType | None) -> None:
            (self.request_reload if number == signal.SIGHUP else self.request_stop)()

        before = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class Service:
    """Process of the daemon: runs until a signal asks it to stop.

    Args:
        daemon: not yet recovered.
        health: judged after each turn.
        metrics: served while the daemon runs; None: not served.
        events: closed with the service.
        signals: requests to stop and to reload.
        clock: source of time.
        new_engine: starts an engine with a configuration loaded again; raises ConfigError if it is wrong.
        schedule: pauses after faults.
        fault_pause_s: pause after a turn that failed for a temporary reason.
        machines: tells other processes about the machines that read.
    """

    def __init__(
        self,
        *,
        daemon: Daemon,
        health: Health,
        metrics: Metrics | None,
        events: Events,
        signals: Signals,
        clock: Clock,
        new_engine: Callable[[], Engine[Record]],
        schedule: RetrySchedule,
        fault_pause_s: float,
        machines: MachinesFile,
    ) -> None:
        self.daemon = daemon
        self.health = health
        self._metrics = metrics
        self._events = events
        self._signals = signals
        self._clock = clock
        self._new_engine = new_engine
        self._schedule = schedule
        self._fault_pause_s = fault_pause_s
        self._machines = machines
        self.failures = 0
        """Number of times that a document failed or was put off."""
        daemon.subscribe(self._count)
        self._diary = Diary(clock.today())
        daemon.subscribe(self._diary.note)

    @property
    def interrupted(self) -> bool:
        """True if a signal asked to stop."""
        return self._signals.stop

    def run(self, *, once: bool, started: Callable[[Daemon], None]) -> None:
        """Recover, then work until SIGTERM or SIGINT, or, if ``once``, until the inboxes are empty.

        Raises:
            ConfigError: the port of the metrics is taken.
        """
        self.daemon.recover(self._clock.now())
        with self._metrics.served() if self._metrics is not None else nullcontext():
            notify("READY=1")
            started(self.daemon)
            self._loop(once=once)
            notify("STOPPING=1")
            self._finish()

    def close(self) -> None:
        """Stop the engine, hooks and events; documents in work are read at the next start."""
        left = self.daemon.in_work
        try:
            self.daemon.close(self._clock.now())
        finally:
            self._events.close()
            self._machines.remove()
        log.info("stopped%s", f"; {left} documents in work are read at the next start" if left else "")

    def _count(self, event: JobEvent) -> None:
        if event.outcome in (JobOutcome.FAILED, JobOutcome.WAITING):
            self.failures += 1

    def _loop(self, *, once: bool) -> None:
        signals, watchdog = self._signals, watchdog_s()
        while not signals.stop:
            signals.wake.clear()
            if signals.reload:
                signals.reload = False
                self._reload_engine()
            done, pause_s, problem = self._turn()
            if watchdog and not problem:
                notify("WATCHDOG=1")
            if once and not done and self.daemon.idle(self._clock.now()):
                return
            if not done:
                signals.wake.wait(min(pause_s, watchdog / 3) if watchdog else pause_s)

    def _turn(self) -> tuple[bool, float, str | None]:
        """Do one turn; an environmental failure that no single document is to blame for only costs time.

        Returns:
            True if anything was done, seconds until the next turn, and the present problem of the daemon, if any.
        """
        now, tick = self._clock.now(), self._clock.tick()
        self._diary.turn(self._clock.today())
        try:
            done, pause_s = self.daemon.step(now, tick), self.daemon.pause_s(now, tick)
            self._machines.note(self.daemon.machines, tick)
        except Exception as error:
            if not is_temporary(error):
                raise
            done, pause_s = False, self._schedule.put_off(TURN, tick, self._fault_pause_s).total_seconds()
            log.error("%s; next attempt in %g s", error, pause_s)
        else:
            self._schedule.clear(TURN)
        return done, pause_s, self.health.judge(self.daemon, now, tick)

    def _reload_engine(self) -> None:
        """Take new rules, models and reading options; folders need a restart. A bad file changes nothing."""
        notify("RELOADING=1")
        try:
            engine = self._new_engine()
        except ConfigError as error:
            for problem in error.problems:
                log.error("not reloaded: %s", problem)
        else:
            self.daemon.replace_engine(engine)
            log.info("reloaded: rules, models and reading options are new; changes of folders need a restart")
        notify("READY=1")

    def _finish(self) -> None:
        """Let documents in work finish for a while; the next start reads the others."""
        in_work = self.daemon.in_work
        log.info("stopping%s", f": {in_work} documents in work get {_FINISH_S:g} s to finish" if in_work else "")
        self.daemon.drain()
        until = self._clock.tick() + _FINISH_S
        while self.daemon.in_work and self._clock.tick() < until:
            self._signals.wake.clear()
            self._turn()
            if self.daemon.in_work:
                self._signals.wake.wait(_FINISH_POLL_S)
        self._turn()
