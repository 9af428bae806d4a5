"""The daemon is killed between every two of its effects on files and database, then started again.

An effect is a rename, unlink, mkdir, rmdir, sync, opening for writing, or a statement that writes to
the database. The kill is an exception that nothing catches; the restart sees what a new process would.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from tests.support.world import World, png


class Killed(BaseException):
    """What SIGKILL looks like from inside."""


class Effects:
    """Counts effects and kills before the one with a given number."""

    def __init__(self) -> None:
        self.count = 0
        self.kill_at: int | None = None

    def happens(self) -> None:
        self.count += 1
        if self.count == self.kill_at:
            self.kill_at = None
            raise Killed

    def counted(self, function: Callable[..., Any], *, when: Callable[..., bool] = lambda *_, **__: True) -> Any:
        def wrapper(*args: Any, **options: Any) -> Any:
            if when(*args, **options):
                self.happens()
            return function(*args, **options)

        return wrapper


_WRITES = ("INSERT", "UPDATE", "DELETE", "COMMIT")


@pytest.fixture
def effects(monkeypatch: pytest.MonkeyPatch) -> Effects:
    counter = Effects()
    for name in ("rename", "unlink", "mkdir", "rmdir"):
        monkeypatch.setattr(Path, name, counter.counted(getattr(Path, name)))
    monkeypatch.setattr(os, "fsync", counter.counted(lambda _: None))  # a kill loses nothing that was not synced
    opens_for_writing = lambda _, mode="r", *__, **___: "w" in mode  # noqa: E731
    monkeypatch.setattr(Path, "open", counter.counted(Path.open, when=opens_for_writing))
    writes = lambda _, sql, *__, **___: sql.lstrip().upper().startswith(_WRITES)  # noqa: E731
    monkeypatch.setattr(Database, "execute", counter.counted(Database.execute, when=writes))
    return counter


@contextmanager
def surviving(world: World) -> Iterator[None]:
    """Start again after a kill."""
    try:
        yield
    except Killed:
        world.restart()


def drop_all(world: World) -> dict[str, bytes]:
    world.drop("good.png")
    world.drop("bad.png")
    world.drop("twin.png", "good.png")
    return {path.name: path.read_bytes() for path in world.inbox.iterdir()}


def contents(world: World, folder: str) -> list[bytes]:
    return [
        (world.root / folder / name).read_bytes()
        for name in world.files(folder)
        if not name.endswith((".json", ".partial"))
    ]


def check(world: World, dropped: dict[str, bytes], original: str) -> None:
    """What may never happen did not."""
    assert len(world.documents()) == 1, "the two equal files are one document"
    states = sorted(state for (state,) in world.db.execute("select state from jobs").fetchall())
    assert states == ["done", "duplicate", "failed"]
    assert world.files("work") == []
    kept = contents(world, "inbox") + contents(world, "archive") + contents(world, "failed")
    if original == "delete":
        assert kept == [png("bad.png")]
    else:
        assert sorted(kept) == sorted(dropped.values()), "every original is in exactly one place, unchanged"
    sidecars = [name for name in world.files("archive") if name.endswith(".json")]
    assert len(sidecars) == 1
    assert b'"schema"' in (world.root / "archive" / sidecars[0]).read_bytes()
    assert [name for name in world.files("failed") if name.endswith(".error.json")] == ["bad.png.error.json"]
    assert not [name for folder in ("archive", "failed") for name in world.files(folder) if ".partial" in name]
    assert world.db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert world.db.execute("PRAGMA foreign_key_check").fetchall() == []


def start(root: Path, original: str) -> World:
    root.mkdir()
    more = "ledger: {attempts: 9}"
    return World(root, f"{{path: inbox, watch: polling, original: {original}}}", more)


@pytest.mark.parametrize("original", ["move", "leave", "delete"])
@pytest.mark.timeout(240)
def test_killed_before_every_effect_nothing_is_lost_or_doubled(tmp_path: Path, effects: Effects, original: str) -> None:
    world = start(tmp_path / "unharmed", original)
    dropped = drop_all(world)
    effects.count = 0
    world.run(6)
    number_of_effects = effects.count
    check(world, dropped, original)
    assert number_of_effects > 30
    world.db.close()

    for number in range(1, number_of_effects + 1):
        world = start(tmp_path / str(number), original)
        dropped = drop_all(world)
        effects.count, effects.kill_at = 0, number
        with surviving(world):
            world.run(6)
        assert effects.kill_at is None, "the kill happened"
        world.run(12)
        check(world, dropped, original)
        world.db.close()


def test_killed_again_during_recovery(tmp_path: Path, effects: Effects) -> None:
    """Two kills: one in the middle of the work, one at each effect of what the restart does."""
    for second in range(1, 25):
        world = start(tmp_path / str(second), "move")
        dropped = drop_all(world)
        effects.count, effects.kill_at = 0, 25
        try:
            world.run(6)
        except Killed:
            effects.count, effects.kill_at = 0, second
            try:
                world.restart()
                world.run(12)
            except Killed:
                world.restart()
        world.run(12)
        check(world, dropped, "move")
        world.db.close()
