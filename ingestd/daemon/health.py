"""Health of the daemon; while it is bad, systemd's watchdog is not fed."""

from __future__ import annotations

import logging
import sqlite3
from datetime import datetime

from ingestd.config import HealthConfig
from ingestd.daemon.loop import Daemon

log = logging.getLogger(__name__)

_STUCK_FACTOR = 3.0
"""Time limits after which a document in work shows that the engine no longer enforces them. A document waits at most
for another that uses up its limit, then for new workers, then it uses up its own."""


class Health:
    """Judge of one daemon, turn by turn.

    systemd can only restart the service, so only problems that a restart may solve count. Documents that wait for a
    full disk or a later attempt do not count, nor does an inbox that has never been there.

    Args:
        options: limits in seconds.
        time_limit_s: time limit of one document.
        tick: seconds on a monotonic clock; the time before does not count.
    """

    def __init__(self, options: HealthConfig, time_limit_s: float, tick: float) -> None:
        self._options = options
        self._time_limit_s = time_limit_s
        self._ended = 0
        self._progress_at = tick
        self.problem: str | None = None
        """Present problem, in words; None if there is none."""

    def judge(self, daemon: Daemon, now: datetime, tick: float) -> str | None:
        """Return the present problem or None; logs it once, and once when it is over.

        Args:
            daemon: after a turn.
            now: UTC.
            tick: seconds on the clock of the constructor.
        """
        problem = self._stuck(daemon, tick) or self._stale(daemon, now, tick) or self._blind(daemon, tick)
        if problem and not self.problem:
            log.error("the watchdog is no longer fed, so systemd will restart ingestd: %s", problem)
        if self.problem and not problem:
            log.info("the watchdog is fed again")
        self.problem = problem
        return problem

    def _stuck(self, daemon: Daemon, tick: float) -> str | None:
        longest_s = daemon.longest_running_s(tick)
        if longest_s <= _STUCK_FACTOR * self._time_limit_s:
            return None
        return (
            f"a document has been running for {longest_s:.0f} s, over {_STUCK_FACTOR:g} times engine.time_limit_s"
            f" ({self._time_limit_s:g}); queueing may account for one"
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
            return f"the database does not answer ({error}), and no document has finished for {idle_s:.0f} s"
        if overdue_s <= limit_s:
            return None
        return f"the oldest document has been due for {overdue_s:.0f} s, and none has finished for {idle_s:.0f} s"

    def _blind(self, daemon: Daemon, tick: float) -> str | None:
        for inbox in daemon.inboxes:
            blind_s = inbox.blind_s(tick)
            if blind_s > self._options.blind_s:
                why = inbox.problem or "its kernel events have stopped"
                return f"inbox {inbox.config.name} has not been watched for {blind_s:.0f} s: {why}"
        return None
