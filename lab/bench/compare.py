"""One run: every reader on the same files of every corpus under every condition.

    python -m lab.bench [--sample N] [--corpora sroie drawn] [--conditions clean mixed] [--severities 1 2 3]

Readers take turns at every group of files, so that whatever else the machine does meets all of them alike.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from lab.bench.data import CORPORA, OUT, REPORTED, Labelled, MissingCorpusError, corpus
from lab.bench.readers.process import ReaderError, ReaderProcess
from lab.bench.score import Score, score
from lab.bench.table import show
from lab.corpus.conditions import NAMES, Condition, conditions, spoil

HERE = Path(__file__).parent
RAPIDOCR = "INGESTD_BENCH_RAPIDOCR"
"""Environment variable with the interpreter that has rapidocr."""
PLANS = ("none", "fixed", "auto")
TABLE_COLUMNS = 110
"""The table is printed at least so wide: lines that wrap are better than figures cut off."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One reader on one corpus under one condition."""

    corpus: str
    condition: str
    severity: int
    reader: str
    cores: int
    seconds_a_page: float
    peak_mb: float
    pages: tuple[Score, ...]
    """Counts of every page, in the order of the corpus."""


@dataclass(frozen=True, slots=True)
class Group:
    """Pages of one corpus under one condition."""

    corpus: str
    condition: Condition
    pages: tuple[Labelled, ...]
    files: tuple[Path, ...]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table, write ``lab/bench/out/bench.json``."""
    options = _parser().parse_args(arguments)
    console = Console(stderr=True)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ingestd-bench-") as folder:
        groups = list(_groups(options, Path(folder), console))
        if not groups:
            raise SystemExit("nothing to read: no corpus is there")
        commands = _commands(options, console)
        cells, versions = _measure(groups, commands, options.cores, console)
    result = {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": _machine(),
        "seconds": round(time.monotonic() - begun),
        "sample": options.sample,
        "versions": versions,
        "cells": [asdict(cell) for cell in cells],
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result) + "\n", encoding="utf-8")
    show(result, Console(width=max(console.width, TABLE_COLUMNS)))
    console.print(f"written to {options.out} after {result['seconds']} s")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab.bench", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--sample", type=int, default=6, metavar="N", help="pages of each corpus; 0: all of them")
    parser.add_argument("--corpora", nargs="+", choices=CORPORA, default=list(REPORTED))
    parser.add_argument("--conditions", nargs="+", choices=NAMES, help="default: clean and the twelve ways to spoil it")
    parser.add_argument("--severities", nargs="+", type=int, choices=(1, 2, 3), help="default: as the manual says")
    parser.add_argument("--readers", nargs="+", choices=READERS, default=list(READERS))
    parser.add_argument("--cores", nargs="+", type=int, default=[1, 2], help="how many each reader may use")
    parser.add_argument("--rapidocr", type=Path, default=os.environ.get(RAPIDOCR), metavar="PYTHON")
    parser.add_argument("--out", type=Path, default=OUT / "bench.json")
    return parser


FAST = "ingestd fast"
READERS = (*(f"ingestd {plan}" for plan in PLANS), FAST, "RapidOCR", "Tesseract")


def _commands(options: argparse.Namespace, console: Console) -> dict[str, list[str]]:
    """Command by reader; says which peers are left out and what would bring them."""
    python = [sys.executable, "-m", "lab.bench.readers.ingestd_reader", "--plan"]
    found = {f"ingestd {plan}": [*python, plan] for plan in PLANS}
    found[FAST] = [*python, "auto", "--fast"]
    if options.rapidocr:
        found["RapidOCR"] = [str(options.rapidocr), str(HERE / "readers" / "rapidocr_reader.py")]
    elif "RapidOCR" in options.readers:
        console.print(f"RapidOCR is left out: name an interpreter that has it with --rapidocr or ${RAPIDOCR}")
    if shutil.which("tesseract"):
        found["Tesseract"] = [sys.executable, "-m", "lab.bench.readers.tesseract_reader"]
    elif "Tesseract" in options.readers:
        console.print("Tesseract is left out: install tesseract-ocr and tesseract-ocr-chi-sim")
    return {name: command for name, command in found.items() if name in options.readers}


def _groups(options: argparse.Namespace, folder: Path, console: Console) -> Iterator[Group]:
    for name in options.corpora:
        try:
            pages = corpus(name, options.sample or None)
        except MissingCorpusError as error:
            console.print(f"{name} is left out: {error}")
            continue
        for condition in conditions(options.conditions, options.severities):
            yield Group(name, condition, tuple(pages), tuple(spoil(pages, condition, folder / name)))


def _measure(
    groups: Sequence[Group], commands: Mapping[str, Sequence[str]], cores: Sequence[int], console: Console
) -> tuple[list[Cell], dict[str, str]]:
    """Let all readers read all groups, once for each number of cores."""
    cells: list[Cell] = []
    versions: dict[str, str] = {}
    readings = sum(len(group.pages) for group in groups) * len(commands) * len(cores)
    console.print(f"{len(groups)} groups of files, {readings} pages to read; the time left is shown below")
    with Progress(console=console) as progress:
        task = progress.add_task("reading", total=readings)
        for count in cores:
            with ExitStack() as running:
                readers: dict[str, ReaderProcess] = {}
                for name, command in commands.items():
                    readers[name] = running.enter_context(_started(name, command, groups[0].files[0], count))
                versions |= {name: reader.version for name, reader in readers.items()}
                for group in groups:
                    for name, reader in readers.items():
                        cells.append(_cell(group, name, count, reader))
                        progress.advance(task, len(group.pages))
    return cells, versions


def _started(name: str, command: Sequence[str], warm: Path, cores: int) -> ReaderProcess:
    try:
        return ReaderProcess(command, warm, cores)
    except ReaderError as error:
        raise SystemExit(f"{name} does not start: {error}") from error


def _cell(group: Group, name: str, cores: int, reader: ReaderProcess) -> Cell:
    result = reader.read(group.files)
    return Cell(
        group.corpus,
        group.condition.name,
        group.condition.severity,
        name,
        cores,
        round(result.seconds / len(group.pages), 4),
        round(result.peak_mb, 1),
        tuple(score(text, page.lines) for text, page in zip(result.texts, group.pages, strict=True)),
    )


def _machine() -> dict[str, Any]:
    """What the figures were taken on."""
    cpuinfo = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    model = next((line.split(":", 1)[1].strip() for line in cpuinfo.splitlines() if line.startswith("model name")), "")
    return {"cpu": model, "cores": len(os.sched_getaffinity(0)), "python": platform.python_version()}
