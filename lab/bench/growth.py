"""Measure whether cost grows with what is there: ``python -m lab.bench.growth [--pages 1 60 600] [--documents 10000]``.

Pages: one PDF of scanned pages through the whole pipeline, each in a process of its own. Documents: one record saved
again and again under new names; time per COMMIT and per search at the beginning and at the end.
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import cv2
from PIL import Image
from rich.progress import track

from ingestd.document import Record
from ingestd.store.database import connect, transaction
from ingestd.store.documents import save
from lab.bench import harness
from lab.bench.data import drawn_page
from lab.bench.product import claimed, product

PAGE = ("receipt-my", 3)
WINDOW = 200
"""Documents timed at each end."""


def options(parser: argparse.ArgumentParser) -> None:
    """Add sizes."""
    parser.add_argument("--pages", type=int, nargs="+", default=[1, 20, 60])
    parser.add_argument("--documents", type=int, default=10_000)


def measure(options: argparse.Namespace) -> harness.Outcome:
    """Read the PDFs, then fill a database."""
    with tempfile.TemporaryDirectory() as folder:
        pages = []
        for count in track(options.pages, "pages"):
            with ProcessPoolExecutor(1, get_context("spawn")) as alone:  # so that its peak is its own
                pages.append(alone.submit(_read_pages, Path(folder), count).result())
        documents = list(_documents(Path(folder), options.documents))
    return harness.Outcome(
        "the drawn receipt of seed 3",
        (
            harness.Table("pages in a PDF", ("pages", "s per page", "CPU s per page", "peak MB"), tuple(pages)),
            harness.Table(
                "documents in the database", ("documents", "ms per COMMIT, median", "ms per search"), tuple(documents)
            ),
        ),
    )


def _read_pages(folder: Path, count: int) -> tuple[str, ...]:
    path = folder / f"{count}.pdf"
    page = Image.fromarray(cv2.cvtColor(drawn_page(*PAGE)[0], cv2.COLOR_BGR2GRAY))
    page.save(path, save_all=True, append_images=[page] * (count - 1), resolution=150)
    cv2.setNumThreads(1)
    pipeline = product()
    begun, before = time.perf_counter(), time.process_time()
    pipeline(claimed(path))
    spent, cpu = (time.perf_counter() - begun) / count, (time.process_time() - before) / count
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    return str(count), f"{spent:.2f}", f"{cpu:.2f}", f"{peak:.0f}"


def _documents(folder: Path, count: int) -> Iterator[tuple[str, ...]]:
    """Save one record so many times."""
    picture = folder / "page.png"
    cv2.imwrite(str(picture), drawn_page(*PAGE)[0])
    record: Record = product()(claimed(picture))
    db = connect(folder / "ingestd.db")
    seconds: list[float] = []
    for number in track(range(count), "documents"):
        own = replace(record, sha256=hashlib.sha256(str(number).encode()).hexdigest(), name=f"{number}.png")
        now = datetime.now(UTC)
        begun = time.perf_counter()
        with transaction(db):
            save(db, own, source_path=picture, archive_path=None, received_at=now, recorded_at=now)
        seconds.append(time.perf_counter() - begun)
        if number + 1 in (WINDOW, count):
            begun = time.perf_counter()
            query = "select count(*) from documents_fts where documents_fts match ?"
            db.execute(query, ['"nowhere to be found"']).fetchone()
            search = time.perf_counter() - begun
            yield str(number + 1), f"{1000 * median(seconds[-WINDOW:]):.1f}", f"{1000 * search:.2f}"
    db.close()


if __name__ == "__main__":
    harness.run("growth", __doc__, measure, options)
