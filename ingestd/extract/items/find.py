"""Line items out of the tables on a page, or out of its rows of text, whatever the headers say.

Rows are line items where quantity times unit price is the amount, and where the amounts add up to a sum of the
document. Nothing else is taken: a table of rates, or the sums at its foot, is not a list of items.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import takewhile

from ingestd.document import Field, Item, Reading, Table
from ingestd.extract.items.amounts import find_amounts
from ingestd.extract.items.columns import is_quantity_first, weight_of_first
from ingestd.extract.items.lists import Entry, Sums, find_list
from ingestd.extract.items.names import MAX_CODE, MIN_NAME, names_of
from ingestd.extract.items.products import HUNDRED, ROUNDING
from ingestd.extract.items.rows import ItemRow, Roles, rows_of_table, rows_of_text
from ingestd.extract.values.normalise import money_text
from ingestd.layout.rows import LaidOutDocument, lay_out

SUMS = ("net", "total")
"""Fields that the amounts may add up to."""
MONEY = (*SUMS, "tax")
MAX_COLUMNS = 16
"""A table with more is not searched."""


def items_of_tables(
    reading: Reading,
    fields: Iterable[Field],
    document: LaidOutDocument | None = None,
    roles: Roles | None = None,
    *,
    amounts_alone: bool = True,
) -> tuple[Item, ...]:
    """Return the line items of the rows of text; else of the first table, or of several that go on from each other.

    Args:
        reading: of one paper; lines of others are empty.
        fields: of the paper.
        document: its rows of text; laid out if None.
        roles: of the labels in them, where they are known.
        amounts_alone: take lists with amounts alone too.
    """
    known = {field.name: Decimal(field.value) for field in fields if field.name in MONEY and field.value is not None}
    sums = Sums(frozenset(known[name] for name in SUMS if name in known), known.get("tax"))
    said = roles or {}
    text_rows = rows_of_text(document or lay_out(reading), said)
    entries = find_list(text_rows, sums)
    items = _items(text_rows, entries)
    if items and _are_named(items):
        return items
    tables = list(_tables(reading, said))
    for rows in tables:
        found = _items(rows, find_list(rows, sums))
        if found and (not items or (_without_names(found) == _without_names(items) and _are_named(found))):
            return found
    if items or not amounts_alone:
        return _items(text_rows, entries, beside=True)
    lists = (_items(rows, find_amounts(rows, sums), beside=True) for rows in (text_rows, *tables))
    return next(filter(None, lists), ())


def _without_names(items: Sequence[Item]) -> list[tuple[str | None, ...]]:
    return [(item.quantity, item.unit_price, item.amount) for item in items]


def _are_named(items: Iterable[Item]) -> bool:
    """Tell whether names are more than units of measure or codes of tax."""
    return all(sum(map(str.isalpha, item.name or "")) >= MIN_NAME for item in items)


def _tables(reading: Reading, roles: Roles) -> Iterator[list[ItemRow]]:
    """Yield the rows of each table, with those of the tables after it that have as many columns."""
    tables = [table for table in reading.tables if table.columns <= MAX_COLUMNS and _is_here(table, reading)]
    for first, table in enumerate(tables):
        alike = takewhile(lambda other: other.columns == table.columns, tables[first:])  # noqa: B023
        yield [row for other in alike for row in rows_of_table(other, roles)]


def _is_here(table: Table, reading: Reading) -> bool:
    lines = [line for cell in table.cells for line in cell.lines if line < len(reading.lines)]
    return any(reading.lines[line].text for line in lines)


def _items(rows: Sequence[ItemRow], entries: Sequence[Entry], *, beside: bool = False) -> tuple[Item, ...]:
    if not entries:
        return ()
    first = is_quantity_first(rows, entries)
    names = names_of(rows, entries, beside=beside)
    return tuple(_item(rows[entry.row], entry, name, first) for entry, name in zip(entries, names, strict=True))


def _item(row: ItemRow, entry: Entry, name: str | None, first: bool) -> Item:
    product = entry.product
    quantity = None if entry.quantity is None else _plain(entry.quantity)
    price = tax = None
    if product is not None:
        one, other = product.values[:2]
        first = first if product.aligned else weight_of_first(row, product) >= 0
        quantity, price = (_plain(one), _plain(other)) if first else (_plain(other), _plain(one))
        tax = None if product.tax is None else money_text(product.tax)
    return Item(name, quantity, price, money_text(entry.amount), _rate(row, entry), tax)


def _rate(row: ItemRow, entry: Entry) -> str | None:
    """Return the rate of tax: the one rate in the row that is neither a discount nor in the name."""
    used = entry.product.third if entry.product is not None else None
    rates = [row.numbers[index] for index in row.rates if index != used]
    rates = [one for one in rates if sum(map(str.isalpha, row.texts[one.text].text)) <= MAX_CODE]
    if len({one.number.ways for one in rates}) != 1 or _is_discount(row, entry, rates[0].number.ways[0]):
        return None
    text = row.texts[rates[0].text].text[rates[0].number.start : rates[0].number.end]
    return "".join(text.split())


def _is_discount(row: ItemRow, entry: Entry, rate: Decimal) -> bool:
    """Tell whether an amount is another one of its row less a rate."""
    others = (row.numbers[index].number.money for index in row.plain if index != entry.index)
    return rate > 0 and any(abs(other * (1 - rate / HUNDRED) - entry.amount) < ROUNDING * 2 for other in others)


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
