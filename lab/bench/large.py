"""Measure commands and pages against the number of documents: ``python -m lab.bench.large [--documents 10000 300000]``.

Three papers are read once: a receipt, a VAT invoice, and a PDF of both. Their rows are cloned (``lab.bench.clones``).
Figures of commands are those of a process from its start to its end, and the largest memory of it or one of its
children; figures of pages leave out network and workers, as in ``lab.bench.desk``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from statistics import median

import psutil
from PIL import Image
from sqlite_utils import Database
from starlette.testclient import TestClient

from ingestd.document import Record
from ingestd.store.database import connect, transaction
from lab.bench import desk, harness
from lab.bench.clones import fill, save_as
from lab.bench.product import claimed, product

RECEIPT = harness.ROOT / "samples" / "receipt.png"
INVOICE = harness.ROOT / "samples" / "cn-vat-invoice.jpg"
COMMITS = 50
START_LIMIT_S = 120.0

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
    parser.add_argument("--documents", type=int, nargs="+", default=[100_000, 300_000, 1_000_000])
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
        "Time on the clock / on processors; largest memory. Backup includes its check; export writes all documents.",
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


def _bytes_by_part(db: Database, count: int) -> Iterator[tuple[str, str]]:
    """Yield bytes per document, of tables with their indexes."""
    # Page by page: sums that dbstat makes itself have 32 bits.
    sql = (
        "SELECT coalesce(m.tbl_name, s.name), sum(s.pgsize) FROM dbstat s"
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
        taken = [_timed(_command(folder, place)) for _ in range(repeats)]
        found[name] = _shown(*(median(one[kind] for one in taken) for kind in range(3)))
    found["start of the daemon"], found["memory of the daemon at rest"] = _start(folder)
    found["COMMIT of a receipt"] = f"{_commit_ms(folder):.1f} ms"
    for name, command in (("export", "export --format csv -o"), ("backup", "backup")):
        written = folder / f"written-{name}"
        found[name] = _shown(*_timed(_command(folder, [*command.split(), str(written)])))
        written.unlink()
    return found


def _command(folder: Path, arguments: Sequence[str]) -> list[str]:
    config = [] if arguments[0].startswith("--") else ["-c", str(folder / "config.yaml")]
    return [sys.executable, "-m", "ingestd", *arguments, *config]


def _shown(wall: float, cpu: float, memory: float) -> str:
    digits = 0 if wall >= 10 else 2
    return f"{wall:.{digits}f} / {cpu:.{digits}f} s, {memory / 1e6:.0f} MB"


_RUNNER = """
import json, os, subprocess, sys, time
begun = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, used = os.wait4(process.pid, 0)
print(json.dumps([time.perf_counter() - begun, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024]))
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""Linux counts the memory of the process that forks as memory of the command, so a small one does."""


def _timed(command: Sequence[str]) -> tuple[float, float, float]:
    """Run a command; return its time on the clock and on processors (s), and its largest memory (bytes)."""
    done = subprocess.run([sys.executable, "-S", "-c", _RUNNER, *command], capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{' '.join(command)}: exit status {done.returncode}: {done.stderr[-500:]}", file=sys.stderr)
    wall, cpu, memory = json.loads(done.stdout)
    return wall, cpu, memory


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
