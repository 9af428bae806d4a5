from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from ingestd.errors import TransientError
from ingestd.files import identity
from tests.support.world import World, png


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_file_that_is_replaced_before_it_is_claimed_settles_anew(world: World) -> None:
    world.engine.hold = True
    for number in range(3):
        world.drop(f"{number}.png")
    last = world.drop("z.png", "old")
    world.run(5)
    assert world.states()["z.png"] == "arrived"
    last.write_bytes(png("new and longer"))
    world.engine.go()
    world.engine.hold = False
    world.run(10)
    assert (world.root / "archive/2026/08/z.png").read_bytes() == png("new and longer")
    assert world.documents() == ["0.png", "1.png", "2.png", "z.png"]


def test_irregular_files_fail_with_a_reason(world: World, tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(png("secret"))
    (world.inbox / "link.png").symlink_to(secret)
    os.mkfifo(world.inbox / "fifo.png")
    world.run(5)
    assert sorted(world.outcomes) == [("fifo.png", "failed"), ("link.png", "failed")]
    assert world.files("inbox") == []
    assert secret.read_bytes() == png("secret")
    assert (world.root / "failed/link.png").is_symlink()
    assert "symbolic link" in (world.root / "failed/link.png.error.json").read_text()


def test_file_the_ledger_does_not_know_in_work_is_adopted(world: World) -> None:
    stray = world.root / "work" / "77" / "stray.png"
    stray.parent.mkdir(parents=True)
    stray.write_bytes(png("stray"))
    world.restart()
    world.run(5)
    assert world.documents() == ["stray.png"]
    assert world.files("work") == []


def test_work_folder_is_emptied_of_what_a_crash_left(world: World) -> None:
    (world.root / "work" / "5").mkdir(parents=True)
    (world.root / "work" / "6").mkdir()
    (world.root / "work" / "6" / ".scan.png.partial").write_bytes(b"half")
    world.restart()
    assert world.files("work") == []
    assert not (world.root / "work" / "5").exists()
    assert not (world.root / "work" / "6").exists()


def test_file_that_is_too_large_fails_without_being_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing 24 GB in the loop held up everything else for more than a minute."""
    world = World(tmp_path, more="admit: {max_bytes: 1000}")
    hashed: list[str] = []
    step = identity.GradualDigest.step

    def noted(self: identity.GradualDigest) -> str | None:
        hashed.append(self._path.name)
        return step(self)

    monkeypatch.setattr(identity.GradualDigest, "step", noted)
    world.drop("large.png", "x" * 2000)
    world.drop("small.png")
    world.run(5)
    assert world.states() == {"large.png": "failed", "small.png": "done"}
    assert set(hashed) == {"small.png"}
    reason = json.loads((world.root / "failed/large.png.error.json").read_bytes())
    assert reason["code"] == "too-large"
    assert "admit.max_bytes" in reason["expected"]


def test_large_file_is_hashed_beside_other_work(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "_PIECE_BYTES", 100)
    large = png("x" * 10_000)
    world.drop("a-large.png", "x" * 10_000)
    world.drop("b-small.png")
    world.run(5)
    assert world.outcomes == [("b-small.png", "recorded"), ("a-large.png", "recorded")]
    assert [claim.source_path.name for claim in world.engine.claims] == ["b-small.png", "a-large.png"]
    [(sha256,)] = world.db.execute("select sha256 from documents where name = 'a-large.png'").fetchall()
    assert sha256 == hashlib.sha256(large).hexdigest()


def test_large_file_that_cannot_be_read_for_a_while_is_hashed_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "_PIECE_BYTES", 100)
    world.drop("large.png", "x" * 10_000)
    world.step()
    world.clock.move(3)
    world.step()
    step = identity.GradualDigest.step

    def fails(self: identity.GradualDigest) -> str | None:
        raise TransientError("cannot read it; will be retried")

    monkeypatch.setattr(identity.GradualDigest, "step", fails)
    world.run(30)
    monkeypatch.setattr(identity.GradualDigest, "step", step)
    world.run(900)
    assert world.documents() == ["large.png"]


def test_file_that_a_program_opens_again_before_it_is_claimed_goes_on_waiting(world: World) -> None:
    for name in ("a.png", "b.png", "c.png", "scan.png"):
        world.drop(name)
    world.engine.hold = True
    world.run(4)
    assert world.states()["scan.png"] == "arrived", "no worker is free"
    with (world.inbox / "scan.png").open("ab") as writer:
        world.engine.go()
        world.run(20)
        assert world.engine.held == []
        writer.write(png("second page"))
    world.run(10)
    [(claim, _)] = world.engine.held
    assert claim.work_path.read_bytes() == png("scan.png") + png("second page")
