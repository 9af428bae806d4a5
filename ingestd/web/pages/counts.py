"""Numbers beside the names of pages: how much waits for a person."""

from __future__ import annotations

from dataclasses import dataclass

from sqlite_utils import Database


@dataclass(frozen=True, slots=True)
class Counts:
    """Work for people."""

    review: int
    """Documents in review."""
    failed: int
    """Files that could not be read."""


def counts_of(db: Database) -> Counts:
    """Count what waits; both counts come from indexes."""
    review, failed = db.execute(
        "SELECT (SELECT count(*) FROM summaries WHERE status = 'review'),"
        " (SELECT count(*) FROM jobs WHERE state = 'failed')"
    ).fetchone()
    return Counts(review, failed)
