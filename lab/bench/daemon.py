"""Measure the daemon from outside, between a finished file and its row, and at rest: ``python -m lab.bench.daemon``.

Starts the real daemon on a folder of its own: seconds from the moment a one-page file is whole in an idle inbox to its
row in the database, the share of one core at rest, and resident memory with workers and without.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import psutil
from sqlite_utils import Database

from lab.bench import harness

QUIET_S = 2.0
MAX_WAIT_S = 300.0
IDLE_S = 10.0
"""Workers end so many seconds after the measurement at rest."""


def options(parser: argparse.ArgumentParser) -> None:
    """Add the page and durations."""
    parser.add_argument("--page", type=Path, default=harness.ROOT / "samples/receipt.png", help="a one-page document")
    parser.add_argument("--times", type=int, default=5, help="how often the way to the row is measured")
    parser.add_argument("--rest", type=float, default=30.0, help="seconds at rest")


def measure(options: argparse.Namespace) -> harness.Outcome:
    """Start a daemon and watch it."""
    with tempfile.TemporaryDirectory() as folder:
        rows = _watch(Path(folder), options.page, options.times, options.rest)
    table = harness.Table("daemon", ("", "measured"), tuple(rows), f"After the quiet time of {QUIET_S:.0f} s.")
    return harness.Outcome(f"the sample {options.page.name}", (table,))


def _watch(folder: Path, page: Path, times: int, rest_s: float) -> list[tuple[str, str]]:
    (folder / "inbox").mkdir()
    settings = f"inboxes: [{{path: inbox}}]\nsettle: {{quiet_s: {QUIET_S}}}\nengine: {{idle_s: {rest_s + IDLE_S}}}\n"
    (folder / "config.yaml").write_text(settings)
    command = [sys.executable, "-m", "ingestd", "run", "-c", str(folder / "config.yaml")]
    with (folder / "log").open("wb") as log:
        daemon = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _wait(lambda: "watching" in (folder / "log").read_text())
        _to_row(folder, page, 0)  # the first one waits for the models
        ways = [_to_row(folder, page, number) for number in range(1, times + 1)]
        time.sleep(3)
        root = psutil.Process(daemon.pid)
        family = [root, *root.children(recursive=True)]
        before = _cpu_s(family)
        time.sleep(rest_s)
        idle = (_cpu_s(family) - before) / rest_s
        resident = sum(process.memory_info().rss for process in family)
        # multiprocessing's own helper stays
        _wait(lambda: sum(process.is_running() for process in family) <= len(family) - len(os.sched_getaffinity(0)))
        resting = sum(process.memory_info().rss for process in (root, *root.children(recursive=True)))
        woken = _to_row(folder, page, times + 1)
    finally:
        daemon.terminate()
        daemon.wait(timeout=60)
    return [
        ("from whole file to row, median", f"{statistics.median(ways) - QUIET_S:.2f} s"),
        (f"from whole file to row, worst of {times}", f"{max(ways) - QUIET_S:.2f} s"),
        ("from whole file to row, workers ended", f"{woken - QUIET_S:.2f} s"),
        ("at rest", f"{100 * idle:.2f} % of one core"),
        ("resident, daemon and workers after reading", f"{resident / 1e6:.0f} MB"),
        ("resident, workers ended (`engine.idle_s`)", f"{resting / 1e6:.0f} MB"),
    ]


def _cpu_s(family: Sequence[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in family)


def _to_row(folder: Path, page: Path, number: int) -> float:
    """Return seconds from a whole file in the inbox to its row; every file differs in its last bytes."""
    prepared = folder / "prepared"
    prepared.write_bytes(page.read_bytes() + f"\n% {number}".encode())
    begun = time.perf_counter()
    shutil.move(prepared, folder / "inbox" / f"{number}{page.suffix}")
    _wait(lambda: _rows(folder) == number + 1)
    return time.perf_counter() - begun


def _rows(folder: Path) -> int:
    with closing(Database(folder / "ingestd.db")) as db:
        return int(db.execute("select count(*) from documents").fetchone()[0])


def _wait(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + MAX_WAIT_S
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("the daemon did not get there; see its log")
        time.sleep(0.02)


if __name__ == "__main__":
    harness.run("daemon", __doc__, measure, options)
