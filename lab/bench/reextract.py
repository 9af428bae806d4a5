"""Time ``ingestd extract --all --diff`` over a database of many documents: ``python -m lab.bench.reextract``.

The documents are copies of the receipts of sroie and of the drawn invoices of the split invoices-tune, as they were
read. The command is run as a user runs it, its start and the loading of rules included.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path

from rich.progress import track

from ingestd.config.shipped import shipped
from ingestd.document import Record
from ingestd.extract import extract, load_rules
from ingestd.store import documents
from ingestd.store.database import connect, transaction
from lab.bench import harness
from lab.bench.product import readings
from lab.bench.truths import TODAY, known

_BATCH = 500


def options(parser: argparse.ArgumentParser) -> None:
    """Add sizes."""
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--processes", type=int, default=2)


def measure(options: argparse.Namespace) -> harness.Outcome:
    """Build the database and run the command."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build(folder, options.documents, options.processes)
        begun = time.perf_counter()
        command = [sys.executable, "-m", "ingestd", "extract", "--all", "--diff", "-c", str(folder / "config.yaml")]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        seconds = time.perf_counter() - begun
    figures = (options.documents, options.processes, f"{seconds:.1f}", f"{options.documents / seconds:.0f}")
    columns = ("documents", "processes", "seconds", "documents per second")
    note = done.stdout.splitlines()[-1]
    table = harness.Table("re-extraction", columns, (tuple(map(str, figures)),), note)
    return harness.Outcome("copies of sroie and invoices-tune", (table,))


def build(folder: Path, count: int, processes: int) -> None:
    """Make a configuration and a database with that many documents."""
    (folder / "inbox").mkdir()
    (folder / "config.yaml").write_text(
        f"inboxes: [{{path: inbox}}]\nengine: {{workers: {processes}}}\nrecord: {{database: documents.db}}\n", "utf-8"
    )
    rules = load_rules(shipped("rules"))
    paths = [document.path for corpus in ("invoices-tune", "sroie") for document in known(corpus)]
    read = [(reading, extract(reading, rules, TODAY)) for reading in readings(paths).values()]
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


if __name__ == "__main__":
    harness.run("reextract", __doc__, measure, options)
