"""Documents in the database: one Record in, the same Record out.

Nothing here commits: callers that write hold ``database.transaction()``, so that a document and the
state of its job change together or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from ingestd.document import Extraction, Line, Paper, Reading, Record, Status
from ingestd.files.encoding import path_from, path_text, time_from, time_text
from ingestd.store import packing, rows
from ingestd.store.table_rows import table_from, table_rows


@dataclass(frozen=True, slots=True)
class Document:
    """Record with what the database adds to it."""

    id: int
    record: Record
    source_path: Path
    """Place where the user dropped it."""
    archive_path: Path | None
    """Place of the original; None if it was deleted or left in the inbox."""
    received_at: datetime
    recorded_at: datetime


def save(
    db: Database,
    record: Record,
    *,
    source_path: Path,
    archive_path: Path | None,
    received_at: datetime,
    recorded_at: datetime,
) -> int:
    """Write one document with everything that belongs to it; return its id.

    Args:
        db: with an open write transaction, which is not committed here.
        record: all text encodable as UTF-8; field names unique.
        source_path: where the user dropped it.
        archive_path: where the original will be kept, None where it will not.
        received_at: when it arrived.
        recorded_at: now.

    Raises:
        sqlite3.IntegrityError: if a document with this sha256 is recorded already.
    """
    _require_transaction(db)
    extraction = record.extraction
    document = {
        "sha256": record.sha256,
        "name": path_text(record.name),
        "media_type": record.media_type,
        "size_bytes": record.size_bytes,
        "page_count": len(record.reading.pages),
        "source_path": path_text(source_path),
        "archive_path": None if archive_path is None else path_text(archive_path),
        "status": extraction.status.value,
        "rule": extraction.rule,
        "text": rows.plain_text(record.reading),
        "field_values": rows.field_values(extraction),
        "received_at": time_text(received_at),
        "recorded_at": time_text(recorded_at),
        "provenance": rows.to_json(dict(record.provenance)),
        "timings": rows.to_json(dict(record.timings)),
        **rows.place_row(extraction),
    }
    document_id = db.table("documents").insert(document).last_rowid
    assert document_id is not None  # an insert that did not raise has one
    _insert(db, "pages", document_id, map(rows.page_row, record.reading.pages))
    save_lines(db, document_id, record.reading.lines)
    _insert(db, "codes", document_id, map(rows.code_row, record.reading.codes))
    _insert(db, "tables", document_id, table_rows(record.reading.tables))
    _insert_extraction(db, document_id, extraction)
    return document_id


_LINE_COLUMNS = ("page_index", "line_index", "text", "confidence", "source")


def save_lines(db: Database, document_id: int, lines: Sequence[Line]) -> None:
    """Write the lines of a document: text in rows, places and characters packed."""
    if lines:
        texts = ({name: row[name] for name in _LINE_COLUMNS} for row in rows.line_rows(lines))
        _insert(db, "lines", document_id, texts)
        _insert(db, "readings", document_id, [{"packed": packing.pack(lines)}])


def replace_extraction(
    db: Database, document_id: int, extraction: Extraction, *, rules_hash: str | None = None
) -> None:
    """Replace the fields and items of a document; its reading stays.

    Args:
        db: with an open write transaction, which is not committed here.
        document_id: of a recorded document.
        extraction: what holds now.
        rules_hash: of the rules that say so, for provenance; None: those of before.

    Raises:
        LookupError: if there is no such document.
    """
    _require_transaction(db)
    updated = db.execute(
        "UPDATE documents SET status = :status, rule = :rule, field_values = :values, paper_pages = :paper_pages,"
        " paper_area = :paper_area,"
        " provenance = json_set(provenance, '$.rules', coalesce(:rules, provenance ->> '$.rules')) WHERE id = :id",
        {
            "status": extraction.status.value,
            "rule": extraction.rule,
            "values": rows.field_values(extraction),
            "rules": rules_hash,
            "id": document_id,
            **rows.place_row(extraction),
        },
    )
    if not updated.rowcount:
        raise LookupError(f"no document with id {document_id}")
    db.execute("DELETE FROM fields WHERE document_id = ?", [document_id])
    db.execute("DELETE FROM items WHERE document_id = ?", [document_id])
    db.execute("DELETE FROM papers WHERE document_id = ?", [document_id])
    db.execute("DELETE FROM paper_fields WHERE document_id = ?", [document_id])
    _insert_extraction(db, document_id, extraction)


def _insert_extraction(db: Database, document_id: int, extraction: Extraction) -> None:
    _insert(db, "fields", document_id, map(rows.field_row, extraction.fields))
    _insert(db, "items", document_id, rows.item_rows(extraction.items))
    for index, paper in enumerate(extraction.further, 1):
        _insert(db, "papers", document_id, [rows.paper_row(paper, index)])
        fields = ({"paper_index": index, **rows.field_row(field)} for field in paper.fields)
        _insert(db, "paper_fields", document_id, fields)


def _insert(db: Database, table: str, document_id: int, some: Iterable[rows.Row]) -> None:
    db.table(table).insert_all({"document_id": document_id, **row} for row in some)


def _require_transaction(db: Database) -> None:
    if not db.conn.in_transaction:
        raise RuntimeError("writing a document needs database.transaction() around it")


def forget_original(db: Database, document_id: int) -> None:
    """Note that the bytes of a document are no longer kept."""
    db.execute("UPDATE documents SET archive_path = NULL WHERE id = ?", [document_id])


def document_by_sha(db: Database, sha256: str) -> int | None:
    """Return the id of the document with these bytes; None if they are not recorded."""
    row = db.execute("SELECT id FROM documents WHERE sha256 = ?", [sha256]).fetchone()
    return None if row is None else int(row[0])


@dataclass(frozen=True, slots=True)
class StoredReading:
    """The rows of a reading, cheap to load and to hand to another process, where they are parsed."""

    pages: tuple[rows.Row, ...]
    lines: tuple[rows.Row, ...]
    packed: bytes
    """Places and characters of the lines; see ``packing``."""
    codes: tuple[rows.Row, ...]
    tables: tuple[rows.Row, ...]

    def parsed(self) -> Reading:
        """Return the reading, exactly as it was saved.

        Raises:
            ValueError: the packed places are damaged.
        """
        places = packing.unpack(self.packed, [row["text"] for row in self.lines])
        return Reading(
            pages=tuple(map(rows.page_from, self.pages)),
            lines=tuple(rows.line_from(row, *place) for row, place in zip(self.lines, places, strict=True)),
            codes=tuple(map(rows.code_from, self.codes)),
            tables=tuple(map(table_from, self.tables)),
        )


def stored_reading(db: Database, document_id: int) -> StoredReading:
    """Load the rows of a document's reading, unparsed; empty for an unknown id."""
    return StoredReading(
        pages=tuple(_rows(db, "pages", document_id, "page_index")),
        lines=tuple(_rows(db, "lines", document_id, "line_index")),
        packed=_packed(db, document_id),
        codes=tuple(_rows(db, "codes", document_id, "rowid")),
        tables=tuple(_rows(db, "tables", document_id, "table_index")),
    )


