"""Measure the pages against the number of documents: ``python -m lab.bench.desk [--documents 1000 300000]``.

Documents are written by SQL into a database of the real schema. Each request goes through the whole application, guard
and templates included, in this process; no network and no workers are measured.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from statistics import median
from typing import Any, NoReturn

from rich.progress import track
from sqlite_utils import Database
from starlette.testclient import TestClient

from ingestd.clock import SystemClock
from ingestd.config import parse
from ingestd.document import Line
from ingestd.extract import load_rules
from ingestd.layout.geometry import rect_quad
from ingestd.store.database import connect, transaction
from ingestd.store.desk_schema import SUMMARISE
from ingestd.store.documents import save_lines
from ingestd.store.short import TYPES
from ingestd.web.app import create_app
from ingestd.web.tokens import TokenStore
from lab.bench import harness

PORT = 5000
CHUNK = 10_000
ONE_IN_REVIEW = 20
"""One document of so many waits for a person."""
LINES = 30
"""Of a document in review; those of others are not asked for."""
_SELLERS = (
    "永辉超市",
    "深圳市腾讯计算机系统有限公司",
    "Northwind Trading Ltd",
    "华联商厦",
    "KEDAI PAPAN",
    "上海样例公司",
)
_KINDS = ("cn-vat-invoice", "invoice", "receipt", "en-receipt")
_OWN = {"Sec-Fetch-Site": "same-origin"}

REQUESTS = (
    ("list", "/documents"),
    ("list, page in the middle", "/documents?before={middle}"),
    ("filter: kind and status", "/documents?kind=receipt&status=review"),
    ("filter: dates and amounts", "/documents?date_from=2026-02-01&date_to=2026-02-28&total_from=500&total_to=900"),
    ("filter: seller", "/documents?seller=%E8%85%BE%E8%AE%AF"),
    ("filter: level", "/documents?level=conflict"),
    ("search: one document", "/documents?text=INV-{middle:07d}"),
    ("search: frequent word", "/documents?text=%E8%85%BE%E8%AE%AF%E8%AE%A1%E7%AE%97%E6%9C%BA"),
    ("search: two characters", "/documents?text=%E8%85%BE%E8%AE%AF"),
    ("one document", "/documents/{middle}"),
    ("review queue", "/review/queue"),
    ("next review page", "/review/next"),
    ("status", "/status"),
)
"""Questions, and their addresses."""


class Idle:
    """Engine without workers, for requests that need none."""

    slots = 1

    def submit(self, *_: Any) -> Future[Any]:
        """Refuse."""
        raise NotImplementedError

    def rest(self) -> None:
        """Do nothing."""

    def close(self, *, finish: bool) -> None:
        """Do nothing."""


def options(parser: argparse.ArgumentParser) -> None:
    """Add sizes."""
    parser.add_argument("--documents", type=int, nargs="+", default=[1000, 10_000, 100_000, 300_000])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--folder", type=Path, help="keeps the database, for another run")


def measure(options: argparse.Namespace) -> harness.Outcome:
    """Fill the database step by step and ask at each step."""
    sizes = sorted(options.documents)
    taken = []
    with tempfile.TemporaryDirectory() as folder:
        root: Path = options.folder or Path(folder)
        client = client_of(root)
        db = connect(root / "ingestd.db", "write")
        db.execute("PRAGMA synchronous = OFF")
        for count in sizes:
            fill(db, count)
            taken.append(list(asked(client, count, options.repeats)))
        db.close()
    heads = tuple(f"{count:,}" for count in sizes)
    names = [name for name, _ in REQUESTS]
    tables = tuple(
        harness.Table(
            f"{what} by documents in the database",
            ("request", *heads),
            tuple(zip(names, *([one[kind] for one in column] for column in taken), strict=True)),
            f"Median of {options.repeats}; one document in {ONE_IN_REVIEW} waits for review.",
        )
        for kind, what in enumerate(("ms on the server", "ms of CPU"))
    )
    return harness.Outcome("Made-up documents, text of 250 characters", tables)


def client_of(root: Path) -> TestClient:
    """Open the application on a database in this folder."""
    (root / "inbox").mkdir(exist_ok=True)
    config = parse("inboxes: [{path: inbox}]\nweb: {requests_per_s: 10000}", root / "config.yaml")
    connect(config.record.database).close()
    idle: Any = Idle()
    app = create_app(
        config,
        port=PORT,
        rules=load_rules(None),
        reader=idle,
        painter=idle,
        tokens=TokenStore(config.web.tokens),
        clock=SystemClock(),
    )
    return TestClient(app, base_url=f"http://127.0.0.1:{PORT}", headers=_OWN)


def asked(client: TestClient, count: int, repeats: int) -> Iterator[tuple[str, str]]:
    """Time of each request on the clock and on the processor; the first of each is not counted."""
    for _, address in REQUESTS:
        place = address.format(middle=count // 2)
        times = []
        for _ in range(repeats + 1):
            begun, cpu = time.perf_counter(), time.process_time()
            answer = client.post(place, json={}) if place == "/review/next" else client.get(place)
            times.append((1000 * (time.perf_counter() - begun), 1000 * (time.process_time() - cpu)))
            if answer.status_code != 200:
                _fail(place, answer.status_code)
        wall, cpu = (median(one[kind] for one in times[1:]) for kind in (0, 1))
        yield f"{wall:.0f}", f"{cpu:.0f}"


def _fail(place: str, status: int) -> NoReturn:
    raise SystemExit(f"{place}: found HTTP {status}, expected 200")


# -- documents


def fill(db: Database, count: int) -> None:
    """Add documents until there are so many."""
    [(there,)] = db.execute("SELECT count(*) FROM documents").fetchall()
    triggers = db.execute("SELECT name, sql FROM sqlite_master WHERE name LIKE 'fields_summary_%'").fetchall()
    for name, _ in triggers:
        db.execute(f"DROP TRIGGER {name}")
    for first in track(range(there + 1, count + 1, CHUNK), f"{count:,} documents"):
        numbers = range(first, min(first + CHUNK, count + 1))
        with transaction(db):
            insert(db, "documents", map(document, numbers))
            insert(db, "fields", (field for number in numbers for field in fields(number)))
            waiting = [number for number in numbers if number % ONE_IN_REVIEW == 0]
            insert(db, "pages", map(_page, waiting))
            for number in waiting:
                save_lines(db, number, _LINES, text_of(number))
            db.execute(f"{SUMMARISE} WHERE document_id BETWEEN ? AND ?", [numbers[0], numbers[-1]])
    for _, sql in triggers:
        db.execute(sql)
    db.execute("ANALYZE")


def insert(db: Database, table: str, rows: Iterator[dict[str, Any]]) -> None:
    """Insert rows that have the same columns."""
    first = next(rows, None)
    if first is None:
        return
    names = ", ".join(first)
    marks = ", ".join(f":{name}" for name in first)
    sql = f"INSERT INTO {table} ({names}) VALUES ({marks})"
    db.conn.execute(sql, first)
    db.conn.executemany(sql, rows)


def values_of(number: int) -> dict[str, str]:
    """Return the values of a document by field."""
    total = 1000 + number * 7919 % 500_000
    return {
        "seller_name": _SELLERS[number % len(_SELLERS)],
        "invoice_no": f"INV-{number:07d}",
        "date": f"2026-{1 + number % 12:02d}-{1 + number % 28:02d}",
        "net": f"{total / 125:.2f}",
        "tax": f"{total / 100 - total / 125:.2f}",
        "total": f"{total / 100:.2f}",
    }


def text_of(number: int) -> str:
    """Return a text of its own for a document."""
    values = values_of(number)
    goods = "\n".join(f"Paper A4 {number * 31 % 997 + row} sheets {row * 3}.50 办公用品" for row in range(4))
    return "\n".join((*values.values(), goods, "Thank you for your purchase 谢谢惠顾"))


def document(number: int) -> dict[str, Any]:
    """Return the row of a document."""
    return {
        "id": number,
        "sha256": f"{number:064x}",
        "name": f"scan-{number:07d}.pdf",
        "media_type": "application/pdf",
        "size_bytes": 100_000,
        "page_count": 1,
        "source_path": f"/inbox/scan-{number:07d}.pdf",
        "archive_path": f"/archive/scan-{number:07d}.pdf",
        "status": "done" if number % ONE_IN_REVIEW else "review",
        "rule": _KINDS[number % len(_KINDS)],
        "text": text_of(number),
        "field_values": "\n".join(values_of(number).values()),
        "received_at": "2026-08-03T12:00:00Z",
        "recorded_at": f"2026-08-03T{number // 60 % 24:02d}:{number % 60:02d}:00Z",
        "origin": "{}",
        "seconds": "{}",
    }


def fields(number: int) -> Iterator[dict[str, Any]]:
    """Yield the rows of its fields."""
    for index, (name, value) in enumerate(values_of(number).items()):
        in_doubt = name == "total" and number % ONE_IN_REVIEW == 0
        yield {
            "document_id": number,
            "name": name,
            "value": value,
            "raw": value,
            "level": "conflict" if in_doubt else "proved",
            "page_index": 0,
            "field_index": index,
            "box": "[100,100,900,300]",
            "place": 0,
            "abbreviated": "[]",
            "type_code": TYPES.index("money" if name in ("net", "tax", "total") else "text"),
            "probability": 0.9,
        }


def _page(number: int) -> dict[str, Any]:
    return {
        "document_id": number,
        "page_index": 0,
        "width_px": 1654,
        "height_px": 2339,
        "dpi": 200.0,
        "rotation_deg": 0,
        "skew_deg": 0.0,
        "measures": "{}",
        "steps": "[]",
    }


_LINES = tuple(Line(0, rect_quad(10, 30 * index, 90, 30 * index + 20), f"line {index}", 0.9) for index in range(LINES))


if __name__ == "__main__":
    harness.run("desk", __doc__, measure, options)
