"""Documents that are tried again: by hand, after a failure or in the middle of one."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingestd.store.job import State
from ingestd.store.jobs import Jobs
from tests.support.world import World, png


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_retried_document_comes_back_from_failed(world: World) -> None:
    world.drop("scan.png", "bad at first")
    world.run(5)
    assert world.files("failed") == ["scan.png", "scan.png.error.json"]
    world.db.execute(
        "update jobs set state = 'waiting', attempt = 0, next_at = ?", [world.now.isoformat(timespec="milliseconds")]
    )
    (world.root / "failed/scan.png").write_bytes(png("repaired by hand"))
    world.run(5)
    assert world.files("failed") == []
    assert world.documents() == ["scan.png"]


def test_document_that_fails_again_is_kept_under_the_same_name(world: World) -> None:
    world.drop("scan.png", "bad")
    world.run(5)
    world.db.execute("update jobs set state = 'waiting', attempt = 0, next_at = '2026-08-03T00:00:00.000Z'")
    world.run(5)
    assert world.outcomes == [("scan.png", "failed"), ("scan.png", "failed")]
    assert world.files("failed") == ["scan.png", "scan.png.error.json"]


def test_document_retried_before_it_was_put_away_is_read_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The failed folder is full: the file is still in work, and nothing in memory may keep it there."""
    full = True
    rename = Path.rename

    def no_space(self: Path, target: Path) -> Path:
        if full and Path(target).parent == world.root / "failed" and not target.name.endswith(".error.json"):
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", no_space)
    world.drop("scan.png", "bad at first")
    world.run(60)
    assert world.states() == {"scan.png": "failed"}
    assert world.files("work") == ["1/scan.png"]
    assert world.files("failed") == ["scan.png.error.json"]

    (world.root / "work" / "1" / "scan.png").write_bytes(png("repaired by hand"))
    [failed] = Jobs(world.db).in_states([State.FAILED])
    Jobs(world.db).retry(failed, world.now)
    world.run(2)
    assert world.documents() == ["scan.png"]
    assert world.states() == {"scan.png": "done"}
    assert world.files("failed") == world.files("work") == []


def test_waiting_document_that_is_retried_does_not_wait_on(world: World) -> None:
    (world.root / "work").mkdir(exist_ok=True)
    (world.root / "work" / "1").touch()  # no folder can be made there
    world.drop("scan.png")
    world.run(100)
    (world.root / "work" / "1").unlink()
    [waiting] = Jobs(world.db).in_states([State.WAITING])
    Jobs(world.db).retry(waiting, world.now)
    world.run(2)
    assert world.documents() == ["scan.png"]


def test_clock_that_is_set_back_makes_nothing_wait_for_longer_than_the_longest_pause(world: World) -> None:
    (world.root / "work").mkdir(exist_ok=True)
    (world.root / "work" / "1").touch()  # no folder can be made there
    world.drop("scan.png")
    world.run(100)
    (world.root / "work" / "1").unlink()
    world.db.execute("update jobs set next_at = '2026-08-04T12:00:00.000Z'")  # noted before the clock went back a day
    world.run(2)
    assert world.documents() == ["scan.png"]
