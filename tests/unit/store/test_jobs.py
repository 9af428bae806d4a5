from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingestd.files.identity import Identity
from ingestd.store.database import connect
from ingestd.store.jobs import Ledger, State

NOON = datetime(2026, 8, 3, 12, 0, tzinfo=UTC)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    db = connect(tmp_path / "ingestd.db")
    db.execute("PRAGMA synchronous = OFF")
    return Ledger(db)


def arrive(ledger: Ledger, name: str) -> int:
    return ledger.arrive("inbox", Path("/inbox") / name, Identity(1, 1, 1), NOON)


def test_due_are_the_oldest_and_what_waited_long_enough(ledger: Ledger) -> None:
    first, second, third, fourth = (arrive(ledger, name) for name in "abcd")
    ledger.update(second, State.WAITING, NOON, next_at=NOON.replace(hour=13))
    ledger.update(third, State.CLAIMED, NOON)
    assert [job.id for job in ledger.due(NOON, 9, [])] == [first, third, fourth]
    assert [job.id for job in ledger.due(NOON, 2, [first])] == [third, fourth]
    assert [job.id for job in ledger.due(NOON.replace(hour=13), 2, [])] == [first, second]


@pytest.mark.parametrize("question", ["due", "due_since", "hooks_due", "next_at"])
def test_pitfall_20_what_is_asked_in_every_turn_does_not_depend_on_how_many_there_are(
    ledger: Ledger, question: str
) -> None:
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    def cost() -> int:
        nonlocal steps
        steps = 0
        ledger.db.conn.set_progress_handler(count, 10)
        ask = {
            "due": lambda: ledger.due(NOON, 3, [1]),
            "due_since": lambda: ledger.due_since(NOON),
            "hooks_due": lambda: ledger.hooks_due(3, [1]),
            "next_at": ledger.next_at,
        }[question]
        ask()
        ledger.db.conn.set_progress_handler(None, 0)
        return steps

    for number in range(10):
        arrive(ledger, str(number))
    few = cost()
    with ledger.db.conn:
        for number in range(10, 600):
            job = arrive(ledger, str(number))
            if number % 2:
                ledger.update(job, State.DONE, NOON)
    assert cost() <= 2 * few + 10
