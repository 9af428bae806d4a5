"""The daemon is killed (SIGKILL) before every single effect on files and database, and started again.

An effect is a rename, unlink, mkdir, rmdir, opening for writing, or a commit; what lies between two of
them changes nothing that another process could see. Every transition of the ledger is among them.
"""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from ingestd.store.job import State
from tests.support.armed import Faults
from tests.support.invariants import check
from tests.support.nursery import Nursery
from tests.support.process import Installation
from tests.support.stand_in import damaged, picture

pytestmark = pytest.mark.timeout(240)

GOOD, AGAIN, BAD = picture(1), picture(2, model="exception", once=True), damaged(1)

MAX_STARTS = 12
"""Of a daemon that empties the inbox and ends; two or three are enough."""


@dataclass(frozen=True)
class Scenario:
    """Documents on their way through an inbox."""

    documents: dict[str, bytes]
    states: frozenset[str]
    """Transitions of the ledger that this way has."""
    original: str = "move"
    other_filesystem: bool = False


EVERYTHING = frozenset(State)
SCENARIOS = {
    "move": Scenario({"again.png": AGAIN, "bad.png": BAD, "good.png": GOOD, "twin.png": GOOD}, EVERYTHING),
    "leave": Scenario({"bad.png": BAD, "good.png": GOOD}, EVERYTHING - {State.WAITING, State.DUPLICATE}, "leave"),
    "delete": Scenario({"bad.png": BAD, "good.png": GOOD}, EVERYTHING - {State.WAITING, State.DUPLICATE}, "delete"),
    "other filesystem": Scenario(
        {"bad.png": BAD, "good.png": GOOD}, EVERYTHING - {State.WAITING, State.DUPLICATE}, other_filesystem=True
    ),
}


class Attempt:
    """One life of a daemon on a folder of its own, with at most one kill."""

    def __init__(self, root: Path, scenario: Scenario, nursery: Nursery) -> None:
        inbox = f"[{{path: inbox, watch: polling, poll_s: 0.05, original: {scenario.original}}}]"
        self.place = Installation(
            root, inbox, "ledger: {attempts: 9, backoff_s: 0.01, backoff_max_s: 0.01}\nsettle: {quiet_s: 0.02}\n"
        )
        for name, content in scenario.documents.items():
            (self.place.inbox / name).write_bytes(content)
        self._scenario = scenario
        self._nursery = nursery

    def effects(self) -> list[str]:
        """What was done so far."""
        trace = self.place.root / "trace"
        return trace.read_text(encoding="utf-8").splitlines() if trace.exists() else []

    def run(self, kill_at: int | None = None) -> bool:
        """Run until all is settled; with ``kill_at`` until before that effect. True if it was killed."""
        for _ in range(MAX_STARTS):
            if self.place.settled(len(self._scenario.documents)) and not self.place.files("work"):
                return False
            faults = Faults(
                inline=True,
                kill_at=kill_at - len(self.effects()) if kill_at else None,
                trace=str(self.place.root / "trace"),
                other_filesystem=str(self.place.inbox) if self._scenario.other_filesystem else None,
                control_s=0,
            )
            status = self._nursery.start(self.place.config, faults, "--once").wait()
            if status == -signal.SIGKILL:
                return True
            assert status in (0, 1), self.place.log()
        raise AssertionError(f"not settled after {MAX_STARTS} starts: {self.place.log()}")

    def check(self) -> None:
        check(self.place, self._scenario.documents, self._scenario.original)


@pytest.mark.parametrize("name", SCENARIOS)
def test_pitfall_08_killed_before_every_effect_nothing_is_lost_or_doubled(
    root: Path, nurseries: list[Nursery], name: str
) -> None:
    scenario = SCENARIOS[name]
    unharmed = Attempt(root / "unharmed", scenario, nurseries[0])
    assert not unharmed.run()
    unharmed.check()
    effects = unharmed.effects()
    assert {effect.split()[1] for effect in effects if effect.startswith("commit ")} >= scenario.states

    def survive(number: int, nursery: Nursery) -> str | None:
        """What went wrong after a kill before the effect with this number."""
        attempt = Attempt(root / str(number), scenario, nursery)
        killed = attempt.run(kill_at=number)
        try:
            assert killed
            assert not attempt.run()
            attempt.check()
        except AssertionError as error:
            return f"killed before {effects[number - 1]!r}: {error}\n{attempt.place.log()}"
        return None

    def survive_all(share: int) -> list[str]:
        numbers = range(1 + share, len(effects) + 1, len(nurseries))
        return [wrong for number in numbers if (wrong := survive(number, nurseries[share]))]

    with ThreadPoolExecutor(len(nurseries)) as pool:
        wrong = [line for lines in pool.map(survive_all, range(len(nurseries))) for line in lines]
    assert wrong == []


RECOVERIES = ("rename work/", "commit running", "commit recorded", "rename archive/")


@pytest.mark.parametrize("first", RECOVERIES)
def test_killed_again_at_every_effect_of_the_recovery(root: Path, nursery: Nursery, first: str) -> None:
    scenario = SCENARIOS["move"]

    def killed_once(name: str) -> Attempt:
        """A life that ended after the first effect of a kind."""
        attempt = Attempt(root / name, scenario, nursery)
        assert attempt.run(kill_at=number)
        return attempt

    unharmed = Attempt(root / "unharmed", scenario, nursery)
    unharmed.run()
    what, _, where = first.partition(" ")
    effects = [effect.replace(f"{unharmed.place.root}/", "") for effect in unharmed.effects()]
    number = 2 + next(n for n, effect in enumerate(effects) if effect.startswith(f"{what} {where}"))
    for second in range(1, 7):
        attempt = killed_once(str(second))
        assert attempt.run(kill_at=len(attempt.effects()) + second)
        assert not attempt.run()
        attempt.check()
