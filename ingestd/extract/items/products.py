"""Products among the numbers of a row: a quantity times a unit price that is an amount.

The product may be exact, less a discount that the row prints, or with a tax that it prints.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import combinations
from typing import Literal

from ingestd.extract.items.rows import ALONE, ItemRow

MAX_FEW = 7
"""Numbers of a row up to which discounts and taxes are looked for among them."""
MAX_SHIFT = 8
"""Slacks of a column by which the next page may be shifted."""
MAX_ROWS_OF_PAGE = 200
"""Rows of a page in which its shift is looked for."""
ROUNDING = Decimal("0.005")
"""By which a printed unit price may differ from the one that was calculated with."""
SHARE = Decimal("0.01")
"""Share of an amount by which a product may differ, at most."""
HUNDRED = Decimal(100)
TOTALS = frozenset(("net", "total", "sub", "due"))
"""Roles of labels of rows that are not products but sums of all columns."""

Kind = Literal["plain", "rate", "discount", "tax"]
"""Price times quantity is the amount; it is less a rate, or less an amount; or a tax is added to it."""


@dataclass(frozen=True, slots=True)
class Product:
    """Numbers of a row that multiply: their indices, and their values."""

    amount: int
    one: int
    other: int
    kind: Kind
    third: int | None
    """Index of the discount or of the tax."""
    values: tuple[Decimal, Decimal, Decimal]
    """Of one, of the other, and of the amount."""
    negated: bool
    """The amount has a sign that its factors lack."""
    tax: Decimal | None = None
    aligned: bool = True
    """Its factors stand in the columns of the list."""


def products(row: ItemRow) -> Iterator[Product]:
    """Yield the products among the numbers of a row."""
    if len(row.plain) < 3 or (ALONE in row.roles and row.roles & TOTALS):
        return
    sizes = [[abs(float(way)) for way in one.number.ways] for one in row.numbers]
    only_plain = len(row.plain) > MAX_FEW
    for amount in reversed(row.plain):
        factors = [index for index in row.plain if not _overlaps(row, index, amount)]
        for one, other in combinations(factors, 2):
            if only_plain and not any(
                abs(x * y - z) <= 0.011 + 0.01 * z for x in sizes[one] for y in sizes[other] for z in sizes[amount]
            ):
                continue
            found = None if _overlaps(row, one, other) else product_of(row, amount, one, other)
            if found is not None:
                yield found


def _overlaps(row: ItemRow, one: int, other: int) -> bool:
    a, b = row.numbers[one], row.numbers[other]
    return a.text == b.text and a.number.start < b.number.end and b.number.start < a.number.end


def product_of(row: ItemRow, amount: int, one: int, other: int) -> Product | None:
    """Return the product that two numbers of a row make of a third; None where they make none."""
    ways = [
        (x, y, z)
        for x in row.numbers[one].number.ways
        for y in row.numbers[other].number.ways
        for z in row.numbers[amount].number.ways
    ]
    for x, y, z in ways:
        if z and _near(abs(x * y), abs(z), x, y) and (z < 0 or x * y > 0):
            return Product(amount, one, other, "plain", None, (x, y, z), x * y > 0 > z)
    return _with_third(row, amount, one, other, ways[0])


def _with_third(
    row: ItemRow, amount: int, one: int, other: int, values: tuple[Decimal, Decimal, Decimal]
) -> Product | None:
    """Return the product of two numbers that makes a third one with a discount, or with a tax."""
    x, y, z = values
    if not x or not y or not z or (x * y < 0 < z):
        return None
    whole, size, negated = abs(x * y), abs(z), x * y > 0 > z
    if size < whole:
        for third in row.rates:
            rate = abs(row.numbers[third].number.ways[0])
            if 0 < rate < HUNDRED and _near(whole * (1 - rate / HUNDRED), size, x, y):
                return Product(amount, one, other, "rate", third, values, negated)
    for third in row.plain:
        part = abs(row.numbers[third].number.ways[0])
        if not 0 < part < whole or any(_overlaps(row, third, used) for used in (amount, one, other)):
            continue
        if _near(whole - part, size, x, y):
            return Product(amount, one, other, "discount", third, values, negated)
        if not negated and _near(whole + part, size, x, y):
            return Product(amount, one, other, "tax", third, values, negated, tax=part)
    return None


def _near(product: Decimal, amount: Decimal, one: Decimal, other: Decimal) -> bool:
    """Tell whether a quantity times a rounded price is an amount."""
    slack = max(ROUNDING * 2, min(ROUNDING * max(abs(one), abs(other)), SHARE * amount))
    return abs(product - amount) <= slack


def on_page(rows: Sequence[ItemRow], shape: ItemRow, seed: Product) -> ItemRow:
    """Return a row with a product as it would stand on another page, which the scanner may have shifted.

    Args:
        rows: from the first of the page on.
        shape: the row.
        seed: its product.
    """
    for row in rows[:MAX_ROWS_OF_PAGE]:
        if row.page_index != rows[0].page_index:
            break
        for product in products(row):
            by = _shift(row, product, shape, seed)
            if by is not None:
                moved = (replace(one, left=one.left + by, right=one.right + by) for one in shape.numbers)
                return replace(shape, numbers=tuple(moved))
    return shape


def _shift(row: ItemRow, product: Product, shape: ItemRow, seed: Product) -> float | None:
    """Return by how much a product stands farther right than another one; None where its columns are others."""
    pairs = [
        (row.numbers[one], shape.numbers[other])
        for one, other in ((product.amount, seed.amount), (product.one, seed.one), (product.other, seed.other))
    ]
    for by in (pairs[0][0].right - pairs[0][1].right, pairs[0][0].left - pairs[0][1].left):
        off = (min(abs(one.left - other.left - by), abs(one.right - other.right - by)) for one, other in pairs)
        if abs(by) <= MAX_SHIFT * row.slack and max(off) <= row.slack:
            return by
    return None


def is_position(row: ItemRow, product: Product, item: int) -> bool:
    """Tell whether a factor may be the number of the item, at the left."""
    first = min(product.one, product.other)
    placed = row.numbers[first]
    return first == 0 and not placed.number.unit and placed.number.ways[0] == item + 1


def product_like(row: ItemRow, at: Sequence[int], shape: ItemRow, seed: Product) -> Product | None:
    """Return the product of a row in the columns of another one; else any that ends in the column of amounts."""
    ones, others = (list(row.aligned(shape.numbers[index])) for index in (seed.one, seed.other))
    tried = [
        (amount, *sorted((one, other)))
        for amount in at
        for one in ones
        for other in others
        if len({amount, one, other}) == 3 and not _overlaps(row, one, other)
    ]
    for amount, one, other in tried:
        found = product_of(row, amount, one, other)
        if found is not None and found.negated == seed.negated:
            return found
        if found is None and row.numbers[amount].number.ways[0] == 0:
            x, y = (row.numbers[index].number.ways[0] for index in (one, other))
            if not x * y:
                return Product(amount, one, other, "plain", None, (x, y, Decimal(0)), seed.negated)
    loose = (product for product in products(row) if product.amount in at and product.negated == seed.negated)
    found = next(loose, None)
    return None if found is None else replace(found, aligned=False)
