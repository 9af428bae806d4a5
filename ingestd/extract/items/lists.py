"""Lists of line items among rows: arithmetic tells which of their numbers are quantity, unit price and amount.

In each row of a list, quantity times unit price is the amount: exactly, less a discount, or with a tax that the row
prints. The amounts of all rows add up to the net amount or to the total, or to a sum that is printed below them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from decimal import Decimal

from ingestd.extract.items.products import (
    HUNDRED,
    ROUNDING,
    Product,
    is_position,
    on_page,
    product_like,
    products,
)
from ingestd.extract.items.rows import ItemRow

MAX_ITEMS = 500
MAX_ROWS = 2000
MAX_EXTRAS = 12
"""Shipping, discounts and the like between the items and their sum; one item has one at most."""
MAX_BETWEEN = 4
"""Rows from an item to the next row with an amount alone that is an item too."""
MAX_SEEDS = 150
"""Products that a list is looked for at."""
MIN_PRINTED = 2
"""Items from which on a printed sum is enough, be it neither the net amount nor the total."""
MAX_OF_SUM = 2
"""Numbers in the row of a printed sum."""
TAXES = (2, 28)
"""Rates of tax in percent; halves are usual too."""
ROLES_OF_SUMS = frozenset(
    ("net", "total", "sub", "tax", "due", "base", "paid", "change", "prepaid", "previous", "rate")
)
"""Roles of labels of rows other than items: sums and payments."""
REDUCTIONS = frozenset(("discount", "prepaid"))
EXTRAS = frozenset(("tip", "discount", "rounding"))
"""Roles of labels of amounts that stand between the items and their sum: shipping, discounts."""

Printed = Mapping[Decimal, Sequence[tuple[int, int]]]
"""Number -> rows in which it stands, and its index in each."""


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums of a document that its items may add up to, and its tax."""

    values: frozenset[Decimal]
    """Net amount and total, as far as they are known."""
    tax: Decimal | None


@dataclass(frozen=True, slots=True)
class Entry:
    """Row of a list."""

    row: int
    amount: Decimal
    index: int
    """Index of the number that is the amount."""
    product: Product | None = None
    """None for a row with an amount alone."""
    quantity: Decimal | None = None
    """Named by the label above it, where there is no product."""


def find_list(rows: Sequence[ItemRow], sums: Sums) -> tuple[Entry, ...]:
    """Return the rows of the longest list of items that adds up; none without one.

    Args:
        rows: of tables that go on from each other, or of a whole document.
        sums: of the document.
    """
    rows = rows[:MAX_ROWS]
    printed = _printed(rows)
    best: tuple[tuple[int, ...], tuple[Entry, ...]] = ((), ())
    seen: set[tuple[int, int, int, int]] = set()
    seeds = 0
    for first, row in enumerate(rows):
        for product in products(row):
            if (first, product.amount, product.one, product.other) in seen:
                continue
            seeds += 1
            if seeds > MAX_SEEDS:
                return best[1]
            entries = _follow(rows, first, product)
            seen |= {
                (entry.row, one.amount, one.one, one.other) for entry in entries if (one := entry.product) is not None
            }
            found = _adding_up(rows, entries, sums, printed)
            if found:
                best = max(best, (_rank(rows, found), found), key=lambda way: way[0])
    return best[1]


def _printed(rows: Sequence[ItemRow]) -> Printed:
    found: dict[Decimal, list[tuple[int, int]]] = {}
    for index, row in enumerate(rows):
        for number in row.plain:
            for way in row.numbers[number].number.ways:
                found.setdefault(way, []).append((index, number))
    return found


def _rank(rows: Sequence[ItemRow], entries: Sequence[Entry]) -> tuple[int, ...]:
    """Rank a list: many products in the same columns, neither discounts nor taxes, amounts with cents, on the right."""
    found = [(rows[entry.row], entry.product) for entry in entries if entry.product is not None]
    return (
        len(found),
        sum(product.aligned for _, product in found),
        sum(product.kind == "plain" for _, product in found),
        sum(row.numbers[product.amount].number.decimals == 2 for row, product in found),
        -sum(is_position(row, product, item) for item, (row, product) in enumerate(found)),
        sum(product.amount > max(product.one, product.other) for _, product in found),
    )


def _follow(rows: Sequence[ItemRow], first: int, seed: Product) -> list[Entry]:
    """Return the rows with a number in the column of a product's amount: those with such a product, and others."""
    shape = rows[first]
    amount = shape.numbers[seed.amount]
    start = first
    while start > 0 and rows[start - 1].page_index == shape.page_index and not rows[start - 1].is_header:
        start -= 1
    entries: list[Entry] = []
    page = shape.page_index
    for index in range(start, len(rows)):
        row = rows[index]
        if row.page_index != page:
            page = row.page_index
            shape = on_page(rows[index:], shape, seed)
            amount = shape.numbers[seed.amount]
        at = [number for number in row.aligned(amount) if number in row.plain] if row.numbers else []
        if not at or len(entries) >= MAX_ITEMS:
            continue
        product = seed if index == first else product_like(row, at, shape, seed) if index > first else None
        if product is not None:
            entries.append(Entry(index, product.values[2], product.amount, product))
        elif not row.is_header:
            entries.append(Entry(index, row.numbers[at[-1]].number.money, at[-1]))
    return entries


