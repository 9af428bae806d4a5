"""Export of documents as CSV, JSON lines or an Excel workbook; rows stream, so memory stays constant."""

from __future__ import annotations

import csv
import functools
import io
import itertools
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import BinaryIO

import xlsxwriter
from sqlite_utils import Database
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from ingestd.errors import IngestdError
from ingestd.files.encoding import escape, time_text
from ingestd.store.listing import Filters, ids_query

Value = str | int | float | None


@dataclass(frozen=True, slots=True)
class Rows:
    """Table: column names, and rows of as many values, made while they are consumed."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[Value, ...]]


# -- tables


_DOCUMENT_COLUMNS = (
    "id",
    "name",
    "rule",
    "status",
    "page_count",
    "received_at",
    "recorded_at",
    "source_path",
    "archive_path",
    "sha256",
)


def documents(db: Database, since: datetime | None, filters: Filters | None = None) -> Rows:
    """Return one row per document, with two columns (value and level) for each field that any of them has."""
    names = [name for (name,) in db.execute("SELECT name FROM fields GROUP BY name ORDER BY min(rowid)").fetchall()]
    chosen, values = ids_query(db, filters) if filters is not None else ("", {})
    columns = (*_DOCUMENT_COLUMNS, *itertools.chain.from_iterable((name, f"{name}_level") for name in names))
    cursor = db.execute(
        f"SELECT {', '.join(f'd.{name}' for name in _DOCUMENT_COLUMNS)}, f.name, f.value, f.level"
        " FROM documents d LEFT JOIN fields f ON f.document_id = d.id WHERE d.recorded_at >= :since"
        f"{f' AND d.id IN ({chosen})' if chosen else ''} ORDER BY d.id",
        {"since": _from(since), **values},
    )
    width = len(_DOCUMENT_COLUMNS)

    def rows() -> Iterator[tuple[Value, ...]]:
        for document, group in itertools.groupby(cursor, key=lambda row: row[:width]):
            fields = {name: (value, level) for *_, name, value, level in group}
            cells = itertools.chain.from_iterable(fields.get(name, (None, None)) for name in names)
            yield (*document, *cells)

    return Rows(columns, rows())


def _view(name: str) -> Callable[[Database, datetime | None], Rows]:
    def rows(db: Database, since: datetime | None) -> Rows:
        cursor = db.execute(f"SELECT * FROM {name} WHERE recorded_at >= ? ORDER BY document_id", [_from(since)])
        return Rows(tuple(column for column, *_ in cursor.description), cursor)

    return rows


def items(db: Database, since: datetime | None) -> Rows:
    """Return one row per line item, with its document."""
    cursor = db.execute(
        "SELECT document_id, d.name AS document, item_index, i.name, quantity, unit_price, amount, rate, tax"
        " FROM items i JOIN documents d ON d.id = document_id WHERE d.recorded_at >= ?"
        " ORDER BY document_id, item_index",
        [_from(since)],
    )
    return Rows(tuple(column for column, *_ in cursor.description), cursor)


def _from(since: datetime | None) -> str:
    return "" if since is None else time_text(since)


TABLES: dict[str, Callable[[Database, datetime | None], Rows]] = {
    "documents": documents,
    "invoices": _view("invoices"),
    "receipts": _view("receipts"),
    "items": items,
}
"""Tables that can be exported."""


# -- formats


_NUMBER = re.compile(r"-?\d{1,15}(\.\d+)?")
_MONEY = re.compile(r"-?\d{1,12}\.\d\d")
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_FORMULA = tuple("=+-@\t\r")
"""First characters that make a spreadsheet take a CSV cell for a formula (OWASP, CSV injection)."""

_MAX_SHEET_ROWS = 1_048_576
"""Excel's limit, the header included."""


def write_csv(table: Rows, target: BinaryIO, *, bom: bool = False) -> None:
    """Write RFC 4180 in UTF-8.

    A cell that a spreadsheet would run as a formula gets an apostrophe in front; negative numbers stay.

    Args:
        table: what to write.
        target: binary file.
        bom: begin with a byte order mark, without which Excel does not see that it is UTF-8.
    """
    text = io.TextIOWrapper(target, encoding="utf-8-sig" if bom else "utf-8", newline="")
    try:
        writer = csv.writer(text)
        writer.writerow(table.columns)
        writer.writerows([csv_cell(value) for value in row] for row in table.rows)
    finally:
        text.detach()  # closing the file is up to the caller


def csv_cell(value: Value) -> Value:
    r"""Return a cell that no spreadsheet runs as a formula.

    >>> csv_cell("=HYPERLINK(0)"), csv_cell("-12.50"), csv_cell("+60 3-1234")
    ("'=HYPERLINK(0)", '-12.50', "'+60 3-1234")
    """
    if isinstance(value, str) and value.startswith(_FORMULA) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value


def write_jsonl(table: Rows, target: BinaryIO) -> None:
    """Write one JSON object per line, UTF-8, values as in the database."""
    for row in table.rows:
        line = json.dumps(dict(zip(table.columns, row, strict=True)), ensure_ascii=False)
        target.write(line.encode() + b"\n")


def write_xlsx(table: Rows, target: BinaryIO) -> None:
    """Write a workbook with one sheet: money as numbers, dates as dates, codes as text, never a formula.

    Raises:
        IngestdError: there are more rows than a sheet holds.
    """
    options = {"constant_memory": True, "default_date_format": "yyyy-mm-dd"}
    with xlsxwriter.Workbook(target, options) as workbook:
        sheet = workbook.add_worksheet("ingestd")
        money = workbook.add_format({"num_format": "0.00"})
        header = workbook.add_format({"bold": True})
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(table.columns) - 1, 16)
        for column, name in enumerate(table.columns):
            sheet.write_string(0, column, name, header)
        for number, row in enumerate(table.rows, start=1):
            if number >= _MAX_SHEET_ROWS:
                raise IngestdError(
                    f"found more than {_MAX_SHEET_ROWS - 1:,} rows, expected no more, the limit of a sheet;"
                    " narrow the export with --since, or use --format csv"
                )
            for column, value in enumerate(row):
                _write_cell(sheet, number, column, value, money)


def _write_cell(sheet: Worksheet, row: int, column: int, value: Value, money: Format) -> None:
    match value:
        case None:
            pass
        case str() if _MONEY.fullmatch(value):
            sheet.write_number(row, column, float(value), money)
        case str() if (day := _day(value)) is not None:
            sheet.write_datetime(row, column, day)
        case str():
            sheet.write_string(row, column, escape(value))
        case _:
            sheet.write_number(row, column, value)


def _day(value: str) -> date | None:
    """Return the day of an ISO date; None for other text, and for days before Excel's calendar."""
    if not _ISO_DATE.fullmatch(value):
        return None
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return None
    return day if day.year > 1900 else None


Writer = Callable[[Rows, BinaryIO], None]

FORMATS = ("csv", "jsonl", "xlsx")
"""Each is also the suffix of its files."""


def writer(form: str, *, bom: bool = False) -> Writer:
    """Return the function for one of FORMATS; ``bom`` is for CSV."""
    if form == "csv":
        return functools.partial(write_csv, bom=bom)
    return {"jsonl": write_jsonl, "xlsx": write_xlsx}[form]
