"""In-flight jobs: what the daemon remembers of a document between its claim and its end."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass

from ingestd.document import Record
from ingestd.store.jobs import Job


@dataclass(frozen=True, slots=True)
class InWork:
    """The engine has the document."""

    future: Future[Record]
    since: float
    """Tick at which it was handed over."""


@dataclass(frozen=True, slots=True)
class Read:
    """The engine has given an answer that is not in the ledger yet; kept while the database cannot be written."""

    result: Record | BaseException


@dataclass(frozen=True, slots=True)
class Undisposed:
    """The ledger knows the end of the job, but its file is still in work."""


Stage = InWork | Read | Undisposed


@dataclass(frozen=True, slots=True)
class InFlight:
    """One job and its stage."""

    job: Job
    """As the ledger returned it last."""
    stage: Stage
