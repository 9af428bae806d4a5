"""A sample of the power cuts of ``python -m tests.faults.power_cut``, and proof that they would find a fault."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.places import ROOT
from tests.support.power.lane import Lane, Order, Outcome
from tests.support.power.scenes import SCENES, killed

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def lane() -> Iterator[Lane]:
    lane = Lane()
    yield lane
    lane.close()


def tried(lane: Lane, order: Order) -> Outcome:
    outcome = lane.run(order)
    if outcome.skipped:
        pytest.skip(outcome.skipped)
    assert outcome.states > 1
    return outcome


@pytest.mark.parametrize("name", SCENES)
def test_a_power_cut_loses_and_doubles_nothing(lane: Lane, name: str) -> None:
    outcome = tried(lane, Order(name, SCENES[name], seed=0, states=2, share=0.06))
    assert not outcome.problems, "\n".join(map(str, outcome.problems))


def test_what_a_killed_daemon_left_unsynced_is_lost_by_no_power_cut(lane: Lane) -> None:
    outcome = tried(lane, Order("killed", killed(16), seed=0, states=2, share=0.1))
    assert not outcome.problems, "\n".join(map(str, outcome.problems))


@pytest.mark.parametrize(("without", "name"), [("folders", "upload"), ("files", "upload"), ("database", "delete")])
def test_syncing_that_is_taken_away_is_missed(lane: Lane, without: str, name: str) -> None:
    outcome = tried(lane, Order(name, SCENES[name], seed=0, states=3, share=0.5, without=without))
    assert outcome.lost, outcome.problems


UNSEEN = """
import mmap, os, sys
from pathlib import Path
from tests.support.power.recorder import Recorder
from tests.support.power.tracer import may_trace

def write():
    with (root / "file").open("r+b") as file:
        mmap.mmap(file.fileno(), 4)[0:4] = b"new!"

if not may_trace():
    sys.exit(3)
root = Path(sys.argv[1])
(root / "file").write_bytes(b"old!")
Recorder([root], root / "log").run(write)
"""


def test_a_write_that_cannot_be_told_ends_the_recording(tmp_path: Path) -> None:
    command = [sys.executable, "-c", UNSEEN, str(tmp_path)]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if found.returncode == 3:
        pytest.skip("this machine lets no process trace its children")
    assert "UnknownEffectError" in found.stderr
    assert "mapped for writing" in found.stderr
