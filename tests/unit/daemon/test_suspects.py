"""Documents that were in work when the daemon died: an innocent one never fails, a deadly one fails alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ingestd.store import queries
from ingestd.store.job import State, control_s
from ingestd.store.jobs import Jobs
from tests.support.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def die_in_work(world: World, seconds: int) -> list[str]:
    """Restart, let so many seconds pass, and return what is in work then; the next restart is its death."""
    world.restart()
    world.engine.hold = True
    world.run(seconds)
    return in_work(world)


def in_work(world: World) -> list[str]:
    return [claim.source_path.name for claim, _ in world.engine.held]


def drop_all(world: World, count: int) -> list[str]:
    names = [f"{number}.png" for number in range(count)]
    for name in names:
        world.drop(name)
    return names


def test_innocent_documents_never_fail_however_often_the_daemon_is_killed(world: World) -> None:
    names = drop_all(world, 7)
    for kill in range(40):
        die_in_work(world, seconds=1 + kill % 9)
    world.restart()
    world.run(60)
    assert world.documents() == names
    assert world.files("failed") == []
    assert all(claim.attempt == 1 for claim in world.engine.claims), "a death costs no attempt"


def test_suspects_are_tried_behind_all_others_each_alone(world: World) -> None:
    drop_all(world, 5)
    world.engine.hold = True
    world.run(5)
    suspects = in_work(world)
    assert len(suspects) == world.engine.slots + 1

    assert die_in_work(world, seconds=5) == ["3.png", "4.png"], "the others first"
    world.engine.go()
    world.run(3)
    assert in_work(world) == [], "a control comes first"
    world.run(6)
    order: list[str] = []
    for name in suspects:
        order += in_work(world)
        world.daemon.inboxes[0].hint(world.drop(f"later-{name}"))
        world.run(4)
        assert in_work(world) == order[-1:], "nothing joins it"
        world.engine.go()
        world.run(1)
        assert in_work(world) == [f"later-{name}"], "other suspects wait for it"
        world.engine.go()
        world.run(1)
    assert order == suspects
    assert len(world.documents()) == 8
    assert world.files("failed") == []


def test_document_that_takes_the_daemon_down_fails_alone_and_the_reason_has_the_numbers(world: World) -> None:
    drop_all(world, 3)
    world.engine.hold = True
    world.run(5)
    lives = 0
    while world.states().get("0.png") != "failed":
        world.restart()
        world.engine.hold = True
        for _ in range(200):
            world.run(1)
            if in_work(world) == ["0.png"]:
                lives += 1
                break
            world.engine.go()
            if not world.daemon.unsettled:
                break
    world.run(2)
    assert lives == 3
    assert world.documents() == ["1.png", "2.png"]
    assert world.files("failed") == ["0.png", "0.png.error.json"]
    reason = json.loads((world.root / "failed/0.png.error.json").read_bytes())
    assert (reason["code"], reason["attempts"]) == ("deadly", 3)
    assert "died 3 times while this document alone was in work, each time after 10, 20 and 40 s" in reason["found"]


@pytest.mark.parametrize("deaths", range(3))
def test_each_death_in_a_lone_attempt_doubles_the_control(world: World, deaths: int) -> None:
    drop_all(world, 1)
    world.engine.hold = True
    world.run(5)
    for earlier in range(deaths):
        die_in_work(world, seconds=int(control_s(earlier)) + 1)
    assert die_in_work(world, seconds=int(control_s(deaths))) == []
    world.run(1)
    assert in_work(world) == ["0.png"]


def test_a_death_before_the_lone_attempt_counts_for_nothing(world: World) -> None:
    drop_all(world, 1)
    world.engine.hold = True
    world.run(5)
    for _ in range(20):
        assert die_in_work(world, seconds=9) == []
    assert world.db.execute("select suspect, deaths_alone, attempt from jobs").fetchall() == [(1, 0, 0)]


def test_retried_document_is_no_longer_suspect(world: World) -> None:
    drop_all(world, 1)
    world.engine.hold = True
    world.run(5)
    die_in_work(world, seconds=1)
    world.db.execute("update jobs set state = 'failed', error = '{}'")
    jobs = Jobs(world.db)
    jobs.retry(jobs.in_states([State.FAILED])[0], world.now)
    world.run(1)
    assert in_work(world) == ["0.png"]


def test_emptying_the_inboxes_once_waits_for_suspects(world: World) -> None:
    drop_all(world, 1)
    world.engine.hold = True
    world.run(5)
    world.restart()
    world.run(5)
    assert not world.daemon.idle(world.now)
    world.run(6)
    assert world.daemon.idle(world.now)
    assert world.documents() == ["0.png"]


def test_suspect_has_its_turn_although_there_is_always_something_else_to_do(world: World) -> None:
    drop_all(world, 1)
    world.engine.hold = True
    world.run(5)
    world.restart()
    world.engine.hold = True
    for minute in range(30):
        for number in range(4):
            world.daemon.inboxes[0].hint(world.drop(f"later-{minute}-{number}.png"))
        world.run(60)
        if "0.png" in in_work(world):
            break
        assert len(in_work(world)) == 3, "always busy"
        world.engine.go()
        world.run(1)
    assert 10 < minute < 25
    assert in_work(world) == ["0.png"], "alone all the same"


def test_status_says_why_a_suspect_waits(world: World) -> None:
    drop_all(world, 1)
    world.engine.hold = True
    world.run(5)
    world.restart()
    oldest = queries.oldest_waiting(world.db, world.now)
    assert oldest is not None
    assert "ingestd died while it was in work" in str(oldest.reason)
