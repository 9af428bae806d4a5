"""Line items: rows of a table, cut into columns; see ``headed`` for where it begins and ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import regex

from ingestd.document import Item, Reason, ReasonKind
from ingestd.extract.search.candidates import Candidate, Rank, SearchResult
from ingestd.extract.search.context import SearchContext
from ingestd.extract.values.normalise import Caveat, Value, money_text
from ingestd.layout.rows import Row, Span

_NUMBER = regex.compile(r"(?P<sign>[-−(]?)\s*[¥￥$€£]?\s*(?P<digits>\d[\d,]*(?:\.\d+)?)\s*\)?")
_RATE = regex.compile(r"\d{1,2}(?:\.\d+)?\s*%|免税|不征税")

NUMERIC = frozenset({"quantity", "unit_price", "amount", "tax"})
"""Columns of numbers; a row without any continues the name of another."""

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
class Column:
    """Header and the part of the page below it; a column that the rule does not ask for has no name."""

    name: str | None
    left: float
    right: float

    @property
    def centre(self) -> float:
        """Middle of the header."""
        return (self.left + self.right) / 2


def read_items(table: Sequence[Cells]) -> tuple[Item, ...]:
    """Turn the rows of a table into line items."""
    return tuple(_item(cells) for cells in table)


def table_of(rows: Iterable[Row], columns: Sequence[Column]) -> tuple[Cells, ...]:
    """Sort the rows of one page into columns.

    A row without numbers continues the name above it, unless the table begins with one: then names stand above
    their numbers.
    """
    found: list[Cells] = []
    above: Cell | None = None
    for row in rows:
        cells = cells_of(row, columns)
        name = cells.get("name")
        if cells.keys() & NUMERIC:
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
    amounts = [amount for cell in cells if (amount := decimal_of(cell.text)) is not None]
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


def cells_of(row: Row, columns: Sequence[Column]) -> Cells:
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


def _numbers(numbers: Sequence[tuple[float, Cell]], columns: Sequence[Column]) -> Mapping[str, Cell]:
    """Assign numbers to columns in order, each near its header; one far from all of them is left out.

    Args:
        numbers: centre and cell, left to right.
        columns: left to right.
    """
    numeric = [column for column in columns if column.name in (*NUMERIC, "rate")]
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


def decimal_of(text: str | None) -> Decimal | None:
    """Read a number of a table; None where the text is none."""
    found = _NUMBER.fullmatch(text) if text else None
    if found is None:
        return None
    number = Decimal(found["digits"].replace(",", ""))
    return -number if found["sign"] else number


def _plain(text: str | None) -> str | None:
    number = decimal_of(text)
    return None if number is None else f"{number.normalize():f}"


def _amount(text: str | None) -> str | None:
    number = decimal_of(text)
    return None if number is None else money_text(number)
