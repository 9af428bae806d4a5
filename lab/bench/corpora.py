"""Test corpora of other projects through the product: ``python -m lab.bench.corpora FOLDER --into RUN``.

Each folder below FOLDER is a corpus: any files, such as the tests of pdf.js, Pillow or qpdf. They go through
``ingestd run --once``. What came of them is compared with other programs: the text of PDFs with ``pdftotext``, what
could not be read with Pillow, OpenCV and ``pdftoppm``. With a RUN that holds a database already, only the rest is read.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean
from unicodedata import category, normalize

import cv2
import numpy as np
import regex
from PIL import Image

from lab.bench import harness

_WORD = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]|[^\W\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]+")
_MIN_WORDS = 20
_MAX_ODD = 0.05
"""Share of characters without a meaning, from which on a PDF has fonts that tell no characters."""
_SECONDS = 60
_TRUE_ANYWAY = {"too-large", "too-many-pixels", "encrypted", "unsupported", "empty"}
"""Reasons that other decoders' success does not contradict: limits of ingestd, and what it says it does not read."""
_AGREES = 0.97


@dataclass
class Corpus:
    """Results of one folder."""

    files: int = 0
    states: Counter[str] = field(default_factory=Counter)
    recalls: dict[str, float] = field(default_factory=dict)
    """File -> share of the words of pdftotext that were recorded, where both read the text layer."""
    readable: dict[str, str] = field(default_factory=dict)
    """Failed file -> reason given, and who can decode it."""


def options(parser: argparse.ArgumentParser) -> None:
    """Add folder and place of the run."""
    parser.add_argument("folder", type=Path, help="folder of corpora, one folder each")
    parser.add_argument("--into", type=Path, required=True, help="folder of the run: inbox, archive, database")


def measure(options: argparse.Namespace) -> harness.Outcome:
    """Read all files and compare."""
    folder, run = options.folder.resolve(), options.into.resolve()
    if not (run / "config.yaml").exists():
        _ingestd("init", str(run))
        shutil.copytree(folder, run / "inbox", dirs_exist_ok=True)
    log = _ingestd("run", "--once", "-c", str(run / "config.yaml"))
    corpora = judged(folder, run)
    tracebacks = log.count("Traceback")
    rows = [_row(name, corpus) for name, corpus in sorted(corpora.items())]
    everything = Corpus(
        sum(one.files for one in corpora.values()),
        sum((one.states for one in corpora.values()), Counter()),
        {name: recall for one in corpora.values() for name, recall in one.recalls.items()},
        {name: reason for one in corpora.values() for name, reason in one.readable.items()},
    )
    columns = ("corpus", "files", "recorded", "failed", "of these read by others", "text PDFs", "recall", "under 0.97")
    note = f"{tracebacks} tracebacks in the log. Recall: words of pdftotext that were recorded, mean of the PDFs."
    table = harness.Table("corpora", columns, (*rows, _row("all", everything)), note)
    worst = sorted(everything.recalls.items(), key=lambda item: item[1])[:60]
    return harness.Outcome(
        "Test files of other projects; nothing was tuned on them, faults that they showed were mended.",
        (table,),
        {"read by others": everything.readable, "lowest recall": dict(worst), "reasons": _reasons(run)},
    )


def _row(name: str, corpus: Corpus) -> tuple[str, ...]:
    recalls = corpus.recalls.values()
    return (
        name,
        str(corpus.files),
        str(corpus.states["done"] + corpus.states["duplicate"]),
        str(corpus.states["failed"]),
        str(len(corpus.readable)),
        str(len(recalls)),
        f"{mean(recalls):.3f}" if recalls else "",
        str(sum(recall < _AGREES for recall in recalls)) if recalls else "",
    )


def _ingestd(*arguments: str) -> str:
    done = subprocess.run([sys.executable, "-m", "ingestd", *arguments], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):  # 1: some documents failed, as they should
        raise SystemExit(f"ingestd {arguments[0]} ended with status {done.returncode}:\n{done.stderr[-2000:]}")
    return done.stderr + done.stdout


