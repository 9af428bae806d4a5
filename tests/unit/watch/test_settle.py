from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestd.files.identity import Identity
from ingestd.watch.settle import Settler

SCAN = Path("/inbox/scan.pdf")


class Disk:
    """Files as the settler sees them: identity and whether their end is there."""

    def __init__(self) -> None:
        self.files: dict[Path, Identity] = {}
        self.complete: set[Path] = set()
        self.open: set[Path] = set()

    def write(self, path: Path, size: int, *, complete: bool = False) -> Identity:
        before = self.files.get(path)
        self.files[path] = Identity(size, before.mtime_ns + 1 if before else 1, 7)
        if complete:
            self.complete.add(path)
        return self.files[path]


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def settler(disk: Disk) -> Settler:
    return Settler(2.0, 60.0, disk.files.get, disk.complete.__contains__, disk.open.__contains__)


def test_complete_file_is_taken_after_its_quiet_time(disk: Disk, settler: Settler) -> None:
    identity = disk.write(SCAN, 100, complete=True)
    settler.notice(SCAN, identity, 10.0)

    assert settler.settled(11.9) == []
    assert settler.settled(12.0) == [(SCAN, identity)]
    assert settler.settled(99.0) == []
    assert settler.next_due() is None


def test_pitfall_01_file_that_grows_is_not_taken_though_every_state_ends_properly(disk: Disk, settler: Settler) -> None:
    """A scanner closes and reopens the file for each page; each state is a proper PDF."""
    for second in range(10):
        settler.notice(SCAN, disk.write(SCAN, 100 + second, complete=True), float(second))
        assert settler.settled(float(second) + 0.9) == []

    assert settler.settled(11.0) == [(SCAN, disk.files[SCAN])]


def test_change_without_any_event_starts_the_quiet_time_anew(disk: Disk, settler: Settler) -> None:
    settler.notice(SCAN, disk.write(SCAN, 100, complete=True), 0.0)
    changed = disk.write(SCAN, 200)

    assert settler.settled(2.0) == []
    assert settler.settled(3.9) == []
    assert settler.settled(4.0) == [(SCAN, changed)]


def test_file_without_its_end_waits_long_and_is_then_taken_to_fail_with_a_reason(disk: Disk, settler: Settler) -> None:
    identity = disk.write(SCAN, 100)
    settler.notice(SCAN, identity, 0.0)
    taken_at = None
    for second in range(100):
        if settler.settled(float(second)):
            taken_at = second
            break

    assert taken_at == 60


def test_file_that_gets_its_end_late_is_taken_soon_after(disk: Disk, settler: Settler) -> None:
    settler.notice(SCAN, disk.write(SCAN, 100), 0.0)
    assert settler.settled(30.0) == []

    settler.notice(SCAN, disk.write(SCAN, 120, complete=True), 31.0)

    assert settler.settled(33.0) == [(SCAN, disk.files[SCAN])]


def test_pitfall_06_empty_placeholder_waits_for_ever_and_the_real_file_is_taken(disk: Disk, settler: Settler) -> None:
    settler.notice(SCAN, disk.write(SCAN, 0, complete=True), 0.0)
    for hour in range(1, 48):
        assert settler.settled(hour * 3600.0) == []
    assert settler.unfinished == 0
    assert len(settler) == 1

    real = disk.write(SCAN, 500, complete=True)
    settler.notice(SCAN, real, 200_000.0)

    assert settler.settled(200_002.0) == [(SCAN, real)]


def test_empty_file_is_looked_at_ever_less_often(disk: Disk, settler: Settler) -> None:
    settler.notice(SCAN, disk.write(SCAN, 0), 0.0)
    now, looks = 0.0, 0
    while now < 3600:
        settler.settled(now)
        due = settler.next_due()
        assert due is not None
        now, looks = due, looks + 1

    assert looks < 80


def test_file_that_vanished_is_forgotten(disk: Disk, settler: Settler) -> None:
    settler.notice(SCAN, disk.write(SCAN, 100, complete=True), 0.0)
    del disk.files[SCAN]

    assert settler.settled(5.0) == []
    assert len(settler) == 0


@given(
    st.lists(
        st.tuples(st.floats(0.01, 5), st.sampled_from(["write", "finish", "look"]), st.integers(0, 2)),
        max_size=40,
    )
)
def test_nothing_is_ever_taken_before_it_was_quiet(events: list[tuple[float, str, int]]) -> None:
    disk = Disk()
    settler = Settler(2.0, 60.0, disk.files.get, disk.complete.__contains__, disk.open.__contains__)
    changed: dict[Path, float] = {}
    now = 0.0
    for wait, what, number in events:
        now += wait
        path = Path(f"/inbox/{number}")
        if what != "look":
            settler.notice(path, disk.write(path, number * 10, complete=what == "finish"), now)
            changed[path] = now
        for taken, identity in settler.settled(now):
            assert identity == disk.files[taken]
            assert identity.size > 0
            assert now - changed[taken] >= (2.0 if taken in disk.complete else 60.0) - 1e-9


def test_thousands_of_files_are_handed_over_in_bounded_batches(disk: Disk, settler: Settler) -> None:
    for number in range(1000):
        path = SCAN.with_name(f"{number}.pdf")
        settler.notice(path, disk.write(path, 100, complete=True), 0.0)
    batches = []
    while batch := settler.settled(2.0):
        batches.append(len(batch))
        due = settler.next_due()
        assert due is None or due <= 2.0, "the rest is due at once"
    assert sum(batches) == 1000
    assert max(batches) <= 200


def test_file_that_its_writer_has_open_waits_until_it_is_closed(disk: Disk, settler: Settler) -> None:
    """A scanner with an open handle writes page after page; the file ends properly after each."""
    identity = disk.write(SCAN, 100, complete=True)
    disk.open.add(SCAN)
    settler.notice(SCAN, identity, 0.0)
    for second in range(2, 600, 2):
        assert settler.settled(float(second)) == []
        assert bool(settler.held_up) == (second >= 60), "told after some time"
    assert settler.unfinished == 0
    disk.open.clear()
    assert settler.settled(602.0) == [(SCAN, identity)]
