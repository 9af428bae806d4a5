from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.world import World


def test_the_log_says_once_a_day_what_was_done(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    world = World(tmp_path)
    day = world.clock.today()
    for name, content in (("a.png", "a"), ("b.png", "b"), ("worse.png", "bad")):
        world.drop(name, content)
    world.run(5)
    world.drop("twin.png", "a")
    world.run(10)
    world.service._turn()
    assert day.isoformat() not in caplog.text, "the day is not over"
    for _ in range(3):
        world.clock.move(timedelta(days=1).total_seconds())
        for _ in range(5):
            world.service._turn()
    assert f"{day.isoformat()}: 2 recorded, 1 failed, 1 duplicate" in caplog.text
    assert f"{(day + timedelta(days=1)).isoformat()}: 0 recorded, 0 failed, 0 duplicate" in caplog.text
    assert caplog.text.count(" recorded, ") == 3
