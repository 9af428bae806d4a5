from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingestd.daemon.command import KEPT_BYTES, Ended, run

PATH = {"PATH": os.defpath}


@pytest.fixture
def stop() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    os.close(reading)


def shell(text: str, stop: tuple[int, int], limit_s: float = 30.0, **environment: str) -> Ended:
    return run(["/bin/sh", "-c", text], PATH | environment, limit_s=limit_s, stop=stop[0])


def test_output_and_environment(stop: tuple[int, int]) -> None:
    ended = shell('echo "$WHAT"; echo oops >&2', stop, WHAT="发票 $(id)")
    assert ended == Ended(None, "发票 $(id)\noops")


@pytest.mark.parametrize(
    ("text", "problem"), [("exit 3", "exit status 3"), ("kill -TERM $$", "killed by SIGTERM"), ("exit 0", None)]
)
def test_how_it_ended(stop: tuple[int, int], text: str, problem: str | None) -> None:
    assert shell(text, stop).problem == problem


def test_a_program_that_is_not_there(stop: tuple[int, int]) -> None:
    ended = run(["/nowhere/program"], PATH, limit_s=1, stop=stop[0])
    assert ended.problem == "cannot be run: [Errno 2] No such file or directory: '/nowhere/program'"


def test_only_the_end_of_much_output_is_kept(stop: tuple[int, int]) -> None:
    ended = shell("yes noise | head -c 1000000; echo; echo the end", stop)
    assert ended.output.startswith("... ")
    assert ended.output.endswith("the end")
    assert len(ended.output) <= KEPT_BYTES + 4


def test_time_limit_kills_what_it_started_too(stop: tuple[int, int], tmp_path: Path) -> None:
    ended = shell(f"sleep 600 & echo $! > {tmp_path}/pid; wait", stop, limit_s=0.5)
    assert ended.problem == "took longer than 0.5 s"
    state = Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}/stat")
    assert not state.exists() or state.read_text().split()[2] in "ZX"


def test_stopping_ends_it_at_once(stop: tuple[int, int]) -> None:
    threading.Timer(0.2, os.close, [stop[1]]).start()
    ended = shell("sleep 600", stop)
    assert ended.stopped


def test_what_is_left_in_the_background_is_not_waited_for(stop: tuple[int, int], tmp_path: Path) -> None:
    ended = shell(f"(sleep 600) & echo $! > {tmp_path}/pid; echo started", stop)
    assert ended == Ended(None, "started")
    os.kill(int((tmp_path / "pid").read_text()), 9)


def test_closing_its_output_early_does_not_end_the_wait(stop: tuple[int, int]) -> None:
    assert shell("exec >&- 2>&-; sleep 0.2; exit 4", stop).problem == "exit status 4"


def test_bytes_that_are_not_utf8(stop: tuple[int, int]) -> None:
    assert shell(r"printf '\377\033[2J'", stop).output == "\\xff\x1b[2J"
