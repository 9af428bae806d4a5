"""Line items: rows of a table, cut into columns by its headers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import regex

from ingestd.document import Item, Reason, ReasonKind
from ingestd.extract.rulefile.compiled import split_label
from ingestd.extract.rulefile.model import Items
from ingestd.extract.search.candidates import Candidate, Rank, SearchResult
from ingestd.extract.search.context import SearchContext
from ingestd.extract.values.normalise import Caveat, Value, money_text
from ingestd.layout.rows import Row, Span

_NUMBER = regex.compile(r"(?P<sign>[-−(]?)\s*[¥￥$€£]?\s*(?P<digits>\d[\d,]*(?:\.\d+)?)\s*\)?")
_RATE = regex.compile(r"\d{1,2}(?:\.\d+)?\s*%|免税|不征税")

_NUMERIC = ("quantity", "unit_price", "amount", "tax")

_LEFT_OUT = 2.0
"""Cost of leaving a number out, in header widths between a number and the middle of its header."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Text in one column of one row."""

    text: str
    spans: tuple[Span, ...]


Cells = dict[str, Cell]
"""Column -> its cell."""


@dataclass(frozen=True, slots=True)
class _Column:
    """Header and the part of the page below it; a column that the rule does not ask for has no name."""

    name: str | None
    left: float
    right: float

    @property
    def centre(self) -> float:
        return (self.left + self.right) / 2


def read_items(table: Sequence[Cells]) -> tuple[Item, ...]:
    """Turn the rows of a table into line items."""
    return tuple(_item(cells) for cells in table)


def read_table(context: SearchContext) -> tuple[Cells, ...]:
    """Read the rows of the table of line items; none without a header, or where the rule asks for none.

    A row without numbers continues the name above it, unless the table begins with one: then names stand above
    their numbers.
    """
    spec = context.rule.items
    if spec is None:
        return ()
    elsewhere = {text for label in spec.elsewhere for text in split_label(label)}
    table: tuple[Cells, ...] = ()
    for header in _headers(context, spec):
        rows = dict(_rows(context, spec, header))
        found = _table(rows.values(), _columns(context, spec, header))
        table = found or table
        if found and not any(hit.label in elsewhere for index in rows for hit in context.by_row.get(index, ())):
            return found
    return table


def _table(rows: Iterable[Row], columns: Sequence[_Column]) -> tuple[Cells, ...]:
    found: list[Cells] = []
    above: Cell | None = None
    for row in rows:
        cells = _cells(row, columns)
        name = cells.get("name")
        if cells.keys() & set(_NUMERIC):
            if above is not None:
                cells["name"] = above if name is None else _joined(above, name)
            above = Cell("", ()) if above is not None else None
            found.append(cells)
        elif name is not None and (above is not None or not found):
            above = _joined(above, name)
        elif name is not None:
            found[-1]["name"] = _joined(found[-1].get("name"), name)
    return tuple(found)


def column_sum(context: SearchContext, table: Sequence[Cells], column: str) -> SearchResult:
    """Add up a column as a candidate of a check; none where a row lacks an amount that others have."""
    cells = [cells[column] for cells in table if column in cells]
    amounts = [amount for cell in cells if (amount := _decimal(cell.text)) is not None]
    if not amounts or len(cells) < len(table) or len(amounts) < len(cells):
        return SearchResult((), ())
    spans = tuple(span for cell in cells for span in cell.spans)
    any_cents = any("." in cell.text for cell in cells)
    candidate = Candidate(
        field=f"items.{column}",
        value=Value(money_text(sum(amounts, Decimal(0))), caveats=Caveat.NONE if any_cents else Caveat.NO_CENTS),
        raw=" + ".join(cell.text for cell in cells),
        spans=spans,
        page_index=context.document.reading.lines[spans[0].line].page_index,
        rank=Rank(),
        how=Reason(ReasonKind.ITEMS, "the sum of the line items"),
        parts=sum(amount != 0 for amount in amounts),
    )
    return SearchResult((candidate,), ())


def _joined(first: Cell | None, second: Cell) -> Cell:
    return second if first is None else Cell(first.text + second.text, (*first.spans, *second.spans))


