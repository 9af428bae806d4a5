"""The sidecar: NAME.EXT.json beside the original, with the content of the document's rows.

It is rendered from the database, so rendering it again after a crash gives the same bytes. The
models describe its form (docs/sidecar.schema.json is generated from them); rendering does not go
through them, because JSON columns are copied as they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field
from sqlite_utils import Database

from ingestd.document import Level, PageRole, Reading, Source, Status
from ingestd.files import durable
from ingestd.files.encoding import path_from
from ingestd.files.names import sidecar_path
from ingestd.store import corrections
from ingestd.store.database import transaction
from ingestd.store.documents import load_reading
from ingestd.store.rows import Row, line_rows
from ingestd.store.short import to_json
from ingestd.store.table_rows import shown_tables

SCHEMA = 1
"""Rises when a key changes its meaning or goes; new keys do not change it."""

Probability = Annotated[float, Field(ge=0, le=1)]
Corner = tuple[float, float]
Quad = Annotated[
    tuple[Corner, Corner, Corner, Corner],
    Field(description="Corners [x, y] in pixels of the decoded page, clockwise from the reading direction's top left."),
]


class FieldRow(BaseModel):
    """One extracted field with its proof."""

    name: str
    value: str | None = Field(description="Normalised: ISO date, decimal string with a dot, code without spaces.")
    raw: str | None = Field(description="As read, never corrected.")
    level: Level
    page_index: int | None
    quad: Quad | None
    lines: list[tuple[int, int]] = Field(description="[page_index, line_index] of the lines it was read from.")
    reasons: list[str]


class ItemRow(BaseModel):
    """One line item."""

    item_index: int
    name: str | None
    quantity: str | None
    unit_price: str | None
    amount: str | None
    rate: str | None
    tax: str | None


class PaperRow(BaseModel):
    """Paper after the first in the same file."""

    paper_index: int = Field(ge=1)
    pages: list[int] = Field(description="Page indices, ascending.")
    area: Quad | None = Field(description="Its part of the page; null: its pages are its own.")
    rule: str
    status: Status
    items: list[ItemRow]


class PaperFieldRow(FieldRow):
    """One field of a paper after the first."""

    paper_index: int = Field(ge=1)


class CodeRow(BaseModel):
    """A QR or one-dimensional code."""

    page_index: int
    kind: str
    text: str
    quad: Quad


class PageRow(BaseModel):
    """One page and what was done to it before reading."""

    page_index: int
    width_px: int
    height_px: int
    dpi: float
    rotation_deg: int
    skew_deg: float
    quality: dict[str, float | None]
    steps: list[str]
    fault: str | None = Field(
        default=None, description="Why the page could not be read; the key is left out where it was."
    )
    role: PageRole = Field(
        default=PageRole.FREE, description="In the division of the file into papers; left out where it is free."
    )


class LineRow(BaseModel):
    """A run of text on one row of a page."""

    page_index: int
    line_index: int = Field(description="From 0 through the document, in reading order.")
    text: str
    confidence: Probability
    quad: Quad
    source: Source
    chars: list[list[float | str]] = Field(
        default=[],
        description="Per character: position along the line (0 to 1), then character and probability of each"
        " alternative, the emitted one first. Empty where nothing is known; left out by `record.sidecar: slim`.",
    )


class CellRow(BaseModel):
    """One cell of a table; each field of the table's grid is in exactly one."""

    row_index: int = Field(description="Its first row, from 0.")
    column_index: int = Field(description="Its first column, from 0.")
    row_span: int = Field(ge=1)
    column_span: int = Field(ge=1)
    text: str = Field(description="Empty where nothing is printed; wrapped text is joined.")
    quad: Quad | None = Field(default=None, description="Left out by `record.sidecar: slim`.")
    lines: list[int] = Field(description="line_index of the lines it was read from.")


class TableRow(BaseModel):
    """One table on a page."""

    table_index: int = Field(description="From 0 through the document.")
    page_index: int
    row_count: int = Field(ge=1)
    column_count: int = Field(ge=1)
    header_rows: int = Field(ge=0, description="Rows at the top that head the columns; 0 where none evidently do.")
    quad: Quad
    cells: list[CellRow] = Field(description="By row, then by column; empty cells are there too.")