def judged(folder: Path, run: Path) -> Mapping[str, Corpus]:
    """Compare what a run recorded with other programs, corpus by corpus."""
    with _database(run) as db:
        return _judged(folder, run, db)


def _judged(folder: Path, run: Path, db: sqlite3.Connection) -> Mapping[str, Corpus]:
    corpora: dict[str, Corpus] = {}
    jobs = db.execute("SELECT source_path, state, error, document_id FROM jobs ORDER BY source_path").fetchall()
    for source_path, state, error, document_id in jobs:
        path = Path(source_path)
        name = path.relative_to(run / "inbox")
        corpus = corpora.setdefault(name.parts[0], Corpus())
        corpus.files += 1
        corpus.states[state] += 1
        original = folder / name
        if state == "failed":
            fault = json.loads(error)
            readers = [] if fault["code"] in _TRUE_ANYWAY else readers_of(original)
            if readers:
                corpus.readable[str(name)] = f"{fault['code']}: {fault['found']} ({', '.join(readers)})"
        elif original.suffix.lower() == ".pdf" and document_id is not None:
            lines = db.execute("SELECT text, source FROM lines WHERE document_id = ?", [document_id]).fetchall()
            recall = recall_of(original, lines)
            if recall is not None:
                corpus.recalls[str(name)] = recall
    return corpora


def _database(run: Path) -> AbstractContextManager[sqlite3.Connection]:
    """Open the database of a run for reading; it is closed at the end."""
    return closing(sqlite3.connect(f"file:{run / 'ingestd.db'}?mode=ro", uri=True))


def _reasons(run: Path) -> Mapping[str, int]:
    counts = "SELECT json_extract(error, '$.code'), count(*) FROM jobs WHERE state = 'failed' GROUP BY 1 ORDER BY 2"
    with _database(run) as db:
        return dict(db.execute(counts).fetchall())


def recall_of(path: Path, lines: Sequence[tuple[str, str]]) -> float | None:
    """Share of the words of pdftotext that are in the lines (text, source); None where both need not agree.

    They need not where a page was read from pixels, and where pdftotext finds few words or signs without a meaning.
    """
    if any(source == "ocr" for _, source in lines):
        return None
    try:
        done = subprocess.run(["pdftotext", "-q", str(path), "-"], capture_output=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return None
    theirs = done.stdout.decode("utf-8", "replace")
    odd = sum(category(sign) in {"Co", "Cn", "Cc"} and not sign.isspace() for sign in theirs)
    wanted = words(theirs)
    count = sum(wanted.values())
    if count < _MIN_WORDS or odd > _MAX_ODD * len(theirs):
        return None
    return 1 - sum((wanted - words("\n".join(text for text, _ in lines))).values()) / count


def words(text: str) -> Counter[str]:
    """Count words, and ideographs one by one, without regard to case and width."""
    return Counter(_WORD.findall(normalize("NFKC", text).casefold()))


def readers_of(path: Path) -> list[str]:
    """Name the programs that decode a file."""
    if path.suffix.lower() == ".pdf":
        return ["pdftoppm"] if _is_drawn(path) else []
    return [name for name, read in (("Pillow", _by_pillow), ("OpenCV", _by_opencv)) if read(path)]


def _is_drawn(path: Path) -> bool:
    command = ["pdftoppm", "-q", "-r", "20", "-f", "1", "-l", "1", str(path)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0 and bool(done.stdout)


def _by_pillow(path: Path) -> bool:
    try:
        with Image.open(path) as picture:
            picture.load()
    except Exception:  # what Pillow raises on test files has no common base
        return False
    return True


def _by_opencv(path: Path) -> bool:
    try:
        return cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR) is not None
    except cv2.error:
        return False


if __name__ == "__main__":
    harness.run("corpora", __doc__, measure, options)
