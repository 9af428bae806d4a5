"""The daemon and its workers are killed at random times under load, with a seed that a failure names."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.support.armed import Faults
from tests.support.invariants import check
from tests.support.nursery import Nursery
from tests.support.process import until
from tests.support.storm import documents, new_place, storm

pytestmark = pytest.mark.timeout(240)

KILLS = 8


@pytest.mark.parametrize("seed", [20261103])
def test_pitfall_07_and_08_killed_at_random_times_under_load(root: Path, nursery: Nursery, seed: int) -> None:
    rng = random.Random(seed)
    place = new_place(root / "place")
    dropped = storm(place, nursery, documents(rng), rng, KILLS)
    daemon = nursery.start(place.config, Faults())
    until("everything to be settled", lambda: place.settled(len(dropped)) and not place.files("work"))
    daemon.stop()
    check(place, dropped)
    verified = place.command("verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