def _packed(db: Database, document_id: int) -> bytes:
    row = db.execute("SELECT packed FROM readings WHERE document_id = ?", [document_id]).fetchone()
    return packing.pack(()) if row is None else bytes(row[0])


def load_reading(db: Database, document_id: int) -> Reading:
    """Load the reading of a document, exactly as it was saved; empty for an unknown id."""
    return stored_reading(db, document_id).parsed()


def load_extraction(db: Database, document_id: int) -> Extraction:
    """Load the fields and items of a document.

    Raises:
        LookupError: if there is no such document.
    """
    row = _document_row(db, document_id)
    return _extraction(db, document_id, row)


def load_document(db: Database, document_id: int) -> Document:
    """Load a document with everything that belongs to it, all of one moment.

    Raises:
        LookupError: if there is no such document.
    """
    with db.atomic():
        row = _document_row(db, document_id)
        reading = load_reading(db, document_id)
        extraction = _extraction(db, document_id, row)
    return Document(
        id=document_id,
        record=Record(
            sha256=row["sha256"],
            name=str(path_from(row["name"])),
            media_type=row["media_type"],
            size_bytes=row["size_bytes"],
            reading=reading,
            extraction=extraction,
            provenance=json.loads(row["provenance"]),
            timings=json.loads(row["timings"]),
        ),
        source_path=path_from(row["source_path"]),
        archive_path=None if row["archive_path"] is None else path_from(row["archive_path"]),
        received_at=time_from(row["received_at"]),
        recorded_at=time_from(row["recorded_at"]),
    )


def _extraction(db: Database, document_id: int, row: rows.Row) -> Extraction:
    return Extraction(
        rule=row["rule"],
        fields=tuple(map(rows.field_from, _rows(db, "fields", document_id, "rowid"))),
        items=tuple(map(rows.item_from, _rows(db, "items", document_id, "item_index"))),
        status=Status(row["status"]),
        further=_further(db, document_id),
        unread=_unread(db, document_id),
        pages=tuple(json.loads(row["paper_pages"])),
        area=None if row["paper_area"] is None else rows.quad_from(row["paper_area"]),
    )


def _further(db: Database, document_id: int) -> tuple[Paper, ...]:
    fields = list(_rows(db, "paper_fields", document_id, "rowid"))
    return tuple(
        rows.paper_from(row, [field for field in fields if field["paper_index"] == row["paper_index"]])
        for row in _rows(db, "papers", document_id, "paper_index")
    )


def _unread(db: Database, document_id: int) -> tuple[int, ...]:
    sql = "SELECT page_index FROM pages WHERE document_id = ? AND fault IS NOT NULL ORDER BY page_index"
    return tuple(page_index for (page_index,) in db.execute(sql, [document_id]).fetchall())


def _document_row(db: Database, document_id: int) -> rows.Row:
    for row in db.query("SELECT * FROM documents WHERE id = ?", [document_id]):
        return row
    raise LookupError(f"no document with id {document_id}")


def _rows(db: Database, table: str, document_id: int, order: str) -> Iterable[dict[str, Any]]:
    return db.query(f"SELECT * FROM {table} WHERE document_id = ? ORDER BY {order}", [document_id])
