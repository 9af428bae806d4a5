"""Runs one program of the user's: without a shell, for a bounded time, with bounded output."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

KEPT_BYTES = 4096
"""How much of what a command prints is kept: its end, where errors are."""

_CHUNK_BYTES = 65536


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command came to its end."""

    problem: str | None
    """Why it did not do its work, None if it said that it did (exit status 0)."""
    output: str
    """The end of what it printed on stdout and stderr."""
    stopped: bool = False
    """It was killed because ingestd stops, so it has to be run again."""


def run(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    limit_s: float,
    stop: int,
    inherited: Sequence[int] = (),
) -> Ended:
    """Run a command to its end; never raises for anything that the command does.

    Args:
        command: program and arguments.
        environment: all of it.
        limit_s: seconds after which the command and what it started are killed.
        stop: file descriptor that becomes readable when everything has to end.
        inherited: descriptors that the command gets, open for as long as any process of its lives.
    """
    try:
        process = subprocess.Popen(
            list(command),
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=tuple(inherited),
        )
    except (OSError, ValueError) as error:
        return Ended(f"cannot be run: {error}", "")
    assert process.stdout is not None, "asked for above"
    with process.stdout:
        output = _Tail(process.stdout.fileno())
        why = _follow(process, output, limit_s, stop)
        if why is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        status = process.wait()
        output.read()
    problem = f"took longer than {limit_s:g} s" if why == "limit" else _problem(status)
    return Ended(problem, output.text(), stopped=why == "stop")


def _follow(process: subprocess.Popen[bytes], output: _Tail, limit_s: float, stop: int) -> str | None:
    """Read what a process prints until it ends (None), its time is up (``limit``) or all ends (``stop``)."""
    until = time.monotonic() + limit_s
    ended = os.pidfd_open(process.pid)
    try:
        with selectors.DefaultSelector() as waiting:
            waiting.register(ended, selectors.EVENT_READ)
            waiting.register(stop, selectors.EVENT_READ)
            waiting.register(output.handle, selectors.EVENT_READ)
            while True:
                ready = {key.fd for key, _ in waiting.select(max(0.0, until - time.monotonic()))}
                if output.handle in ready and not output.read():
                    waiting.unregister(output.handle)
                if ended in ready:
                    return None
                if stop in ready:
                    return "stop"
                if time.monotonic() >= until:
                    return "limit"
    finally:
        os.close(ended)


class _Tail:
    """The last bytes of what comes out of a pipe; what a process left behind prints later is not waited for."""

    def __init__(self, handle: int) -> None:
        self.handle = handle
        self._kept = b""
        self._dropped = False
        os.set_blocking(handle, False)

    def read(self) -> bool:
        """Take what is there; False at the end of the pipe."""
        try:
            chunk = os.read(self.handle, _CHUNK_BYTES)
        except BlockingIOError:
            return True
        joined = self._kept + chunk
        self._dropped |= len(joined) > KEPT_BYTES
        self._kept = joined[-KEPT_BYTES:]
        return bool(chunk)

    def text(self) -> str:
        text = self._kept.decode(errors="backslashreplace").strip()
        return f"... {text}" if self._dropped else text


def _problem(status: int) -> str | None:
    if status == 0:
        return None
    return f"exit status {status}" if status > 0 else f"killed by {signal.Signals(-status).name}"
