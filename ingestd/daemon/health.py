"""Whether the daemon does what it is there for; if not, systemd's watchdog is no longer fed."""

from __future__ import annotations

import logging
import sqlite3
from datetime import datetime

from ingestd.config import HealthConfig
from ingestd.daemon.loop import Daemon

log = logging.getLogger(__name__)

_STUCK_FACTOR = 3.0
"""A document handed to the engine for this many time limits means that it no longer enforces them: one waits at most
for another that uses up its own, for new workers to start, and then uses up its own."""


class Health:
    """Judges one daemon, turn by turn.

    A restart is the cure that systemd has, so only what a restart may cure counts: documents that wait for a
    full disk or a later try do not, nor an inbox that has never been there.

    Args:
        options: how long is too long.
        time_limit_s: of one document.
        tick: seconds on a monotonic clock; what was due before does not count.
    """

    def __init__(self, options: HealthConfig, time_limit_s: float, tick: float) -> None:
        self._options = options
        self._time_limit_s = time_limit_s
        self._ended = 0
        self._progress_at = tick
        self.problem: str | None = None
        """What is wrong now, in words; None if nothing is."""

    def judge(self, daemon: Daemon, now: datetime, tick: float) -> str | None:
        """Look at the daemon and return what is wrong; says so once in the log, and once when it is over.

        Args:
            daemon: after a turn.
            now: UTC.
            tick: seconds on the clock of the constructor.

        """
        problem = self._stuck(daemon, tick) or self._stale(daemon, now, tick) or self._blind(daemon, tick)
        if problem and not self.problem:
            log.error("the watchdog is no longer fed, so that systemd starts ingestd anew: %s", problem)
        if self.problem and not problem:
            log.info("the watchdog is fed again")
        self.problem = problem
        return problem

    def _stuck(self, daemon: Daemon, tick: float) -> str | None:
        longest_s = daemon.longest_running_s(tick)
        if longest_s <= _STUCK_FACTOR * self._time_limit_s:
            return None
        return (
            f"a document is in work for {longest_s:.0f} s, which engine.time_limit_s ({self._time_limit_s:g}) forbids"
        )

    def _stale(self, daemon: Daemon, now: datetime, tick: float) -> str | None:
        if daemon.ended != self._ended:
            self._ended, self._progress_at = daemon.ended, tick
        limit_s = max(self._options.stale_s, _STUCK_FACTOR * self._time_limit_s)
        idle_s = tick - self._progress_at
        if idle_s <= limit_s:
            return None
        try:
            overdue_s = daemon.overdue_s(now)
        except sqlite3.Error as error:
            return f"the database does not answer ({error}) and no document came to an end for {idle_s:.0f} s"
        if overdue_s <= limit_s:
            return None
        return f"the oldest document is due for {overdue_s:.0f} s and none came to an end for {idle_s:.0f} s"

    def _blind(self, daemon: Daemon, tick: float) -> str | None:
        for inbox in daemon.inboxes:
            blind_s = inbox.blind_s(tick)
            if blind_s > self._options.blind_s:
                why = inbox.problem or "its kernel events do not come"
                return f"inbox {inbox.config.name} is not seen for {blind_s:.0f} s: {why}"
        return None
