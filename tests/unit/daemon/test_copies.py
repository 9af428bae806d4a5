"""Searchable copies on their way from the worker to the archive."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from ingestd.document import Claim, Record, SearchableCopy
from tests.support.crashes import crash_before
from tests.support.world import World, read


def copying(claim: Claim) -> Record:
    return dataclasses.replace(read(claim), copy=SearchableCopy(b"%PDF copy of " + claim.source_path.name.encode()))


def test_the_copy_lies_beside_the_original(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.engine.work = copying
    world.drop("a.png")
    world.run(10)
    assert world.files("archive") == [f"2026/08/a.png{end}" for end in ("", ".json", ".searchable.pdf")]
    assert (tmp_path / "archive/2026/08/a.png.searchable.pdf").read_bytes() == b"%PDF copy of a.png"
    assert world.files("work") == []


def test_a_document_without_copy_is_archived(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.engine.work = lambda claim: dataclasses.replace(read(claim), copy=SearchableCopy(b"", "damaged"))
    world.drop("a.png")
    world.run(10)
    assert world.files("archive") == ["2026/08/a.png", "2026/08/a.png.json"]


@pytest.mark.parametrize("crash_at", range(1, 8))
def test_a_crash_loses_no_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crash_at: int) -> None:
    """The daemon dies before its n-th durable effect after the reading."""
    world = World(tmp_path)
    world.engine.work = copying
    world.engine.hold = True
    world.drop("a.png")
    world.run(5)
    with crash_before(crash_at, monkeypatch):
        world.engine.go()
        world.run(5)
    world.restart()
    world.engine.work = copying
    world.run(30)
    assert [name.removeprefix("2026/08/") for name in world.files("archive")] == [
        f"a.png{end}" for end in ("", ".json", ".searchable.pdf")
    ]
    assert world.files("work") == []
