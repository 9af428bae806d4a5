"""The daemon and its workers are killed at random times under load, with a seed that a failure names."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.faults import kills
from tests.support.armed import Faults
from tests.support.invariants import check
from tests.support.nursery import Nursery
from tests.support.process import until
from tests.support.stand_in import picture
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


def test_document_that_takes_the_daemon_down_fails_alone(root: Path, nursery: Nursery) -> None:
    documents = {**kills.slow_documents(4), kills.KILLER: picture(-1, model="slow")}
    place = kills.place_with(root / "place", documents)
    faults = Faults(forked=True, control_s=0.1)
    assert kills.kill_while_in_work(place, nursery, faults) == 4, "once among others, three times alone"
    kills.settle(place, nursery, len(documents))
    check(place, documents)
    assert kills.failed_of(place) == [kills.KILLER]
