"""Seconds that ``ingestd extract --all --diff`` takes over a database of many documents.

    python -m lab.bench.reextract [--documents 10000] [--processes 2]

The documents are copies of the receipts of sroie and of the drawn invoices of the split ``tune``, as they were
read. The command is run as a user runs it, its start and the loading of rules included.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import cycle, islice
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from ingestd.config.shipped import shipped
from ingestd.document import Reading, Record
from ingestd.extract import extract, load_rules
from ingestd.store import documents
from ingestd.store.database import connect, transaction
from lab.bench.data import OUT, labelled
from lab.bench.invoices import SPLITS, conditions, draw
from lab.bench.readings import readings

_BATCH = 500


def main(arguments: Sequence[str] | None = None) -> None:
    """Build the database, run the command, print and keep the seconds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build(folder, options.documents, options.processes)
        begun = time.perf_counter()
        command = [sys.executable, "-m", "ingestd", "extract", "--all", "--diff", "-c", str(folder / "config.yaml")]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        seconds = time.perf_counter() - begun
    table = Table("documents", "processes", "seconds", "documents a second")
    table.add_row(
        str(options.documents), str(options.processes), f"{seconds:.1f}", f"{options.documents / seconds:.0f}"
    )
    console = Console()
    console.print(table)
    console.print(done.stdout.splitlines()[-1])
    OUT.mkdir(parents=True, exist_ok=True)
    kept = {"documents": options.documents, "processes": options.processes, "seconds": round(seconds, 1)}
    (OUT / "reextract.json").write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


def build(folder: Path, count: int, processes: int) -> None:
    """Make a configuration and a database with that many documents."""
    (folder / "inbox").mkdir()
    (folder / "config.yaml").write_text(
        f"inboxes: [{{path: inbox}}]\nengine: {{workers: {processes}}}\nrecord: {{database: documents.db}}\n", "utf-8"
    )
    rules, today = load_rules(shipped("rules")), date(2026, 1, 1)
    read = [(reading, extract(reading, rules, today)) for reading in _readings()]
    now = datetime(2026, 1, 1, tzinfo=UTC)
    with connect(folder / "documents.db", "create") as db:
        copies = islice(cycle(read), count)
        for start in track(range(0, count, _BATCH), "building", transient=True):
            with transaction(db):
                for number, (reading, extraction) in enumerate(islice(copies, _BATCH), start):
                    name = f"{number:06}.jpg"
                    record = Record(f"{number:064x}", name, "image/jpeg", 1, reading, extraction, {}, {})
                    documents.save(
                        db, record, source_path=folder / name, archive_path=None, received_at=now, recorded_at=now
                    )


def _readings() -> Iterator[Reading]:
    plan = [drawn for seed in SPLITS["tune"] for drawn in conditions(seed)]
    draw(plan, OUT / "invoices")
    yield from readings([OUT / "invoices" / drawn.name for drawn in plan]).values()
    yield from readings([page.path for page in labelled("sroie")]).values()


if __name__ == "__main__":
    main()
