"""Names and records made to break the daemon: it goes on, and nothing is lost or written elsewhere."""

from __future__ import annotations

import dataclasses
import json
import math
import os
from pathlib import Path

import pytest

from ingestd.document import Claim, Record
from tests.support.world import World, png, read

NAMES = [b"\xff\xfe.png", b"\x1b[2J.png", b"a\nb.png", b"-rf.png", b"..png", b"%s{name}$(id).png", b"x" * 251 + b".png"]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, "{path: inbox, watch: polling, poll_s: 1, ignore: []}", "ledger: {backoff_s: 1}")


@pytest.mark.parametrize("name", NAMES)
def test_any_name_goes_all_the_way(world: World, name: bytes) -> None:
    Path(os.fsdecode(os.fsencode(world.inbox) + b"/" + name)).write_bytes(png("content"))
    world.run(4)
    (original,) = [path for path in (world.root / "archive").rglob("*") if path.suffix == ".png"]
    assert original.read_bytes() == png("content")
    assert original.parent == world.root / "archive" / "2026" / "08"
    assert original.name.isprintable()
    assert json.loads(original.with_name(original.name + ".json").read_bytes())["sha256"]
    assert sorted(path.name for path in world.root.iterdir() if path.is_dir()) == ["archive", "inbox", "work"]


@pytest.mark.parametrize("name", NAMES)
def test_fault_that_names_the_file_is_noted_and_overcome(world: World, name: bytes) -> None:
    (world.root / "work").touch()  # no folder can be made there
    Path(os.fsdecode(os.fsencode(world.inbox) + b"/" + name)).write_bytes(png("content"))
    world.run(4)
    [(state, error)] = world.db.execute("select state, error from jobs").fetchall()
    assert (state, "cannot " in error) == ("waiting", True)
    (world.root / "work").unlink()
    world.run(30)
    assert [state for (state,) in world.db.execute("select state from jobs").fetchall()] == ["done"]


@pytest.mark.parametrize("name", NAMES)
def test_failure_of_any_name_has_its_reason_beside_it(world: World, name: bytes) -> None:
    Path(os.fsdecode(os.fsencode(world.inbox) + b"/" + name)).write_bytes(png("bad"))
    world.run(4)
    (reason,) = (world.root / "failed").glob("*.error.json")
    assert json.loads(reason.read_bytes())["code"] == "damaged"
    assert reason.with_name(reason.name.removesuffix(".error.json")).read_bytes() == png("bad")


def _half_a_pair(record: Record) -> Record:
    lines = (dataclasses.replace(record.reading.lines[0], text="\ud800"), *record.reading.lines[1:])
    return dataclasses.replace(record, reading=dataclasses.replace(record.reading, lines=lines))


def _no_number(record: Record) -> Record:
    lines = (dataclasses.replace(record.reading.lines[0], quad=((math.nan, 0.0),) * 4), *record.reading.lines[1:])
    return dataclasses.replace(record, reading=dataclasses.replace(record.reading, lines=lines))


def _field_twice(record: Record) -> Record:
    fields = record.extraction.fields * 2
    return dataclasses.replace(record, extraction=dataclasses.replace(record.extraction, fields=fields))


def _huge(record: Record) -> Record:
    return dataclasses.replace(record, size_bytes=1 << 80)


@pytest.mark.parametrize("spoil", [_half_a_pair, _no_number, _field_twice, _huge])
def test_record_that_cannot_be_stored_fails_alone(world: World, spoil: object) -> None:
    def work(claim: Claim) -> Record:
        record = read(claim)
        return spoil(record) if claim.source_path.name == "odd.png" else record  # type: ignore[operator]

    world.engine.work = work
    world.drop("odd.png")
    world.drop("good.png")
    world.run(60)
    assert world.states() == {"odd.png": "failed", "good.png": "done"}
    reason = json.loads((world.root / "failed" / "odd.png.error.json").read_bytes())
    assert reason["code"] == "attempts"
    assert "cannot be stored" in reason["found"]
    assert (world.root / "failed" / "odd.png").read_bytes() == png("odd.png")
    assert world.documents() == ["good.png"]
