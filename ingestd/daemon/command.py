"""User commands: run without a shell, for a bounded time, with bounded output."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO

KEPT_BYTES = 4096
"""Length of the end of the output that is kept; errors are at the end."""
_CHUNK_BYTES = 65536
"""Capacity of a pipe on Linux (pipe(7))."""
_MAX_CHUNKS = 64
"""Bound on one reading, so that a command that never stops printing meets its time limit."""
_MIN_POLL_S, _MAX_POLL_S = 0.001, 0.05
"""Pause between two looks at a running command: doubles from the first, as in subprocess.Popen.wait."""


@dataclass(frozen=True, slots=True)
class CommandResult:
    """Result of a command that has ended."""

    problem: str | None
    """Reason of its failure; None after exit status 0."""
    output: str
    """The end of what it printed on stdout and stderr."""
    stopped: bool = False
    """True if it was killed because ingestd stops; it has to be run again."""


def run(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    limit_s: float,
    stop: threading.Event,
    inherited: Sequence[int] = (),
) -> CommandResult:
    """Run a command until it ends, its time is up, or the daemon stops; raises nothing.

    A process that the command leaves behind in the background is not waited for.

    Args:
        command: program and arguments.
        environment: the whole environment of the command.
        limit_s: seconds after which the command and what it started are killed.
        stop: ends the command when set.
        inherited: descriptors that the command gets, open for as long as any process of its lives.
    """
    try:
        process = subprocess.Popen(
            list(command),
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            start_new_session=True,
            pass_fds=tuple(inherited),
        )
    except (OSError, ValueError) as error:
        return CommandResult(f"cannot be run: {error}", "")
    assert process.stdout is not None, "asked for above"
    with process.stdout as pipe:
        os.set_blocking(pipe.fileno(), False)
        output, pause_s, until = b"", _MIN_POLL_S, time.monotonic() + limit_s
        while process.poll() is None and time.monotonic() < until and not stop.wait(pause_s):
            output, pause_s = _tail(output, pipe), min(2 * pause_s, _MAX_POLL_S)
        in_time = process.poll() is not None
        if not in_time:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        status = process.wait()
        output = _tail(output, pipe)
    if in_time:
        return CommandResult(_problem(status), _text(output))
    stopped = stop.is_set()
    return CommandResult(None if stopped else f"took longer than {limit_s:g} s", _text(output), stopped)


def _tail(before: bytes, pipe: IO[bytes]) -> bytes:
    """Read a pipe without waiting; return the end of the output so far, one byte more than is kept."""
    for _ in range(_MAX_CHUNKS):
        chunk = pipe.read(_CHUNK_BYTES)
        if not chunk:  # the pipe is empty (None) or closed
            break
        before = (before + chunk)[-KEPT_BYTES - 1 :]
    return before


def _text(output: bytes) -> str:
    text = output[-KEPT_BYTES:].decode(errors="backslashreplace").strip()
    return f"... {text}" if len(output) > KEPT_BYTES else text


def _problem(status: int) -> str | None:
    if status == 0:
        return None
    return f"exit status {status}" if status > 0 else f"killed by {signal.Signals(-status).name}"
