from __future__ import annotations

import logging
from contextlib import closing
from pathlib import Path

import pytest

from ingestd.admin.soundness import BackgroundCheck, check_whole
from ingestd.clock import SystemClock
from ingestd.store import soundness
from ingestd.store.database import connect
from tests.support.records import record, save


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "ingestd.db"
    with closing(connect(path)) as db:
        save(db, record())
    return path


def test_the_result_of_a_check_on_request_is_kept(path: Path) -> None:
    assert check_whole(path, SystemClock(), "request") is not None
    with closing(connect(path, "read")) as db:
        last = soundness.last_check(db)
    assert last is not None
    assert (last.reason, last.found) == ("request", "ok")


def test_the_check_in_the_background_tells_damage(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with closing(connect(path)) as db:
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute("UPDATE codes SET document_id = 99")
        check = BackgroundCheck(path, SystemClock(), "crash")
        with caplog.at_level(logging.INFO):
            check.start()
            check.join()
        last = soundness.last_check(db)
    assert last is not None
    assert (last.reason, last.sound) == ("crash", False)
    assert "a row of codes without its documents" in caplog.text
    assert "restore a backup" in caplog.text


def test_a_check_in_the_background_can_be_stopped(path: Path) -> None:
    check = BackgroundCheck(path, SystemClock(), "age")
    check.start()
    check.close()
