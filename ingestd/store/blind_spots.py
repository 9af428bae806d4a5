"""Blind spots: places in the inboxes that the daemon cannot look at, so that nothing is taken from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlite_utils import Database

from ingestd.files.encoding import path_text, time_from, time_text
from ingestd.store.database import transaction


@dataclass(frozen=True, slots=True)
class BlindSpot:
    """Folder or file that cannot be looked at."""

    path: str
    inbox: str
    problem: str
    """Reason, and what to do about it."""
    since: datetime


def replace_all(db: Database, spots: Mapping[Path, tuple[str, str]], now: datetime) -> None:
    """Note what cannot be looked at now; what was noted before keeps its moment.

    Args:
        db: the database.
        spots: path -> name of the inbox, problem.
        now: UTC.
    """
    with transaction(db):
        since = dict(db.execute("SELECT path, since FROM blind_spots").fetchall())
        db.execute("DELETE FROM blind_spots")
        for path, (inbox, problem) in spots.items():
            text = path_text(path)
            values = [text, inbox, problem, since.get(text, time_text(now))]
            db.execute("INSERT INTO blind_spots (path, inbox, problem, since) VALUES (?, ?, ?, ?)", values)


def count(db: Database) -> int:
    """Return the number of blind spots."""
    return int(db.execute("SELECT count(*) FROM blind_spots").fetchone()[0])


def listed(db: Database, limit: int) -> list[BlindSpot]:
    """Return blind spots, oldest first."""
    return list(_select(db, f"ORDER BY since, path LIMIT {limit:d}", []))


def covering(db: Database, path: Path) -> list[BlindSpot]:
    """Return the blind spots at a path and above it."""
    texts = [path_text(place) for place in (path, *path.parents)]
    return list(_select(db, f"WHERE path IN ({', '.join('?' for _ in texts)}) ORDER BY path", texts))


def _select(db: Database, rest: str, values: list[str]) -> Iterator[BlindSpot]:
    for path, inbox, problem, since in db.execute(
        f"SELECT path, inbox, problem, since FROM blind_spots {rest}", values
    ):
        yield BlindSpot(path, inbox, problem, time_from(since))
