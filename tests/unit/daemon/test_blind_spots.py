"""What cannot be looked at is named everywhere, and stops nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ingestd.admin.history import explain
from ingestd.admin.untaken import untaken
from ingestd.cli import cli
from ingestd.errors import ConfigError
from ingestd.store import blind_spots, queries
from ingestd.store.jobs import Jobs
from tests.support.places import make_too_deep
from tests.support.unprivileged import NOBODY, open_folder, unprivileged
from tests.support.world import World


@pytest.fixture
def world() -> Iterator[World]:
    """A daemon of a user who may not do everything."""
    with open_folder() as folder:
        if NOBODY is not None:
            os.chown(folder, NOBODY, -1)
        (folder / "config.yaml").write_text("inboxes: [{path: inbox, watch: polling}]\n")
        with unprivileged():
            world = World(folder)
            yield world
            world.db.close()
            for place in world.inbox.iterdir():
                place.chmod(0o700)


def ask(world: World, *words: str) -> Result:
    """Run a command as another user, who sees what the daemon does not."""
    if NOBODY is not None:
        os.seteuid(0)
    try:
        return _run(world, *words)
    finally:
        if NOBODY is not None:
            os.seteuid(NOBODY)


def _run(world: World, *words: str) -> Result:
    return CliRunner().invoke(cli, [*words, "-c", str(world.root / "config.yaml")])


@pytest.mark.parametrize("trouble", ["cannot be entered", "cannot be listed", "too long"])
def test_folder_that_cannot_be_walked_hides_nothing_else(
    world: World, trouble: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Folders are walked from the last name to the first, so what comes before the bad one counts."""
    before, after = world.drop("aaa/first.png"), world.drop("zzz/last.png")
    hidden = world.drop("mmm/hidden.png")
    if trouble == "too long":
        make_too_deep(hidden.parent)
    else:
        hidden.parent.chmod(0o444 if trouble == "cannot be entered" else 0o111)
    world.run(60)
    assert set(world.documents()) >= {before.name, after.name}
    assert caplog.text.count("cannot look at") == 1, "told once"
    assert world.daemon.blind

    [spot] = queries.status(world.db, world.now, 0).blind_spots
    assert spot.path.startswith(str(hidden.parent))
    expected = "File name too long; give it" if trouble == "too long" else "chmod -R g+rX"
    assert expected in spot.problem
    assert f"cannot look at {hidden.parent}" in ask(world, "explain", f"{spot.path}/x.png").output.replace("\n", "")
    assert expected.split(";")[0] in " ".join(ask(world, "status").output.split())
    checked = ask(world, "check")
    assert checked.exit_code == 1
    assert f"nothing is taken from {hidden.parent}" in checked.output


def test_file_that_may_not_be_read_stays_in_the_inbox_until_it_may(world: World) -> None:
    private, other = world.drop("private.png"), world.drop("other.png")
    private.chmod(0)
    world.run(200)
    assert world.documents() == [other.name]
    assert world.files("inbox") == ["private.png"]
    assert world.files("work") == []
    [spot] = queries.status(world.db, world.now, 0).blind_spots
    assert (spot.path, spot.inbox) == (str(private), "inbox")
    assert "umask" in spot.problem
    assert "cannot look at" in ask(world, "explain", str(private)).output
    assert "cannot look at" in _run(world, "explain", str(private)).output, "nor can the one who asks"
    assert world.daemon.idle(world.now), "a run until all is done does not wait for it"

    private.chmod(0o600)
    world.run(100)
    assert world.documents() == [other.name, private.name]
    assert not world.daemon.blind
    assert queries.status(world.db, world.now, 0).blind == 0


def test_configuration_that_may_not_be_read_is_a_wrong_configuration(world: World) -> None:
    private = world.root / "private.yaml"
    private.write_text("inboxes: [{path: inbox}]\n")
    private.chmod(0)
    result = CliRunner().invoke(cli, ["status", "-c", str(private)])
    assert isinstance(result.exception, ConfigError)
    assert "cannot be read: Permission denied" in str(result.exception)


def test_what_is_known_of_before_a_restart_is_looked_at_again(world: World) -> None:
    world.drop("mmm/hidden.png").parent.chmod(0o444)
    world.run(5)
    [before] = blind_spots.listed(world.db, 10)
    world.restart()
    world.run(5)
    assert blind_spots.listed(world.db, 10) == [before], "since the same moment"
    (world.inbox / "mmm").chmod(0o700)
    world.restart()
    world.run(5)
    assert blind_spots.listed(world.db, 10) == []


def test_inbox_that_is_missing_is_named(world: World) -> None:
    world.inbox.rmdir()
    world.run(2)
    assert [spot.path for spot in blind_spots.listed(world.db, 10)] == [str(world.inbox)]
    assert world.daemon.blind
    [place] = untaken(world.config)
    assert "does not exist" in place
    world.inbox.mkdir()
    world.run(10)
    assert blind_spots.listed(world.db, 10) == []


def test_what_was_never_seen_is_not_said_of_a_file_that_cannot_be_reached(world: World) -> None:
    hidden = world.drop("mmm/hidden.png")
    hidden.parent.chmod(0o444)
    told = str(explain(hidden, world.config, Jobs(world.db)))
    assert "never seen" not in told
    assert "Permission denied" in told


def test_moments_are_those_of_the_first_sight(world: World) -> None:
    noon = datetime(2026, 8, 3, 12, tzinfo=UTC)
    places = {Path("/inbox/a"): ("inbox", "why")}
    blind_spots.replace_all(world.db, places, noon)
    blind_spots.replace_all(world.db, {**places, Path("/inbox/b"): ("inbox", "why")}, noon.replace(hour=13))
    assert [(spot.path, spot.since.hour) for spot in blind_spots.listed(world.db, 10)] == [
        ("/inbox/a", 12),
        ("/inbox/b", 13),
    ]
