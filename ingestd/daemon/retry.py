"""Puts off jobs whose surroundings are at fault (full disk, lost share, lock): longer with each fault in a row."""

from __future__ import annotations

import math
import random
from datetime import timedelta

from ingestd.config import LedgerConfig


class Patience:
    """Remembers, in memory only, which jobs have to wait; times are ticks of a monotonic clock in seconds.

    Args:
        options: first and longest wait.
        chance: source of jitter.
    """

    def __init__(self, options: LedgerConfig, chance: random.Random) -> None:
        self._options = options
        self._chance = chance
        self._faults: dict[int, tuple[int, float]] = {}
        """Faults in a row of a job, and when it may go on."""

    def wait(self, tries: int) -> timedelta:
        """The pause before the next try, after so many."""
        return backoff(tries, self._options.backoff_s, self._options.backoff_max_s, self._chance)

    def put_off(self, job_id: int, tick: float) -> timedelta:
        """Note one more fault in a row; returns the pause."""
        count = self._faults.get(job_id, (0, 0.0))[0] + 1
        pause = self.wait(count)
        self._faults[job_id] = (count, tick + pause.total_seconds())
        return pause

    def forgive(self, job_id: int) -> None:
        """It went well: the next fault is a first one."""
        self._faults.pop(job_id, None)

    def may_go_on(self, job_id: int, tick: float) -> bool:
        """Whether nothing is against taking up the job now."""
        return self.not_before(job_id) <= tick

    def not_before(self, job_id: int) -> float:
        """When the job may go on; minus infinity after a success."""
        return self._faults[job_id][1] if job_id in self._faults else -math.inf

    def held(self, tick: float) -> set[int]:
        """Jobs that have to wait."""
        return {job_id for job_id, (_, not_before) in self._faults.items() if not_before > tick}

    def dues(self, tick: float) -> list[float]:
        """When each of them may go on."""
        return [not_before for _, not_before in self._faults.values() if not_before > tick]


def backoff(tries: int, first_s: float, longest_s: float, chance: random.Random) -> timedelta:
    """Wait before the next try: doubles with each, up to the longest, jittered by a quarter either way.

    >>> 30 <= backoff(3, 10, 900, random.Random(0)).total_seconds() <= 50
    True
    """
    wait = min(first_s * 2.0 ** min(tries - 1, 30), longest_s)
    return timedelta(seconds=wait * chance.uniform(0.75, 1.25))
