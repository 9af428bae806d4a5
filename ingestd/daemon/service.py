"""The daemon as a process: signals, systemd, the pause between two turns."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from types import FrameType

from ingestd.app import build_pipeline, require_sound, running_daemon, start_engine
from ingestd.config import Config
from ingestd.daemon.events import Outcome, Report
from ingestd.daemon.health import Health
from ingestd.daemon.lifecycle import is_temporary
from ingestd.daemon.loop import Daemon
from ingestd.daemon.metrics import Metrics, serving
from ingestd.daemon.systemd import notify, watchdog_s
from ingestd.errors import ConfigError

log = logging.getLogger(__name__)

_FINISH_S = 20.0
"""On SIGTERM, documents in work get this long; less than TimeoutStopSec in the unit."""


class Service:
    """Runs a daemon until it is told to stop.

    Args:
        config: as loaded.
        reload: loads the configuration anew on SIGHUP; raises ConfigError when it is wrong.
        report: told what became of each document.
    """

    def __init__(self, config: Config, reload: Callable[[], Config], report: Callable[[Report], None]) -> None:
        self._config = config
        self._reload = reload
        self._report = report
        self._wake = threading.Event()
        self._stop = False
        self._hang_up = False
        self._metrics: Metrics | None = None
        self.failures = 0
        """Documents that failed or are waiting for another try."""

    def run(self, *, once: bool, started: Callable[[Daemon], None]) -> None:
        """Work until SIGTERM or SIGINT, or, if ``once``, until the inboxes are empty.

        Raises:
            ConfigError: it cannot start.
        """
        with (
            self._signals(),
            running_daemon(self._config, self._on_report, self._wake.set) as daemon,
            self._watched(daemon) as health,
        ):
            notify("READY=1")
            started(daemon)
            self._loop(daemon, health, once=once)
            notify("STOPPING=1")
            self._finish(daemon, health)

    @contextmanager
    def _watched(self, daemon: Daemon) -> Iterator[Health]:
        """Judge the daemon's health and, if configured, serve it with the other figures."""
        config = self._config
        health = Health(config.health, config.engine.time_limit_s, time.monotonic())
        with ExitStack() as stack:
            if config.metrics.port is not None:
                self._metrics = Metrics(config, daemon, health)
                stack.enter_context(serving(self._metrics, config.metrics.address, config.metrics.port))
            yield health

    def _on_report(self, report: Report) -> None:
        if self._metrics is not None:
            self._metrics.note(report)
        if report.outcome in (Outcome.FAILED, Outcome.WAITING):
            self.failures += 1
        self._report(report)

    def _loop(self, daemon: Daemon, health: Health, *, once: bool) -> None:
        watchdog = watchdog_s()
        while not self._stop:
            self._wake.clear()
            if self._hang_up:
                self._hang_up = False
                self._reload_engine(daemon)
            done, pause_s, problem = self._turn(daemon, health)
            if watchdog and not problem:
                notify("WATCHDOG=1")
            if once and not done and daemon.idle():
                return
            if not done:
                self._wake.wait(min(pause_s, watchdog / 3) if watchdog else pause_s)

    def _turn(self, daemon: Daemon, health: Health) -> tuple[bool, float, str | None]:
        """One step; a fault of the surroundings that no single document is to blame for only costs time.

        Returns:
            Whether anything was done, seconds until the next turn, and what is wrong with the daemon.
        """
        now, tick = datetime.now(UTC), time.monotonic()
        try:
            done, pause_s = daemon.step(now, tick), daemon.pause_s(now, tick)
        except Exception as error:
            if not is_temporary(error):
                raise
            done, pause_s = False, self._config.ledger.backoff_s
            log.error("%s; everything is tried again in %g s", error, pause_s)
        return done, pause_s, health.judge(daemon, now, tick)

    def _reload_engine(self, daemon: Daemon) -> None:
        """New rules, models and reading options; folders need a restart. A bad file changes nothing."""
        notify("RELOADING=1")
        try:
            config = self._reload()
            require_sound(config)
        except ConfigError as error:
            for problem in error.problems:
                log.error("not reloaded: %s", problem)
        else:
            daemon.replace_engine(start_engine(config, build_pipeline))
            self._config = config
            log.info("reloaded: rules, models and reading options are new; changes of folders need a restart")
        notify("READY=1")

    def _finish(self, daemon: Daemon, health: Health) -> None:
        """Let documents in work finish for a while; what is not done by then is read at the next start."""
        daemon.drain()
        until = time.monotonic() + _FINISH_S
        while daemon.in_work and time.monotonic() < until:
            self._wake.clear()
            self._turn(daemon, health)
            if daemon.in_work:
                self._wake.wait(0.2)
        self._turn(daemon, health)

    @contextmanager
    def _signals(self) -> Iterator[None]:
        def stop(_number: int, _frame: FrameType | None) -> None:
            self._stop = True
            self._wake.set()

        def hang_up(_number: int, _frame: FrameType | None) -> None:
            self._hang_up = True
            self._wake.set()

        handlers = {signal.SIGTERM: stop, signal.SIGINT: stop, signal.SIGHUP: hang_up}
        before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
