"""Files for accounting programs: the papers of documents laid out in rows, as a layout says."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

import xlsxwriter

from ingestd.errors import IngestdError
from ingestd.files.encoding import escape
from ingestd.output.export import csv_cell
from ingestd.output.layout import WHEN, Cell, Choice, Column, Layout
from ingestd.store.exports import PaperValues

_PLACEHOLDER = re.compile(r"\{(\w+)(?::([^{}]*))?\}")
_CENT = Decimal("0.01")
_MAX_RATE = 40
"""Percent; no country taxes higher."""
_ABSOLUTE = "abs"
"""Format of an amount without its sign."""


@dataclass(frozen=True, slots=True)
class Bookings:
    """One file and what became of each paper."""

    content: bytes
    exported: tuple[PaperValues, ...]
    left_out: tuple[tuple[PaperValues, str], ...]
    """With the reason."""

    @property
    def sha256(self) -> str:
        """Hash of the content."""
        return hashlib.sha256(self.content).hexdigest()


def bookings(layout: Layout, papers: Iterable[PaperValues], created: datetime) -> Bookings:
    """Lay papers out; one of another kind than the layout's is passed over.

    Args:
        layout: columns and rows.
        papers: in the order of the file.
        created: local time that the head of the file states.

    Raises:
        IngestdError: the papers are of several years and the layout takes one.
    """
    exported: list[PaperValues] = []
    left_out: list[tuple[PaperValues, str]] = []
    rows: list[list[str]] = []
    for paper in papers:
        if layout.kinds and paper.rule not in layout.kinds:
            continue
        values = {**layout.values, **_derived(paper), "voucher": str(len(exported) + 1)}
        own = [[_filled(column, row, values, layout) for column in layout.columns] for row in _rows(layout, values)]
        problem = _problem(layout, values, own)
        if problem:
            left_out.append((paper, problem))
        else:
            exported.append(paper)
            rows += own
    days = sorted(paper.values["date"] for paper in exported if "date" in paper.values)
    if layout.one_year and days and days[0][:4] != days[-1][:4]:
        raise IngestdError(
            f"found documents of {days[0][:4]} and {days[-1][:4]}, expected those of one year, since the rows state"
            " day and month only; export each year by itself with --from and --to"
        )
    head = _head(layout, created, days)
    content = (_csv if layout.format == "csv" else _xlsx)(layout, head, rows)
    return Bookings(content, tuple(exported), tuple(left_out))


def _rows(layout: Layout, values: Mapping[str, str]) -> Iterable[Mapping[str, Cell]]:
    for row in layout.rows:
        when = row.get(WHEN)
        if not isinstance(when, str) or _amount(values.get(when, "0")) != 0:
            yield row


def _derived(paper: PaperValues) -> dict[str, str]:
    """Return the values that cells may name: fields, facts of the file, and the tax rate where there is one."""
    found = {**paper.values, "rule": paper.rule, "name": paper.name, "document": str(paper.document_id)}
    net, tax = (_amount(paper.values.get(name, "")) for name in ("net", "tax"))
    if net and tax is not None:
        rate = (tax / net * 100).quantize(Decimal(1), ROUND_HALF_UP)
        if 0 <= rate <= _MAX_RATE and abs(net * rate / 100 - tax) <= 2 * _CENT:
            found["tax_rate"] = str(rate)
    return found


def _amount(text: str) -> Decimal | None:
    """Return an amount; None where there is none. A value that is not an amount counts as 1: it is there."""
    try:
        return Decimal(text) if text else None
    except InvalidOperation:
        return Decimal(1)


def _problem(layout: Layout, values: Mapping[str, str], rows: Sequence[Sequence[str]]) -> str:
    missing = [name for name in layout.required if not values.get(name)]
    if missing:
        return f"has no {', '.join(missing)}"
    if layout.balance is None:
        return ""
    names = [column.name for column in layout.columns]
    sums = [sum((Decimal(row[names.index(side)] or 0) for row in rows), Decimal(0)) for side in layout.balance]
    if sums[0] == sums[1]:
        return ""
    return f"does not balance: {layout.balance[0]} {sums[0]}, {layout.balance[1]} {sums[1]}"


def _filled(column: Column, row: Mapping[str, Cell], values: Mapping[str, str], layout: Layout) -> str:
    """Return the content of one cell: amounts with a dot, dates in ISO."""
    cell = row.get(column.name, "")
    if isinstance(cell, Choice):
        cell = cell.cases.get(values.get(cell.by, ""), cell.otherwise)
    text = _PLACEHOLDER.sub(lambda found: _formatted(values.get(found[1], ""), found[2] or ""), str(cell))
    text = " ".join(escape(text).split())
    if column.keep:
        text = "".join(re.findall(column.keep, text))
    return text[: column.max]


def _formatted(value: str, form: str) -> str:
    """Write a value in the form that a cell asks for.

    >>> _formatted("-1.50", "abs"), _formatted("2026-03-09", "%d%m"), _formatted("x", "%d")
    ('1.50', '0903', 'x')
    """
    if not form or not value:
        return value
    if form == _ABSOLUTE:
        return value.removeprefix("-")
    try:
        return datetime.fromisoformat(value).strftime(form)
    except ValueError:
        return value


def _head(layout: Layout, created: datetime, days: Sequence[str]) -> list[list[str | int]]:
    today = created.date().isoformat()
    values = {
        **layout.values,
        "created": created.isoformat(),
        "first": days[0] if days else today,
        "last": days[-1] if days else today,
    }
    return [
        [
            cell
            if isinstance(cell, int)
            else _PLACEHOLDER.sub(lambda found: _formatted(values.get(found[1], ""), found[2] or ""), cell)
            for cell in row
        ]
        for row in layout.head
    ]


def _csv(layout: Layout, head: Sequence[Sequence[str | int]], rows: Sequence[Sequence[str]]) -> bytes:
    target = io.StringIO(newline="")

    def write(cells: Iterable[tuple[str, bool]]) -> None:
        """Write one row; of each cell, say if it is text."""
        line = [_quoted(text) if is_text and layout.quote_text else _plain(text, layout) for text, is_text in cells]
        target.write(layout.delimiter.join(line) + "\r\n")

    for top in head:
        write((str(cell), isinstance(cell, str) and not cell.isdigit()) for cell in top)
    write((column.name, True) for column in layout.columns)
    for row in rows:
        write(
            (_csv_text(column, text, layout), column.type == "text")
            for column, text in zip(layout.columns, row, strict=True)
        )
    return target.getvalue().encode(layout.encoding, "replace")


def _csv_text(column: Column, text: str, layout: Layout) -> str:
    if column.type == "money":
        return text.replace(".", layout.decimal)
    return str(csv_cell(text)) if column.type == "text" else text


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _plain(text: str, layout: Layout) -> str:
    """Quote only where the text would be taken apart."""
    target = io.StringIO()
    csv.writer(target, delimiter=layout.delimiter, lineterminator="").writerow([text])
    return "" if not text else target.getvalue()


def _xlsx(layout: Layout, head: Sequence[Sequence[str | int]], rows: Sequence[Sequence[str]]) -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True, "default_date_format": "yyyy-mm-dd"}) as workbook:
        sheet = workbook.add_worksheet("ingestd")
        money = workbook.add_format({"num_format": "0.00"})
        top = [*head, [column.name for column in layout.columns]]
        for number, cells in enumerate(top):
            for at, cell in enumerate(cells):
                sheet.write_string(number, at, str(cell))
        for number, row in enumerate(rows, len(top)):
            for at, (column, text) in enumerate(zip(layout.columns, row, strict=True)):
                match column.type:
                    case _ if not text:
                        pass
                    case "money":
                        sheet.write_number(number, at, float(text), money)
                    case "number":
                        sheet.write_number(number, at, float(text))
                    case "date":
                        sheet.write_datetime(number, at, date.fromisoformat(text))
                    case _:
                        sheet.write_string(number, at, text)
    return target.getvalue()
