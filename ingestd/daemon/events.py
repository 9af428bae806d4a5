"""Events of jobs, for subscribers of the daemon."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ingestd.document import Record
from ingestd.store.job import Job


class JobOutcome(StrEnum):
    """Result of one turn for a job."""

    RECORDED = "recorded"
    FAILED = "failed"
    DUPLICATE = "duplicate"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class JobEvent:
    """Outcome of a job: recorded, failed, duplicate, or waiting for another attempt."""

    outcome: JobOutcome
    job: Job
    """As it is in the ledger now."""
    record: Record | None = None
    """Of a job that was recorded."""
    reason: str | None = None
    """Of a job that failed or waits."""
