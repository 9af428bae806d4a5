"""Databases of any size: rows of a few papers, cloned by SQL with names, texts, values and hashes of their own.

Triggers and secondary indexes are taken away while a database is filled, and made again after it. Sizes are therefore
those of a file after VACUUM; indexes that grew row by row take up to half as much again.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.progress import track
from sqlite_utils import Database

from ingestd.document import Record
from ingestd.store.compact_schema import index_text
from ingestd.store.database import transaction
from ingestd.store.desk_schema import SUMMARISE
from ingestd.store.documents import save
from ingestd.store.rows import without_text
from lab.bench import desk

SHARES = (85, 12, 3)
"""Receipts, VAT invoices and PDFs of both among a hundred documents."""
CHUNK = 20_000
_CLONED = ("readings", "proofs", "codes", "items", "pages", "tables", "papers", "paper_fields")
_OWN = {"merchant": "seller_name", "receipt_no": "invoice_no"} | {
    name: name for name in ("seller_name", "invoice_no", "date", "net", "tax", "total")
}
"""Fields with a value of each document, and the name of that value in ``desk``."""
_COUNTED = (
    "DELETE FROM counts",
    "INSERT INTO counts SELECT 'documents', status, count(*) FROM documents GROUP BY status",
    "INSERT INTO counts SELECT 'pages', '', count(*) FROM pages",
    "INSERT INTO counts SELECT 'jobs', state, count(*) FROM jobs GROUP BY state",
    "DELETE FROM kind_sums",
    "INSERT INTO kind_sums SELECT rule, status, count(*), coalesce(sum(total_cents), 0) FROM summaries"
    " GROUP BY rule, status",
)
"""SQL that counts as triggers would have."""


def fill(db: Database, count: int, bases: Sequence[Record]) -> None:
    """Clone documents until there are so many; the first three are the papers themselves."""
    [(there,)] = db.execute("SELECT count(*) FROM documents").fetchall()
    if there == 0:
        for record in bases:
            save_as(db, record, there)
            there += 1
    if there >= count:
        return
    db.execute("PRAGMA synchronous = OFF")
    db.execute("PRAGMA cache_size = -400000")
    made = _without(db)
    _keep_bases(db)
    first = there + 1
    for start in track(range(first, count + 1, CHUNK), f"{count:,} documents"):
        with transaction(db):
            _clone(db, range(start, min(start + CHUNK, count + 1)))
    with transaction(db):
        _summarise(db, first, count)
    for start in track(range(first, count + 1, CHUNK), "full text"):
        with transaction(db):
            index_text(db, start, min(start + CHUNK - 1, count))
    for sql in track(made, "indexes and triggers"):
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


def _without(db: Database) -> list[str]:
    """Take triggers and secondary indexes away; return the SQL that makes them again."""
    made = db.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL ORDER BY type"
    ).fetchall()
    for kind, name, _ in made:
        db.execute(f'DROP {kind} "{name}"')
    return [sql for _, _, sql in made]


def _keep_bases(db: Database) -> None:
    """Copy the rows of the papers: SQLite would write rows that it selects from the same table twice."""
    for table in ("documents", "fields", *_CLONED):
        key = "id" if table == "documents" else "document_id"
        db.execute(f"CREATE TEMP TABLE base_{table} AS SELECT * FROM {table} WHERE {key} <= {len(SHARES)}")
    db.execute("CREATE TEMP TABLE numbers (number INTEGER PRIMARY KEY, base INTEGER NOT NULL)")
    db.conn.create_function("own_value", 2, _own_value)


def _own_value(number: int, name: str) -> str | None:
    return _values(number)[_OWN[name]] if name in _OWN else None


_last: tuple[int, dict[str, str]] = (0, {})


def _values(number: int) -> dict[str, str]:
    global _last
    if _last[0] != number:
        _last = number, desk.values_of(number)
    return _last[1]


def _clone(db: Database, numbers: range) -> None:
    db.execute("DELETE FROM numbers")
    db.conn.executemany("INSERT INTO numbers VALUES (?, ?)", ((number, _base_of(number)) for number in numbers))
    desk.insert(db, "documents", _documents(db, numbers))
    for table in _CLONED:
        _copy(db, table, {"document_id": "n.number"})
    value, in_doubt = "own_value(n.number, b.name)", f"b.name = 'total' AND n.number % {desk.ONE_IN_REVIEW} = 0"
    own = f"CASE WHEN b.value IS NOT NULL THEN coalesce({value}, b.value) END"
    _copy(
        db,
        "fields",
        {"document_id": "n.number", "value": own, "level": f"CASE WHEN {in_doubt} THEN 'conflict' ELSE b.level END"},
    )
    desk.insert(db, "jobs", map(_job, numbers))


def _copy(db: Database, table: str, changed: Mapping[str, str]) -> None:
    names = [column.name for column in db.table(table).columns]
    chosen = ", ".join(changed.get(name, f"b.{name}") for name in names)
    db.execute(
        f"INSERT INTO {table} ({', '.join(names)}) SELECT {chosen}"
        f" FROM numbers n CROSS JOIN base_{table} b WHERE b.document_id = n.base ORDER BY n.number, b.rowid"
    )


def _documents(db: Database, numbers: Iterable[int]) -> Iterator[dict[str, Any]]:
    bases = {row["id"]: row for row in db.query("SELECT * FROM base_documents")}
    found: dict[int, list[tuple[str, str]]] = {}
    for base, name, value in db.execute("SELECT document_id, name, value FROM base_fields WHERE value IS NOT NULL"):
        found.setdefault(base, []).append((name, value))
    names = [column.name for column in db.table("documents").columns]
    for number in numbers:
        base = _base_of(number)
        made = desk.document(number)
        values = dict.fromkeys(_own_value(number, name) or value for name, value in found[base])
        own = {name: made[name] for name in ("id", "name", "source_path", "archive_path", "status", "recorded_at")}
        text = f"{bases[base]['text']}\n{made['text']}"
        own |= {
            "sha256": _sha256(number),
            "rule": made["rule"] if number % desk.ONE_IN_REVIEW == 0 else bases[base]["rule"],
            "text": text,
            "field_values": "\n".join(without_text(values, text)),
        }
        yield {name: {**bases[base], **own}[name] for name in names}


def _sha256(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def _job(number: int) -> dict[str, Any]:
    return {
        "inbox": "inbox",
        "source_path": f"/inbox/scan-{number:07d}.pdf",
        "name": f"scan-{number:07d}.pdf",
        "size_bytes": 100_000,
        "sha256": _sha256(number),
        "state": "done",
        "mtime_ns": 1_785_758_400_000_000_000,
        "inode": number,
        "attempt": 1,
        "document_id": number,
        "archive_path": f"/archive/scan-{number:07d}.pdf",
        "created_at": "2026-08-03T12:00:00Z",
        "updated_at": "2026-08-03T12:00:05Z",
    }


def _summarise(db: Database, first: int, last: int) -> None:
    added = "id BETWEEN ? AND ?"
    db.execute(
        f"INSERT INTO summaries (document_id, rule, status, levels) SELECT id, rule, status, 0 FROM documents"
        f" WHERE {added}",
        [first, last],
    )
    db.execute(f"{SUMMARISE} WHERE document_id BETWEEN ? AND ?", [first, last])
    for sql in _COUNTED:
        db.execute(sql)
