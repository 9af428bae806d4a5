from __future__ import annotations

import fcntl
import resource
import shutil
import socket
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from ingestd.admin.preflight import problems_of
from ingestd.admin.preflight_warnings import warnings_of
from ingestd.admin.untaken import untaken
from ingestd.config import Config, parse
from ingestd.engine import sandbox
from tests.support.unprivileged import open_folder, unprivileged

NOW = datetime(2026, 8, 3, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def roomy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with space on its disk and a kernel that offers everything, whatever this one has."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: DiskUsage(10 << 30, 0, 10 << 30))
    monkeypatch.setattr(sandbox, "not_offered", list)


class DiskUsage(NamedTuple):
    total: int
    used: int
    free: int


def configured(root: Path, text: str) -> Config:
    return parse(text, root / "config.yaml")


def test_shipped_rules_and_models_have_no_problems(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    config = configured(tmp_path, "inboxes: [{path: inbox}]\nmetrics: {port: 9464}\nhooks: {on_success: [/bin/true]}")
    assert problems_of(config) == []
    assert warnings_of(config, NOW) == []


def test_all_problems_are_found_at_once(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.yaml").write_text("rule: a\nnonsense: 1\n")
    (tmp_path / "file").touch()
    config = configured(
        tmp_path,
        """
        inboxes: [{path: inbox}, {path: inbox/nested}]
        spool: {work: inbox/work, layout: "../{name}"}
        record: {database: file/ingestd.db}
        recognise: {model: crystal-ball}
        extract: {rules: rules}
        hooks: {on_success: [./no-such-program], on_failure: [no-such-program]}
        """,
    )
    problems = "\n".join(problems_of(config))
    assert f"spool.work: {tmp_path / 'inbox/work'} lies in inboxes.0.path" in problems
    assert "inboxes.1.path" in problems
    assert "spool.layout" in problems
    assert f"record.database: {tmp_path / 'file'} is not a folder" in problems
    assert "recognise.model: found 'crystal-ball', expected one of" in problems
    assert "a.yaml" in problems
    assert f"hooks.on_success: found no program '{tmp_path / 'no-such-program'}'" in problems
    assert "hooks.on_failure: found no program 'no-such-program'" in problems


def test_archive_must_not_lie_in_an_inbox_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "archive").symlink_to(tmp_path / "inbox")
    assert any("spool.archive" in problem for problem in problems_of(configured(tmp_path, "inboxes: [{path: inbox}]")))


def test_folders_that_cannot_be_written() -> None:
    with open_folder() as root:
        (root / "inbox").mkdir()
        (root / "closed").mkdir()
        (root / "open").mkdir()
        for name, mode in (("inbox", 0o555), ("closed", 0o555), ("open", 0o777)):
            (root / name).chmod(mode)
        _assert_both_are_reported(root)


def _assert_both_are_reported(root: Path) -> None:
    elsewhere = (
        "spool: {archive: closed/archive, failed: open/failed, work: open/work}\nrecord: {database: open/ingestd.db}"
    )
    with unprivileged():
        config = configured(root, f"inboxes: [{{path: inbox}}]\n{elsewhere}")
        problems = problems_of(config)
        assert [problem.split(":")[0] for problem in problems] == ["spool.archive"]
        assert f"{root / 'closed'} cannot be written" in problems[0]
        (place,) = untaken(config)
        assert "it cannot be written" in place


def test_notices(tmp_path: Path) -> None:
    (tmp_path / "mount").mkdir()
    config = configured(tmp_path, "inboxes: [{path: mount, sentinel: .mounted}, {path: later}]")
    first, second = untaken(config)
    assert ".mounted is missing" in first
    assert "does not exist" in second


def test_inbox_on_another_filesystem_is_noticed(tmp_path: Path) -> None:
    shm = Path("/dev/shm")
    if shm.stat().st_dev == tmp_path.stat().st_dev:
        pytest.fail("expected two filesystems: /dev/shm is not one of its own here")
    config = configured(tmp_path, f"inboxes: [{{path: {shm}}}]")
    assert any("another filesystem" in notice for notice in warnings_of(config, NOW))


@pytest.mark.parametrize("key", ["record: {database: inbox/ingestd.db}", "extract: {rules: inbox/rules}"])
def test_what_lies_in_an_inbox_would_be_taken(tmp_path: Path, key: str) -> None:
    config = configured(tmp_path, f"inboxes: [{{path: inbox}}]\n{key}")
    assert any("lies in inboxes.0.path" in problem for problem in problems_of(config))


def test_inbox_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "inbox").touch()
    (problem,) = problems_of(configured(tmp_path, "inboxes: [{path: inbox}]"))
    assert problem.startswith(f"inboxes.0.path: {tmp_path / 'inbox'} is not a folder")


def test_layout_is_tried_with_the_name_of_each_inbox(tmp_path: Path) -> None:
    config = configured(tmp_path, "inboxes: [{path: a}, {path: b, name: ..}]\nspool: {layout: '{inbox}/{name}'}")
    (problem,) = problems_of(config)
    assert "not below the archive" in problem


def test_database_that_cannot_be_used(tmp_path: Path) -> None:
    config = configured(tmp_path, "inboxes: [{path: inbox}]")
    with closing(sqlite3.connect(tmp_path / "ingestd.db")) as other:
        other.execute("create table bookmarks (title)")
    assert ["another program" in problem for problem in problems_of(config)] == [True]
    (tmp_path / "ingestd.db").write_bytes(b"no database at all, and longer than a header of one" * 20)
    assert ["not a SQLite database" in problem for problem in problems_of(config)] == [True]


def test_database_in_use_is_no_problem(tmp_path: Path) -> None:
    config = configured(tmp_path, "inboxes: [{path: inbox}]")
    with closing(sqlite3.connect(tmp_path / "ingestd.db", isolation_level=None)) as other:
        other.execute("PRAGMA application_id = 0x494E4744")
        other.execute("create table jobs (id)")
        other.execute("begin exclusive")
        assert problems_of(config) == []


def test_cluster_without_its_extra_and_certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    engine = "engine: {kind: dask, scheduler: 'tls://10.0.0.1:8786', certificates: keys}"
    found = problems_of(configured(tmp_path, f"inboxes: [{{path: inbox}}]\n{engine}"))
    assert any("pip install 'ingestd[cluster]'" in problem for problem in found)
    assert sum(problem.startswith(f"engine.certificates: {tmp_path / 'keys'}") for problem in found) == 3


def test_metrics_without_their_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    config = configured(tmp_path, "inboxes: [{path: inbox}]\nmetrics: {port: 9464}")
    assert any("pip install 'ingestd[metrics]'" in problem for problem in problems_of(config))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("inboxes: [{path: inbox, ignore: ['*']}]", "ignores names like '*'"),
        ("inboxes: [{path: inbox}]\nsettle: {quiet_s: 10, incomplete_s: 5}", "is less than settle.quiet_s"),
        ("inboxes: [{path: inbox}]\nmetrics: {port: 9464, address: 0.0.0.0}", "lets other machines read"),
        ("inboxes: [{path: inbox}]\nspool: {archive: /dev/shm/archive}", "spool.archive: on another filesystem"),
        ("inboxes: [{path: inbox}]\nadmit: {max_bytes: 20000000000}", "spool.work: 10240 MiB are free"),
    ],
)
def test_surprises(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "inbox").mkdir()
    notices = warnings_of(configured(tmp_path, text), NOW)
    assert said in notices[0]


