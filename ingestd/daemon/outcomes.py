"""Results of the steps of a file through the daemon, beside :class:`ingestd.store.job.Moved`."""

from __future__ import annotations

from dataclasses import dataclass

from ingestd.document import Claim
from ingestd.errors import DocumentError
from ingestd.store.job import Job, Moved


@dataclass(frozen=True, slots=True)
class Claimed:
    """Result of a claim: the file is in work."""

    job: Job


@dataclass(frozen=True, slots=True)
class Gone:
    """Result of a claim: the file left the inbox or changed there, and the job is forgotten."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Result of a claim or a start: the file is missing, not a regular one or too large, and the job has to fail."""

    job: Job
    error: DocumentError


@dataclass(frozen=True, slots=True)
class Started:
    """Result of a start: the attempt has begun."""

    job: Job
    claim: Claim


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Result of a start or a record: the same bytes are recorded already, and the file has to be disposed of."""

    job: Job


@dataclass(frozen=True, slots=True)
class Recorded:
    """Result of a record: committed; the original has to be disposed of."""

    job: Job


@dataclass(frozen=True, slots=True)
class Changed:
    """Result of a record or a failure: the file changed while it was read, and is read again."""

    job: Job


class Overtaken(Exception):
    """Rollback of a transaction, because another process changed a job.

    Args:
        moved: where the job is now.
    """

    def __init__(self, moved: Moved) -> None:
        self.moved = moved