def _headers(context: SearchContext, spec: Items) -> Iterator[int]:
    """Yield per page the index of the first row with at least two headers."""
    labels = {text for group in spec.columns.values() for label in group for text in split_label(label)}
    pages = set()
    for index, hits in sorted(context.by_row.items()):
        page = context.document.rows[index].page_index
        if page not in pages and sum(hit.label in labels for hit in hits) >= 2:
            pages.add(page)
            yield index


def _columns(context: SearchContext, spec: Items, header: int) -> list[_Column]:
    """List columns left to right; other labels of the header bound them too."""
    names = {text: name for name, group in spec.columns.items() for label in group for text in split_label(label)}
    found = []
    for hit in context.by_row[header]:
        left, right = context.extent(hit)
        found.append(_Column(names.get(hit.label), left, right))
    return sorted(found, key=lambda column: column.left)


def _rows(context: SearchContext, spec: Items, header: int) -> Iterator[tuple[int, Row]]:
    """Yield the rows below the header up to the end of the table, each with its index."""
    ends = {text for label in spec.until for text in split_label(label)}
    page = context.document.rows[header].page_index
    for index in range(header + 1, len(context.document.rows)):
        row = context.document.rows[index]
        if row.page_index != page or any(hit.label in ends for hit in context.by_row.get(index, ())):
            return
        yield index, row


def _cells(row: Row, columns: Sequence[_Column]) -> Cells:
    """Sort the texts of a row into columns: rates by form, numbers by place and order, words by their header."""
    cells: Cells = {}
    numbers: list[tuple[float, Cell]] = []
    for box, start in zip(row.boxes, row.starts, strict=True):
        cell = Cell(box.text.strip(), row.spans(start, start + len(box.text)))
        if _RATE.fullmatch(cell.text):
            cells["rate"] = cell
        elif _NUMBER.fullmatch(cell.text):
            numbers.append(((box.left + box.right) / 2, cell))
        else:
            under = min(columns, key=lambda column: max(column.left - box.right, box.left - column.right, 0.0))
            if under.name == "name":
                cells["name"] = _joined(cells.get("name"), cell)
    cells.update(_numbers(numbers, columns))
    return cells


def _numbers(numbers: Sequence[tuple[float, Cell]], columns: Sequence[_Column]) -> Mapping[str, Cell]:
    """Assign numbers to columns in order, each near its header; one far from all of them is left out.

    Args:
        numbers: centre and cell, left to right.
        columns: left to right.
    """
    numeric = [column for column in columns if column.name in (*_NUMERIC, "rate")]
    # best[n]: least cost, and the pairs, for the numbers before n with the columns seen so far.
    best: list[tuple[float, Cells]] = [(0.0, {})]
    for count in range(len(numbers)):
        best.append((best[count][0] + _LEFT_OUT, {}))
    for column in numeric:
        width = column.right - column.left
        after = [best[0]]
        for count, (x, cell) in enumerate(numbers, start=1):
            skipped = after[count - 1][0] + _LEFT_OUT, after[count - 1][1]
            cost, pairs = best[count - 1]
            taken = cost + abs(column.centre - x) / width, {**pairs, str(column.name): cell}
            after.append(min(best[count], skipped, taken, key=lambda way: way[0]))
        best = after
    return best[-1][1]


def _item(cells: Cells) -> Item:
    texts = {column: cell.text for column, cell in cells.items()}
    rate = texts.get("rate")
    return Item(
        name=texts.get("name") or None,
        quantity=_plain(texts.get("quantity")),
        unit_price=_plain(texts.get("unit_price")),
        amount=_amount(texts.get("amount")),
        rate="".join(rate.split()) if rate and _RATE.fullmatch(rate) else None,
        tax=_amount(texts.get("tax")),
    )


def _decimal(text: str | None) -> Decimal | None:
    found = _NUMBER.fullmatch(text) if text else None
    if found is None:
        return None
    number = Decimal(found["digits"].replace(",", ""))
    return -number if found["sign"] else number


def _plain(text: str | None) -> str | None:
    number = _decimal(text)
    return None if number is None else f"{number.normalize():f}"


def _amount(text: str | None) -> str | None:
    number = _decimal(text)
    return None if number is None else money_text(number)