def test_machine_that_surprises(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "inbox").mkdir()
    monkeypatch.setattr(sandbox, "not_offered", lambda: ["Landlock"])
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 4096))
    notices = warnings_of(configured(tmp_path, "inboxes: [{path: inbox}]"), datetime(1970, 1, 2, tzinfo=UTC))
    assert [notice.split(" ")[0] for notice in notices] == ["this", "the", "this"]
    assert "ulimit -n" in notices[0]
    assert "the clock shows 1970-01-02" in notices[1]
    assert notices[2] == "this kernel does not offer Landlock"


def test_pitfall_14_more_folders_than_the_kernel_watches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(9):
        (tmp_path / "inbox" / str(number)).mkdir(parents=True)
    limit = tmp_path / "limit"
    limit.write_text("10\n")
    monkeypatch.setattr("ingestd.admin.preflight_warnings._WATCHES_LIMIT", limit)
    (notice,) = warnings_of(configured(tmp_path, "inboxes: [{path: inbox}]"), NOW)
    assert "more than 8 folders, and the kernel allows 10 watches" in notice
    assert warnings_of(configured(tmp_path, "inboxes: [{path: inbox, recursive: false}]"), NOW) == []
    assert warnings_of(configured(tmp_path, "inboxes: [{path: inbox, watch: polling}]"), NOW) == []


BY_FIELDS = ("{date.year}/{name}", "{total:.2f}/{name}", "{seller_name|''}/{name}", "{date|nobody}/{name}")


@pytest.mark.parametrize(
    "layout",
    ["{name", "{received[0]}/{name}", "{name!q}", "{nome}", "{name.x}", "{}", "/{name}", "{name}/..", *BY_FIELDS],
)
def test_layouts_that_cannot_be_filled_in_are_named(tmp_path: Path, layout: str) -> None:
    config = configured(tmp_path, f'inboxes: [{{path: a}}]\nspool: {{layout: "{layout}"}}')
    (problem,) = problems_of(config)
    assert problem.startswith(f"spool.layout {layout!r} ")


def test_port_of_another_program_is_found_before_the_start(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        config = configured(tmp_path, f"inboxes: [{{path: inbox}}]\nmetrics: {{port: {other.getsockname()[1]}}}")
        (problem,) = problems_of(config)
        assert problem.startswith("metrics.port: 127.0.0.1 port")
        assert "Address already in use" in problem
        config.spool.work.mkdir()
        with (config.spool.work / ".lock").open("a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            assert problems_of(config) == [], "a daemon that runs here has it itself"
