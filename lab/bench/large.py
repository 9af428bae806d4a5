"""Measure commands and pages against the number of documents: ``python -m lab.bench.large [--documents 10000 300000]``.

Three papers are read once: a receipt, a VAT invoice, and a PDF of both. Their rows are cloned, with texts, values and
numbers of their own; the full-text index is filled by the triggers. Figures of commands are those of a
process from its start to its end; figures of pages leave out network and workers, as in ``lab.bench.desk``.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import psutil
from PIL import Image
from rich.progress import track
from sqlite_utils import Database
from starlette.testclient import TestClient

from ingestd.document import Record
from ingestd.store.database import connect, transaction
from ingestd.store.desk_schema import SUMMARISE
from ingestd.store.documents import save
from lab.bench import desk, harness
from lab.bench.product import claimed, product

RECEIPT = harness.ROOT / "samples" / "receipt.png"
INVOICE = harness.ROOT / "samples" / "cn-vat-invoice.jpg"
SHARES = (85, 12, 3)
"""Receipts, VAT invoices and PDFs of both among a hundred documents."""
CHUNK = 2000
COMMITS = 50
START_LIMIT_S = 120.0
_OWN = ("seller_name", "invoice_no", "date", "net", "tax", "total")
"""Fields with a value of each document."""
_CLONED = ("lines", "readings", "codes", "items", "pages")

COMMANDS = (
    ("an empty command", ["--version"]),
    ("status", ["status"]),
    ("search: one document", ["search", "INV-{middle:07d}"]),
    ("search: in one of six", ["search", "腾讯计算机"]),
    ("search: in every document", ["search", "Paper"]),
    ("search: two characters", ["search", "腾讯"]),
    ("show ID", ["show", "{middle}"]),
    ("show NAME", ["show", "scan-{middle:07d}.pdf"]),
    ("explain PATH", ["explain", "/inbox/scan-{middle:07d}.pdf"]),
    ("check", ["check"]),
)
"""Names of commands, and their arguments."""


def options(parser: argparse.ArgumentParser) -> None:
    """Add sizes."""
    parser.add_argument("--documents", type=int, nargs="+", default=[10_000, 100_000, 300_000])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="keeps the database, for another run")


def measure(options: argparse.Namespace) -> harness.Outcome:
    """Fill the database step by step and measure at each step."""
    sizes = sorted(options.documents)
    with tempfile.TemporaryDirectory() as temporary:
        folder: Path = options.folder or Path(temporary)
        folder.mkdir(exist_ok=True)
        client = desk.client_of(folder)  # makes the inbox and the database
        (folder / "config.yaml").write_text("inboxes: [{path: inbox}]\nengine: {workers: 1}\n", encoding="utf-8")
        bases = _bases(folder)
        columns = []
        for count in sizes:
            with closing(connect(folder / "ingestd.db", "write")) as db:
                fill(db, count, bases)
                parts = dict(_bytes_by_part(db, count))
            columns.append((_commands(folder, count, options.repeats), _pages(client, count, options.repeats), parts))
    heads = tuple(f"{count:,}" for count in sizes)
    titles = (
        "commands, the daemon and COMMIT",
        "pages: ms on the server",
        "bytes per document",
    )
    waiting = f"one document in {desk.ONE_IN_REVIEW} waits for review."
    notes = (
        "Time on the clock / on processors, files in the cache of the system. Backup includes its check.",
        f"On the clock / on processors, median of {options.repeats}; {waiting}",
        "",
    )
    tables = [
        harness.Table(title, ("", *heads), tuple(_rows([column[kind] for column in columns])), notes[kind])
        for kind, title in enumerate(titles)
    ]
    return harness.Outcome("Rows of three papers, cloned with values of their own", tuple(tables))


def _rows(columns: Sequence[dict[str, str]]) -> Iterator[tuple[str, ...]]:
    for name in dict.fromkeys(name for column in columns for name in column):
        yield name, *(column.get(name, "") for column in columns)


# -- documents


def _bases(folder: Path) -> list[Record]:
    """Read the papers that are cloned."""
    both = folder / "both.pdf"
    first, second = (Image.open(path).convert("L") for path in (RECEIPT, INVOICE))
    first.save(both, save_all=True, append_images=[second], resolution=150)
    return [product()(claimed(path)) for path in (RECEIPT, INVOICE, both)]


def fill(db: Database, count: int, bases: Sequence[Record]) -> None:
    """Clone documents until there are so many; the first three are the papers themselves."""
    [(there,)] = db.execute("SELECT count(*) FROM documents").fetchall()
    if there == 0:
        for record in bases:
            save_as(db, record, there)
            there += 1
    db.execute("PRAGMA synchronous = OFF")
    db.execute("PRAGMA cache_size = -400000")
    triggers = db.execute("SELECT name, sql FROM sqlite_master WHERE name LIKE 'fields_summary_%'").fetchall()
    for name, _ in triggers:
        db.execute(f"DROP TRIGGER {name}")
    for first in track(range(there + 1, count + 1, CHUNK), f"{count:,} documents"):
        with transaction(db):
            _clone(db, range(first, min(first + CHUNK, count + 1)), bases)
    for _, sql in triggers:
        db.execute(sql)
    db.execute("ANALYZE")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def save_as(db: Database, record: Record, number: int) -> float:
    """Record a paper under a name of its own; return the seconds that it took."""
    own = replace(record, sha256=hashlib.sha256(f"paper {number}".encode()).hexdigest(), name=f"paper-{number}.png")
    now = datetime.now(UTC)
    begun = time.perf_counter()
    with transaction(db):
        save(db, own, source_path=Path("/inbox") / own.name, archive_path=None, received_at=now, recorded_at=now)
    return time.perf_counter() - begun


def _base_of(number: int) -> int:
    """Id of the paper that a document is cloned from."""
    at = number % 100
    return 1 if at < SHARES[0] else 2 if at < SHARES[0] + SHARES[1] else 3


def _clone(db: Database, numbers: range, bases: Sequence[Record]) -> None:
    texts = {number: text for number, text in db.execute("SELECT id, text FROM documents WHERE id <= 3").fetchall()}
    rules = {index: record.extraction.rule for index, record in enumerate(bases, 1)}

    def document(number: int) -> dict[str, Any]:
        base = _base_of(number)
        made = desk.document(number)
        rule = made["rule"] if number % desk.ONE_IN_REVIEW == 0 else rules[base]
        return made | {"text": f"{texts[base]}\n{desk.text_of(number)}", "rule": rule}

    desk.insert(db, "documents", map(document, numbers))
    pairs = [(number, _base_of(number)) for number in numbers]
    for table in _CLONED:
        columns = [name for name in db[table].columns_dict if name != "document_id"]
        names = ", ".join(columns)
        sql = f"INSERT INTO {table} (document_id, {names}) SELECT ?, {names} FROM {table} WHERE document_id = ?"
        db.conn.executemany(sql, pairs)
    names = ", ".join(name for name in db["fields"].columns_dict if name not in ("document_id", "name"))
    owned = ", ".join(f"'{name}'" for name in _OWN)
    sql = (
        f"INSERT INTO fields (document_id, name, {names}) SELECT ?, name, {names} FROM fields"
        f" WHERE document_id = ? AND name NOT IN ({owned})"
    )
    db.conn.executemany(sql, pairs)
    desk.insert(db, "fields", (field for number in numbers for field in desk.fields(number)))
    desk.insert(db, "jobs", map(_job, numbers))
    db.execute(f"{SUMMARISE} WHERE document_id BETWEEN ? AND ?", [numbers[0], numbers[-1]])


def _job(number: int) -> dict[str, Any]:
    return {
        "inbox": "inbox",
        "source_path": f"/inbox/scan-{number:07d}.pdf",
        "name": f"scan-{number:07d}.pdf",
        "size_bytes": 100_000,
        "sha256": f"{number:064x}",
        "state": "done",
        "mtime_ns": 1_785_758_400_000_000_000,
        "inode": number,
        "attempt": 1,
        "document_id": number,
        "archive_path": f"/archive/scan-{number:07d}.pdf",
        "created_at": "2026-08-03T12:00:00Z",
        "updated_at": "2026-08-03T12:00:05Z",
    }


def _bytes_by_part(db: Database, count: int) -> Iterator[tuple[str, str]]:
    """Yield bytes per document, of tables with their indexes."""
    sql = (
        "SELECT coalesce(m.tbl_name, s.name), sum(s.pgsize) FROM dbstat('main', 1) s"
        " LEFT JOIN sqlite_master m ON m.name = s.name GROUP BY 1 ORDER BY 2 DESC"
    )
    parts: dict[str, int] = {}
    for name, size in db.execute(sql).fetchall():
        part = "documents_fts" if name.startswith("documents_fts") else name
        parts[part] = parts.get(part, 0) + size
    yield "all", f"{sum(parts.values()) / count:,.0f}"
    for name, size in sorted(parts.items(), key=lambda part: -part[1]):
        if size >= count * 5:
            yield f"`{name}`", f"{size / count:,.0f}"


# -- measurements


def _commands(folder: Path, count: int, repeats: int) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, arguments in COMMANDS:
        place = [argument.format(middle=count // 2) for argument in arguments]
        config = [] if name == COMMANDS[0][0] else ["-c", str(folder / "config.yaml")]
        command = [sys.executable, "-m", "ingestd", *place, *config]
        taken = [_timed(command) for _ in range(repeats)]
        found[name] = " / ".join(f"{median(one[kind] for one in taken):.2f}" for kind in (0, 1)) + " s"
    found["start of the daemon"], found["memory of the daemon at rest"] = _start(folder)
    found["COMMIT of a receipt"] = f"{_commit_ms(folder):.1f} ms"
    copy = folder / "copy.db"
    backup = [sys.executable, "-m", "ingestd", "backup", str(copy), "-c", str(folder / "config.yaml")]
    wall, cpu = _timed(backup)
    found["backup"] = f"{wall:.0f} / {cpu:.0f} s"
    copy.unlink()
    found["peak memory of one process, workers included"] = (
        f"{resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e6:.0f} MB"
    )
    return found


def _timed(command: Sequence[str]) -> tuple[float, float]:
    """Run a command; return its time on the clock and on processors."""
    begun, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, capture_output=True, check=False)
    spent, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _start(folder: Path) -> tuple[str, str]:
    """Start the daemon; return the seconds until it watches, and its memory then."""
    log = folder / "log"
    begun = time.perf_counter()
    with log.open("wb") as file:
        command = [sys.executable, "-m", "ingestd", "run", "-c", str(folder / "config.yaml")]
        daemon = subprocess.Popen(command, stdout=file, stderr=file)
    try:
        while "watching" not in log.read_text():
            if time.perf_counter() - begun > START_LIMIT_S or daemon.poll() is not None:
                raise SystemExit(f"the daemon does not watch: {log.read_text()[-500:]}")
            time.sleep(0.02)
        seconds = time.perf_counter() - begun
        process = psutil.Process(daemon.pid)
        memory, times = process.memory_info().rss, process.cpu_times()
    finally:
        daemon.terminate()
        daemon.wait(timeout=START_LIMIT_S)
    return f"{seconds:.2f} / {times.user + times.system:.2f} s", f"{memory / 1e6:.0f} MB"


def _commit_ms(folder: Path) -> float:
    """Milliseconds in which a receipt is recorded, fsync included; the documents are removed again."""
    record = product()(claimed(RECEIPT))
    with closing(connect(folder / "ingestd.db", "write")) as db:
        seconds = [save_as(db, record, -number) for number in range(1, COMMITS + 1)]
        with transaction(db):
            db.execute("DELETE FROM documents WHERE name LIKE 'paper--%'")
        os.sync()
    return 1000 * median(seconds)


def _pages(client: TestClient, count: int, repeats: int) -> dict[str, str]:
    names = [name for name, _ in desk.REQUESTS]
    taken = desk.asked(client, count, repeats)
    return {name: f"{wall} / {cpu}" for name, (wall, cpu) in zip(names, taken, strict=True)}


if __name__ == "__main__":
    harness.run("large", __doc__, measure, options)
