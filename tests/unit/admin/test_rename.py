"""Archived originals keep their names until someone asks for others; a crash leaves every file in one place."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from ingestd.admin import rename as renaming
from ingestd.admin.correct import Corrector, Wanted
from ingestd.admin.verify import Verification
from ingestd.document import Claim, Record, SearchableCopy
from tests.support.crashes import crash_before
from tests.support.desk import shipped_rules
from tests.support.records import record
from tests.support.world import World

LAYOUT = "spool: {layout: '{date|received:%Y}/{seller_name}/{invoice_no}'}"
FIELDS: dict[str, str | None] = {"date": "2025-03-09", "merchant": "Shop", "receipt_no": "7", "total": "12.50"}


def read(claim: Claim) -> Record:
    made = record(claim.source_path.name, fields=dict(FIELDS))
    copy = SearchableCopy(b"%PDF copy")
    return dataclasses.replace(made, sha256=claim.sha256, size_bytes=claim.size_bytes, copy=copy)


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path, more=LAYOUT)
    world.engine.work = read
    world.drop("a.png")
    world.run(6)
    return world


def correct(world: World, merchant: str) -> None:
    corrector = Corrector(world.db, shipped_rules(), world.clock, sidecars=True)
    corrector.correct(1, [Wanted("merchant", merchant)], by="anna")


def names(stem: str) -> list[str]:
    return [f"{stem}.png{end}" for end in ("", ".json", ".searchable.pdf")]


def rename(world: World) -> int:
    renaming.resume(world.db)
    found = renaming.wanted(world.db, world.config, 1)
    if found is not None:
        renaming.carry_out(world.db, found)
    return 0 if found is None else 1


def test_names_stay_after_corrections_and_change_on_request(world: World) -> None:
    assert world.files("archive") == names("2025/Shop/7")
    assert rename(world) == 0
    correct(world, "Other Shop")
    world.run(5)
    assert world.files("archive") == names("2025/Shop/7")
    assert rename(world) == 1
    assert world.files("archive") == names("2025/Other Shop/7")
    beside = json.loads((world.root / "archive/2025/Other Shop/7.png.json").read_bytes())
    assert beside["archive_path"].endswith("archive/2025/Other Shop/7.png")
    assert list(Verification(world.db, world.config).differences()) == []
    assert rename(world) == 0


def test_a_name_that_is_taken_is_told_apart_once(world: World) -> None:
    world.drop("b.png")
    world.run(20)
    apart = [name for name in world.files("archive") if "7-" in name]
    assert len(apart) == 3
    assert renaming.wanted(world.db, world.config, 2) is None


@pytest.mark.parametrize("crash_at", range(1, 7))
def test_a_rename_that_is_cut_off_is_finished(world: World, monkeypatch: pytest.MonkeyPatch, crash_at: int) -> None:
    correct(world, "Other Shop")
    with crash_before(crash_at, monkeypatch, ("move", "remove", "write_atomic")) as begun:
        rename(world)
    told = [
        one.text for one in Verification(world.db, world.config).differences() if "a rename was cut off" in one.text
    ]
    assert len(told) == (1 if crash_at <= begun() else 0)
    world.restart()
    rename(world)
    assert world.files("archive") == names("2025/Other Shop/7")
    assert list(Verification(world.db, world.config).differences()) == []


def test_a_document_without_its_original_is_left_alone(world: World) -> None:
    correct(world, "Other Shop")
    (world.root / "archive/2025/Shop/7.png").unlink()
    assert renaming.wanted(world.db, world.config, 1) is None
    assert renaming.wanted(world.db, world.config, 99) is None