class CorrectionRow(BaseModel):
    """One correction by a person."""

    field: str = Field(description="Name of the field, or @rule for the kind of document.")
    action: Literal["confirm", "withdraw"] = Field(description="withdraw: what was read holds again.")
    from_value: str | None = Field(description="Value before.")
    from_level: Level | None = Field(description="Level before; null where the document had no such field.")
    to_value: str | None = Field(description="Value from then on; null: the document has none.")
    corrected_by: str
    corrected_at: datetime


class Sidecar(BaseModel):
    """Record of one document."""

    version: Literal[1] = Field(alias="schema", description="Version of this format.")
    id: int = Field(description="documents.id in the database.")
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    name: str
    media_type: str
    size_bytes: int
    page_count: int
    source_path: str = Field(description="Path in the inbox; bytes that are not printable UTF-8 as \\xNN.")
    archive_path: str | None
    status: Status
    rule: str
    received_at: datetime
    recorded_at: datetime
    provenance: dict[str, str]
    timings: dict[str, float] = Field(description="Seconds by stage.")
    text: str = Field(description="All lines, a form feed between pages.")
    paper_pages: list[int] = Field(
        default=[], description="Page indices of the first paper; the key is left out where they are all."
    )
    paper_area: Quad | None = Field(
        default=None, description="Its part of the page; the key is left out where its pages are its own."
    )
    fields: list[FieldRow]
    items: list[ItemRow]
    codes: list[CodeRow]
    pages: list[PageRow]
    lines: list[LineRow]
    tables: list[TableRow] = Field(default=[], description="The key is left out where there are none.")
    papers: list[PaperRow] = Field(
        default=[], description="Papers after the first; the key is left out where there are none."
    )
    paper_fields: list[PaperFieldRow] = Field(
        default=[], description="Fields of these papers; the key is left out where there are none."
    )
    corrections: list[CorrectionRow] = Field(
        default=[], description="Oldest first; the key is left out where there are none."
    )


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode

_JSON_COLUMNS = frozenset(
    (
        *("quality", "steps", "quad", "chars", "lines", "reasons", "provenance", "timings"),
        *("pages", "area", "items", "paper_pages", "paper_area"),  # of papers
        "cells",
    )
)

_TABLES: dict[str, tuple[type[BaseModel], str]] = {
    "fields": (FieldRow, "field_index"),
    "items": (ItemRow, "item_index"),
    "codes": (CodeRow, "rowid"),
    "pages": (PageRow, "page_index"),
    "lines": (LineRow, "line_index"),
    "tables": (TableRow, "table_index"),
    "papers": (PaperRow, "paper_index"),
    "paper_fields": (PaperFieldRow, "paper_index, field_index"),
    "corrections": (CorrectionRow, "id"),
}
"""Table -> its columns (as a model), and the column that orders it."""
_LEFT_OUT = ("tables", "papers", "paper_fields", "corrections")
"""Tables whose key is left out where they have no rows: sidecars without them keep their bytes."""
_USUAL = {"paper_pages": "[]", "paper_area": None, "role": PageRole.FREE.value, "fault": None}
"""Columns that are left out where they have this value, for the same reason."""


def render(db: Database, document_id: int, *, slim: bool = False) -> bytes:
    """Render the sidecar of a document: UTF-8 JSON, one row per line, keys in a fixed order, a newline at the end.

    Args:
        db: the database.
        document_id: of a recorded document.
        slim: leave out the characters of lines and the places of cells.

    Raises:
        LookupError: if there is no such document.
    """
    columns = [name for name in Sidecar.model_fields if name not in _TABLES and name != "version"]
    with db.atomic():
        documents = list(_rows(db, "documents", columns, f"id = {document_id:d}", "id"))
        if not documents:
            raise LookupError(f"no document with id {document_id}")
        parts = [f'"schema": {SCHEMA}', *_members(documents[0])]
        reading = load_reading(db, document_id)
        for table, (model, order) in _TABLES.items():
            where = f"document_id = {document_id:d}"
            if table == "lines":
                found: Iterable[Row] = _line_rows(reading, slim=slim)
            elif table == "tables":
                found = _table_rows(reading, slim=slim)
            else:
                found = _rows(db, table, model.model_fields, where, order)
            rows = [_object(row) for row in found]
            if rows or table not in _LEFT_OUT:
                parts.append(f'"{table}": [' + ",".join(f"\n  {row}" for row in rows) + ("\n ]" if rows else "]"))
    return ("{\n " + ",\n ".join(parts) + "\n}\n").encode()


