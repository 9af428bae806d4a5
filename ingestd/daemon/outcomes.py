"""Outcomes of the lifecycle's steps, beside :class:`ingestd.store.jobs.Moved`."""

from __future__ import annotations

from dataclasses import dataclass

from ingestd.document import Claim
from ingestd.errors import DocumentError
from ingestd.store.jobs import Job


@dataclass(frozen=True, slots=True)
class Claimed:
    """The file is in work."""

    job: Job


@dataclass(frozen=True, slots=True)
class Gone:
    """The file left the inbox or changed there; the job is forgotten."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The file cannot be read for what it is; the job has to fail."""

    job: Job
    error: DocumentError


@dataclass(frozen=True, slots=True)
class Started:
    """A try has begun."""

    job: Job
    claim: Claim


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The same bytes are recorded already; the file has to be disposed of."""

    job: Job


@dataclass(frozen=True, slots=True)
class Recorded:
    """The record is committed; the original has to be disposed of."""

    job: Job


@dataclass(frozen=True, slots=True)
class Changed:
    """The file changed while it was read; it is read again."""

    job: Job
