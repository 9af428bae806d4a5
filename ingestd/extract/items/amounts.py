"""Lists of line items with amounts alone, or with quantities but no unit prices.

Without products, more has to speak for a list: labels of columns above it, or the sum directly below it, and amounts
that add up to the net amount or to the total.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice

from ingestd.extract.items.lists import (
    EXTRAS,
    MAX_ITEMS,
    REDUCTIONS,
    ROLES_OF_SUMS,
    Entry,
    Sums,
    has_words,
    may_be_tax,
)
from ingestd.extract.items.products import HUNDRED, ROUNDING, is_position, products
from ingestd.extract.items.rows import ItemRow, Placed, Text

MIN_ITEMS = 2
"""Items of a list without labels of columns above it."""
MAX_GAP, MAX_HEADED_GAP = 4, 15
"""Rows of text between two rows of a list: without labels of columns above it, and with them."""
MAX_BELOW = 3
"""Rows from a list without labels of columns to the sum below it."""
NEAR = 1.5
"""Slacks of a column between a quantity and its label."""
MAX_SEEDS = 300


@dataclass(frozen=True, slots=True)
class _Run:
    """Rows with amounts in one column."""

    entries: tuple[Entry, ...]
    extras: Decimal
    """Sum of shipping and discounts below them."""
    sum_row: int | None
    """Row of sums that ends it."""


def find_amounts(rows: Sequence[ItemRow], sums: Sums) -> tuple[Entry, ...]:
    """Return the rows of the longest list of amounts that add up to a sum of the document; none without one.

    Args:
        rows: of a whole document, or of tables that go on from each other.
        sums: of the document.
    """
    best: tuple[Entry, ...] = ()
    covered, is_headed = -1, False
    for header, first in islice(_starts(rows), MAX_SEEDS):
        if header is None and (first <= covered or is_headed):
            continue
        run = _without_tax(_run(rows, first, header, sums), sums.tax)
        covered = max(covered, run.entries[-1].row if run.entries else first)
        if len(run.entries) > len(best) and _adds_up(rows, run, sums, is_headed=header is not None):
            best = _with_factors(rows, run.entries, header)
            is_headed = header is not None
    return best


def _starts(rows: Sequence[ItemRow]) -> Iterator[tuple[int | None, int]]:
    """Yield rows at which a list may begin: with the row of the labels above it, or None where there are none."""
    for header, row in enumerate(rows):
        if row.is_header:
            below = range(header + 1, min(len(rows), header + 1 + MAX_GAP))
            first = next((index for index in below if _amount(rows[index]) is not None), None)
            if first is not None:
                yield header, first
    yield from ((None, index) for index, row in enumerate(rows) if _amount(row) is not None and has_words(row))


def _amount(row: ItemRow) -> int | None:
    """Return the index of the last number of a row that may be an item, if it is an amount of money."""
    if row.is_header or row.roles & ROLES_OF_SUMS or not row.plain:
        return None
    last = row.numbers[row.plain[-1]].number
    return row.plain[-1] if last.currency or last.decimals == 2 else None


def _run(rows: Sequence[ItemRow], first: int, header: int | None, sums: Sums) -> _Run:
    """Follow the column of an amount down to a row of sums, or to a gap; over pages where the labels are repeated."""
    index = _amount(rows[first])
    assert index is not None  # else nothing begins here
    column, added, extras = rows[first].numbers[index], Decimal(0), Decimal(0)
    gap = MAX_GAP if header is None else MAX_HEADED_GAP
    entries: list[Entry] = []
    last = first
    for number in range(first, len(rows)):
        row = rows[number]
        if header is not None and number > first and _is_repeated(row, rows[header]):
            last = number
            continue
        at = [one for one in row.aligned(column) if not row.numbers[one].number.percent]
        is_far = number - last > gap or (header is None and row.page_index != rows[last].page_index)
        if (is_far and at) or (row.is_header and number > first) or len(entries) >= MAX_ITEMS:
            break
        if not at:
            continue
        amount = row.numbers[at[-1]].number.money
        is_sum = len(entries) > 1 and amount == added
        last = number
        if is_sum and amount not in sums.values:
            continue  # it is carried
        if row.roles & ROLES_OF_SUMS or is_sum:
            return _Run(tuple(entries), extras, number)
        if entries and row.roles & EXTRAS and len(row.plain) == 1:
            extras += -amount if row.roles & REDUCTIONS and amount > 0 else amount
        else:
            entries.append(Entry(number, amount, at[-1]))
            added += amount
    return _Run(tuple(entries), extras, None)


def _is_repeated(row: ItemRow, header: ItemRow) -> bool:
    """Tell whether a page repeats the labels of the columns."""
    return row.page_index != header.page_index and _labels(row) == _labels(header)


def _labels(row: ItemRow) -> list[str]:
    return [text.text.strip().casefold() for text in row.texts]


def _without_tax(run: _Run, tax: Decimal | None) -> _Run:
    """Count the last amount of a run with shipping and the like if it may be a tax."""
    if len(run.entries) <= 1:
        return run
    *before, last = run.entries
    added = sum((entry.amount for entry in before), Decimal(0))
    return (
        replace(run, entries=tuple(before), extras=run.extras + last.amount)
        if may_be_tax(last.amount, added, tax)
        else run
    )


def _adds_up(rows: Sequence[ItemRow], run: _Run, sums: Sums, *, is_headed: bool) -> bool:
    """Tell whether a run is a list of items: not one of taxes, and with a sum that is printed apart."""
    added = sum((entry.amount for entry in run.entries), Decimal(0))
    if added + run.extras not in sums.values or not all(has_words(rows[entry.row]) for entry in run.entries):
        return False
    if any(_has_tax(rows[entry.row], entry) for entry in run.entries) and not is_headed:
        return False
    many = sum(entry.amount != 0 for entry in run.entries) >= MIN_ITEMS
    if is_headed and many:
        return True
    if is_headed and _is_again(rows, run.entries[-1]):
        return True
    if run.sum_row is None or not many:
        return False
    row = rows[run.sum_row]
    column = rows[run.entries[-1].row].numbers[run.entries[-1].index]
    is_below = any({added, added + run.extras} & {*row.numbers[one].number.ways} for one in row.aligned(column))
    return is_below and run.sum_row - run.entries[-1].row <= MAX_BELOW


def _is_again(rows: Sequence[ItemRow], entry: Entry) -> bool:
    """Tell whether the amount of the only item is printed again as a sum."""
    return any(
        row.roles & ROLES_OF_SUMS and any(entry.amount in row.numbers[one].number.ways for one in row.plain)
        for row in rows[entry.row + 1 :]
    )


def _has_tax(row: ItemRow, entry: Entry) -> bool:
    """Tell whether a row has a rate and the tax that it makes of the amount, or of another number: a list of taxes."""
    numbers = [abs(one.number.money) for one in row.numbers]
    bases = {abs(entry.amount), *numbers}
    return any(
        0 < rate < HUNDRED and tax and abs(base * rate / HUNDRED - tax) <= ROUNDING * 2
        for rate in numbers
        for base in bases
        for tax in numbers
        if tax != base
    )


def _with_factors(rows: Sequence[ItemRow], entries: Sequence[Entry], header: int | None) -> tuple[Entry, ...]:
    """Add quantities under their label, and products of single rows."""
    return tuple(_with_factor(rows, entry, item, header) for item, entry in enumerate(entries))


def _with_factor(rows: Sequence[ItemRow], entry: Entry, item: int, header: int | None) -> Entry:
    row = rows[entry.row]
    for product in products(row):
        if product.amount == entry.index and product.kind == "plain" and not is_position(row, product, item):
            return replace(entry, product=product)
    heads = [text for text in rows[header].texts if text.text.strip()] if header is not None else []
    under = [
        one.number.ways[0]
        for index, one in enumerate(row.numbers)
        if index != entry.index
        and not one.number.percent
        and heads
        and _is_quantity(one, _nearest(one, heads), row.slack)
    ]
    return replace(entry, quantity=under[0]) if len(under) == 1 else entry


def _is_quantity(placed: Placed, head: Text, slack: float) -> bool:
    """Tell whether a number stands at a label of quantities that does not name the columns beside it too."""
    if _gap(placed, head) > NEAR * slack:
        return False
    return "quantity" in head.roles and not head.roles & {"unit_price", "amount", "total", "net"}


def _nearest(placed: Placed, heads: Sequence[Text]) -> Text:
    return min(heads, key=lambda text: _gap(placed, text))


def _gap(placed: Placed, head: Text) -> float:
    return max(head.left - placed.right, placed.left - head.right, 0.0)
