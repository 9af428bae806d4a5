"""Hooks are told what became of a document, and can do it no harm."""

from __future__ import annotations

import fcntl
import json
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from ingestd.config import parse
from ingestd.errors import ConfigError
from tests.support import records
from tests.support.process import until
from tests.support.world import World


def script(root: Path, text: str) -> Path:
    path = root / "hook.sh"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


NOTE = 'env | grep ^INGESTD_ | sort > "$0.$INGESTD_JOB.$INGESTD_OUTCOME"'


def world_with(root: Path, text: str, more: str = "", inbox: str = "") -> World:
    script(root, text)
    hooks = f"hooks: {{on_success: [./hook.sh], on_failure: [./hook.sh], {more}}}"
    return World(root, f"{{path: inbox, watch: polling, poll_s: 1{inbox}}}", hooks)


def settled(world: World) -> None:
    """Turn until no hook runs or is due."""

    def quiet() -> bool:
        world.run(1)
        return not world.daemon.in_work and not due(world)

    until("the hooks to end", quiet)


def due(world: World) -> list[int]:
    return [job for (job,) in world.db.execute("select id from jobs where hook_at is not null").fetchall()]


def told(world: World, job: int, outcome: str) -> dict[str, str]:
    text = (world.root / f"hook.sh.{job}.{outcome}").read_text(encoding="utf-8", errors="surrogateescape")
    return dict(line.removeprefix("INGESTD_").split("=", 1) for line in text.splitlines())


def test_success_and_failure_are_told_with_everything_in_place(tmp_path: Path) -> None:
    world = world_with(tmp_path, NOTE + '; test -e "$INGESTD_SIDECAR" && test -e "$INGESTD_ORIGINAL"')
    world.drop("发票 $(id).png", "good")
    world.drop("bad.png")
    world.run(4)
    settled(world)
    ids = dict(world.db.execute("select name, id from jobs").fetchall())
    good, bad = told(world, ids["发票 $(id).png"], "success"), told(world, ids["bad.png"], "failure")
    assert (good["STATE"], good["DOCUMENT"], good["INBOX"]) == ("done", "1", "inbox")
    assert (good["STATUS"], good["RULE"]) == ("done", "en-receipt")
    assert Path(good["ORIGINAL"]).name == good["NAME"] == "发票 $(id).png"
    assert json.loads(Path(good["SIDECAR"]).read_text())["sha256"] == good["SHA256"]
    assert (bad["STATE"], bad["DOCUMENT"], bad["CODE"]) == ("failed", "", "damaged")
    assert bad["ERROR"] == "found a bad file; expected a good one; scan it again"
    assert json.loads(Path(bad["SIDECAR"]).read_text())["code"] == "damaged"
    assert Path(bad["ORIGINAL"]) == tmp_path / "failed" / "bad.png"


def test_original_that_was_not_kept_is_not_named(tmp_path: Path) -> None:
    world = world_with(tmp_path, NOTE, inbox=", original: delete")
    world.drop("a.png")
    world.run(4)
    settled(world)
    assert told(world, 1, "success")["ORIGINAL"] == ""


def test_duplicates_are_no_outcome(tmp_path: Path) -> None:
    world = world_with(tmp_path, NOTE)
    for name in ("a.png", "twin.png"):
        world.drop(name, "same")
        world.run(4)
        settled(world)
    assert sorted(path.name for path in tmp_path.glob("hook.sh.*")) == ["hook.sh.1.success"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("echo no space >&2; exit 7", "exit status 7\n| no space"),
        ("kill -SEGV $$", "killed by SIGSEGV"),
        ("sleep 600", "took longer than 0.3 s"),
        ("rm -f $0; exec $0", "exit status 127"),
        (r"printf '12:00  all is well\033[2J\n'; exit 1", "\n| 12:00  all is well\\x1b[2J"),
    ],
)
def test_hook_that_fails_is_logged_and_changes_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str, said: str
) -> None:
    world = world_with(tmp_path, text, "time_limit_s: 0.3")
    world.drop("a.png")
    with caplog.at_level(logging.WARNING, "ingestd.daemon.hooks"):
        world.run(4)
        settled(world)
    assert said in caplog.text
    assert world.states() == {"a.png": "done"}
    assert world.outcomes == [("a.png", "recorded")]


def test_program_that_vanished_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    world = world_with(tmp_path, "true")
    (tmp_path / "hook.sh").unlink()
    world.drop("a.png")
    world.run(4)
    settled(world)
    assert "cannot be run" in caplog.text
    assert world.states() == {"a.png": "done"}


def test_no_hook_runs_inside_a_transaction_or_holds_a_lock(tmp_path: Path) -> None:
    """The hook itself writes to the database, which it could not while the daemon does."""
    world = world_with(tmp_path, "exit 0")
    code = (
        "import sqlite3, sys; db = sqlite3.connect(sys.argv[1], timeout=0);"
        "db.execute('update jobs set inode = 4711'); db.commit()"
    )
    script(tmp_path, f'exec python3 -c "{code}" {world.config.record.database}')
    world.drop("a.png")
    world.run(4)
    settled(world)
    assert world.db.execute("select inode from jobs").fetchall() == [(4711,)]


