"""Parts that the amounts of a document offer to the explanation of its total."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations, islice
from operator import itemgetter

from ingestd.extract.understand.amounts import Scored, role_score
from ingestd.extract.understand.mentions import Mentions
from ingestd.extract.understand.rate_tables import RateTable, in_tables, rate_tables
from ingestd.extract.understand.weights import Weights

USUAL_RATES = (
    *map(Decimal, ("2.5", "2.6", "3", "3.8", "4", "5", "5.5", "6", "7", "7.7", "8", "8.1", "8.25", "8.5", "9", "10")),
    *map(
        Decimal,
        ("12", "13", "13.5", "14", "15", "16", "17", "18", "19", "20", "21", "22", "23", "24", "25", "27", "28"),
    ),
)
"""Rates of value added and sales taxes, in percent."""
MAX_TAX_PERCENT = 33
"""Tax per net; no country asks for more."""
MAX_NETS = 30
MAX_TAXES = 8
MAX_SUMMED_TAXES = 4
_FINAL = frozenset(("total", "due", "paid", "amount"))
MIN_LABELLED = 0.7
"""Score from which on a label counts as one."""
_ANNOUNCED = 1.2
"""Score from which on a net amount or a tax is believed without an equation."""
MIN_CLEAR = 2.0
"""Score of a role by itself from which on its label is clear; only then may arithmetic prove a total, because sums of
other amounts close as well."""
MAX_EXTRAS = 5


@dataclass(frozen=True, slots=True)
class Parts:
    """Parts that the amounts of a document offer to explanations."""

    totals: Mapping[int, tuple[float, Scored]]
    nets: Mapping[int, tuple[float, Scored]]
    taxes: Mapping[int, tuple[float, Scored]]
    labelled_taxes: tuple[Scored, ...]
    tax_sums: Mapping[int, Sequence[tuple[Scored, ...]]]
    """Sum -> the labelled taxes that make it, two or more."""
    extras: tuple[tuple[tuple[Scored, ...], int], ...]
    """Surcharges and discounts, and their sum; ascending by it."""
    roundings: frozenset[int]
    paid: frozenset[int]
    """Amounts that are what was paid less the change."""
    clear: Mapping[str, Sequence[tuple[int, float, Scored]]]
    """Net, tax -> values that a label announces: cents, score and amount."""
    rates: Sequence[int]
    """Hundredths of a percent, ascending."""
    finals: frozenset[int]
    """Amounts that a label calls the total, due or paid in some place."""
    tables: Sequence[RateTable]
    of_one_rate: Mapping[int, frozenset[int]]
    """Row of the document -> amounts that belong to one of several rates."""

    def is_below_net(self, total: int) -> bool:
        """Tell whether a clearly labelled net is larger than a total although all discounts are taken off."""
        most = max((abs(cents) for cents, score, _ in self.clear["net"] if score > MIN_CLEAR), default=0)
        return abs(total) < most + self.extras[0][1]

    def extras_after(self, net: int, total: int) -> Iterator[tuple[tuple[Scored, ...], int]]:
        """Surcharges and discounts that may follow a net and leave room for its tax, and their sum.

        Not where the net after them is printed.
        """
        gap, most = total - net, MAX_TAX_PERCENT * abs(net) // 100
        least, largest = (gap - most, gap) if net > 0 else (gap, gap + most)
        first = bisect_left(self.extras, least, key=itemgetter(1))
        for extras, shift in islice(self.extras, first, None):
            if shift > largest:
                return
            if extras and net == total:
                continue  # what is taken off and put on again explains nothing
            if not extras or net + shift == total or self.nets.get(net + shift, (0.0,))[0] < MIN_LABELLED:
                yield extras, shift


def parts_of(scored: Sequence[Scored], mentions: Mentions, weights: Weights) -> Parts:
    """Collect the parts, from amounts with what their labels say."""
    by_role = {role: _best_by_value(scored, role, weights) for role in ("total", "net", "tax")}
    nets = dict(sorted(by_role["net"].items(), key=lambda item: -item[1][0])[:MAX_NETS])
    certain = [one for one in scored if one.penalty == 0]
    with_cents = any(one.amount.written for one in certain)
    amounts = [one for one in certain if one.cents and _is_money(one, with_cents=with_cents)]
    extras = [one for one in amounts if one.dominant in ("tip", "discount", "base")][:MAX_EXTRAS]
    labelled = [one for one in amounts if one.evidence.get("tax", 0) > _ANNOUNCED][:MAX_TAXES]
    roundings = {one.cents for one in certain if one.dominant == "rounding" and 0 < abs(one.cents) < 100}
    paid = {one.cents for one in certain if one.dominant == "paid"}
    change = {one.cents for one in certain if one.dominant == "change" and one.cents > 0}
    return Parts(
        by_role["total"],
        nets,
        by_role["tax"],
        tuple(labelled),
        _tax_sums([one for one in labelled if _is_beside(one)], [one for one in labelled if not _is_beside(one)]),
        tuple(sorted(_extra_sums(extras), key=itemgetter(1))),
        frozenset(roundings | {-cents for cents in roundings}),
        frozenset(given - back for given in paid for back in change),
        {
            role: [
                (cents, value, one)
                for cents, (value, one) in values.items()
                if value > _ANNOUNCED and _is_money(one, with_cents=with_cents)
            ]
            for role, values in (("net", nets), ("tax", by_role["tax"]))
        },
        sorted({int(100 * rate) for rate in (*(percent for _, percent in mentions.percents), *USUAL_RATES)} - {0}),
        frozenset(one.cents for one in certain if one.dominant in _FINAL),
        tables := rate_tables(certain, mentions),
        in_tables(tables),
    )


def _is_money(one: Scored, *, with_cents: bool) -> bool:
    """Tell whether a number can be a part of a total: on paper with cents a bare one is a count or a number."""
    return one.amount.written or bool(one.amount.currency) or not with_cents


def _best_by_value(scored: Sequence[Scored], role: str, weights: Weights) -> dict[int, tuple[float, Scored]]:
    best: dict[int, tuple[float, Scored]] = {}
    for one in scored:
        score = role_score(one, role, weights)
        if one.cents not in best or score > best[one.cents][0]:
            best[one.cents] = (score, one)
    return best


def _is_beside(one: Scored) -> bool:
    """Tell whether the label of a tax stands beside it, not above its column."""
    return any(link.phrase.role == "tax" and link.relation == "right" for link in one.links)


def _tax_sums(*columns: Sequence[Scored]) -> Mapping[int, Sequence[tuple[Scored, ...]]]:
    """Add up taxes within each column: one of a table of goods and a sum below it make no tax together."""
    found: dict[int, list[tuple[Scored, ...]]] = defaultdict(list)
    for taxes in columns:
        for size in range(2, MAX_SUMMED_TAXES + 1):
            for chosen in combinations(taxes, size):
                found[sum(one.cents for one in chosen)].append(chosen)
    return found


def _extra_sums(extras: Sequence[Scored]) -> Iterator[tuple[tuple[Scored, ...], int]]:
    yield (), 0
    for size in range(1, min(len(extras), 3) + 1):
        for chosen in combinations(extras, size):
            yield chosen, sum(-abs(one.cents) if one.dominant == "discount" else one.cents for one in chosen)
