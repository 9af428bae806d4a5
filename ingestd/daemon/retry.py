"""Backoff after environmental failures (full disk, lost share, locked database): doubles with each in a row."""

from __future__ import annotations

import math
import random
from datetime import timedelta
from enum import Enum, auto
from typing import NamedTuple

from ingestd.config import LedgerConfig

_JITTER = 0.25
"""Share of a pause that randomness adds or takes away, so that jobs do not all return at once."""
_MAX_DOUBLINGS = 30
"""Bound on the exponent, against overflow; the maximum pause is reached long before."""


class Kind(Enum):
    """Kind of task."""

    JOB = auto()
    HOOK = auto()
    LOOK = auto()
    ARRIVALS = auto()
    SIDECARS = auto()
    TURN = auto()


class Task(NamedTuple):
    """Something that can fail for the time being and be tried again."""

    kind: Kind
    job_id: int = 0
    """Of a job, its hook or the second look at its file."""


ARRIVALS, SIDECARS, TURN = Task(Kind.ARRIVALS), Task(Kind.SIDECARS), Task(Kind.TURN)
"""Noting the files that have arrived; sidecars of corrected documents; a whole turn of the daemon."""


class RetrySchedule:
    """Record, in memory, of the tasks that failed for a temporary reason, and when they are due again.

    Times are ticks: seconds on a monotonic clock.

    Args:
        options: first and maximum pause.
        rng: source of jitter.
    """

    def __init__(self, options: LedgerConfig, rng: random.Random) -> None:
        self._options = options
        self._rng = rng
        self._faults: dict[Task, tuple[int, float]] = {}
        """Faults in a row, and the tick from which the task is due again."""

    @property
    def longest(self) -> timedelta:
        """Longest pause that there is; a job that is to wait for longer waits for a clock that was set back."""
        return timedelta(seconds=self._options.backoff_max_s * (1 + _JITTER))

    def pause(self, tries: int) -> timedelta:
        """Return the pause after a number of attempts (from 1)."""
        return backoff(tries, self._options.backoff_s, self._options.backoff_max_s, self._rng)

    def put_off(self, task: Task, tick: float, pause_s: float | None = None) -> timedelta:
        """Note one more fault in a row.

        Args:
            task: what failed.
            tick: now.
            pause_s: a fixed pause; None: longer with each fault.

        Returns:
            The pause.
        """
        count = self.faults(task) + 1
        pause = self.pause(count) if pause_s is None else timedelta(seconds=pause_s)
        self._faults[task] = (count, tick + pause.total_seconds())
        return pause

    def release(self, task: Task) -> None:
        """Hold the task no longer, because the ledger does; its faults still count."""
        if task in self._faults:
            self._faults[task] = (self._faults[task][0], -math.inf)

    def clear(self, task: Task) -> None:
        """Note a success: the next fault is a first one."""
        self._faults.pop(task, None)

    def faults(self, task: Task) -> int:
        """Return the number of faults in a row."""
        return self._faults[task][0] if task in self._faults else 0

    def is_due(self, task: Task, tick: float) -> bool:
        """Tell whether the task may be tried now."""
        return self.due_at(task) <= tick

    def due_at(self, task: Task) -> float:
        """Return the tick from which the task may be tried; minus infinity after a success."""
        return self._faults[task][1] if task in self._faults else -math.inf

    def held(self, kind: Kind, tick: float) -> set[int]:
        """Return the ids of the jobs whose task of this kind is not yet due."""
        return {task.job_id for task, (_, due_at) in self._faults.items() if task.kind is kind and due_at > tick}

    def dues(self, tick: float) -> list[float]:
        """Return the ticks from which tasks that are not yet due may be tried."""
        return [due_at for _, due_at in self._faults.values() if due_at > tick]


def backoff(tries: int, first_s: float, max_s: float, rng: random.Random) -> timedelta:
    """Return the pause before the next attempt: doubles with each, up to a maximum, with jitter.

    >>> 30 <= backoff(3, 10, 900, random.Random(0)).total_seconds() <= 50
    True
    """
    pause = min(first_s * 2.0 ** min(tries - 1, _MAX_DOUBLINGS), max_s)
    return timedelta(seconds=pause * rng.uniform(1 - _JITTER, 1 + _JITTER))
