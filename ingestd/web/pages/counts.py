"""Numbers beside the names of pages: how much waits for a person."""

from __future__ import annotations

from dataclasses import dataclass

from sqlite_utils import Database

from ingestd.store import queries


@dataclass(frozen=True, slots=True)
class Counts:
    """Work for people."""

    review: int
    """Documents in review."""
    failed: int
    """Files that could not be read."""


def counts_of(db: Database) -> Counts:
    """Count what waits."""
    return Counts(queries.in_review(db), queries.counts(db, "jobs").get("failed", 0))
