"""The database is locked, read-only or damaged: the daemon waits, or refuses and says what to do."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from ingestd.store.database import PAGE_BYTES
from tests.support.armed import Faults
from tests.support.invariants import check, originals
from tests.support.nursery import Nursery
from tests.support.process import Installation, until
from tests.support.stand_in import picture
from tests.support.unprivileged import NOBODY

pytestmark = pytest.mark.timeout(120)

FAULTS = Faults(inline=True, busy_s=0.1)
EX_CONFIG = 78


@pytest.fixture
def place(root: Path) -> Installation:
    more = "settle: {quiet_s: 0.1, rescan_s: 1}\nledger: {backoff_s: 0.2, backoff_max_s: 0.5}\n"
    place = Installation(root / "place", more=more + "record: {database: database/ingestd.db}\n")
    (place.root / "database").mkdir()
    place.database = place.root / "database" / "ingestd.db"
    return place


def drop(place: Installation, *numbers: int) -> dict[str, bytes]:
    dropped = {f"{number}.png": picture(number) for number in numbers}
    for name, content in dropped.items():
        (place.inbox / name).write_bytes(content)
    return dropped


def filled(place: Installation, nursery: Nursery, count: int = 3) -> dict[str, bytes]:
    """A database with a few documents."""
    dropped = drop(place, *range(count))
    assert nursery.start(place.config, FAULTS, "--once").wait() == 0
    return dropped


def refusal(place: Installation, nursery: Nursery, faults: Faults = FAULTS) -> tuple[int, str]:
    """Exit status of a start, and what it said."""
    before = len(place.log())
    status = nursery.start(place.config, faults, "--once").wait()
    return status, place.log()[before:]


def test_pitfall_17_writer_that_keeps_the_database_locked_is_waited_for(place: Installation, nursery: Nursery) -> None:
    dropped = filled(place, nursery)
    daemon = nursery.start(place.config, FAULTS)
    until("the daemon to watch", lambda: place.log().count("watching") == 2)
    with closing(sqlite3.connect(place.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        dropped |= drop(place, 10, 11, 12)
        until("a word about it", lambda: "locked" in place.log())
        assert len(place.files("inbox")) == 3
        other.execute("ROLLBACK")
    until("all of them", lambda: place.settled(6))
    daemon.stop()
    check(place, dropped)


def test_pitfall_17_start_at_a_locked_database_says_so(place: Installation, nursery: Nursery) -> None:
    filled(place, nursery)
    with closing(sqlite3.connect(place.database, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        drop(place, 10)
        status, said = refusal(place, nursery)
    assert status == 1, said
    assert "another process keeps it locked" in said
    assert "Traceback" not in said
    assert place.files("inbox") == ["10.png"]


def test_read_only_database_is_refused(place: Installation, nursery: Nursery) -> None:
    filled(place, nursery)
    drop(place, 10)
    for folder in (place.root, place.root.parent):
        folder.chmod(0o755)
    if NOBODY is not None:
        for path in (place.root / "work").rglob("*"):
            shutil.chown(path, NOBODY, NOBODY)
        for path in (place.inbox, place.root / "work", place.root / "archive", place.root / "failed"):
            shutil.chown(path, NOBODY, NOBODY)
    place.database.chmod(0o444)
    place.database.parent.chmod(0o555)
    status, said = refusal(place, nursery, Faults(inline=True, user=NOBODY))
    place.database.parent.chmod(0o755)
    assert status == EX_CONFIG, said
    assert "cannot be opened or written" in said
    assert "permissions" in said
    assert place.files("inbox") == ["10.png"]


def overwrite(path: Path, start: int) -> None:
    with path.open("r+b") as file:
        file.seek(start)
        file.write(b"\xa5" * (path.stat().st_size - start))


DAMAGES: dict[str, Callable[[Path], object]] = {
    "header": lambda path: overwrite(path, 0),
    "pages": lambda path: overwrite(path, PAGE_BYTES),
    "end": lambda path: overwrite(path, path.stat().st_size - 2 * PAGE_BYTES),
    "cut": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_database_is_refused_with_the_way_back(place: Installation, nursery: Nursery, damage: str) -> None:
    dropped = filled(place, nursery)
    DAMAGES[damage](place.database)
    dropped |= drop(place, 10)
    kept = originals(place)
    status, said = refusal(place, nursery)
    assert status == EX_CONFIG, said
    assert "restore a backup" in said
    assert "Traceback" not in said
    assert originals(place) == kept, "nothing was touched"
    assert len(kept) == len(dropped)


def test_database_damaged_while_the_daemon_runs_ends_it_with_the_way_back(
    place: Installation, nursery: Nursery
) -> None:
    filled(place, nursery)
    daemon = nursery.start(place.config, FAULTS)
    until("the daemon to watch", lambda: place.log().count("watching") == 2)
    with closing(sqlite3.connect(place.database)) as other:  # what the daemon remembers of the file is out of date
        other.execute("update jobs set attempt = attempt")
        other.commit()
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    overwrite(place.database, 4096)
    drop(place, *range(10, 14))
    assert daemon.wait() == EX_CONFIG, place.log()
    assert "ingestd backup" in place.log()
    assert "Traceback" not in place.log()
    assert sum(originals(place).values()) == 7
