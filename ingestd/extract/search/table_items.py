"""Line items out of the tables on a page, whatever their headers say: arithmetic tells which columns are which.

Rows are line items where quantity times unit price is the amount, and where the amounts add up to a sum of the
document. Nothing else is taken: a table of rates, or the sums at its foot, is not a list of items.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import permutations

from ingestd.document import Field, Item, Reading, Table
from ingestd.extract.values.normalise import money_text

SUMS = ("net", "total")
"""Fields that the amounts may add up to, the likelier one first."""
MAX_COLUMNS = 16
"""A table with more is not searched."""
MAX_ROWS = 500
ROUNDING = Decimal("0.005")
"""By which a printed unit price may differ from the one that was calculated with."""
SHARE = Decimal("0.01")
"""Share of an amount by which a product may differ, at most."""
_NUMBER = re.compile(r"(?P<sign>-?)\s?\d(?:[\d.,' \u00a0’]*\d)?")
_WORD = re.compile(r"[^\W\d_]{6,}")
_RATE = re.compile(r"\d{1,2}(?:[.,]\d+)?\s*%")


@dataclass(frozen=True, slots=True)
class _Columns:
    """Columns of a list of items."""

    quantity: int
    unit_price: int
    amount: int


def items_of_tables(reading: Reading, fields: Iterable[Field]) -> tuple[Item, ...]:
    """Return the line items of the first table, or of several that go on from each other, which is a list of them.

    Args:
        reading: of one paper; lines of others are empty.
        fields: of the paper.
    """
    values = {field.name: field.value for field in fields}
    wanted = [Decimal(value) for name in SUMS if (value := values.get(name)) is not None]
    tables = [table for table in reading.tables if table.columns <= MAX_COLUMNS and _is_here(table, reading)]
    if not wanted:
        return ()
    for first in range(len(tables)):
        rows: list[list[str]] = []
        for table in tables[first:]:
            if table.columns != tables[first].columns or len(rows) > MAX_ROWS:
                break
            rows += table.texts()[table.header_rows :]
            found = _items(rows, wanted)
            if found:
                return found
    return ()


def _is_here(table: Table, reading: Reading) -> bool:
    lines = [line for cell in table.cells for line in cell.lines if line < len(reading.lines)]
    return any(reading.lines[line].text for line in lines)


def _items(rows: Sequence[Sequence[str]], wanted: Sequence[Decimal]) -> tuple[Item, ...]:
    numbers = [[numbers_in(text) for text in row] for row in rows]
    for columns in _candidates(numbers):
        for total in wanted:
            end = _end(numbers, columns, total)
            if end:
                return tuple(_item(rows, numbers, row, columns) for row in range(end) if numbers[row][columns.amount])
    return ()


def numbers_in(text: str) -> tuple[Decimal, ...]:
    """Read the one number of a text in every way that it may be meant; nothing where it has none, several, or words.

    >>> numbers_in("1.234,50 €"), numbers_in("1.234"), numbers_in("Invoice 12")
    ((Decimal('1234.50'),), (Decimal('1.234'), Decimal('1234')), ())
    """
    found = list(_NUMBER.finditer(text))
    if len(found) != 1 or _WORD.search(text) or "%" in text:
        return ()
    sign, plain = found[0]["sign"], re.sub("[ '\\u00a0’]", "", found[0][0].lstrip("-"))
    whole, mark, part = max((plain.rpartition(mark) for mark in ".,"), key=lambda parts: len(parts[0]))
    joined = Decimal(sign + re.sub("[.,]", "", plain))
    if not mark:
        return (joined,)
    if re.search("[.,]", part) or mark in whole:
        return (joined,)
    split = Decimal(sign + re.sub("[.,]", "", whole) + "." + part)
    return (split, joined) if len(part) == 3 and not re.search("[.,]", whole) else (split,)


def _candidates(numbers: Sequence[Sequence[Sequence[Decimal]]]) -> Iterator[_Columns]:
    """Yield columns of which the first two multiply to the third in every row that has all three; the best first."""
    width = len(numbers[0]) if numbers else 0
    found = []
    for one, other, amount in permutations(range(width), 3):
        rows = [row for row in numbers if row[one] and row[other] and row[amount]]
        if one < other and rows and all(_product(row[one], row[other], row[amount]) for row in rows):
            quantity, price = (one, other) if _decimals(rows, one) <= _decimals(rows, other) else (other, one)
            found.append((len(rows), amount, _Columns(quantity, price, amount)))
    yield from (columns for *_, columns in sorted(found, key=lambda one: one[:2], reverse=True))


def _product(
    ones: Sequence[Decimal], others: Sequence[Decimal], amounts: Sequence[Decimal]
) -> tuple[Decimal, Decimal, Decimal] | None:
    """Return the two numbers and their product, read so that it holds; None where it does not."""
    ways = ((one, other, amount) for one in ones for other in others for amount in amounts)
    return next((way for way in ways if _holds(*way)), None)


def _holds(one: Decimal, other: Decimal, amount: Decimal) -> bool:
    """Tell whether a quantity times a rounded price is an amount."""
    slack = max(ROUNDING * 2, min(ROUNDING * max(abs(one), abs(other)), SHARE * abs(amount)))
    return amount != 0 and abs(one * other - amount) <= slack


def _decimals(rows: Sequence[Sequence[Sequence[Decimal]]], column: int) -> int:
    """Return the digits behind the point of all numbers of a column: prices have more than quantities."""
    return sum(max(0, -int(row[column][0].as_tuple().exponent)) for row in rows)


def _end(numbers: Sequence[Sequence[Sequence[Decimal]]], columns: _Columns, total: Decimal) -> int:
    """Return the number of rows up to the last item; 0 where the amounts do not add up, or are not all products."""
    added = Decimal(0)
    for row, values in enumerate(numbers):
        if not values[columns.amount]:
            continue
        product = _product(values[columns.quantity], values[columns.unit_price], values[columns.amount])
        if product is None:
            return 0
        added += product[2]
        if added == total:
            return row + 1
    return 0


def _item(
    rows: Sequence[Sequence[str]], numbers: Sequence[Sequence[Sequence[Decimal]]], row: int, columns: _Columns
) -> Item:
    taken = {columns.quantity, columns.unit_price, columns.amount}
    words = [text.strip() for column, text in enumerate(rows[row]) if column not in taken]
    rates = [text for text in words if _RATE.fullmatch(text)]
    name = max(words, key=lambda text: sum(map(str.isalpha, text)), default="")
    product = _product(*(numbers[row][column] for column in (columns.quantity, columns.unit_price, columns.amount)))
    assert product is not None  # else the row would not be an item
    quantity, price, amount = product
    return Item(
        name=name if any(map(str.isalpha, name)) else None,
        quantity=_plain(quantity),
        unit_price=_plain(price),
        amount=money_text(amount),
        rate="".join(rates[0].split()) if rates else None,
    )


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
