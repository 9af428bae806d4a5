"""Daemon and engine: an engine that cannot work, is replaced, or rests."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingestd.document import Claim, Record
from ingestd.errors import TransientError
from tests.support.world import World, read


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_engine_that_cannot_work_costs_no_try(world: World) -> None:
    def cannot(claim: Claim) -> Record:
        raise TransientError("a worker cannot start: a model is missing")

    world.engine.work = cannot
    world.drop("scan.png")
    world.run(200)
    assert len(world.engine.claims) > world.config.ledger.attempts
    assert {claim.attempt for claim in world.engine.claims} == {1}
    assert world.states() == {"scan.png": "waiting"}
    world.engine.work = read
    world.run(20)
    assert world.documents() == ["scan.png"]


def test_engine_that_cannot_take_a_document_costs_no_try(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_process(*_: object) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(world.engine, "submit", no_process)
    world.drop("scan.png")
    world.run(5)
    assert world.db.execute("select state, attempt from jobs").fetchall() == [("waiting", 0)]
    monkeypatch.undo()
    world.run(30)
    assert world.documents() == ["scan.png"]


def test_new_engine_takes_over_and_the_old_one_finishes(world: World) -> None:
    world.engine.hold = True
    world.drop("old.png")
    world.run(5)
    old = world.engine
    world.engine = type(old)()
    world.daemon.replace_engine(world.engine)
    world.drop("new.png")
    world.run(5)
    assert [claim.source_path.name for claim in world.engine.claims] == ["new.png"]
    closed_before = old.closed
    old.go()
    world.run(2)
    assert (closed_before, old.closed) == (False, True)
    assert world.documents() == ["new.png", "old.png"]


def test_pitfall_20_workers_rest_when_nothing_came_for_a_while_and_wake_when_a_file_arrives(tmp_path: Path) -> None:
    world = World(tmp_path, more="engine: {idle_s: 60}")
    world.drop("a.png")
    world.run(10)
    assert world.documents() == ["a.png"]
    rested_before = world.engine.resting
    world.run(60)
    assert (rested_before, world.engine.resting) == (False, True)

    world.drop("b.png")
    world.step()
    assert not world.engine.resting, "models load while the file settles"
    world.run(5)
    assert world.documents() == ["a.png", "b.png"]


def test_workers_never_rest_while_a_document_is_in_work(tmp_path: Path) -> None:
    world = World(tmp_path, more="engine: {idle_s: 60}")
    world.engine.hold = True
    world.drop("a.png")
    world.run(200)
    assert not world.engine.resting


def test_workers_stay_where_the_configuration_says_so(tmp_path: Path) -> None:
    world = World(tmp_path, more="engine: {idle_s: null}")
    world.run(10_000)
    assert not world.engine.resting
