"""Formats of exported tables: CSV, JSON lines or an Excel workbook; rows stream, so memory stays constant."""

from __future__ import annotations

import csv
import functools
import io
import json
import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from typing import BinaryIO

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from ingestd.document import Table
from ingestd.errors import IngestdError
from ingestd.files.encoding import escape, time_from
from ingestd.output.tables import Kind, Rows, Value

_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,15})?")
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
"""First characters that make a spreadsheet take a CSV cell for a formula (OWASP, CSV injection)."""
_MAX_DIGITS = 15
"""Digits that a number of a spreadsheet keeps."""

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
        writer.writerow(map(csv_cell, table.columns))
        writer.writerows([csv_cell(value) for value in row] for row in table.rows)
    finally:
        text.detach()  # closing the file is up to the caller


def write_grids(tables: Iterable[Table], target: BinaryIO) -> None:
    """Write tables of pages as CSV (see :func:`write_csv`), an empty line between two.

    The text of a cell that spans rows or columns stands in the first of them.
    """
    text = io.TextIOWrapper(target, encoding="utf-8", newline="")
    try:
        writer = csv.writer(text)
        for number, table in enumerate(tables):
            if number:
                writer.writerow(())
            writer.writerows(map(csv_cell, row) for row in table.texts())
    finally:
        text.detach()


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
    """Write a workbook with one sheet and a filter: numbers, dates and text as the kinds of columns say, no formula.

    Raises:
        IngestdError: there are more rows than a sheet holds.
    """
    options = {"constant_memory": True, "default_date_format": "yyyy-mm-dd"}
    with xlsxwriter.Workbook(target, options) as workbook:
        sheet = workbook.add_worksheet("ingestd")
        forms = {
            kind: workbook.add_format({"num_format": form})
            for kind, form in {"money": "0.00", "date": "yyyy-mm-dd", "moment": "yyyy-mm-dd hh:mm:ss"}.items()
        }
        header = workbook.add_format({"bold": True})
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(table.columns) - 1, 16)
        for column, name in enumerate(table.columns):
            sheet.write_string(0, column, escape(name), header)
        kinds = [table.kinds.get(name, "text") for name in table.columns]
        number = 0
        for number, row in enumerate(table.rows, start=1):
            if number >= _MAX_SHEET_ROWS:
                raise IngestdError(
                    f"found more than {_MAX_SHEET_ROWS - 1:,} rows, expected no more, the limit of a sheet;"
                    " narrow the export with --since, or use --format csv"
                )
            for column, (kind, value) in enumerate(zip(kinds, row, strict=True)):
                _write_cell(sheet, (number, column), kind, value, forms.get(kind))
        sheet.autofilter(0, 0, number, len(table.columns) - 1)


def _write_cell(sheet: Worksheet, place: tuple[int, int], kind: Kind, value: Value, form: Format | None) -> None:
    if value is None:
        return
    if not isinstance(value, str):
        sheet.write_number(*place, value)
    elif kind in ("money", "number") and _is_exact(value):
        sheet.write_number(*place, float(value), form)
    elif kind == "date" and (day := _day(value)) is not None:
        sheet.write_datetime(*place, day, form)
    elif kind == "moment" and (moment := _moment(value)) is not None:
        sheet.write_datetime(*place, moment, form)
    else:
        sheet.write_string(*place, escape(value))


def _is_exact(value: str) -> bool:
    """Tell whether a text is a number that a spreadsheet keeps whole."""
    return _NUMBER.fullmatch(value) is not None and sum(char.isdigit() for char in value) <= _MAX_DIGITS


def _day(value: str) -> date | None:
    """Return the day of an ISO date; None for other text, and for days before Excel's calendar."""
    if not _ISO_DATE.fullmatch(value):
        return None
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return None
    return day if day.year > 1900 else None


def _moment(value: str) -> datetime | None:
    """Return a moment in UTC; a spreadsheet has no time zones."""
    try:
        return time_from(value).astimezone(UTC).replace(tzinfo=None)
    except ValueError:
        return None


Writer = Callable[[Rows, BinaryIO], None]

FORMATS = ("csv", "jsonl", "xlsx")
"""Each is also the suffix of its files."""


def writer(form: str, *, bom: bool = False) -> Writer:
    """Return the function for one of FORMATS; ``bom`` is for CSV."""
    if form == "csv":
        return functools.partial(write_csv, bom=bom)
    return {"jsonl": write_jsonl, "xlsx": write_xlsx}[form]
