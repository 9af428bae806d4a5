"""Whether cost grows with what is there: ``python -m lab.bench.growth [--pages 1 60 600] [--documents 10000]``.

Pages: one PDF of scanned pages through the whole pipeline in this process; seconds a page and peak memory. Documents:
one record saved again and again under new names; seconds a COMMIT at the beginning and at the end, and of a search.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import cv2
from PIL import Image
from rich.console import Console
from rich.progress import track
from rich.table import Table

from ingestd.document import Record
from ingestd.store.database import connect, transaction
from ingestd.store.documents import save
from lab.bench.data import OUT, drawn_page
from lab.bench.product import product
from lab.bench.readers.ingestd_reader import claimed

PAGE = ("receipt-my", 3)
WINDOW = 200
"""So many documents at each end are timed."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print tables, write ``lab/bench/out/growth.json``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pages", type=int, nargs="+", default=[1, 20, 60])
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)  # one PDF in a process of its own
    options = parser.parse_args(arguments)
    if options.read:
        print(json.dumps(_read(options.read)[1]))
        return
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        pages = [_pages(Path(folder), count) for count in track(options.pages, "pages")]
        console.print(_table("pages in a PDF", pages))
        documents = _documents(Path(folder), options.documents)
        console.print(_table("documents in the database", documents))
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "growth.json").write_text(json.dumps({"pages": pages, "documents": documents}, indent=2) + "\n")


def _table(title: str, rows: Sequence[dict[str, Any]]) -> Table:
    table = Table(*rows[0], title=title)
    for row in rows:
        table.add_row(*(f"{value:.4g}" for value in row.values()))
    return table


def _pages(folder: Path, count: int) -> dict[str, Any]:
    """Read a PDF of so many pages in a process of its own, so that its peak is its own."""
    path = folder / f"{count}.pdf"
    page = Image.fromarray(cv2.cvtColor(drawn_page(*PAGE)[0], cv2.COLOR_BGR2GRAY))
    page.save(path, save_all=True, append_images=[page] * (count - 1), resolution=150)
    command = [sys.executable, "-m", "lab.bench.growth", "--read", str(path)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _read(path: Path) -> tuple[Record, dict[str, Any]]:
    """Read a document; the record and what it cost."""
    cv2.setNumThreads(1)
    pipeline = product()
    begun, before = time.perf_counter(), time.process_time()
    record = pipeline(*claimed(path))
    pages = len(record.reading.pages)
    return record, {
        "pages": pages,
        "s/page": (time.perf_counter() - begun) / pages,
        "CPU s/page": (time.process_time() - before) / pages,
        "peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6,
    }


def _documents(folder: Path, count: int) -> list[dict[str, Any]]:
    """Save one record so many times; what the first and the last of them cost, and a search then."""
    picture = folder / "page.png"
    cv2.imwrite(str(picture), drawn_page(*PAGE)[0])
    record, _ = _read(picture)
    db = connect(folder / "ingestd.db")
    seconds, found = [], []
    for number in track(range(count), "documents"):
        own = replace(record, sha256=hashlib.sha256(str(number).encode()).hexdigest(), name=f"{number}.png")
        now = datetime.now(UTC)
        begun = time.perf_counter()
        with transaction(db):
            save(db, own, source_path=picture, archive_path=None, received_at=now, recorded_at=now)
        seconds.append(time.perf_counter() - begun)
        if number in (WINDOW, count - 1):
            begun = time.perf_counter()
            db.execute(
                "select count(*) from documents_fts where documents_fts match ?", ['"nowhere to be found"']
            ).fetchone()
            found.append(time.perf_counter() - begun)
    db.close()
    ends = (seconds[:WINDOW], seconds[-WINDOW:])
    return [
        {"documents": there, "ms a COMMIT, median": 1000 * median(some), "ms a search": 1000 * search}
        for there, some, search in zip((WINDOW, count), ends, found, strict=True)
    ]


if __name__ == "__main__":
    main()
