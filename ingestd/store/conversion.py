"""Conversion of documents that an older version recorded into compact rows, a batch per transaction.

The old rows lie in the tables of ``compact_schema.BEFORE``, lines of version 0.1.0 in ``lines_unpacked``, until their
document is converted. Pages that they free are used again, so the file does not grow; it shrinks with VACUUM only.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlite_utils import Database

from ingestd.document import Line
from ingestd.store import documents, line_spans, rows
from ingestd.store.compact_schema import BEFORE, finish_compact, index_text

log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
"""Called with the number of documents converted, and of all."""

_BATCH = 200
"""Documents in one transaction: about a second."""


def left(db: Database) -> int:
    """Return a bound on the documents that are not converted, 0 once all are; takes no time to speak of."""
    if not db["conversion"].exists():
        return 0
    last, newest = db.execute(
        "SELECT (SELECT last_document_id FROM conversion), (SELECT max(id) FROM documents)"
    ).fetchone()
    return max(1, int(newest or 0) - int(last))


def pack_some(db: Database) -> None:
    """Convert the next documents, in the open transaction; drop the old tables after the last."""
    if not left(db):
        return  # another process has converted the last
    found = db.execute(
        "SELECT id, text, field_values FROM documents WHERE id > (SELECT last_document_id FROM conversion)"
        " ORDER BY id LIMIT ?",
        [_BATCH],
    ).fetchall()
    if not found:
        finish_compact(db)
        return
    unpacked = db["lines_unpacked"].exists()
    for document_id, text, values in found:
        if not (unpacked and _pack_lines(db, document_id, text)):
            _move_lines(db, document_id, text)
        _move_fields(db, document_id)
        kept = "\n".join(rows.without_text(values.split("\n"), text))
        db.execute("UPDATE documents SET field_values = ? WHERE id = ?", [kept, document_id])
    first, last = found[0][0], found[-1][0]
    index_text(db, first, last)
    for table in (*(f"{name}_before" for name in BEFORE), *(["lines_unpacked"] if unpacked else [])):
        db.execute(f"DELETE FROM {table} WHERE document_id <= ?", [last])
    db.execute("UPDATE conversion SET last_document_id = ?", [last])


def _pack_lines(db: Database, document_id: int, text: str) -> bool:
    """Convert the lines of version 0.1.0; False if the document has none."""
    found = list(_of(db, "lines_unpacked", document_id, "line_index"))
    documents.save_lines(db, document_id, [_line(document_id, row) for row in found], text)
    return bool(found)


def _move_lines(db: Database, document_id: int, text: str) -> None:
    packed = db.execute("SELECT packed FROM readings_before WHERE document_id = ?", [document_id]).fetchone()
    if packed is not None:
        lines = line_spans.spans(_of(db, "lines_before", document_id, "line_index"), text)
        db.execute("INSERT INTO readings VALUES (?, ?, ?)", [document_id, lines, packed[0]])


def _move_fields(db: Database, document_id: int) -> None:
    fields: dict[int, list[rows.Row]] = {}
    for table in ("fields", "paper_fields"):
        for row in _of(db, f"{table}_before", document_id, "rowid"):
            del row["document_id"]
            fields.setdefault(row.pop("paper_index", 0), []).append(row)
    documents.save_fields(db, document_id, fields)


def _of(db: Database, table: str, document_id: int, order: str) -> Sequence[dict[str, Any]]:
    return list(db.query(f"SELECT * FROM {table} WHERE document_id = ? ORDER BY {order}", [document_id]))


_NOWHERE = ((0.0, 0.0), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0))


def _line(document_id: int, row: Mapping[str, Any]) -> Line:
    try:
        quad, chars = rows.quad_from(row["quad"]), rows.chars_from(row["chars"])
    except (ValueError, TypeError, IndexError) as error:
        # The text is what people search for; its place is not worth refusing to start.
        log.error(
            "document %d, line %d: its place cannot be read and is lost: %s", document_id, row["line_index"], error
        )
        quad, chars = _NOWHERE, ()
    return rows.line_from(row, quad, chars)
