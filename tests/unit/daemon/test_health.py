"""What stops the watchdog, and what does not."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from ingestd.config import HealthConfig, InboxConfig, SettleConfig
from ingestd.daemon.health import Health
from ingestd.files.encoding import time_text
from ingestd.watch.inbox import Inbox
from ingestd.watch.observe import Events
from tests.support.world import World

OPTIONS = HealthConfig(stale_s=100, blind_s=50)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, "{path: inbox, watch: polling, poll_s: 1}")


@pytest.fixture
def health(world: World) -> Health:
    return Health(OPTIONS, 30.0, world.tick)


def judged(world: World, health: Health, seconds: int) -> str | None:
    """Let time pass and judge after it."""
    world.run(seconds)
    return health.judge(world.daemon, world.now, world.tick)


def test_nothing_to_do_is_no_problem(world: World, health: Health) -> None:
    assert judged(world, health, 500) is None


def test_documents_that_end_are_progress_however_long_the_queue(world: World, health: Health) -> None:
    world.engine.hold = True
    for number in range(5):
        world.drop(f"{number}.png")
    problems = []
    for _ in range(4):
        problems.append(judged(world, health, 60))
        world.engine.go()
    assert problems == [None] * 4
    assert world.daemon.ended > 0


def test_document_that_is_due_and_never_ends_is_stale(
    world: World, health: Health, caplog: pytest.LogCaptureFixture
) -> None:
    world.drop("a.png")
    world.daemon.drain()  # stands for whatever keeps it from starting anything
    assert judged(world, health, 90) is None
    with caplog.at_level(logging.INFO, "ingestd.daemon.health"):
        problem = judged(world, health, 20)
        assert problem is not None and "none has finished for 110 s" in problem
        judged(world, health, 20)
        assert caplog.text.count("no longer fed") == 1
        world.restart()
        judged(world, health, 5)
        assert health.problem is None
        assert "fed again" in caplog.text


def test_document_that_arrives_after_a_long_rest_is_not_stale(world: World, health: Health) -> None:
    judged(world, health, 500)
    world.engine.hold = True
    world.drop("a.png")
    assert judged(world, health, 20) is None


def test_document_that_waits_for_a_later_try_is_not_stale(world: World, health: Health) -> None:
    world.drop("a.png")
    world.run(4)
    later = world.now + timedelta(minutes=14)
    world.db.execute("update jobs set state = 'waiting', next_at = ?", [time_text(later)])
    assert judged(world, health, 500) is None


def test_document_in_work_beyond_its_limit(world: World, health: Health) -> None:
    world.engine.hold = True
    world.drop("a.png")
    assert judged(world, health, 70) is None, "it may have waited for another that used up its limit"
    problem = judged(world, health, 30)
    assert problem is not None and "engine.time_limit_s (30)" in problem


def test_database_that_does_not_answer(world: World, health: Health, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(_: object) -> None:
        raise sqlite3.OperationalError("database is locked")

    monkeypatch.setattr(world.daemon, "overdue_s", locked)
    assert judged(world, health, 90) is None
    assert "does not answer (database is locked)" in (judged(world, health, 20) or "")


def test_inbox_that_is_lost_is_blind_and_one_that_never_was_there_is_not(tmp_path: Path) -> None:
    world = World(tmp_path, "{path: inbox, watch: polling, poll_s: 1}, {path: later, watch: polling, poll_s: 1}")
    health = Health(OPTIONS, 30.0, world.tick)
    assert judged(world, health, 200) is None
    world.inbox.rename(tmp_path / "unmounted")
    assert judged(world, health, 40) is None
    problem = judged(world, health, 20)
    assert problem is not None
    assert problem.startswith("inbox inbox has not been watched for ")
    assert "cannot be read: No such file" in problem
    (tmp_path / "unmounted").rename(world.inbox)
    assert judged(world, health, 2) is None


class Deaf(Events):
    """Its threads die when told to, and can be replaced unless told not to."""

    def __init__(self) -> None:
        self.armed = 0
        self.dead = False
        self.curable = True

    def arm(self, root: Path, hint: Callable[[Path], None], *, recursive: bool) -> str | None:
        self.armed += 1
        self.dead = self.dead and not self.curable
        return None

    def disarm(self, root: Path) -> None:
        pass

    def alive(self, root: Path) -> bool:
        return not self.dead


def test_pitfall_09_dead_event_thread_is_replaced_and_polling_fills_the_gap(tmp_path: Path) -> None:
    events = Deaf()
    config = InboxConfig(path=tmp_path, name="inbox", watch="native", poll_s=5)
    box = Inbox(config, SettleConfig(rescan_s=30), events, {})
    box.turn(0.0)
    assert box.native and box.next_due(0.0) == 30
    events.dead, events.curable = True, False
    box.turn(30.0)
    assert events.armed == 2
    assert box.blind_s(35.0) == 5
    assert box.next_due(30.0) == 35, "it is polled while it is deaf"
    events.curable = True
    box.turn(35.0)
    assert box.blind_s(35.0) == 0
    assert box.next_due(35.0) == 65
