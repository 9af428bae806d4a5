from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from ingestd.daemon.command import KEPT_BYTES, CommandResult, run
from tests.support.process import until

PATH = {"PATH": os.defpath}


@pytest.fixture
def stop() -> threading.Event:
    return threading.Event()


def shell(text: str, stop: threading.Event, limit_s: float = 30.0, **environment: str) -> CommandResult:
    return run(["/bin/sh", "-c", text], PATH | environment, limit_s=limit_s, stop=stop)


def test_output_and_environment(stop: threading.Event) -> None:
    ended = shell('echo "$WHAT"; echo oops >&2', stop, WHAT="发票 $(id)")
    assert ended == CommandResult(None, "发票 $(id)\noops")


@pytest.mark.parametrize(
    ("text", "problem"), [("exit 3", "exit status 3"), ("kill -TERM $$", "killed by SIGTERM"), ("exit 0", None)]
)
def test_how_it_ended(stop: threading.Event, text: str, problem: str | None) -> None:
    assert shell(text, stop).problem == problem


def test_a_program_that_is_not_there(stop: threading.Event) -> None:
    ended = run(["/nowhere/program"], PATH, limit_s=1, stop=stop)
    assert ended.problem == "cannot be run: [Errno 2] No such file or directory: '/nowhere/program'"


def test_only_the_end_of_much_output_is_kept(stop: threading.Event) -> None:
    ended = shell("yes noise | head -c 1000000; echo; echo the end", stop)
    assert ended.output.startswith("... ")
    assert ended.output.endswith("the end")
    assert len(ended.output) <= KEPT_BYTES + 4


def test_time_limit_kills_what_it_started_too(stop: threading.Event, tmp_path: Path) -> None:
    ended = shell(f"sleep 600 & echo $! > {tmp_path}/pid; wait", stop, limit_s=0.5)
    assert ended.problem == "took longer than 0.5 s"
    until("what it started to end", lambda: ended_process(int((tmp_path / "pid").read_text())))


def ended_process(pid: int) -> bool:
    """Tell whether a process is gone, or a zombie that nobody has waited for."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_time_limit_holds_for_a_command_that_never_stops_printing(stop: threading.Event) -> None:
    ended = shell("yes", stop, limit_s=0.5)
    assert ended.problem == "took longer than 0.5 s"
    assert len(ended.output) <= KEPT_BYTES + 4


def test_stopping_ends_it_at_once(stop: threading.Event) -> None:
    threading.Timer(0.2, stop.set).start()
    ended = shell("sleep 600", stop)
    assert ended.stopped


def test_what_is_left_in_the_background_is_not_waited_for(stop: threading.Event, tmp_path: Path) -> None:
    ended = shell(f"(sleep 600) & echo $! > {tmp_path}/pid; echo started", stop)
    assert ended == CommandResult(None, "started")
    os.kill(int((tmp_path / "pid").read_text()), 9)


def test_closing_its_output_early_does_not_end_the_wait(stop: threading.Event) -> None:
    assert shell("exec >&- 2>&-; sleep 0.2; exit 4", stop).problem == "exit status 4"


def test_bytes_that_are_not_utf8(stop: threading.Event) -> None:
    assert shell(r"printf '\377\033[2J'", stop).output == "\\xff\x1b[2J"