# -- sums


def _adding_up(rows: Sequence[ItemRow], entries: Sequence[Entry], sums: Sums, printed: Printed) -> tuple[Entry, ...]:
    """Return the entries that add up: to a sum of the document, or to a printed one; none where they do not.

    Args:
        rows: that the entries are of.
        entries: with a product among them.
        sums: of the document.
        printed: numbers in all rows.
    """
    first = next(index for index, entry in enumerate(entries) if entry.product is not None)
    ways = [
        _up_to(rows, entries[first:], sums, loose=False),
        _up_to(rows, entries[first:], sums, loose=True),
        _up_to(rows, entries[_after_sums(rows, entries[:first]) :], sums, loose=True),
    ]
    found = max(ways, key=lambda way: sum(entry.product is not None for entry in way))
    return found or _up_to_printed(rows, entries[first:], printed)


def _after_sums(rows: Sequence[ItemRow], before: Sequence[Entry]) -> int:
    """Return the index after the last row of sums."""
    return max((index + 1 for index, entry in enumerate(before) if rows[entry.row].roles & ROLES_OF_SUMS), default=0)


def _up_to(rows: Sequence[ItemRow], entries: Sequence[Entry], sums: Sums, *, loose: bool) -> tuple[Entry, ...]:
    """Return the entries whose amounts are a sum of the document, as many as possible.

    Args:
        rows: that the entries are of.
        entries: from the first item on.
        sums: of the document.
        loose: count rows with amounts alone, but for those that carry what is above them.
    """
    added, taken, extras = Decimal(0), list[Entry](), set[int]()
    best: tuple[Entry, ...] = ()
    ended = False
    for entry in entries:
        if entry.product is not None:
            ended = False
        else:
            ended = ended or _ends(rows, taken, entry, added)
            roles = rows[entry.row].roles
            if not loose or roles & ROLES_OF_SUMS or (taken and entry.amount == added):
                continue
            if roles & EXTRAS or ended or may_be_tax(entry.amount, added, sums.tax):
                extras.add(entry.row)
                if roles & REDUCTIONS and entry.amount > 0:
                    entry = replace(entry, amount=-entry.amount)
            elif not has_words(rows[entry.row]):
                continue
        added += entry.amount
        taken.append(entry)
        if added in sums.values and _is_likely(rows, taken, extras):
            last = max((one.row for one in taken if one.product is not None), default=-1)
            best = tuple(one for one in taken if one.row <= last or one.row not in extras)
    return best if any(entry.product is not None for entry in best) else ()


def may_be_tax(amount: Decimal, added: Decimal, tax: Decimal | None) -> bool:
    """Tell whether an amount is the tax of a document; if that is not known, whether it is a usual part of a sum."""
    if tax is not None or not added:
        return amount == tax
    steps = (2 * HUNDRED * amount / added).to_integral_value()
    usual = TAXES[0] * 2 <= steps <= TAXES[1] * 2
    return usual and abs(added * steps / (2 * HUNDRED) - amount) <= ROUNDING * 2


def _is_likely(rows: Sequence[ItemRow], taken: Sequence[Entry], extras: Set[int]) -> bool:
    """Tell whether there are enough products among the rows that add up."""
    products = [rows[one.row] for one in taken if one.product is not None]
    found = len(products)
    if found == 1 and products[0].roles & (ROLES_OF_SUMS | EXTRAS):
        return False
    further = sum(one.row in extras for one in taken)
    return len(taken) - found - further <= found and further <= (MAX_EXTRAS if found > 1 else 1)


def _ends(rows: Sequence[ItemRow], taken: Sequence[Entry], entry: Entry, added: Decimal) -> bool:
    """Tell whether a row with an amount alone ends the list above it: a sum, or far below, or on another page."""
    if not taken:
        return False
    above, below = taken[-1].row, entry.row
    is_apart = below - above > MAX_BETWEEN or rows[above].page_index != rows[below].page_index
    return is_apart or bool(rows[below].roles & ROLES_OF_SUMS) or entry.amount == added


def _up_to_printed(rows: Sequence[ItemRow], entries: Sequence[Entry], printed: Printed) -> tuple[Entry, ...]:
    """Return the products whose amounts are a sum that is printed below them, as the sum before discounts is."""
    added, taken = Decimal(0), list[Entry]()
    best: tuple[Entry, ...] = ()
    for number, entry in enumerate(entries):
        if entry.product is None:
            continue
        added += entry.amount
        taken.append(entry)
        after = entries[number + 1] if number + 1 < len(entries) else None
        if after is not None and after.product is not None:
            continue
        if sum(one.amount != 0 for one in taken) < MIN_PRINTED or any(
            one.product is None or one.product.kind in ("discount", "tax") for one in taken
        ):
            continue
        column = rows[entry.row].numbers[entry.index]
        for row, index in printed.get(added, ()):
            is_sum = rows[row].roles & ROLES_OF_SUMS or index in rows[row].aligned(column)
            if row > entry.row and is_sum and len(rows[row].plain) <= MAX_OF_SUM:
                best = tuple(taken)
    return best


def has_words(row: ItemRow) -> bool:
    """Tell whether a row has text beside its numbers, or so many of them that its name stands above or below."""
    return len(row.plain) > MAX_OF_SUM or any(sum(map(str.isalpha, text.text)) >= 3 for text in row.texts)
