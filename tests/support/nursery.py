"""Daemons that are started in a few milliseconds, with faults armed, and killed at will."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.armed import Faults, as_json
from tests.support.places import ROOT
from tests.support.process import PATIENCE_S, until


class Nursery:
    """A warm process that forks daemons; see ``tests/support/armed.py``."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.support.armed", "--nursery"]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ.copy()
        )

    def start(self, config: Path, faults: Faults, *words: str) -> Started:
        """Start ``ingestd run``; its output goes to ``daemon.log`` beside the configuration."""
        return self.command(config, faults, "run", *words)

    def command(self, config: Path, faults: Faults, command: str, *words: str) -> Started:
        """Start a command of ingestd; its output goes to ``daemon.log`` beside the configuration."""
        return self.program([command, "-c", str(config), *words], faults, config.with_name("daemon.log"))

    def program(self, arguments: list[str], faults: Faults, log: Path) -> Started:
        """Start ``ingestd ARGUMENTS``; its output is appended to a file."""
        pid = self._ask({"arguments": arguments, "faults": as_json(faults), "log": str(log)})
        assert isinstance(pid, int)
        return Started(self, pid)

    def wait(self, pid: int, patience_s: float) -> int | None:
        """Exit status of a daemon, negative for a signal; None if it goes on."""
        answer = self._ask({"wait": pid, "patience_s": patience_s})
        assert answer is None or isinstance(answer, int)
        return answer

    def _ask(self, request: dict[str, Any]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """End it; daemons that still run die with it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=PATIENCE_S)
        self._process.stdout.close()


class Started:
    """One daemon."""

    def __init__(self, nursery: Nursery, pid: int) -> None:
        self._nursery = nursery
        self.pid = pid
        self.status: int | None = None

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def wait(self, patience_s: float = PATIENCE_S) -> int:
        """Exit status, negative for a signal."""
        if self.status is None:
            self.status = self._nursery.wait(self.pid, patience_s)
        assert self.status is not None, f"waited {patience_s:g} s for the daemon to end"
        return self.status

    def kill(self, *, group: bool = False) -> None:
        """End it as an error would, or with its workers as a power cut would, and wait until all are gone."""
        lists = Path(f"/proc/{self.pid}/task").glob("*/children")
        workers = [Path("/proc") / child for children in lists for child in children.read_text().split()]
        self.signal(signal.SIGKILL)
        for worker in workers if group else ():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(worker.name), signal.SIGKILL)
        assert self.wait() == -signal.SIGKILL
        until("its workers to go", lambda: not any(map(Path.exists, workers)))

    def stop(self) -> None:
        """End it as systemd would."""
        if self.status is None:
            self.signal(signal.SIGCONT)
            until("the daemon to listen to signals", self._listens)
            self.signal(signal.SIGTERM)
            assert self.wait() in (0, 1)

    def _listens(self) -> bool:
        """Whether SIGTERM no longer just ends it: on a busy machine it may not have come that far."""
        status = dict(line.split(":\t", 1) for line in Path(f"/proc/{self.pid}/status").read_text().splitlines())
        ended = status["State"].startswith(("Z", "X"))
        return ended or bool(int(status["SigCgt"], 16) >> (signal.SIGTERM - 1) & 1)
