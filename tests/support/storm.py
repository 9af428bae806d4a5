"""Documents keep arriving while the daemon is killed again and again, at times drawn from a seed."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path

from tests.support.armed import Faults
from tests.support.nursery import Nursery
from tests.support.process import Installation
from tests.support.stand_in import damaged, picture

CONFIGURATION = (
    "settle: {quiet_s: 0.1, rescan_s: 2}\n"
    "ledger: {backoff_s: 0.1, backoff_max_s: 0.5}\n"
    "engine: {workers: 2, memory_limit_mb: 2048}\n"
    "enhance: {plan: none}\n"
)


def documents(rng: random.Random, first: int = 0) -> Iterator[tuple[str, bytes]]:
    """Names and contents without end: mostly good, some damaged, some twins, some that kill their worker once."""
    number = first
    while True:
        number += 1
        match rng.randrange(200):
            case 0:
                content = picture(number, model="killed", once=True)
            case 1 | 2 | 3 | 4:
                content = damaged(number)
            case 5 | 6 | 7 | 8:
                content = picture(max(first + 1, number - 5))
            case _:
                content = picture(number)
        yield f"{number:06}.png", content


def drop(place: Installation, name: str, content: bytes, rng: random.Random) -> None:
    """Put a document into the inbox the way one or another program does."""
    target = place.inbox / name
    match rng.randrange(3):
        case 0:
            target.write_bytes(content)
        case 1:
            half = len(content) // 2
            with target.open("wb") as file:
                file.write(content[:half])
                file.flush()
                file.write(content[half:])
        case _:
            (place.root / name).write_bytes(content)
            (place.root / name).rename(target)


def storm(
    place: Installation, nursery: Nursery, arriving: Iterator[tuple[str, bytes]], rng: random.Random, kills: int
) -> dict[str, bytes]:
    """Start and kill the daemon so many times while documents arrive; return what was dropped.

    Every second kill comes while it starts, the others while workers read: after some more documents came to
    their end, however long that takes on this machine.
    """
    dropped: dict[str, bytes] = {}
    for number in range(kills):
        daemon = nursery.start(place.config, Faults(forked=True))
        goal = settled(place) + (rng.randrange(1, 20) if number % 2 else 0)
        end = time.monotonic() + rng.uniform(0.05, 0.8)
        while time.monotonic() < end or settled(place) < goal:
            name, content = next(arriving)
            drop(place, name, content, rng)
            dropped[name] = content
            time.sleep(rng.uniform(0.0, 0.2))
        daemon.kill()
    return dropped


def settled(place: Installation) -> int:
    """Jobs at their end."""
    [(count,)] = place.query("select count(*) from jobs where state in ('done', 'failed', 'duplicate')") or [(0,)]
    assert isinstance(count, int)
    return count


def new_place(root: Path) -> Installation:
    """An installation for storms."""
    return Installation(root, more=CONFIGURATION)
