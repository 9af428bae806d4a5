"""Locks of files as others see them."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from ingestd.files import lock
from tests.support.unprivileged import open_folder, unprivileged


def test_running_daemon_is_known_by_its_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert lock.daemon_runs(tmp_path) is False
    with (tmp_path / ".lock").open("a+") as file:
        assert lock.daemon_runs(tmp_path) is False
        fcntl.flock(file, fcntl.LOCK_EX)
        assert lock.daemon_runs(tmp_path) is True
    monkeypatch.setattr(lock, "_LOCKS", tmp_path / "hidden")
    assert lock.daemon_runs(tmp_path) is None


def test_what_may_not_be_looked_at_is_not_known() -> None:
    with open_folder() as folder:
        (folder / "work").mkdir(mode=0o700)
        with unprivileged():
            assert lock.daemon_runs(folder / "work") is None
