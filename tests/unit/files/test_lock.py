"""Locks of files as others see them."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from ingestd.files import lock


def test_running_daemon_is_known_by_its_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert lock.daemon_runs(tmp_path) is False
    with (tmp_path / ".lock").open("a+") as file:
        assert lock.daemon_runs(tmp_path) is False
        fcntl.flock(file, fcntl.LOCK_EX)
        assert lock.daemon_runs(tmp_path) is True
    monkeypatch.setattr(lock, "_LOCKS", tmp_path / "hidden")
    assert lock.daemon_runs(tmp_path) is None
