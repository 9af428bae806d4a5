"""States in which a power cut leaves files and ledger; the simulation (tests/faults/power_cut.py) found each."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest

from ingestd.admin import rename
from ingestd.admin.verify import Verification
from ingestd.document import Claim, Record
from ingestd.files.identity import look
from ingestd.files.names import COLLATED, work_path
from ingestd.store.job import State
from ingestd.store.jobs import Jobs
from ingestd.store.renames import Rename, begin
from tests.support.records import record
from tests.support.syncs import watched_syncs
from tests.support.world import World, png, read

PAIRS = "{path: inbox, watch: polling, poll_s: 1, duplex: ['*-front.png', '*-back.png'], duplex_wait_s: 100}"


def differences(world: World) -> list[str]:
    return [one.text for one in Verification(world.db, world.config).differences()]


def test_a_file_that_is_found_under_both_names_of_its_claim_is_one_document(tmp_path: Path) -> None:
    world = World(tmp_path)
    source = world.drop("a.png")
    identity = look(source)
    assert identity is not None
    job = Jobs(world.db).arrive("inbox", source, identity, world.now)
    work = work_path(world.config.spool.work, job.id, job.name)
    work.parent.mkdir(parents=True)
    os.link(source, work)  # which changes the time of change, as renaming does
    world.restart()
    world.run(10)
    assert world.documents() == ["a.png"]
    assert world.files("archive") == ["2026/08/a.png", "2026/08/a.png.json"]
    assert differences(world) == []


def test_a_rename_in_the_archive_that_left_both_names_is_finished(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.drop("a.png")
    world.run(10)
    [(path,)] = world.db.execute("SELECT archive_path FROM documents").fetchall()
    old = Path(path)
    new = old.with_name("b.png")
    with world.db.conn:
        begin(world.db, Rename(1, old, new))
    os.link(old, new)
    rename.resume(world.db)
    assert world.files("archive") == ["2026/08/b.png", "2026/08/b.png.json"]
    assert differences(world) == []


def collating(claim: Claim) -> Record:
    if claim.backs is None:
        return read(claim)
    return dataclasses.replace(record(), sha256=claim.sha256, collated=png("both sides"))


def collated_file(root: Path) -> tuple[World, Path]:
    """A stack whose sides have ended, and whose collated file is still to be claimed."""
    world = World(root, PAIRS)
    world.engine.work = collating
    for side in ("front", "back"):
        world.drop(f"x-{side}.png")
    world.engine.hold = True
    world.run(45)
    world.daemon.drain()  # nothing new is begun
    world.engine.go()
    world.run(1)
    [path] = (world.config.spool.work / COLLATED).rglob("*.png")
    assert world.states()["x.png"] == "arrived"
    return world, path


def restart(world: World) -> None:
    world.restart()
    world.engine.work = collating


def test_a_collated_file_with_another_time_of_change_is_read(tmp_path: Path) -> None:
    world, path = collated_file(tmp_path)
    path.chmod(0o600)
    restart(world)
    world.run(10)
    assert world.documents() == ["x.png"]
    assert differences(world) == []


def test_a_collated_file_whose_claim_came_to_nothing_is_kept(tmp_path: Path) -> None:
    world, path = collated_file(tmp_path)
    jobs = Jobs(world.db)
    [job] = jobs.of_path(path)
    jobs.claim(job, world.now)
    restart(world)
    assert path.exists()
    world.run(10)
    assert world.documents() == ["x.png"]
    assert differences(world) == []


def test_names_that_a_killed_daemon_did_not_sync_are_synced_before_the_ledger_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path)
    world.drop("a.png")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Jobs, "finish", killed)
        world.run(10)
    assert world.states() == {"a.png": State.RECORDED}
    assert world.files("work") == [], "the original is in the archive"
    syncs = watched_syncs(monkeypatch)
    world.restart()
    assert str(tmp_path / "archive/2026/08") in syncs
    world.run(10)
    assert world.states() == {"a.png": State.DONE}
