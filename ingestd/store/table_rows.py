"""Tables of documents in the database: one row per table, its cells as compact JSON; exact both ways. Pure functions.

A cell is the index of its line if it has the text of that line, and null if it is empty; its place is then that of its
number, row by row. Any other cell is ``[row, column, text, lines, row span, column span]``; what is empty or 1 at the
end of it is left out. Lines are one index, or a list of several.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from sqlite_utils import Database

from ingestd.document import Cell, Line, Quad, Table
from ingestd.store.line_spans import text_of_line
from ingestd.store.rows import Row, quad_from
from ingestd.store.short import to_json

_SCHEMA = """
CREATE TABLE tables (
    document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    table_index INTEGER NOT NULL,
    page_index INTEGER NOT NULL,
    row_count INTEGER NOT NULL,
    column_count INTEGER NOT NULL,
    header_rows INTEGER NOT NULL,
    quad TEXT NOT NULL,
    edges TEXT NOT NULL,
    cells TEXT NOT NULL,
    PRIMARY KEY (document_id, table_index)
) STRICT;
CREATE VIEW table_cells AS
SELECT tables.document_id, tables.page_index, tables.table_index,
    cell.value ->> 0 AS row_index,
    cell.value ->> 1 AS column_index,
    coalesce(cell.value ->> 2, '') AS text,
    coalesce(cell.value ->> 4, 1) AS row_span,
    coalesce(cell.value ->> 5, 1) AS column_span,
    cell.value ->> 0 < tables.header_rows AS is_header
FROM tables, json_each(tables.cells) AS cell;
"""
_CELLS_VIEW = f"""
CREATE VIEW table_cells AS
SELECT document_id, page_index, table_index, row_index, column_index,
    CASE kind WHEN 'array' THEN coalesce(cell ->> 2, '')
        WHEN 'integer' THEN {text_of_line("cells.document_id", "cells.cell")} ELSE '' END AS text,
    CASE kind WHEN 'array' THEN coalesce(cell ->> 4, 1) ELSE 1 END AS row_span,
    CASE kind WHEN 'array' THEN coalesce(cell ->> 5, 1) ELSE 1 END AS column_span,
    row_index < header_rows AS is_header
FROM (
    SELECT t.document_id, t.page_index, t.table_index, t.header_rows, c.type AS kind, c.value AS cell,
        CASE c.type WHEN 'array' THEN c.value ->> 0 ELSE c.key / t.column_count END AS row_index,
        CASE c.type WHEN 'array' THEN c.value ->> 1 ELSE c.key % t.column_count END AS column_index
    FROM tables t, json_each(t.cells) c
) AS cells
"""
_PLAIN: tuple[Any, ...] = (None, None, "", [], 1, 1)
"""Parts of a cell that are left out at its end."""


def create_tables(db: Database) -> None:
    """Create the table of tables, and the view of their cells."""
    for statement in _SCHEMA.split(";\n")[:-1]:
        db.execute(statement)


def shorten_cells(db: Database) -> None:
    """Let the view of cells know their short forms; those of before stay as they are."""
    db.view("table_cells").drop()
    db.execute(_CELLS_VIEW)


def table_rows(tables: Iterable[Table], lines: Sequence[Line]) -> Iterator[Row]:
    """Yield rows of ``tables``, numbered from 0 through the document.

    Args:
        tables: of one document.
        lines: of the same document.
    """
    for index, table in enumerate(tables):
        yield {
            **_facts(index, table),
            "quad": to_json(table.quad),
            "edges": to_json([table.row_edges, table.column_edges]),
            "cells": to_json([_cell_json(cell, at, table.columns, lines) for at, cell in enumerate(table.cells)]),
        }


def _facts(index: int, table: Table) -> Row:
    return {
        "table_index": index,
        "page_index": table.page_index,
        "row_count": table.rows,
        "column_count": table.columns,
        "header_rows": table.header_rows,
    }


def table_from(row: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> Table:
    """Return the table of a row that ``table_rows`` wrote.

    Args:
        row: of ``tables``.
        lines: rows of the document's lines.
    """
    row_edges, column_edges = json.loads(row["edges"])
    return Table(
        page_index=row["page_index"],
        quad=quad_from(row["quad"]),
        row_edges=tuple(row_edges),
        column_edges=tuple(column_edges),
        header_rows=row["header_rows"],
        cells=tuple(_cell(parts, at, row["column_count"], lines) for at, parts in enumerate(json.loads(row["cells"]))),
    )


def _cell_json(cell: Cell, at: int, columns: int, of: Sequence[Line]) -> int | list[Any] | None:
    if (cell.row, cell.column) == divmod(at, columns) and (cell.row_span, cell.column_span) == (1, 1):
        if not cell.lines and not cell.text:
            return None
        if len(cell.lines) == 1 and cell.lines[0] < len(of) and of[cell.lines[0]].text == cell.text:
            return cell.lines[0]
    lines = cell.lines[0] if len(cell.lines) == 1 else list(cell.lines)
    parts = [cell.row, cell.column, cell.text, lines, cell.row_span, cell.column_span]
    while parts[-1] == _PLAIN[len(parts) - 1] and len(parts) > 2:
        parts.pop()
    return parts


def _cell(parts: int | list[Any] | None, at: int, columns: int, of: Sequence[Mapping[str, Any]]) -> Cell:
    if parts is None:
        return Cell(*divmod(at, columns), "")
    if isinstance(parts, int):
        return Cell(*divmod(at, columns), of[parts]["text"], lines=(parts,))
    row, column, text, lines, row_span, column_span = [*parts, *_PLAIN[len(parts) :]]
    return Cell(row, column, text, row_span, column_span, (lines,) if isinstance(lines, int) else tuple(lines))


def shown_tables(tables: Iterable[Table], *, slim: bool = False) -> Iterator[Row]:
    """Yield tables as the sidecar shows them, with cells as plain data.

    Args:
        tables: of one document.
        slim: leave out the places of cells.
    """
    for index, table in enumerate(tables):
        yield {
            **_facts(index, table),
            "quad": table.quad,
            "cells": [_shown(table, cell, slim=slim) for cell in table.cells],
        }


def _shown(table: Table, cell: Cell, *, slim: bool) -> Row:
    return {
        "row_index": cell.row,
        "column_index": cell.column,
        "row_span": cell.row_span,
        "column_span": cell.column_span,
        "text": cell.text,
        **({} if slim else {"quad": cell_quad(table, cell)}),
        "lines": cell.lines,
    }


def cell_quad(table: Table, cell: Cell) -> Quad:
    """Return the corners of a cell in decoded pixels, rounded to 0.01."""
    top, bottom = table.row_edges[cell.row], table.row_edges[cell.row + cell.row_span]
    left, right = table.column_edges[cell.column], table.column_edges[cell.column + cell.column_span]
    at = partial(_at, table.quad)
    return at(left, top), at(right, top), at(right, bottom), at(left, bottom)


def _at(quad: Quad, x: float, y: float) -> tuple[float, float]:
    """Return the point at these shares of the way along and down a quad."""
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = quad
    return (
        round((1 - y) * ((1 - x) * ax + x * bx) + y * ((1 - x) * dx + x * cx), 2),
        round((1 - y) * ((1 - x) * ay + x * by) + y * ((1 - x) * dy + x * cy), 2),
    )
