from __future__ import annotations

from pathlib import Path

import pytest

from ingestd.check import notices_of, problems_of
from ingestd.config import Config, parse
from tests.support.unprivileged import open_folder, unprivileged


def configured(root: Path, text: str) -> Config:
    return parse(text, root / "config.yaml")


def test_shipped_rules_and_models_have_no_problems(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    config = configured(tmp_path, "inboxes: [{path: inbox}]")
    assert problems_of(config) == []
    assert notices_of(config) == []


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
        """,
    )
    problems = "\n".join(problems_of(config))
    assert f"spool.work: {tmp_path / 'inbox/work'} lies in inboxes.0.path" in problems
    assert "inboxes.1.path" in problems
    assert "spool.layout" in problems
    assert f"record.database: {tmp_path / 'file'} is not a folder" in problems
    assert "recognise.model: found 'crystal-ball', expected one of" in problems
    assert "a.yaml" in problems


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
        (notice,) = notices_of(config)
        assert "files cannot be taken" in notice


def test_notices(tmp_path: Path) -> None:
    (tmp_path / "mount").mkdir()
    config = configured(tmp_path, "inboxes: [{path: mount, sentinel: .mounted}, {path: later}]")
    first, second = notices_of(config)
    assert ".mounted is missing" in first
    assert "does not exist" in second


def test_inbox_on_another_filesystem_is_noticed(tmp_path: Path) -> None:
    shm = Path("/dev/shm")
    if shm.stat().st_dev == tmp_path.stat().st_dev:
        pytest.fail("expected two filesystems: /dev/shm is not one of its own here")
    config = configured(tmp_path, f"inboxes: [{{path: {shm}}}]")
    assert any("another filesystem" in notice for notice in notices_of(config))
