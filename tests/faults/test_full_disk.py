"""A disk runs full under the daemon and is freed: nothing is lost, everything is done, without a restart."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support import disks
from tests.support.invariants import check, digest, originals
from tests.support.nursery import Nursery
from tests.support.process import Installation, until
from tests.support.stand_in import picture

pytestmark = pytest.mark.timeout(120)

CONFIGURATION = "settle: {quiet_s: 0.1, rescan_s: 1}\nledger: {backoff_s: 0.2, backoff_max_s: 0.5}\n"
KINDS = ["work injected", "archive injected", "every file limited"]
if disks.may_mount():
    KINDS += ["work mounted", "archive mounted", "database mounted"]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def place(root: Path, kind: str) -> Installation:
    more = "record: {database: database/ingestd.db}\n" if kind == "database mounted" else ""
    place = Installation(root / "place", more=CONFIGURATION + more)
    if more:
        place.database = place.root / "database" / "ingestd.db"
    return place


@pytest.fixture
def disk(place: Installation, kind: str) -> Iterator[disks.Disk]:
    where, how = kind.rsplit(" ", 1)
    folder = place.root / where
    with ExitStack() as stack:
        if how == "injected":
            yield disks.InjectedDisk(folder)
        elif how == "limited":
            yield disks.LimitedDisk()
        else:
            stack.enter_context(disks.mounted(folder))
            yield disks.TinyDisk(folder, "disk is full" if where == "database" else os.strerror(28))


def test_pitfall_05_full_disk_loses_nothing_and_work_goes_on_by_itself_once_there_is_space(
    place: Installation, disk: disks.Disk, nursery: Nursery
) -> None:
    dropped: dict[str, bytes] = {}

    def drop(count: int) -> None:
        for _ in range(count):
            name = f"{len(dropped)}.png"
            dropped[name] = picture(len(dropped))
            (place.inbox / name).write_bytes(dropped[name])

    drop(2)
    daemon = nursery.start(place.config, disk.faults)
    until("the first two", lambda: place.settled(2) and not place.files("work"))
    disk.fill(daemon)
    drop(5)
    until("a word about it", lambda: disk.said in place.log())
    assert originals(place).keys() >= set(map(digest, dropped.values())), "every original is somewhere"
    assert not place.settled(7) or place.files("work")
    disk.free(daemon)
    until("all of them", lambda: place.settled(7) and not place.files("work"))
    daemon.stop()
    check(place, dropped)
