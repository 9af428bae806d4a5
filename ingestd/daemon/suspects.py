"""Suspects: documents that were in work when ingestd died, by a kill, a power cut or a fault of its own.

One of them may be the cause, the others are innocent, and mostly all of them are. So a death fails no document and
costs no attempt. Suspects are tried behind all others, each alone, and only after ingestd has run for a while: without
this control, kills in quick succession would be blamed on whatever is in work. Only a death during such a lone attempt
counts, and the next attempt needs a control of twice the length. Where there is always something else to do, a suspect
has its turn once it has waited for the longest pause of the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from ingestd.daemon.failure import deadly
from ingestd.errors import DocumentError
from ingestd.store.job import Job, State, control_s
from ingestd.store.jobs import Jobs


class Suspects:
    """Scheduler of lone attempts.

    Args:
        jobs: job states.
        deaths: number of deaths during lone attempts that fail a document.
        longest: longest wait of a job.
        tick: start of this process, in seconds on a monotonic clock.
    """

    def __init__(self, jobs: Jobs, deaths: int, longest: timedelta, tick: float) -> None:
        self._jobs = jobs
        self._longest = longest
        self._deaths = deaths
        self._began = tick

    def verdict(self, job: Job) -> DocumentError | None:
        """Return the failure of a document that ingestd died of too often; None for any other."""
        if job.state is not State.CLAIMED or job.deaths_alone < self._deaths:
            return None
        return deadly(job.deaths_alone, [control_s(deaths) for deaths in range(job.deaths_alone)])

    def any_due(self, now: datetime) -> bool:
        """Tell whether a suspect waits for nothing but its turn."""
        return self._jobs.suspect_due(now, (), self._longest) is not None

    def next(self, now: datetime, tick: float, excluding: Iterable[int]) -> Job | None:
        """Return the suspect to be tried once nothing else is due or in work, if ingestd has run for long enough.

        Args:
            now: UTC.
            tick: seconds on a monotonic clock.
            excluding: ids of jobs that a fault keeps waiting.
        """
        job = self._jobs.suspect_due(now, excluding, self._longest)
        if job is None or tick - self._began < job.control_s:
            return None
        return job