def _table_rows(reading: Reading, *, slim: bool) -> Iterable[Row]:
    for row in shown_tables(reading.tables, slim=slim):
        yield {**row, "quad": to_json(row["quad"]), "cells": _encode(row["cells"])}


def _line_rows(reading: Reading, *, slim: bool) -> Iterable[Row]:
    for row in line_rows(reading.lines):
        if slim:
            del row["chars"]
        yield row


def render_like(db: Database, document_id: int, path: Path) -> bytes:
    """Render the sidecar of a document in the form of the one that is there, slim or not."""
    return render(db, document_id, slim=is_slim(path.read_bytes()))


def is_slim(content: bytes) -> bool:
    """Tell whether a sidecar has lines without characters, as ``record.sidecar: slim`` writes it."""
    return b'"line_index": ' in content and b'"chars": ' not in content


def place_of(db: Database, document_id: int) -> Path | None:
    """Return the path of the sidecar, written or not: beside that of the original, even of one that was not kept."""
    row = db.execute(
        "SELECT archive_path FROM jobs WHERE document_id = ? AND state IN ('recorded', 'done')", [document_id]
    ).fetchone()
    return None if row is None or row[0] is None else sidecar_path(path_from(row[0]))


def refresh(db: Database, document_ids: Iterable[int], *, wanted: bool) -> list[Path]:
    """Bring sidecars up to date after corrections; those that were taken away are not written again.

    Args:
        db: open for writing, without a transaction; the write lock is held while the files are written, so that the
            files of two processes come in the order of their commits.
        document_ids: of corrected or re-extracted documents.
        wanted: write the files; False where the configuration asks for none.

    Returns:
        Sidecars that were taken away.

    Raises:
        TransientError: a file cannot be written; all stay due.
    """
    gone = []
    with transaction(db):
        for document_id in document_ids:
            on_its_way = "SELECT 1 FROM jobs WHERE document_id = ? AND state = 'recorded'"
            if db.execute(on_its_way, [document_id]).fetchone() is not None:
                continue  # the daemon may have rendered it before the change and write it after this
            path = place_of(db, document_id) if wanted else None
            if path is not None and path.exists():
                durable.write_atomic(path, render_like(db, document_id, path))
            elif path is not None:
                gone.append(path)
            corrections.sidecar_written(db, document_id)
    return gone


def refresh_due(db: Database, limit: int, *, wanted: bool) -> int:
    """Bring sidecars up to date that an interrupted command left behind; return the number that was due.

    Raises:
        TransientError: a file cannot be written; it stays due.
    """
    due = corrections.sidecars_due(db, limit)
    for document_id in due:
        refresh(db, [document_id], wanted=wanted)
    return len(due)


def json_schema() -> str:
    """Return the text of docs/sidecar.schema.json."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Sidecar.model_json_schema()}
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def _rows(db: Database, table: str, columns: Iterable[str], where: str, order: str) -> Iterable[dict[str, Any]]:
    return db.query(f"SELECT {', '.join(columns)} FROM {table} WHERE {where} ORDER BY {order}")


def _members(row: Row) -> list[str]:
    return [
        f'"{name}": {value if name in _JSON_COLUMNS and value is not None else _encode(value)}'
        for name, value in row.items()
        if name not in _USUAL or value != _USUAL[name]
    ]


def _object(row: Row) -> str:
    return "{" + ", ".join(_members(row)) + "}"
