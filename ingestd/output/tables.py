"""Tables of recorded documents for export; rows stream, so memory stays constant."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from sqlite_utils import Database

from ingestd.document import FieldType
from ingestd.files.encoding import time_text
from ingestd.store.exports import not_had
from ingestd.store.listing import Filters, ids_query
from ingestd.store.supersessions import not_superseded

Value = str | int | float | None

Kind = Literal["text", "money", "number", "date", "moment"]
"""Meaning of the texts of a column; numbers are numbers in any."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Table: column names, and rows of as many values, made while they are consumed."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[Value, ...]]
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    """By column; ``text`` where a column is not named."""
    paper: tuple[str, str | None] = ("document_id", None)
    """Columns that name document and paper of a row; None: it is the first paper."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Choice of documents for an export."""

    since: datetime | None = None
    """Only those recorded then or later."""
    filters: Filters | None = None
    """Only those of a list; for documents."""
    new_for: str | None = None
    """Only those that are done and that an export of this name has not had."""


_DOCUMENT_COLUMNS = (
    *("id", "name", "rule", "status", "page_count", "received_at", "recorded_at"),
    *("source_path", "archive_path", "sha256"),
)
_MOMENTS: Mapping[str, Kind] = {"received_at": "moment", "recorded_at": "moment"}
_KINDS: Mapping[FieldType, Kind] = {FieldType.MONEY: "money", FieldType.CAPITAL: "money", FieldType.DATE: "date"}
_KNOWN: Mapping[str, Kind] = {
    **dict.fromkeys(("net", "tax", "total", "rounding", "paid", "change", "amount"), "money"),
    "date": "date",
}
"""Kinds of fields that were recorded before types were, of the columns of views, and of items."""


def documents(db: Database, choice: Choice) -> Rows:
    """Return one row per document, with two columns (value and level) for each field that any of them has."""
    first = "min(1000 * document_id + field_index)"
    sql = f"SELECT name, group_concat(DISTINCT type) FROM fields GROUP BY name ORDER BY {first}"
    types = db.execute(sql).fetchall()
    names = [name for name, _ in types]
    chosen, values = ids_query(db, choice.filters) if choice.filters is not None else ("", {})
    columns = (*_DOCUMENT_COLUMNS, *itertools.chain.from_iterable((name, f"{name}_level") for name in names))
    where, more = _chosen(choice, "d.recorded_at", "d.id", "0")
    cursor = db.execute(
        f"SELECT {', '.join(f'd.{name}' for name in _DOCUMENT_COLUMNS)}, f.name, f.value, f.level"
        f" FROM documents d LEFT JOIN fields f ON f.document_id = d.id WHERE {where}"
        f"{f' AND d.id IN ({chosen})' if chosen else ''} ORDER BY d.id",
        {**more, **values},
    )
    width = len(_DOCUMENT_COLUMNS)

    def rows() -> Iterator[tuple[Value, ...]]:
        for document, group in itertools.groupby(cursor, key=lambda row: row[:width]):
            fields = {name: (value, level) for *_, name, value, level in group}
            cells = itertools.chain.from_iterable(fields.get(name, (None, None)) for name in names)
            yield (*document, *cells)

    kinds = {name: _kind(name, found.split(",")) for name, found in types}
    return Rows(columns, rows(), {**kinds, **_MOMENTS}, ("id", None))


def _kind(name: str, types: list[str]) -> Kind:
    """Return the kind of a field's column: that of its types, where they agree."""
    found = {_KINDS.get(FieldType(one), "text") for one in types if one != FieldType.TEXT}
    return found.pop() if len(found) == 1 else "text" if found else _KNOWN.get(name, "text")


def _view(name: str) -> Callable[[Database, Choice], Rows]:
    def rows(db: Database, choice: Choice) -> Rows:
        where, values = _chosen(choice, "v.recorded_at", "v.document_id", "v.paper_index")
        cursor = db.execute(f"SELECT * FROM {name} v WHERE {where} ORDER BY document_id, paper_index", values)
        columns = tuple(column for column, *_ in cursor.description)
        return Rows(columns, cursor, {**_KNOWN, **_MOMENTS}, ("document_id", "paper_index"))

    return rows


def items(db: Database, choice: Choice) -> Rows:
    """Return one row per line item, with its document and paper."""
    cells = ("item_index", "name", "quantity", "unit_price", "amount", "rate", "tax")
    own, of_paper = (", ".join(form % name for name in cells) for form in ("i.%s", "i.value ->> '$.%s'"))
    where, values = _chosen(choice, "d.recorded_at", "d.id", "0")
    further, _ = _chosen(choice, "d.recorded_at", "d.id", "p.paper_index")
    cursor = db.execute(
        f"SELECT d.id AS document_id, d.name AS document, {own}, 0 AS paper_index"
        f" FROM items i JOIN documents d ON d.id = i.document_id WHERE {where}"
        f" UNION ALL SELECT d.id, d.name, {of_paper}, p.paper_index"
        f" FROM papers p JOIN documents d ON d.id = p.document_id, json_each(p.items) i WHERE {further}"
        " ORDER BY 1, paper_index, item_index",
        values,
    )
    columns = tuple(column for column, *_ in cursor.description)
    numbers: Mapping[str, Kind] = dict.fromkeys(("quantity", "unit_price", "rate"), "number")
    return Rows(columns, cursor, {**_KNOWN, **numbers}, ("document_id", "paper_index"))


def cells(db: Database, choice: Choice) -> Rows:
    """Return one row per cell of the tables on pages, with its document; empty cells are there too."""
    where, values = _chosen(choice, "d.recorded_at", "d.id", "0")
    cursor = db.execute(
        "SELECT d.id AS document_id, d.name AS document, c.page_index, c.table_index, c.row_index, c.column_index,"
        " c.row_span, c.column_span, c.is_header, c.text"
        f" FROM table_cells c JOIN documents d ON d.id = c.document_id WHERE {where}"
        " ORDER BY d.id, c.table_index, c.row_index, c.column_index",
        values,
    )
    return Rows(tuple(column for column, *_ in cursor.description), cursor)


def _chosen(choice: Choice, recorded_at: str, document: str, paper: str) -> tuple[str, dict[str, str]]:
    """Return a condition and its values for columns of these names."""
    condition = f"{recorded_at} >= :since AND {not_superseded(document)}"
    values = {"since": "" if choice.since is None else time_text(choice.since)}
    if choice.new_for is not None:
        condition += f" AND {not_had(document, paper)}"
        condition += f" AND {document} IN (SELECT id FROM documents WHERE status = 'done')"
        values["layout"] = choice.new_for
    return condition, values


TABLES: dict[str, Callable[[Database, Choice], Rows]] = {
    "documents": documents,
    "invoices": _view("invoices"),
    "receipts": _view("receipts"),
    "items": items,
    "cells": cells,
}
"""Tables that can be exported."""
