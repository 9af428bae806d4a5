"""The watchdog is fed turn by turn, as long as the daemon is healthy."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from ingestd.errors import ConfigError
from tests.support.world import FakeEngine, MovedClock, World

WATCHDOG = "health: {stale_s: 100, blind_s: 50}\nengine: {time_limit_s: 30}\n"


class Systemd:
    """The socket that a service notifies."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(str(path))
        self._messages: list[str] = []

    def collect(self) -> None:
        """Take what was sent; the kernel keeps ten messages and then holds up whoever sends more."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self._messages.append(self._socket.recv(1000).decode())

    def heard(self) -> list[str]:
        """Return what was sent since the last call."""
        self.collect()
        messages, self._messages = self._messages, []
        return messages

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Systemd]:
    systemd = Systemd(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", "3000")  # a pause of a millisecond between two turns
    yield systemd
    systemd.close()


class Scripted(MovedClock):
    """Moves one second each time the service asks for the time, and does something at given seconds."""

    def __init__(self, systemd: Systemd) -> None:
        super().__init__()
        self._systemd = systemd
        self.deeds: dict[int, Callable[[], object]] = {}

    def now(self) -> datetime:
        moment = super().now()
        self.move(1)
        self._systemd.collect()
        deed = self.deeds.pop(round(self.tick() - 1000), None)
        if deed is not None:
            deed()
        return moment


def served(world: World, clock: Scripted, deeds: dict[int, Callable[[], object]], seconds: int) -> None:
    """Run the service for so many seconds, with something done before some of them."""
    begun = round(clock.tick() - 1000)
    clock.deeds = {begun + second: deed for second, deed in deeds.items()}
    clock.deeds[begun + seconds] = world.signals.request_stop
    world.service.run(once=False, started=lambda _: None)


@pytest.fixture
def clock(systemd: Systemd) -> Scripted:
    return Scripted(systemd)


def test_watchdog_is_fed_only_in_healthy_turns(tmp_path: Path, systemd: Systemd, clock: Scripted) -> None:
    world = World(tmp_path, "{path: inbox, watch: polling, poll_s: 1}", WATCHDOG, clock)
    heard: dict[str, list[str]] = {}

    def note(when: str) -> Callable[[], None]:
        return lambda: heard.update({when: systemd.heard()})

    away = tmp_path / "unmounted"
    served(
        world,
        clock,
        {
            10: lambda: [note("well")(), world.inbox.rename(away)],
            75: note("lost"),
            80: lambda: [note("blind")(), away.rename(world.inbox)],
            85: note("found"),
        },
        90,
    )
    assert heard["well"][0] == "READY=1"
    assert set(heard["well"][1:]) == {"WATCHDOG=1"}
    assert "WATCHDOG=1" in heard["lost"], "it may come back"
    assert heard["blind"] == []
    assert "WATCHDOG=1" in heard["found"]
    assert systemd.heard()[-1] == "STOPPING=1"


def test_turn_that_fails_is_judged_all_the_same(
    tmp_path: Path, systemd: Systemd, clock: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path, "{path: inbox, watch: polling, poll_s: 1}", WATCHDOG, clock)
    world.drop("a.png")
    world.engine.hold = True
    world.run(4)
    world.engine.held.clear()  # the document never ends

    def step(*_: object) -> bool:
        raise OSError("the disk is gone")

    monkeypatch.setattr(world.daemon, "step", step)
    served(world, clock, {120: systemd.heard}, 150)
    assert systemd.heard() == ["STOPPING=1"]


def test_reload_takes_a_new_engine_and_a_wrong_configuration_changes_nothing(
    tmp_path: Path, systemd: Systemd, clock: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    world = World(tmp_path, "{path: inbox, watch: polling, poll_s: 1}", WATCHDOG, clock)
    engines: list[FakeEngine] = []

    def new_engine() -> FakeEngine:
        if not engines:
            engines.append(world.engine)
            raise ConfigError(["config.yaml: engine: wrong"])
        engines.append(FakeEngine())
        return engines[-1]

    world.reload = new_engine
    served(world, clock, {5: world.signals.request_reload, 10: world.signals.request_reload}, 15)
    first, second = engines
    assert "not reloaded: config.yaml: engine: wrong" in caplog.text
    assert first.closed
    assert not second.closed
    assert systemd.heard().count("RELOADING=1") == 2
    world.service.close()
    assert second.closed
