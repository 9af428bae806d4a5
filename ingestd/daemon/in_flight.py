"""In-flight jobs: the daemon's memory of a document between its claim and its end."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass

from ingestd.document import Record
from ingestd.store.jobs import Job


@dataclass(frozen=True, slots=True)
class InWork:
    """Stage of a document that the engine has."""

    future: Future[Record]
    since: float
    """Tick at which it was handed over."""


@dataclass(frozen=True, slots=True)
class Read:
    """Stage after the engine's answer, until it is in the ledger; outlasts a database that cannot be written."""

    result: Record | BaseException


@dataclass(frozen=True, slots=True)
class Undisposed:
    """Stage of a job whose end is in the ledger, while its file is still in work."""


Stage = InWork | Read | Undisposed


@dataclass(frozen=True, slots=True)
class InFlight:
    """One job and its stage."""

    job: Job
    """As the ledger returned it last."""
    stage: Stage
