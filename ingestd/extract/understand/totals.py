"""Net, tax and total: the assignment of amounts to roles that explains the page best."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ingestd.extract.understand.amounts import Scored
from ingestd.extract.understand.mentions import Mentions
from ingestd.extract.understand.parts import MAX_TAX_PERCENT, MIN_CLEAR, MIN_LABELLED, Parts, parts_of
from ingestd.extract.understand.weights import Weights

MAX_VALUES = 40
"""Different amounts that are tried as a total."""
CLEARLY_LABELLED = 2.5
MAX_FURTHER_NETS = 2
"""Parts of a net amount beside its first, fewer of which may prove a total."""
_ROUNDING_CENTS = 5
_WHOLE_ROUNDING_CENTS = 50


@dataclass(frozen=True, slots=True)
class Explanation:
    """One assignment of amounts to roles and its score."""

    total: Scored
    net: Scored | None
    taxes: tuple[Scored, ...]
    extras: tuple[Scored, ...]
    score: float
    equation: str
    """sum, zero, included, none."""
    rate: bool = False
    paid: bool = False
    parts: Mapping[str, float] = field(default_factory=dict)
    """Score of each role by itself."""
    rounded: bool = False
    """The sum holds only with a rounding that nothing prints, so any of its parts may be misread."""

    @property
    def labelled(self) -> bool:
        """Labels announce every part, and the total clearly.

        Of many parts of a net amount, which nothing prints as a whole, some add up by accident.
        """
        further = sum(one.dominant == "base" for one in self.extras)
        clear = self.parts["total"] > MIN_CLEAR and all(score > MIN_LABELLED for score in self.parts.values())
        return clear and further < MAX_FURTHER_NETS

    @property
    def net_cents(self) -> int:
        """Net amount in hundredths, further parts of the net (supplies at another rate) included."""
        further = sum(one.cents for one in self.extras if one.dominant == "base")
        return (self.net.cents if self.net is not None else 0) + further

    @property
    def tax_cents(self) -> int:
        """Sum of the taxes in hundredths."""
        return sum(tax.cents for tax in self.taxes)


def explain_amounts(scored: Sequence[Scored], mentions: Mentions, rows: int, weights: Weights) -> list[Explanation]:
    """List the explanations of a document's amounts, best first; of each total only the best.

    Args:
        scored: from :func:`score_amounts`.
        mentions: of the document.
        rows: of the document.
        weights: of the evidence.
    """
    known = parts_of(scored, mentions, weights)
    largest = max((abs(one.cents) for one in scored if one.amount.written or one.amount.currency), default=0)
    counts: dict[int, int] = defaultdict(int)
    for one in scored:
        counts[one.cents] += 1
    totals = sorted(known.totals.items(), key=lambda item: -item[1][0] - (abs(item[0]) == largest))[:MAX_VALUES]
    found = []
    for cents, (score, one) in totals:
        if score < MIN_CLEAR and known.is_below_net(cents):
            continue
        base = weights.amount["total"] * score + weights.amount["low"] * one.amount.place.row / max(rows, 1)
        base += weights.amount["repeated"] * (counts[cents] > 1) + weights.amount["largest"] * (abs(cents) == largest)
        base += weights.amount["one_rate"] * (cents in known.of_one_rate.get(one.amount.place.row, ()))
        paid = cents in known.paid
        base += weights.equation["paid"] * paid
        if any(
            cents - rounding in known.totals and known.totals[cents - rounding][0] > 1 for rounding in known.roundings
        ):
            base += weights.equation["rounding"]
        found.append(max(_ways(one, base, known, weights, paid=paid), key=lambda way: way.score))
    found.sort(key=lambda way: -way.score)
    return [_rounded(found, known), *found[1:]] if found else found


def _rounded(found: Sequence[Explanation], known: Parts) -> Explanation:
    """Take the total after rounding where the best explanation ends before it."""
    best = found[0]
    for cents, (score, one) in known.totals.items():
        shift = cents - best.total.cents
        printed = shift in known.roundings
        few = abs(shift) <= _ROUNDING_CENTS and best.total.cents % 5 and score > 1.0 and (printed or cents % 5 == 0)
        whole = abs(shift) <= _WHOLE_ROUNDING_CENTS and cents % 100 == 0 and best.total.cents % 100 and score > 3.5
        if shift and (few or whole):
            return replace(best, total=one)
    return best


def _ways(total: Scored, base: float, known: Parts, weights: Weights, *, paid: bool) -> Iterator[Explanation]:
    """Explain one total in every way."""
    cents = total.cents
    most = 1.6 * abs(cents)
    yield _apart(total, base, known, weights, paid=paid)
    yield from _by_rate(total, base, known, weights, paid=paid)
    for net_cents, (net_score, net) in known.nets.items():
        if net_cents == 0 or (net_cents > 0) != (cents > 0) or abs(net_cents) > most:
            continue
        if net.amount is total.amount and cents not in known.finals:
            continue
        for extras, shift in known.extras_after(net_cents, cents):
            gap = cents - net_cents - shift
            if gap == 0 and net_score > 1.0:
                yield from _without_gap(total, net, extras, base, net_score, known, weights, paid=paid)
            if gap == 0:
                continue
            if not known.labelled_taxes and gap not in known.taxes:
                continue
            for taxes, tax_score, rounding in _fillings(gap, cents, known):
                if any(one.amount is net.amount or one.amount is total.amount for one in (*taxes, *extras)):
                    continue
                parts = {"total": base, "net": net_score, "tax": tax_score}
                rate = _is_rate(sum(tax.cents for tax in taxes), net_cents, known.rates)
                score = base + net_score + tax_score + _sum_bonus(parts, weights, rate=rate)
                score += weights.equation["extra"] * len(extras) + weights.equation["unnamed"] * (base < 1.0)
                score += weights.equation["parts"] * (len(taxes) - 1)
                score += weights.equation["other_tax"] * _passes_over(taxes, tax_score, known)
                rounded = rounding != 0 and rounding not in known.roundings
                score += weights.equation["rounded"] * rounded
                yield Explanation(total, net, taxes, extras, score, "sum", rate, paid, parts, rounded)
    yield from _included(total, base, known, weights, paid=paid)


def _by_rate(total: Scored, base: float, known: Parts, weights: Weights, *, paid: bool) -> Iterator[Explanation]:
    """Explain a total by all rows of a table of rates."""
    for table in known.tables:
        shift = total.cents - table.gross
        if not table.whole or (shift and shift not in known.roundings) or total.amount is table.rows[0].gross.amount:
            continue
        first, *others = (row.net for row in table.rows)
        taxes = tuple(row.tax for row in table.rows)
        nets = [known.nets[one.cents][0] if one.cents in known.nets else 0.0 for one in (first, *others)]
        parts = {"total": base, "net": min(nets), "tax": min(known.taxes[one.cents][0] for one in taxes)}
        score = (
            base + max(parts["net"], 0.0) + max(parts["tax"], 0.0) + weights.equation["sum"] + weights.equation["rate"]
        )
        further = tuple(replace(one, evidence={"base": 1.0}) for one in others)
        yield Explanation(total, first, taxes, further, score, "sum", True, paid, parts, rounded=shift != 0)


def _apart(total: Scored, base: float, known: Parts, weights: Weights, *, paid: bool) -> Explanation:
    """Explain a total without an equation: net and tax are what their labels say."""
    parts, score = {"total": base}, base
    chosen: dict[str, Scored] = {}
    for role, most in (("net", 100), ("tax", MAX_TAX_PERCENT)):
        fitting = [
            (value, one)
            for cents, value, one in known.clear[role]
            if one.amount is not total.amount
            and cents * (1 if total.cents > 0 else -1) >= 0
            and 100 * abs(cents) <= most * abs(total.cents)
        ]
        if fitting:
            value, one = max(fitting, key=lambda pair: pair[0])
            chosen[role], parts[role] = one, value
            score += weights.equation["apart"] * value
    taxes = (chosen["tax"],) if "tax" in chosen else ()
    return Explanation(total, chosen.get("net"), taxes, (), score, "none", paid=paid, parts=parts)


def _passes_over(taxes: Sequence[Scored], score: float, known: Parts) -> bool:
    """Tell whether a sum takes a tax that no label announces although a label announces another."""
    return score < MIN_LABELLED and any(
        known.taxes[one.cents][0] > CLEARLY_LABELLED and one not in taxes for one in known.labelled_taxes
    )


def _sum_bonus(parts: Mapping[str, float], weights: Weights, *, rate: bool) -> float:
    """Worth of a sum: less for each part that no label announces, because among many numbers some add up."""
    unlabelled = sum(score < MIN_LABELLED for score in parts.values())
    worth = weights.equation["sum"] + weights.equation["rate"] * rate
    return float(worth * weights.equation["unlabelled"] ** unlabelled)


def _without_gap(
    total: Scored,
    net: Scored,
    extras: tuple[Scored, ...],
    base: float,
    net_score: float,
    known: Parts,
    weights: Weights,
    *,
    paid: bool,
) -> Iterator[Explanation]:
    """Explain a total that leaves no room for a tax."""
    if not extras:
        yield _without_tax(total, net, base, net_score, known, weights, paid=paid)
    elif net.amount is not total.amount:
        yield _with_extras(total, net, extras, base, net_score, weights, paid=paid)


def _with_extras(
    total: Scored,
    net: Scored,
    extras: tuple[Scored, ...],
    base: float,
    net_score: float,
    weights: Weights,
    *,
    paid: bool,
) -> Explanation:
    """Explain a total by a net amount and surcharges or discounts, without a tax.

    A further part of the net may as well be the tax under a heading that was misread: the tax counts as unlabelled.
    """
    parts = {"total": base, "net": net_score}
    if any(one.dominant == "base" for one in extras):
        parts["tax"] = 0.0
    score = base + net_score + _sum_bonus(parts, weights, rate=False) + weights.equation["extra"] * len(extras)
    return Explanation(total, net, (), extras, score, "sum", False, paid, parts)


def _without_tax(
    total: Scored, net: Scored, base: float, net_score: float, known: Parts, weights: Weights, *, paid: bool
) -> Explanation:
    zero = known.taxes.get(0)
    printed = zero is not None and zero[0] > 1
    score = base + net_score + (weights.equation["zero"] + zero[0] if zero is not None and printed else 0.0)
    taxes = (zero[1],) if zero is not None and printed else ()
    return Explanation(total, net, taxes, (), score, "zero", False, paid, {"total": base, "net": net_score})


def _included(total: Scored, base: float, known: Parts, weights: Weights, *, paid: bool) -> Iterator[Explanation]:
    """Explain a total by a tax that is printed as part of it."""
    for taxes in (*((tax,) for tax in known.labelled_taxes), known.labelled_taxes):
        cents = sum(tax.cents for tax in taxes)
        within = 0 < abs(cents) < abs(total.cents) * 0.3 and (cents > 0) == (total.cents > 0)
        if not within or any(tax.amount is total.amount for tax in taxes):
            continue
        rate = _is_rate(cents, total.cents - cents, known.rates)
        if rate or (len(taxes) > 1 and _lies_between(taxes, cents, total.cents, known.rates)):
            tax_score = min(known.taxes[tax.cents][0] for tax in taxes)
            score = base + max(tax_score, 0.0) * 0.5 + weights.equation["included"] * (base > 1.5)
            score += weights.equation["parts"] * (len(taxes) - 1)
            yield Explanation(total, None, taxes, (), score, "included", rate, paid, {"total": base, "tax": tax_score})


def _lies_between(taxes: Sequence[Scored], cents: int, total: int, rates: Sequence[int]) -> bool:
    """Tell whether taxes of several rates can be those of a total that includes them."""
    share = 10_000 * abs(cents) / (abs(total) - abs(cents))
    return len({tax.cents for tax in taxes}) == len(taxes) and min(rates) < share < max(rates)


def _fillings(gap: int, total: int, known: Parts) -> Iterator[tuple[tuple[Scored, ...], float, int]]:
    """Taxes that fill the gap between net and total, and the rounding that is left."""
    if gap in known.taxes:
        score, one = known.taxes[gap]
        yield (one,), score, 0
    slack = _WHOLE_ROUNDING_CENTS if total % 100 == 0 and gap % 100 else _ROUNDING_CENTS
    for one in known.labelled_taxes:
        if one.cents != gap and abs(one.cents - gap) <= slack:
            yield (one,), known.taxes[one.cents][0], gap - one.cents
    for chosen in known.tax_sums.get(gap, ()):
        yield chosen, min(known.taxes[one.cents][0] for one in chosen), 0


def _is_rate(tax: int, net: int, rates: Sequence[int]) -> bool:
    """Tell whether a tax is a printed or usual rate of the net, to the cent.

    >>> _is_rate(1_900, 10_000, [700, 1_900]), _is_rate(1_902, 10_000, [700, 1_900])
    (True, False)
    """
    if not net:
        return False
    lowest, highest = -(-10_000 * (abs(tax) - 1) // abs(net)), 10_000 * (abs(tax) + 1) // abs(net)
    index = bisect_left(rates, lowest)
    return index < len(rates) and rates[index] <= highest