@contextmanager
def still_running(world: World, job: int) -> Iterator[None]:
    """The lock that a process of an earlier daemon holds."""
    locks = world.root / "work" / ".hooks"
    locks.mkdir(parents=True)
    with (locks / f"{job}.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


@pytest.mark.parametrize("state", ["recorded", "done"])
def test_killed_before_the_hook_it_is_run_by_the_next_start(tmp_path: Path, state: str) -> None:
    world = world_with(tmp_path, NOTE)
    with still_running(world, 1):
        world.drop("a.png")
        world.run(4)
    world.db.execute("update jobs set state = ?", [state])
    world.restart()
    settled(world)
    assert told(world, 1, "success")["STATE"] == "done"


def test_hook_that_outlived_a_killed_daemon_is_not_run_beside_itself(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    world = world_with(tmp_path, NOTE)
    with still_running(world, 1):
        world.drop("a.png")
        world.run(30)
        assert world.states() == {"a.png": "done"}
        assert due(world) == [1]
        assert not list(tmp_path.glob("hook.sh.*"))
    settled(world)
    assert told(world, 1, "success")["JOB"] == "1"
    assert list((tmp_path / "work" / ".hooks").iterdir()) == []
    assert caplog.text.count("an earlier one still runs") == 1


def test_stopping_ends_hooks_and_the_next_start_runs_them_again(tmp_path: Path) -> None:
    world = world_with(tmp_path, f"test -e {tmp_path}/go && {NOTE} || sleep 600")
    world.drop("a.png")
    world.run(4)
    assert world.daemon.in_work == 1
    world.daemon.close(world.now)
    assert due(world) == [1]
    (tmp_path / "go").touch()
    world.restart()
    settled(world)
    assert told(world, 1, "success")["STATE"] == "done"


def test_database_that_cannot_be_written_does_not_repeat_a_hook(tmp_path: Path) -> None:
    world = world_with(tmp_path, 'while [ ! -e "$0.go" ]; do sleep 0.02; done; echo once >> "$0.log"')
    world.drop("a.png")
    while not world.daemon.in_work:
        world.run(1)
    world.db.execute("PRAGMA busy_timeout = 0")
    other = world.other_connection()
    other.execute("BEGIN IMMEDIATE")
    (tmp_path / "hook.sh.go").touch()
    until("the hook", (tmp_path / "hook.sh.log").exists)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        until("it to be noted", lambda: world.step() and False)
    other.rollback()
    other.close()
    settled(world)
    assert (tmp_path / "hook.sh.log").read_text() == "once\n"


def test_failed_document_that_is_retried_tells_both_outcomes(tmp_path: Path) -> None:
    world = world_with(tmp_path, NOTE)
    world.drop("bad.png")
    world.run(4)
    settled(world)
    world.engine.work = lambda claim: replace(records.record(claim.source_path.name), sha256=claim.sha256)
    world.db.execute("update jobs set state = 'waiting', next_at = created_at, attempt = 0")
    world.run(4)
    settled(world)
    assert told(world, 1, "failure")["STATE"] == "failed"
    assert told(world, 1, "success")["STATE"] == "done"


def test_without_hooks_nothing_becomes_due(tmp_path: Path) -> None:
    world = World(tmp_path, "{path: inbox, watch: polling, poll_s: 1}")
    world.drop("a.png")
    world.drop("bad.png")
    world.run(4)
    assert due(world) == []
    assert not (tmp_path / "work" / ".hooks").exists()


def test_hook_that_is_no_longer_configured_or_whose_document_is_gone_is_dropped(tmp_path: Path) -> None:
    world = World(tmp_path, "{path: inbox, watch: polling, poll_s: 1}")
    world.drop("a.png")
    world.run(4)
    world.db.execute("update jobs set hook_at = created_at")
    world.run(1)
    assert due(world) == []
    configured = world_with(tmp_path, NOTE)
    configured.db.execute("delete from documents")
    configured.db.execute("update jobs set hook_at = created_at")
    settled(configured)
    assert not list(tmp_path.glob("hook.sh.*"))


@pytest.mark.parametrize("hooks", ["{on_success: ['']}", '{on_failure: ["a\\0b"]}', "{on_success: rm -rf}"])
def test_commands_that_cannot_be_meant(hooks: str) -> None:
    with pytest.raises(ConfigError, match=r"hooks"):
        parse(f"inboxes: [{{path: a}}]\nhooks: {hooks}\n", Path("/etc/config.yaml"))


def test_programs_are_found_from_the_folder_of_the_configuration() -> None:
    text = "inboxes: [{path: a}]\nhooks: {on_success: [bin/book, x], on_failure: [logger, -t, x]}\n"
    hooks = parse(text, Path("/srv/scans/config.yaml")).hooks
    assert hooks.on_success == ("/srv/scans/bin/book", "x")
    assert hooks.on_failure == ("logger", "-t", "x")
