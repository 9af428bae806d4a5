"""Run a benchmark: arguments in, tables to the terminal, one JSON file in lab/bench/out.

The file says when, with which version and on which machine the figures were taken; lab.bench.figures makes the page of
figures from such files.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table as Shown

import ingestd

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "lab" / "bench" / "out"
"""Results of benchmarks; not under version control."""
MIN_COLUMNS = 110
"""Tables are printed at least so wide: lines that wrap are better than figures cut off."""


@dataclass(frozen=True, slots=True)
class Table:
    """Figures as they are printed."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    """Facts without which the figures mislead: intervals, disputed keys, what a column counts."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The figures of one run."""

    split: str
    """Documents or pages that were measured, and whether anything was tuned on them."""
    tables: tuple[Table, ...]
    details: Any = None
    """Everything behind the figures that JSON can hold."""


def run(
    name: str,
    about: str | None,
    measure: Callable[[argparse.Namespace], Outcome],
    options: Callable[[argparse.ArgumentParser], object] = lambda _: None,
    arguments: Sequence[str] | None = None,
) -> None:
    """Measure, print the tables, write ``lab/bench/out/NAME.json``.

    Args:
        name: of the benchmark.
        about: docstring of its module, shown by ``--help``.
        measure: takes the parsed options.
        options: adds options to the parser.
        arguments: of the command line; those of the process if None.
    """
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    options(parser)
    parser.add_argument("--out", type=Path, default=OUT / f"{name}.json", help="file to write")
    parsed = parser.parse_args(arguments)
    outcome = measure(parsed)
    for table in outcome.tables:
        show(table)
    head = {"benchmark": name, "made": datetime.now(UTC).isoformat(timespec="seconds"), **made_with()}
    target: Path = parsed.out
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(head | asdict(outcome), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"written to {target}")


def show(table: Table) -> None:
    """Print a table."""
    shown = Shown(title=table.title, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for index, column in enumerate(table.columns):
        shown.add_column(column, justify="right" if index else "left")
    for row in table.rows:
        shown.add_row(*row)
    console = Console(width=max(Console().width, MIN_COLUMNS))
    console.print(shown)
    if table.note:
        console.print(table.note, highlight=False, markup=False)


def made_with() -> dict[str, str]:
    """Return version, commit and machine of this run."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    model = platform.processor()
    if (cpuinfo := Path("/proc/cpuinfo")).exists():
        names = [row for row in cpuinfo.read_text(encoding="utf-8").splitlines() if row.startswith("model name")]
        model = names[0].partition(":")[2].strip() if names else model
    cores = len(os.sched_getaffinity(0))
    return {
        "version": ingestd.__version__,
        "commit": commit.stdout.strip() or "unknown",
        "machine": f"{model}, {cores} cores, Python {platform.python_version()}",
    }
