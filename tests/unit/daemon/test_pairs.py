"""Fronts and backs of a stack become one file; neither is lost, whatever happens between."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from pathlib import Path

import pytest

from ingestd.admin.history import explain
from ingestd.admin.prune import Wanted, old_documents, prune
from ingestd.admin.verify import Verification
from ingestd.document import Claim, Record
from ingestd.errors import DocumentError
from ingestd.store.job import State
from ingestd.store.jobs import Jobs
from tests.support.crashes import crash_before
from tests.support.records import record
from tests.support.world import World, png, read

INBOX = "{path: inbox, watch: polling, poll_s: 1, duplex: ['*-front.png', '*-back.png'], duplex_wait_s: 100}"
ARCHIVED = [
    *("2026/08/x.png", "2026/08/x.png.json"),
    *("sides/x-back.png", "sides/x-front.png"),
]


def reading(claim: Claim) -> Record:
    """Collate sides as a worker does; read other files."""
    if claim.backs is None:
        return read(claim)
    fronts, backs = claim.work_path.read_bytes(), claim.backs.read_bytes()
    if b"torn" in fronts:
        raise DocumentError("2 fronts and 1 backs", expected="as many", fix="scan again", code="no-pair")
    return dataclasses.replace(record(), sha256=claim.sha256, collated=png(f"{len(fronts)}{fronts!r}{backs!r}"))


def world_of(root: Path, inbox: str = INBOX, more: str = "") -> World:
    world = World(root, inbox, more)
    world.engine.work = reading
    return world


def contents(world: World) -> bytes:
    return (world.root / "archive/2026/08/x.png").read_bytes()


@pytest.mark.parametrize("first", ["front", "back"])
@pytest.mark.parametrize("pause", [0, 40])
def test_both_sides_become_one_document(tmp_path: Path, first: str, pause: int) -> None:
    world = world_of(tmp_path)
    second = "back" if first == "front" else "front"
    world.drop(f"x-{first}.png")
    world.run(pause)
    assert world.documents() == []
    world.drop(f"x-{second}.png")
    world.run(45)
    assert world.documents() == ["x.png"]
    assert world.files("archive") == ARCHIVED
    assert contents(world).index(b"x-front") < contents(world).index(b"x-back")
    assert world.files("work") == []
    assert list(Verification(world.db, world.config).differences()) == []
    assert world.states() == {"x-front.png": "duplicate", "x-back.png": "duplicate", "x.png": "done"}


def test_an_old_stack_is_removed_with_both_sides(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    for side in ("front", "back"):
        world.drop(f"x-{side}.png")
    world.drop("other.png")
    world.run(45)
    wanted = Wanted(world.now + timedelta(days=1))
    [batch] = old_documents(world.db, wanted)
    prune(world.db, [old for old in batch if old.name == "x.png"])
    assert world.files("archive") == ["2026/08/other.png", "2026/08/other.png.json"]
    assert world.states() == {"other.png": "done"}


def test_what_became_of_a_side_is_told(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    path = world.drop("x-front.png")
    world.run(10)
    [waiting, _] = explain(path, world.config, Jobs(world.db))
    assert "waits for x-back.png, the other side of the stack" in waiting.what
    world.drop("x-back.png")
    world.run(45)
    [ended, _] = explain(path, world.config, Jobs(world.db))
    assert "one side of the stack x.png; kept as" in ended.what


def test_a_side_that_stays_alone_is_read_alone(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    world.drop("x-front.png")
    world.drop("other.png")
    world.run(60)
    assert world.documents() == ["other.png"]
    world.run(80)
    assert world.documents() == ["other.png", "x-front.png"]


def test_sides_of_other_folders_are_no_pair(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    world.drop("a/x-front.png")
    world.drop("b/x-back.png")
    world.run(60)
    assert world.documents() == []
    world.run(80)
    assert world.documents() == ["x-back.png", "x-front.png"]


def test_sides_that_do_not_fit_fail_together_and_are_tried_again(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    world.drop("x-front.png", "torn")
    world.drop("x-back.png")
    world.run(45)
    assert world.states() == {"x-front.png": "failed", "x-back.png": "failed"}
    names = ["x-back.png", "x-back.png.error.json", "x-front.png", "x-front.png.error.json"]
    assert world.files("failed") == names
    world.engine.work = lambda claim: dataclasses.replace(record(), sha256=claim.sha256, collated=png("mended"))
    jobs = Jobs(world.db)
    for job in jobs.in_states((State.FAILED,)):
        jobs.retry(job, world.now)
    world.engine.work = lambda claim: (
        read(claim)
        if claim.backs is None
        else dataclasses.replace(record(), sha256=claim.sha256, collated=png("mended"))
    )
    world.run(60)
    assert world.documents() == ["x.png"]
    assert world.files("failed") == []


def test_the_longer_of_two_patterns_that_match_decides(tmp_path: Path) -> None:
    world = world_of(tmp_path, INBOX.replace("*-front.png", "*.png"))
    world.drop("x.png")
    world.drop("x-back.png")
    world.run(60)
    assert world.documents() == ["x.png"]
    assert world.files("archive")[-2:] == ["sides/x-back.png", "sides/x.png"]


def test_a_second_stack_of_the_same_names_is_another_document(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    for content in ("first", "second"):
        world.drop("x-front.png", f"{content} f")
        world.run(5)
        world.drop("x-back.png", f"{content} b")
        world.run(45)
    assert world.documents() == ["x.png", "x.png"]
    assert len([name for name in world.files("archive") if name.startswith("sides/")]) == 4


@pytest.mark.parametrize("crash_at", range(1, 16))
def test_a_crash_loses_no_side_and_records_the_stack_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crash_at: int
) -> None:
    world = world_of(tmp_path)
    world.drop("x-front.png")
    world.drop("x-back.png")
    with crash_before(crash_at, monkeypatch):
        world.run(60)
    for folder in ("inbox", "work", "archive"):  # each side, and the stack, in one place at most
        assert len(world.files(folder)) == len(set(world.files(folder)))
    world.restart()
    world.engine.work = reading
    world.run(150)
    assert world.documents() == ["x.png"]
    assert world.files("archive") == ARCHIVED
    assert (world.files("work"), world.files("inbox")) == ([], [])
    assert list(Verification(world.db, world.config).differences()) == []
