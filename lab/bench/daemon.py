"""The daemon from outside: from a finished file to its row, and at rest.

    python -m lab.bench.daemon [--page FILE]

Starts the real daemon on a folder of its own. Prints seconds from the moment a one-page file is
whole in an idle inbox to its row in the database, beside the configured quiet time; the share of one
core that daemon and workers use at rest; and resident memory, with workers and once they have ended for
want of work.
"""

from __future__ import annotations

import argparse
import json
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
from rich.console import Console
from rich.table import Table
from sqlite_utils import Database

from lab.bench.data import OUT

SAMPLES = Path(__file__).parents[2] / "samples"
QUIET_S = 2.0
PATIENCE_S = 300.0
IDLE_S = 10.0
"""Workers end so many seconds after the measurement at rest."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print a table, write ``lab/bench/out/daemon.json``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--page", type=Path, default=SAMPLES / "receipt.png", help="a one-page document")
    parser.add_argument("--times", type=int, default=5, help="how often the way to the row is measured")
    parser.add_argument("--rest", type=float, default=30.0, help="seconds at rest")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        result = measure(Path(folder), options.page, options.times, options.rest)
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "daemon.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    table = Table("what", "measured", title=f"daemon, page {options.page.name}")
    for name, value in result.items():
        table.add_row(name, f"{value:.3f}")
    Console().print(table)


def measure(folder: Path, page: Path, times: int, rest_s: float) -> dict[str, float]:
    """All figures of one daemon, by name with unit."""
    inbox = folder / "inbox"
    inbox.mkdir()
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
        family = [psutil.Process(daemon.pid), *psutil.Process(daemon.pid).children(recursive=True)]
        before = _cpu_s(family)
        time.sleep(rest_s)
        idle = (_cpu_s(family) - before) / rest_s
        resident = sum(process.memory_info().rss for process in family)
        # multiprocessing's own helper stays
        _wait(lambda: sum(process.is_running() for process in family) <= len(family) - len(os.sched_getaffinity(0)))
        resting = sum(process.memory_info().rss for process in (family[0], *family[0].children(recursive=True)))
        woken = _to_row(folder, page, times + 1)
        return {
            "quiet time, s": QUIET_S,
            "to the row after the quiet time, s (median)": statistics.median(ways) - QUIET_S,
            "to the row after the quiet time, s (worst)": max(ways) - QUIET_S,
            "at rest, % of one core": 100 * idle,
            "resident, all processes, MB": resident / 1e6,
            "resident, workers ended, MB": resting / 1e6,
            "to the row after the quiet time, workers ended, s": woken - QUIET_S,
        }
    finally:
        daemon.terminate()
        daemon.wait(timeout=60)


def _cpu_s(family: Sequence[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in family)


def _to_row(folder: Path, page: Path, number: int) -> float:
    """Seconds from a whole file in the inbox to its row; every file differs in its last bytes."""
    prepared = folder / "prepared"
    shutil.copyfile(page, prepared)
    with prepared.open("ab") as file:
        file.write(f"\n% {number}".encode())
    begun = time.perf_counter()
    prepared.rename(folder / "inbox" / f"{number}{page.suffix}")
    _wait(lambda: _rows(folder) == number + 1)
    return time.perf_counter() - begun


def _rows(folder: Path) -> int:
    with closing(Database(folder / "ingestd.db")) as db:
        return int(db.execute("select count(*) from documents").fetchone()[0])


def _wait(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("the daemon did not get there; see its log")
        time.sleep(0.02)


if __name__ == "__main__":
    main()
