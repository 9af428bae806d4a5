from __future__ import annotations

import io
import json
import logging
from pathlib import Path

import pytest
from watchdog.observers.api import EventQueue, ObservedWatch
from watchdog.observers.inotify import InotifyEmitter

from ingestd.cli import logs
from ingestd.config import LogConfig

pytestmark = pytest.mark.usefixtures("root_logger")


def written(options: LogConfig, message: str, **extra: object) -> str:
    stream = io.StringIO()
    logs.set_up(options, stream)
    logging.getLogger("ingestd.test").warning(message, extra={"data": extra} if extra else None)
    return stream.getvalue()


def test_text_escapes_what_a_file_name_could_do_to_a_terminal() -> None:
    line = written(LogConfig(), "took a\x1b[2J\u202eb\udcff.png")
    assert "\x1b" not in line
    assert "\u202e" not in line
    assert "warning: took a\\x1b[2J\\u202eb\\udcff.png" in line


def test_json_is_one_object_a_line_with_the_data_of_the_record() -> None:
    line = written(LogConfig(format="json"), "took\na\udcff", job=7)
    assert line.count("\n") == 1
    entry = json.loads(line)
    assert entry["level"] == "warning"
    assert entry["job"] == 7
    assert entry["message"].startswith("took\na")


def test_level_is_obeyed() -> None:
    assert written(LogConfig(level="error"), "unheard") == ""


def test_journal_gets_priorities(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("JOURNAL_STREAM", "8:1")
    logs.set_up(LogConfig())
    logging.getLogger("ingestd.test").error("one\ntwo")
    assert capsys.readouterr().err == "<3>one\n<3>    two\n"


@pytest.mark.parametrize("journal", [False, True])
def test_text_from_outside_cannot_pass_for_an_entry(monkeypatch: pytest.MonkeyPatch, journal: bool) -> None:
    stream = io.StringIO()
    if journal:
        monkeypatch.setenv("JOURNAL_STREAM", "8:1")
        monkeypatch.setattr("sys.stderr", stream)
    logs.set_up(LogConfig(), None if journal else stream)
    logging.getLogger("x").info("cannot look into %s", "a\n12:00:00  + bill.pdf: recorded\r\u2028b")
    first, second = stream.getvalue().splitlines()
    assert first.endswith("cannot look into a")
    assert second.removeprefix("<6>") == "    12:00:00  + bill.pdf: recorded\\r\\u2028b"


def test_a_watch_that_is_ended_is_not_an_error(tmp_path: Path) -> None:
    stream = io.StringIO()
    logs.set_up(LogConfig(), stream)
    emitter = InotifyEmitter(EventQueue(), ObservedWatch(str(tmp_path), recursive=False))
    emitter.queue_events(0.1)
    assert stream.getvalue() == ""
    logging.getLogger("watchdog.observers.inotify").warning("queue overflowed")
    assert "queue overflowed" in stream.getvalue()
