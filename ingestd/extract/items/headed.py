"""The table of line items: where it begins and ends, and how it goes on over pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ingestd.extract.items.cells import NUMERIC, Cells, Column, cells_of, decimal_of, table_of
from ingestd.extract.rulefile.compiled import split_label
from ingestd.extract.rulefile.model import Items
from ingestd.extract.search.context import SearchContext
from ingestd.layout.rows import Row

_CARRIED = (
    *("carried forward", "brought forward", "carried over", "b/f", "c/f", "balance forward"),
    *("übertrag", "à reporter", "reporté", "riporto", "a riportare", "suma y sigue", "transporte"),
    *("过次页", "承前页", "转下页", "接上页", "转次页", "承上页"),
)
"""Words of rows that carry a sum from one page to the next. Without them such a row is known by its amount."""
_ENOUGH_ITEMS = 2
"""A single item is as large as its sum: more are needed to know a carried sum by its amount alone."""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """The part of the table on one page."""

    rows: tuple[Row, ...]
    columns: tuple[Column, ...]
    end: Row | None
    """The row that ends the table; None where it goes on to the end of the page."""
    has_header: bool
    is_elsewhere: bool
    """It says that the items are listed on another page."""


def read_table(context: SearchContext) -> tuple[Cells, ...]:
    """Read the rows of the table of line items; none without a header, or where the rule asks for none.

    Sums that are carried from page to page are left out.
    """
    spec = context.rule.items
    if spec is None:
        return ()
    headers = dict(_headers(context, spec))
    table: tuple[Cells, ...] = ()
    for page, header in headers.items():
        first = _stretch(context, spec, header + 1, _columns(context, spec, header), has_header=True)
        found = table_of(first.rows, first.columns)
        table = found or table
        if found and not first.is_elsewhere:
            return _over_pages(context, spec, headers, page, first, found)
    return table


def _over_pages(
    context: SearchContext,
    spec: Items,
    headers: Mapping[int, int],
    page: int,
    stretch: _Stretch,
    table: tuple[Cells, ...],
) -> tuple[Cells, ...]:
    """Add the rows of the pages after the first for as long as the table goes on."""
    last = table
    starts = {row.page_index: index for index, row in reversed(list(enumerate(context.document.rows)))}
    while (page := page + 1) in starts:
        header = headers.get(page)
        columns = stretch.columns if header is None else _columns(context, spec, header)
        start = starts[page] if header is None else header + 1
        following = _stretch(context, spec, start, columns, has_header=header is not None)
        kept = _without_carried(table, stretch)
        more = _goes_on(stretch, following, kept, spec)
        if not more or _texts(more) == _texts(last):  # a copy of the page before
            return table
        table, last, stretch = (*kept, *more), more, following
    return table


def _goes_on(before: _Stretch, stretch: _Stretch, table: Sequence[Cells], spec: Items) -> tuple[Cells, ...]:
    """Return the rows by which a page continues the table; none where it does not."""
    rows = stretch.rows
    if not stretch.has_header:
        if stretch.end is None and spec.until:
            return ()  # a page of terms, for example: nothing on it says that a table ends there
        numeric = (n for n, row in enumerate(rows) if cells_of(row, stretch.columns).keys() & NUMERIC)
        rows = rows[next(numeric, len(rows)) :]
    found = table_of(rows, stretch.columns)
    is_brought = bool(found) and _carries(found[0], rows[0].text, table)
    if before.end is not None:
        carried = cells_of(before.end, before.columns)
        if not _carries(carried, before.end.text, table) or not (is_brought or _says_carried(before.end.text)):
            return ()
    return found[1:] if is_brought else found


def _without_carried(table: tuple[Cells, ...], stretch: _Stretch) -> tuple[Cells, ...]:
    """Leave out the last row of a page where it is the sum of those above it."""
    numeric = [row for row in stretch.rows if cells_of(row, stretch.columns).keys() & NUMERIC]
    return table[:-1] if numeric and _carries(table[-1], numeric[-1].text, table[:-1]) else table


def _carries(cells: Cells, text: str, table: Sequence[Cells]) -> bool:
    """Tell whether a row has the sum of all amounts before it."""
    amounts = [decimal_of(row["amount"].text) for row in table if "amount" in row]
    known = [amount for amount in amounts if amount is not None]
    if "amount" not in cells or not known or len(known) < len(amounts):
        return False
    if len(known) < _ENOUGH_ITEMS and not _says_carried(text):
        return False
    return decimal_of(cells["amount"].text) == sum(known, Decimal(0))


def _says_carried(text: str) -> bool:
    plain = text.casefold()
    return any(word in plain for word in _CARRIED)


def _texts(table: Sequence[Cells]) -> list[dict[str, str]]:
    return [{column: cell.text for column, cell in cells.items()} for cells in table]


def _headers(context: SearchContext, spec: Items) -> Iterator[tuple[int, int]]:
    """Yield each page with a header, and the index of the first row with at least two headers of columns."""
    labels = {text for group in spec.columns.values() for label in group for text in split_label(label)}
    pages = set()
    for index, hits in sorted(context.by_row.items()):
        page = context.document.rows[index].page_index
        if page not in pages and sum(hit.label in labels for hit in hits) >= 2:
            pages.add(page)
            yield page, index


def _columns(context: SearchContext, spec: Items, header: int) -> tuple[Column, ...]:
    """List columns left to right; other labels of the header bound them too."""
    names = {text: name for name, group in spec.columns.items() for label in group for text in split_label(label)}
    found = []
    for hit in context.by_row[header]:
        left, right = context.extent(hit)
        found.append(Column(names.get(hit.label), left, right))
    return tuple(sorted(found, key=lambda column: column.left))


def _stretch(
    context: SearchContext, spec: Items, start: int, columns: tuple[Column, ...], *, has_header: bool
) -> _Stretch:
    """Take the rows from here to the end of the table, or of the page."""
    ends = {text for label in spec.until for text in split_label(label)}
    elsewhere = {text for label in spec.elsewhere for text in split_label(label)}
    rows: list[Row] = []
    found_elsewhere = False
    end = None
    page = context.document.rows[start - 1 if has_header else start].page_index
    for index in range(start, len(context.document.rows)):
        row, hits = context.document.rows[index], context.by_row.get(index, ())
        if row.page_index != page:
            break
        if any(hit.label in ends for hit in hits):
            end = row
            break
        found_elsewhere |= any(hit.label in elsewhere for hit in hits)
        rows.append(row)
    return _Stretch(tuple(rows), columns, end, has_header, found_elsewhere)
