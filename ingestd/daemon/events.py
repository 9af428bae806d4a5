"""What the daemon tells whoever listens."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ingestd.document import Record
from ingestd.store.jobs import Job


class Outcome(StrEnum):
    """What became of a document in one turn."""

    RECORDED = "recorded"
    FAILED = "failed"
    DUPLICATE = "duplicate"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Report:
    """Told to whoever listens when something became of a document."""

    outcome: Outcome
    job: Job
    """As it is in the ledger now."""
    record: Record | None = None
    reason: str | None = None
