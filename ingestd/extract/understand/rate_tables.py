"""Tables of tax by rate: each row has a net amount, its tax and their sum, and only the whole table makes the total."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import permutations

from ingestd.extract.understand.amounts import Scored
from ingestd.extract.understand.mentions import Mentions

MAX_IN_ROW = 8
"""Amounts of a row of such a table; rows with more are not looked at."""
MAX_APART = 3
"""Rows from one row of a table to the next, those between that a line break makes included."""
MAX_RATE = 30
"""Largest rate in percent that may stand without its sign."""


@dataclass(frozen=True, slots=True)
class RateRow:
    """Net amount, tax and sum of one rate."""

    net: Scored
    tax: Scored
    gross: Scored

    @property
    def amounts(self) -> tuple[Scored, ...]:
        """All three."""
        return self.net, self.tax, self.gross

    @property
    def cents(self) -> tuple[int, ...]:
        """All three, in hundredths."""
        return tuple(one.cents for one in self.amounts)


@dataclass(frozen=True, slots=True)
class RateTable:
    """Rows of a table of rates, without a row that sums them."""

    rows: tuple[RateRow, ...]
    whole: bool
    """No further row looks like one of this table but does not add up, because it was misread."""

    @property
    def gross(self) -> int:
        """Sum of all rows in hundredths."""
        return sum(row.gross.cents for row in self.rows)


def rate_tables(scored: Sequence[Scored], mentions: Mentions) -> tuple[RateTable, ...]:
    """Find the tables of a document, top to bottom.

    Args:
        scored: amounts that were read without doubt.
        mentions: of the document.
    """
    percents: dict[int, set[Decimal]] = defaultdict(set)
    for place, percent in mentions.percents:
        percents[place.row].add(percent)
    by_row: dict[int, list[Scored]] = defaultdict(list)
    for one in scored:
        by_row[one.amount.place.row].append(one)
    rows = [row for index in sorted(by_row) if (row := _rate_row(by_row[index], percents.get(index, set())))]
    closed = {row.net.amount.place.row for row in rows}
    open_rows = [by_row[index] for index in sorted(by_row) if index in percents and index not in closed]
    return tuple(_table(group, open_rows) for group in _groups(rows))


def _rate_row(ones: Sequence[Scored], percents: set[Decimal]) -> RateRow | None:
    """Find a net amount, its tax by a rate that the row prints, and their sum."""
    if not 3 <= len(ones) <= MAX_IN_ROW:
        return None
    bare = {Decimal(one.cents) / 100 for one in ones if 0 <= one.cents <= 100 * MAX_RATE and not one.amount.currency}
    for net, tax, gross in permutations(ones, 3):
        adds = net.cents + tax.cents == gross.cents and net.cents * gross.cents > 0
        if adds and any(_is_tax(tax.cents, net.cents, rate) for rate in percents):
            return RateRow(net, tax, gross)
        if adds and tax.cents and any(_is_tax(tax.cents, net.cents, rate) for rate in bare):
            return RateRow(net, tax, gross)
    return None


def _is_tax(tax: int, net: int, rate: Decimal) -> bool:
    """Tell whether a tax is a rate of a net amount, to the cent, or to the whole unit where nothing has cents."""
    exact = net * rate / 100
    return abs(tax - exact) <= 1 or (tax % 100 == 0 and net % 100 == 0 and rate > 0 and abs(tax - exact) < 100 <= tax)


def _groups(rows: Sequence[RateRow]) -> Iterator[list[RateRow]]:
    """Rows that stand below each other in the same columns."""
    group: list[RateRow] = []
    for row in rows:
        if group and not _continues(group[-1], row):
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def _continues(above: RateRow, below: RateRow) -> bool:
    return _is_near(above, below.net) and all(
        _is_below(one, other) for one, other in zip(above.amounts, below.amounts, strict=True)
    )


def _is_near(row: RateRow, other: Scored) -> bool:
    first, second = row.net.amount.place, other.amount.place
    return first.page_index == second.page_index and 0 < abs(second.row - first.row) <= MAX_APART


def _is_below(one: Scored, other: Scored) -> bool:
    """Tell whether two amounts stand in one column."""
    return abs(one.amount.place.right - other.amount.place.right) < one.amount.place.height


def _looks_like(row: RateRow, others: Sequence[Scored]) -> bool:
    """Tell whether amounts of another row stand near a row, in all three of its columns."""
    return _is_near(row, others[0]) and all(any(_is_below(one, other) for other in others) for one in row.amounts)


def _table(group: Sequence[RateRow], open_rows: Sequence[Sequence[Scored]]) -> RateTable:
    """Make a table of rows that stand below each other; a last row that is the sum of the others is left out.

    Args:
        group: rows that add up, below each other.
        open_rows: amounts of rows that print a rate and do not add up.
    """
    *others, last = group
    if len(others) > 1 and all(
        sum(row.cents[index] for row in others) == last.cents[index] for index in range(len(last.cents))
    ):
        group = others
    whole = not any(_looks_like(row, ones) for row in group for ones in open_rows)
    rows = {row.cents: row for row in group}
    return RateTable(tuple(group if len(rows) > 1 else rows.values()), whole)


def in_tables(tables: Sequence[RateTable]) -> Mapping[int, frozenset[int]]:
    """Return row of the document -> values in hundredths that belong to one of several rates."""
    found: dict[int, frozenset[int]] = {}
    for table in tables:
        for row in table.rows if len(table.rows) > 1 or not table.whole else ():
            found[row.net.amount.place.row] = frozenset(row.cents)
    return found
