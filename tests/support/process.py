"""The real daemon as a process of its own, on folders of its own."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

PATIENCE_S = 120.0
"""Longest wait for anything; only ever reached when a test fails."""


def until(what: str, condition: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    """Wait for a condition; fails with its description."""
    end = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < end, f"waited {patience_s:g} s for: {what}"
        time.sleep(0.05)


class Installation:
    """A folder with configuration, inbox and database, and the commands run in it."""

    def __init__(self, root: Path, inboxes: str = "[{path: inbox}]", more: str = "") -> None:
        self.root = root
        self.inbox = root / "inbox"
        self.inbox.mkdir(parents=True)
        self.database = root / "ingestd.db"
        self.config = root / "config.yaml"
        settle = "" if "settle:" in more else "settle: {quiet_s: 0.5, incomplete_s: 5}\n"
        self.config.write_text(f"inboxes: {inboxes}\n{settle}{more}")

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run ``ingestd WORDS -c config.yaml`` to its end."""
        return subprocess.run(
            [sys.executable, "-m", "ingestd", *words, "-c", str(self.config)],
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )

    @contextmanager
    def running(self, *options: str) -> Iterator[subprocess.Popen[bytes]]:
        """The daemon, stopped by SIGTERM at the end; its log is in ``daemon.log``."""
        with (self.root / "daemon.log").open("ab") as log:
            process = self.start(log.fileno(), *options)
            try:
                until("the daemon to start", lambda: process.poll() is None and "watching" in self.log())
                yield process
            finally:
                process.send_signal(signal.SIGCONT)
                process.terminate()
                process.wait(timeout=PATIENCE_S)

    def start(self, output: int, *options: str, own_group: bool = False) -> subprocess.Popen[bytes]:
        """Start the daemon without waiting for it; in a process group of its own if signals are to reach all of it."""
        command = [sys.executable, "-m", "ingestd", "run", *options, "-c", str(self.config)]
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        return subprocess.Popen(
            command, stdout=output, stderr=output, env=environment, process_group=0 if own_group else None
        )

    def log(self) -> str:
        """What the daemon said so far."""
        path = self.root / "daemon.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def query(self, sql: str) -> list[tuple[object, ...]]:
        """Rows of a query, as a user with any SQLite tool sees them; none before the database exists."""
        if not self.database.exists():
            return []
        with closing(sqlite3.connect(self.database, timeout=30)) as db:
            try:
                return db.execute(sql).fetchall()
            except sqlite3.OperationalError as error:
                if "no such table" in str(error):
                    return []
                raise

    def documents(self) -> list[str]:
        """Names of the recorded documents."""
        return [str(name) for (name,) in self.query("select name from documents order by name")]

    def settled(self, count: int) -> bool:
        """Tell whether so many jobs are at their end and none is on its way."""
        states = [state for (state,) in self.query("select state from jobs")]
        return len(states) == count and set(states) <= {"done", "failed", "duplicate"}

    def files(self, folder: str) -> list[str]:
        """Files below a folder, relative, without the lock and the list of machines."""
        base = self.root / folder
        return sorted(
            str(path.relative_to(base))
            for path in base.rglob("*")
            if path.is_file() and path.name not in (".lock", ".machines.json")
        )
