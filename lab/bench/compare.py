"""Compare readers: every reader on the same files of every corpus under every condition.

    python -m lab.bench [--sample N] [--corpora sroie drawn] [--conditions clean mixed] [--severities 1 2 3]

Readers take turns at every group of files, so that whatever else the machine does meets all of them alike. Each is a
process of its own with as many cores as asked for; ingestd goes the whole way from the file to the COMMIT.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.progress import Progress

from lab.bench import harness
from lab.bench.conditions import NAMES, Condition, conditions, spoil
from lab.bench.data import CORPORA, REPORTED, Labelled, MissingCorpusError, corpus
from lab.bench.readers.process import ReaderError, ReaderProcess
from lab.bench.score import Score, score

READERS = Path(__file__).parent / "readers"
RAPIDOCR = "INGESTD_BENCH_RAPIDOCR"
"""Environment variable with the interpreter that has rapidocr."""
OURS, PLAIN, CHAIN, FAST = "ingestd auto", "ingestd none", "ingestd fixed", "ingestd fast"
PREVIOUS = "ingestd 0.1.0"
PEERS = ("RapidOCR", "Tesseract")
ALL = "all"


@dataclass(frozen=True, slots=True)
class Cell:
    """One reader on one corpus under one condition."""

    corpus: str
    condition: str
    reader: str
    cores: int
    pages: int
    seconds: float
    """Wall clock over all pages."""
    peak_mb: float
    score: Score
    """Sum over all pages."""


@dataclass(frozen=True, slots=True)
class Group:
    """Pages of one corpus under one condition."""

    corpus: str
    condition: Condition
    pages: tuple[Labelled, ...]
    files: tuple[Path, ...]


def options(parser: argparse.ArgumentParser) -> None:
    """Add pages, conditions and readers."""
    names = (PLAIN, CHAIN, OURS, FAST, PREVIOUS, *PEERS)
    parser.add_argument("--sample", type=int, default=6, metavar="N", help="pages of each corpus; 0: all of them")
    parser.add_argument("--corpora", nargs="+", choices=CORPORA, default=list(REPORTED))
    parser.add_argument("--conditions", nargs="+", choices=NAMES, help="default: clean and twelve degradations")
    parser.add_argument("--severities", nargs="+", type=int, choices=(1, 2, 3), help="default: as the manual says")
    parser.add_argument("--readers", nargs="+", choices=names, default=list(names))
    parser.add_argument("--cores", nargs="+", type=int, default=[1, 2], help="how many each reader may use")
    parser.add_argument("--rapidocr", type=Path, default=os.environ.get(RAPIDOCR), metavar="PYTHON")
    parser.add_argument(
        "--previous", type=Path, metavar="DIR", help="tree of version 0.1.0, read with this environment"
    )


def measure(options: argparse.Namespace) -> harness.Outcome:
    """Let all readers read all groups."""
    with tempfile.TemporaryDirectory(prefix="ingestd-bench-") as folder:
        groups = list(_groups(options, Path(folder)))
        if not groups:
            raise SystemExit("nothing to read: no corpus is there")
        cells, versions = _measure(groups, _commands(options), options.cores)
    tables = [costs(cells), *(by_condition(name, cells) for name in dict.fromkeys(cell.corpus for cell in cells))]
    pages = "every page" if not options.sample else f"{options.sample} pages of each"
    read_by = ", ".join(f"{name} {version}" for name, version in versions.items() if name != PREVIOUS)
    return harness.Outcome(
        f"{', '.join(options.corpora)}; {pages}; {read_by}",
        tuple(tables),
        list(map(asdict, cells)),
    )


def _commands(options: argparse.Namespace) -> dict[str, list[str]]:
    """Return commands by reader; say which peers are left out and what would bring them."""
    ours = [sys.executable, "-m", "lab.bench.readers.ingestd_reader", "--plan"]
    found = {name: [*ours, name.split()[1]] for name in (PLAIN, CHAIN, OURS)} | {FAST: [*ours, "auto", "--fast"]}
    if options.previous:
        read = [sys.executable, "-m", "benchmarks.readers.ingestd_reader", "--plan", "auto"]
        found[PREVIOUS] = ["env", f"--chdir={options.previous.resolve()}", *read]
    if options.rapidocr:
        found["RapidOCR"] = [str(options.rapidocr), str(READERS / "rapidocr_reader.py")]
    elif "RapidOCR" in options.readers:
        print(f"RapidOCR is left out: name an interpreter that has it with --rapidocr or ${RAPIDOCR}", file=sys.stderr)
    if shutil.which("tesseract"):
        found["Tesseract"] = [sys.executable, "-m", "lab.bench.readers.tesseract_reader"]
    elif "Tesseract" in options.readers:
        print("Tesseract is left out: install tesseract-ocr and tesseract-ocr-chi-sim", file=sys.stderr)
    return {name: command for name, command in found.items() if name in options.readers}


def _groups(options: argparse.Namespace, folder: Path) -> Iterator[Group]:
    for name in options.corpora:
        try:
            pages = corpus(name, options.sample or None)
        except MissingCorpusError as error:
            print(f"{name} is left out: {error}", file=sys.stderr)
            continue
        for condition in conditions(options.conditions, options.severities):
            yield Group(name, condition, tuple(pages), tuple(spoil(pages, condition, folder / name)))


def _measure(
    groups: Sequence[Group], commands: Mapping[str, Sequence[str]], cores: Sequence[int]
) -> tuple[list[Cell], dict[str, str]]:
    """Let all readers read all groups, once for each number of cores."""
    cells: list[Cell] = []
    versions: dict[str, str] = {}
    with Progress() as progress:
        readings = sum(len(group.pages) for group in groups) * len(commands) * len(cores)
        task = progress.add_task("reading", total=readings)
        for count in cores:
            with ExitStack() as running:
                readers: dict[str, ReaderProcess] = {}
                for name, command in commands.items():
                    readers[name] = running.enter_context(_started(name, command, groups[0].files[0], count))
                    versions[name if name == PREVIOUS else name.split()[0]] = readers[name].version
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
    scores = (score(text, page.lines) for text, page in zip(result.texts, group.pages, strict=True))
    return Cell(
        group.corpus,
        str(group.condition),
        name,
        cores,
        len(group.pages),
        round(result.seconds, 3),
        round(result.peak_mb, 1),
        sum(scores, Score()),
    )


def costs(cells: Sequence[Cell]) -> harness.Table:
    """Return accuracy, seconds per page and memory of every reader over all conditions of a corpus."""
    rows = []
    for key in dict.fromkeys((cell.corpus, cell.reader, cell.cores) for cell in cells):
        own = [cell for cell in cells if (cell.corpus, cell.reader, cell.cores) == key]
        total = sum((cell.score for cell in own), Score())
        spent = sum(cell.seconds for cell in own) / sum(cell.pages for cell in own)
        peak = max(cell.peak_mb for cell in own)
        figures = (f"{total.f1:.3f}", f"{total.numbers:.3f}", f"{spent:.3f}", f"{peak:.0f}")
        rows.append((*map(str, key), *figures))
    columns = ("corpus", "reader", "cores", "word F1", "numbers exact", "s per page", "peak MB")
    return harness.Table("over all conditions", columns, tuple(rows))


def by_condition(corpus: str, cells: Sequence[Cell]) -> harness.Table:
    """Return the word F1 of every reader under every condition, on the most cores measured."""
    most = max(cell.cores for cell in cells)
    here = [cell for cell in cells if (cell.corpus, cell.cores) == (corpus, most)]
    readers = list(dict.fromkeys(cell.reader for cell in here))
    rows = []
    for name in (*dict.fromkeys(cell.condition for cell in here), ALL):
        own = [cell for cell in here if name in (cell.condition, ALL)]
        f1 = {reader: sum((cell.score for cell in own if cell.reader == reader), Score()).f1 for reader in readers}
        peer = max((f1[reader] for reader in PEERS if reader in f1), default=None)
        ratios = (_ratio(f1.get(OURS), f1.get(PLAIN)), _ratio(f1.get(OURS), f1.get(CHAIN)), _ratio(f1.get(OURS), peer))
        rows.append((name, *(f"{f1[reader]:.3f}" for reader in readers), *ratios))
    columns = ("condition", *readers, "auto / none", "auto / fixed", "auto / peer")
    return harness.Table(f"{corpus}: word F1", columns, tuple(rows), "Peer: the other reader with the higher F1.")


def _ratio(one: float | None, other: float | None) -> str:
    return f"{one / other:.3f}" if one is not None and other else ""


def main() -> None:
    """Run the comparison."""
    harness.run("compare", __doc__, measure, options)
