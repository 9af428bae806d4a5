"""The diary: one line per day in the log, of what became of the files."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import date

from ingestd.daemon.events import JobEvent, JobOutcome

log = logging.getLogger(__name__)

_TOLD = (JobOutcome.RECORDED, JobOutcome.FAILED, JobOutcome.DUPLICATE)


class Diary:
    """Counter of outcomes.

    Args:
        today: calendar day of the start.
    """

    def __init__(self, today: date) -> None:
        self._day = today
        self._counts: Counter[JobOutcome] = Counter()

    def note(self, event: JobEvent) -> None:
        """Count an outcome."""
        self._counts[event.outcome] += 1

    def turn(self, today: date) -> None:
        """Tell of a day that is over."""
        if today == self._day:
            return
        told = ", ".join(f"{self._counts[outcome]} {outcome}" for outcome in _TOLD)
        log.info("%s: %s", self._day.isoformat(), told)
        self._day = today
        self._counts.clear()
