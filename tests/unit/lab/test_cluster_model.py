"""The simulation of a cluster agrees with what can be computed by hand."""

from __future__ import annotations

import random

import pytest

from lab.bench.cluster import Costs, simulate

FREE = Costs(daemon_s=0, scheduler_s=0, link_s=0, service_s=1)


def test_slots_are_the_limit_until_the_slowest_server_is() -> None:
    few = simulate(FREE, 4, None, 4000, random.Random(1))
    assert few.per_s == pytest.approx(4, rel=0.05)
    assert few.used[3] == pytest.approx(1, abs=0.02)
    many = simulate(Costs(0.02, 0.001, 0.005, 1), 1000, None, 4000, random.Random(1))
    assert many.per_s == pytest.approx(50, rel=0.05)
    assert many.used[0] == pytest.approx(1, abs=0.05)
    wire = simulate(Costs(0.001, 0.001, 0.05, 1), 1000, None, 4000, random.Random(1))
    assert wire.per_s == pytest.approx(20, rel=0.05)


def test_waits_are_those_of_a_queue_with_many_servers() -> None:
    idle = simulate(FREE, 100, 1.0, 4000, random.Random(1))
    assert idle.wait_s == pytest.approx(0.693, rel=0.1), "the median of an exponential time"
    assert idle.queue == 0
    busy = simulate(FREE, 4, 3.9, 4000, random.Random(1))
    assert busy.wait_s > 2 * idle.wait_s
    assert busy.queue > 5
