"""In-flight jobs: the daemon's memory of a document between its claim and its end."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass

from ingestd.document import Record
from ingestd.files.identity import GradualDigest
from ingestd.store.job import Job


@dataclass(frozen=True, slots=True)
class Hashing:
    """Stage of a document whose bytes are hashed: before the engine has it, and before its record is committed."""

    digest: GradualDigest
    record: Record | None
    """Of the engine; None before it."""


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


Stage = Hashing | InWork | Read | Undisposed


@dataclass(frozen=True, slots=True)
class InFlight:
    """One job and its stage."""

    job: Job
    """As the ledger returned it last."""
    stage: Stage
