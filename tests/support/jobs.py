"""Jobs brought to a state the way the daemon does it, transition by transition."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from ingestd.files.identity import Identity
from ingestd.store.job import Job, Moved
from ingestd.store.jobs import Jobs
from tests.support.records import NOON

SHA256 = "0" * 64


def arrived(jobs: Jobs, name: str, at: datetime = NOON) -> Job:
    """A file that was noted."""
    return jobs.arrive("inbox", Path("/inbox", name), Identity(10, 1, 1), at)


def claimed(jobs: Jobs, name: str, at: datetime = NOON) -> Job:
    """A file in work."""
    return made(jobs.claim(arrived(jobs, name, at), at))


def running(jobs: Jobs, name: str, at: datetime = NOON) -> Job:
    """A document that a worker has."""
    return made(jobs.start(claimed(jobs, name, at), SHA256, at))


def waiting(jobs: Jobs, name: str, at: datetime = NOON, error: str = "disk full") -> Job:
    """A document that is due again in an hour."""
    return made(jobs.wait(running(jobs, name, at), at + timedelta(hours=1), error, at, refund=False))


def failed(jobs: Jobs, name: str, error: str, at: datetime = NOON) -> Job:
    """A document that was given up; ``error`` is JSON."""
    return made(jobs.fail(running(jobs, name, at), error, Path("/failed", name), None, at))


def recorded(jobs: Jobs, name: str, document_id: int, archive: Path = Path("/archive"), at: datetime = NOON) -> Job:
    """A recorded document whose original is still in work."""
    return made(jobs.record(running(jobs, name, at), document_id, SHA256, archive / name, None, at))


def done(jobs: Jobs, name: str, document_id: int, archive: Path = Path("/archive"), at: datetime = NOON) -> Job:
    """A recorded document whose original is in the archive."""
    return made(jobs.finish(recorded(jobs, name, document_id, archive, at), at))


def made(outcome: Job | Moved) -> Job:
    """The job after a transition that nothing came in the way of."""
    assert isinstance(outcome, Job), outcome
    return outcome
