from __future__ import annotations

import os
from pathlib import Path

import pytest

from ingestd.admin.history import explain
from ingestd.store.jobs import Jobs
from tests.support.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, "{path: inbox, watch: polling, sentinel: .here}")


def told(world: World, path: Path) -> str:
    return "\n".join(event.what for event in explain(path, world.config, Jobs(world.db)))


def test_story_of_a_recorded_file_by_either_path(world: World) -> None:
    (world.inbox / ".here").touch()
    dropped = world.drop("scan.png")
    world.run(5)
    for path in (dropped, world.root / "archive/2026/08/scan.png"):
        assert "was recorded as document 1" in told(world, path)
    assert "no longer in the inbox" in told(world, dropped)


def test_story_of_failed_and_duplicate_files(world: World) -> None:
    (world.inbox / ".here").touch()
    bad = world.drop("bad.png")
    world.drop("first.png", "same")
    world.run(5)
    twin = world.drop("twin.png", "same")
    world.run(5)
    assert "failed (damaged): found a bad file; expected a good one; scan it again" in told(world, bad)
    assert "same bytes as document 1" in told(world, twin)


def test_pitfall_18_every_reason_for_not_taking_a_file_is_told(world: World) -> None:
    (world.inbox / "sub").mkdir()
    (world.inbox / ".hidden.png").touch()
    (world.inbox / "empty.png").touch()
    (world.inbox / "half.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (world.inbox / "link.png").symlink_to("half.png")
    os.mkfifo(world.inbox / "fifo.png")
    whole = world.drop("whole.png")
    assert "ignores names like '.*'" in told(world, world.inbox / ".hidden.png")
    assert "sentinel .here is missing" in told(world, world.inbox / "empty.png")
    (world.inbox / ".here").touch()
    assert "it is empty" in told(world, world.inbox / "empty.png")
    assert "its end is missing" in told(world, world.inbox / "half.png")
    assert "a symbolic link" in told(world, world.inbox / "link.png")
    assert "a FIFO" in told(world, world.inbox / "fifo.png")
    assert "it is a folder" in told(world, world.inbox / "sub")
    assert "it is complete" in told(world, whole)
    assert "was never seen" in told(world, world.inbox / "none.png")
    assert "is not in an inbox" in told(world, world.root / "elsewhere.png")


def test_before_the_first_start_there_is_no_database(world: World) -> None:
    (event,) = explain(world.drop("scan.png"), world.config, None)
    assert "sentinel" in event.what


def test_waiting_file_says_until_when_and_why(world: World) -> None:
    (world.inbox / ".here").touch()
    path = world.drop("scan.png")
    world.engine.hold = True
    world.run(4)
    assert "is being read (attempt 1)" in told(world, path)
    world.db.execute("update jobs set state = 'waiting', next_at = '2026-08-03T13:00:00.000Z', error = 'disk full'")
    assert "waits until 2026-08-03T13:00:00.000Z: disk full" in told(world, path)
