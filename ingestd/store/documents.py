"""Documents in the database: one Record in, the same Record out.

Nothing here commits: callers that write hold ``database.transaction()``, so that a document and the
state of its job change together or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from ingestd.document import Extraction, Line, Paper, Reading, Record, Status
from ingestd.files.encoding import path_from, path_text, time_from, time_text
from ingestd.store import line_spans, packing, proofs, rows, short
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
    extraction, text = record.extraction, rows.plain_text(record.reading)
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
        "text": text,
        "field_values": rows.field_values(extraction, text),
        "received_at": time_text(received_at),
        "recorded_at": time_text(recorded_at),
        "origin": short.values_only(record.provenance, short.PROVENANCE),
        "seconds": short.values_in_order(record.timings, short.STAGES),
        **rows.place_row(extraction),
    }
    document_id = db.table("documents").insert(document).last_rowid
    assert document_id is not None  # an insert that did not raise has one
    _insert(db, "pages", document_id, map(rows.page_row, record.reading.pages))
    save_lines(db, document_id, record.reading.lines, text)
    _insert(db, "codes", document_id, map(rows.code_row, record.reading.codes))
    _insert(db, "tables", document_id, table_rows(record.reading.tables, record.reading.lines))
    _insert_extraction(db, document_id, extraction)
    return document_id


def save_lines(db: Database, document_id: int, lines: Sequence[Line], text: str) -> None:
    """Write the lines of a document as places in its text, with places and characters packed."""
    if lines:
        row = {"lines": line_spans.spans(rows.line_rows(lines), text), "packed": packing.pack(lines)}
        _insert(db, "readings", document_id, [row])


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
    row = db.execute("SELECT text FROM documents WHERE id = ?", [document_id]).fetchone()
    if row is None:
        raise LookupError(f"no document with id {document_id}")
    db.execute(
        "UPDATE documents SET status = :status, rule = :rule, field_values = :values, paper_pages = :paper_pages,"
        " paper_area = :paper_area,"
        " origin = json_set(origin, CASE json_type(origin) WHEN 'array' THEN :place ELSE '$.rules' END,"
        "  coalesce(:rules, provenance ->> '$.rules')) WHERE id = :id",
        {
            "status": extraction.status.value,
            "rule": extraction.rule,
            "values": rows.field_values(extraction, row[0]),
            "place": f"$[{short.PROVENANCE.index('rules')}]",
            "rules": rules_hash,
            "id": document_id,
            **rows.place_row(extraction),
        },
    )
    for table in ("fields", "items", "papers", "paper_fields", "proofs"):
        db.execute(f"DELETE FROM {table} WHERE document_id = ?", [document_id])
    _insert_extraction(db, document_id, extraction)


def _insert_extraction(db: Database, document_id: int, extraction: Extraction) -> None:
    _insert(db, "items", document_id, rows.item_rows(extraction.items))
    fields = {0: list(map(rows.field_row, extraction.fields))}
    for index, paper in enumerate(extraction.further, 1):
        _insert(db, "papers", document_id, [rows.paper_row(paper, index)])
        fields[index] = list(map(rows.field_row, paper.fields))
    save_fields(db, document_id, fields)


def save_fields(db: Database, document_id: int, fields: Mapping[int, Sequence[rows.Row]]) -> None:
    """Write the fields of all papers of a document.

    Args:
        db: with an open write transaction.
        document_id: of a recorded document.
        fields: paper -> rows as ``rows.field_row`` returns them.
    """
    evidence: proofs.Proofs = {}
    for paper, found in fields.items():
        stored = []
        for index, row in enumerate(found):
            stored.append({**({"paper_index": paper} if paper else {}), **_field_columns(row), "field_index": index})
            evidence[paper, row["name"]] = json.loads(row["evidence"]), json.loads(row["candidates"])
        # In the order of the key, pages are filled to their end.
        stored.sort(key=lambda row: row["name"].encode())
        _insert(db, "paper_fields" if paper else "fields", document_id, stored)
    packed = proofs.pack(evidence)
    if packed is not None:
        _insert(db, "proofs", document_id, [{"packed": packed}])


_FIELD_COLUMNS = ("name", "value", "raw", "level", "page_index", "probability")


def _field_columns(row: rows.Row) -> rows.Row:
    """Return the columns of ``fields`` that are stored, from a row as ``rows.field_row`` returns it."""
    quad = None if row["quad"] is None else json.loads(row["quad"])
    return {
        **{name: row[name] for name in _FIELD_COLUMNS},
        "place": short.place_of(json.loads(row["lines"])),
        "type_code": short.TYPES.index(row["type"]),
        "abbreviated": short.abbreviate(row["reasons"]),
        "box": None if quad is None else short.to_json(short.box_of(quad)),
    }


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
            tables=tuple(table_from(row, self.lines) for row in self.tables),
        )


def stored_reading(db: Database, document_id: int) -> StoredReading:
    """Load the rows of a document's reading, unparsed; empty for an unknown id."""
    sql = "SELECT lines, text, packed FROM readings JOIN documents ON id = document_id WHERE document_id = ?"
    spans, text, packed = db.execute(sql, [document_id]).fetchone() or ("[]", "", packing.pack(()))
    return StoredReading(
        pages=tuple(_rows(db, "pages", document_id, "page_index")),
        lines=tuple(line_spans.lines_of(spans, text)),
        packed=packed,
        codes=tuple(_rows(db, "codes", document_id, "rowid")),
        tables=tuple(_rows(db, "tables", document_id, "table_index")),
    )


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
    evidence = _proofs(db, document_id)
    return Extraction(
        rule=row["rule"],
        fields=tuple(map(rows.field_from, _field_rows(db, "fields", document_id, evidence))),
        items=tuple(map(rows.item_from, _rows(db, "items", document_id, "item_index"))),
        status=Status(row["status"]),
        further=_further(db, document_id, evidence),
        unread=_unread(db, document_id),
        pages=tuple(json.loads(row["paper_pages"])),
        area=None if row["paper_area"] is None else rows.quad_from(row["paper_area"]),
    )


def _proofs(db: Database, document_id: int) -> proofs.Proofs:
    row = db.execute("SELECT packed FROM proofs WHERE document_id = ?", [document_id]).fetchone()
    return {} if row is None else proofs.unpack(row[0])


def _field_rows(db: Database, table: str, document_id: int, evidence: proofs.Proofs) -> Iterator[rows.Row]:
    """Yield rows as ``rows.field_row`` returns them."""
    for row in _rows(db, table, document_id, "field_index"):
        reasons, rivals = evidence.get((row.get("paper_index", 0), row["name"]), ([], []))
        yield {**row, "evidence": short.to_json(reasons), "candidates": short.to_json(rivals)}


def _further(db: Database, document_id: int, evidence: proofs.Proofs) -> tuple[Paper, ...]:
    fields = list(_field_rows(db, "paper_fields", document_id, evidence))
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
