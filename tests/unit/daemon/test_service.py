"""The watchdog is fed turn by turn, as long as the daemon is healthy."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingestd.daemon import service
from ingestd.daemon.health import Health
from ingestd.daemon.service import Service
from tests.support.world import World


class Scripted(Health):
    """Says what it is told to say, turn by turn, and stops the service after the last."""

    def __init__(self, world: World, script: list[str | None]) -> None:
        super().__init__(world.config.health, 300.0, world.tick)
        self.script = script
        self.service: Service

    def judge(self, *_: object) -> str | None:
        if len(self.script) == 1:
            self.service._stop = True
        return self.script.pop(0)


def test_watchdog_is_fed_only_in_healthy_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    monkeypatch.setattr(service, "notify", sent.append)
    monkeypatch.setattr(service, "watchdog_s", lambda: 0.03)
    world = World(tmp_path)
    health = Scripted(world, [None, "blind", "blind", None])
    health.service = Service(world.config, lambda: world.config, lambda _: None)
    health.service._loop(world.daemon, health, once=False)
    assert sent == ["WATCHDOG=1"] * 2


def test_fault_of_a_turn_does_not_keep_it_from_being_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    monkeypatch.setattr(service, "notify", sent.append)
    monkeypatch.setattr(service, "watchdog_s", lambda: 0.03)
    world = World(tmp_path)
    health = Scripted(world, ["the database does not answer", "the database does not answer"])
    health.service = Service(world.config, lambda: world.config, lambda _: None)

    def step(*_: object) -> bool:
        raise OSError("no")

    monkeypatch.setattr(world.daemon, "step", step)
    health.service._loop(world.daemon, health, once=False)
    assert sent == []
