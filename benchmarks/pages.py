"""Whole pages: word F1 and seconds a page, beside RapidOCR as it ships, in one run.

    python -m benchmarks.pages --corpus sroie [--limit N] [--workers 1 2] [--peer-python VENV/bin/python]

The peer runs in an interpreter of its own that has ``rapidocr`` installed; without one its row is left
out, and the table says so. Times are wall clock from the first page handed over to the last one back;
starting processes and loading models is not counted for either.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.data import OUT, Labelled, labelled
from benchmarks.score import Score, score
from ingestd.admit import digest
from ingestd.app import build_pipeline, start_engine
from ingestd.config import Config, InboxConfig
from ingestd.document import Claim, Record

PEER = Path(__file__).with_name("peer_rapidocr.py")


@dataclass(frozen=True, slots=True)
class Row:
    """One reader's result on one corpus."""

    reader: str
    f1: float
    precision: float
    recall: float
    seconds_a_page: float
    stages: dict[str, float]
    """Seconds a page by stage, added up over processes."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print a table, write ``benchmarks/out/pages-CORPUS.json``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--corpus", default="sroie")
    parser.add_argument("--limit", type=int, help="take only so many pages, evenly from the whole corpus")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--peer-python", type=Path, help="interpreter that has rapidocr installed")
    options = parser.parse_args(arguments)
    pages = labelled(options.corpus, options.limit)
    rows = [measure(pages, workers) for workers in options.workers]
    if options.peer_python:
        rows.append(measure_peer(pages, options.peer_python))
    report(options.corpus, len(pages), rows)


def read_all(pages: Sequence[Labelled], workers: int) -> tuple[list[Record], float]:
    """Read pages through the whole pipeline; records in the order given and the seconds it took."""
    config = Config(inboxes=(InboxConfig(path=Path("inbox"), name="inbox"),))
    engine = start_engine(config, build_pipeline, workers)
    try:
        # Every worker has its models once it has read a page.
        for warm in [engine.submit(*_claimed(pages[0].path)) for _ in range(2 * workers)]:
            warm.result()
        begun = time.perf_counter()
        futures = [engine.submit(*_claimed(page.path)) for page in pages]
        records = [future.result() for future in futures]
        return records, time.perf_counter() - begun
    finally:
        engine.close(finish=False)


def _claimed(path: Path) -> tuple[Claim, str]:
    claim = Claim(
        job_id=0,
        work_path=path,
        source_path=path,
        inbox="",
        size_bytes=path.stat().st_size,
        claimed_at=datetime.now(UTC),
        attempt=1,
    )
    return claim, digest(path)


def measure(pages: Sequence[Labelled], workers: int) -> Row:
    """Ingestd with so many worker processes of one thread each."""
    records, seconds = read_all(pages, workers)
    texts = [[line.text for line in record.reading.lines] for record in records]
    stages = {
        stage: sum(record.timings.get(stage, 0.0) for record in records) / len(records) for stage in records[0].timings
    }
    return _row(f"ingestd, {workers} worker{'s' if workers > 1 else ''}", pages, texts, seconds, stages)


def measure_peer(pages: Sequence[Labelled], python: Path) -> Row:
    """RapidOCR as it ships, its own threads on all cores."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [str(python), str(PEER), *(str(page.path) for page in pages)],
        stdout=subprocess.PIPE,
        env=environment,
        check=True,
    )
    result = json.loads(done.stdout)
    name = f"RapidOCR {result['version']} as it ships, {os.cpu_count()} cores"
    return _row(name, pages, result["texts"], result["seconds"], {})


def _row(
    reader: str, pages: Sequence[Labelled], texts: Sequence[Sequence[str]], seconds: float, stages: dict[str, float]
) -> Row:
    total = sum((score(read, page.lines) for read, page in zip(texts, pages, strict=True)), Score())
    return Row(reader, total.f1, total.precision, total.recall, seconds / len(pages), stages)


def report(corpus: str, count: int, rows: Sequence[Row]) -> None:
    """Print the table and write it as JSON."""
    OUT.mkdir(exist_ok=True)
    target = OUT / f"pages-{corpus}.json"
    content = {"corpus": corpus, "pages": count, "rows": [asdict(row) for row in rows]}
    target.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    table = Table(
        "reader", "word F1", "precision", "recall", "s/page", "stages (s/page)", title=f"{corpus}, {count} pages"
    )
    for row in rows:
        stages = " ".join(f"{stage} {seconds:.2f}" for stage, seconds in row.stages.items())
        figures = (f"{value:.4f}" for value in (row.f1, row.precision, row.recall))
        table.add_row(row.reader, *figures, f"{row.seconds_a_page:.2f}", stages)
    console = Console()
    console.print(table)
    if not any(row.reader.startswith("RapidOCR") for row in rows):
        console.print("RapidOCR was left out: name an interpreter that has it with --peer-python")
    console.print(f"written to {target}")


if __name__ == "__main__":
    main()
