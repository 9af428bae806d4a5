"""Workers die, hang, run out of memory and raise, in the decoder and in the model, through the real pool."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.armed import Faults
from tests.support.invariants import check
from tests.support.nursery import Nursery
from tests.support.process import Installation, until
from tests.support.stand_in import picture

pytestmark = pytest.mark.timeout(240)

ATTEMPTS = 2
REASONS = {
    "segfault": "SIGSEGV",
    "memory": "out of memory",
    "endless": "longer than 4 s",
    "exception": "ValueError: a defect in the code",
}


def test_pitfall_07_and_09_and_10_poison_stops_after_some_tries_and_everything_else_is_read(
    root: Path, nursery: Nursery
) -> None:
    place = Installation(
        root / "place",
        more=f"ledger: {{attempts: {ATTEMPTS}, backoff_s: 0.05, backoff_max_s: 0.1}}\n"
        "settle: {quiet_s: 0.1, rescan_s: 1}\n"
        "engine: {workers: 2, time_limit_s: 4, memory_limit_mb: 2048}\n",
    )
    dropped = {
        **{f"{deed}-in-decode.png": picture(1, decode=deed) for deed in REASONS},
        **{f"{deed}-in-model.png": picture(2, model=deed) for deed in REASONS},
        **{f"{deed}-once.png": picture(3, model=deed, once=True) for deed in ("segfault", "exception")},
        **{f"good-{number}.png": picture(100 + number) for number in range(10)},
    }
    for name, content in dropped.items():
        (place.inbox / name).write_bytes(content)
    daemon = nursery.start(place.config, Faults(forked=True))
    until("everything to be settled", lambda: place.settled(len(dropped)) and not place.files("work"))
    daemon.stop()

    check(place, dropped)
    assert place.documents() == sorted(name for name in dropped if name.startswith("good") or "once" in name)
    for deed, reason in REASONS.items():
        for where in ("decode", "model"):
            told = json.loads((place.root / "failed" / f"{deed}-in-{where}.png.error.json").read_bytes())
            assert reason in told["found"], told
            assert told["attempts"] == ATTEMPTS


def test_fault_of_the_surroundings_costs_no_try_and_fails_no_document(root: Path, nursery: Nursery) -> None:
    place = Installation(
        root / "place",
        more="ledger: {attempts: 1, backoff_s: 0.05, backoff_max_s: 0.1}\nsettle: {quiet_s: 0.1}\n",
    )
    (place.inbox / "a.png").write_bytes(picture(1, model="surroundings"))
    (place.inbox / "b.png").write_bytes(picture(2))
    daemon = nursery.start(place.config, Faults(inline=True))
    until("some tries", lambda: place.log().count("a share that is gone") >= 3)
    until("the other", lambda: place.documents() == ["b.png"])
    daemon.stop()
    assert place.query("select state, attempt from jobs where name = 'a.png'") == [("waiting", 0)]
    assert place.files("failed") == []
