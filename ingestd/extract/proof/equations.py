"""Equations between amounts: they choose among candidates, prove what fits and contradict what does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise, product

from ingestd.document import Level, Reason, ReasonKind
from ingestd.extract.proof.alternatives import Choice, choices
from ingestd.extract.proof.evidence import Case, values_of
from ingestd.extract.proof.repair import Repair, amounts, by_chance
from ingestd.extract.rulefile.equation import SUM_OF, Equation, Term
from ingestd.extract.rulefile.model import CrossCheck
from ingestd.extract.search.candidates import UNLABELLED, Candidate
from ingestd.extract.values.normalise import Value, money_text
from ingestd.layout.rows import Sheet

_SIGNS = {1: "+", -1: "-"}


def solve(cases: Mapping[str, Case], sheet: Sheet, check: CrossCheck, equation: Equation) -> bool:
    """Look for the best-announced values that fulfil an equation and settle them."""
    terms = [term for term in equation.terms if values_of(cases[term.field]) or not term.optional]
    names = [*(term.field for term in terms), equation.result]
    best = _cheapest(terms, [values_of(cases[name]) for name in names], round(100 * check.tolerance))
    if best is None:
        return _solve_repaired(cases, sheet, check, terms, names)
    level, reason = _weight(cases, check, terms, names, best)
    if level is Level.AGREED and not all(candidate.value.sure for candidate in best):
        return False
    for name, candidate in zip(names, best, strict=True):
        cases[name].chosen = candidate
        cases[name].add(level, reason)
    return True


def _solve_repaired(
    cases: Mapping[str, Case], sheet: Sheet, check: CrossCheck, terms: Sequence[Term], names: Sequence[str]
) -> bool:
    """Let an equation choose among what the reader had in mind: one digit of one amount, if only one way fits."""
    first = [next(iter(values_of(cases[name])), None) for name in names]
    if any(candidate is None or not candidate.value.sure for candidate in first):
        return False
    read = [candidate for candidate in first if candidate is not None]
    told: list[Choice] = []
    tried: list[tuple[list[Candidate], str, Repair, float]] = []
    for place, candidate in enumerate(read):
        if cases[names[place]].has(Level.PROVED):
            continue
        options = choices(sheet, candidate.spans) if candidate.spans else None
        told += options or [((character, 1.0),) for character in candidate.value.text if character.isdecimal()]
        for repaired, odds in amounts(options or (), candidate.value.text):
            values = [*read[:place], replace(candidate, value=Value(repaired.text)), *read[place + 1 :]]
            tried.append((values, names[place], repaired, odds))
    ways = [way for way in tried if _sum(terms, way[0]) == _cents(way[0][-1])]
    if len(ways) != 1 or by_chance(ways[0][-1], len(tried), told):
        return False
    values, name, repaired, _ = ways[0]
    level, reason = _weight(cases, check, terms, names, values)
    if level is not Level.PROVED:
        return False
    for settled, candidate in zip(names, values, strict=True):
        cases[settled].chosen = candidate
        cases[settled].add(level, _repaired(reason, read[names.index(name)], repaired) if settled == name else reason)
    return True


def _repaired(reason: Reason, candidate: Candidate, repaired: Repair) -> Reason:
    """Evidence of an equation for the one value that it repairs."""
    data = {"by": "equation", "read": candidate.value.text, "value": repaired.text}
    return Reason(ReasonKind.REPAIR, f"{reason.text}; {repaired.reason}", {**reason.data, **data})


def _sum(terms: Sequence[Term], values: Sequence[Candidate]) -> int:
    return sum(term.sign * _cents(candidate) for term, candidate in zip(terms, values, strict=False))


def _cheapest(
    terms: Sequence[Term], values: Sequence[Sequence[Candidate]], tolerance: int
) -> tuple[Candidate, ...] | None:
    """The values, one per term and the result last, that fulfil an equation and stand first in their lists.

    Args:
        terms: the left side.
        values: candidates of each term, then of the result, best first.
        tolerance: in cents.
    """
    results: dict[int, list[tuple[int, Candidate]]] = {}
    for position, candidate in enumerate(values[-1]):
        cents = _cents(candidate)
        for near in range(cents - tolerance, cents + tolerance + 1):
            results.setdefault(near, []).append((position, candidate))
    parts = [
        [(position, term.sign * _cents(candidate), candidate) for position, candidate in enumerate(choice)]
        for term, choice in zip(terms, values, strict=False)
    ]
    best: tuple[int, tuple[Candidate, ...]] | None = None
    for combination in product(*parts):
        for found in results.get(sum(cents for _, cents, _ in combination), ()):
            placed = (*((position, candidate) for position, _, candidate in combination), found)
            cost = sum(position for position, _ in placed)
            chosen = tuple(candidate for _, candidate in placed)
            if (best is None or cost < best[0]) and _apart(chosen) and _credible(placed):
                best = cost, chosen
    return best and best[1]


def _credible(placed: Sequence[tuple[int, Candidate]]) -> bool:
    """A value without a label counts only beside the best-announced values of all other fields.

    A page has many numbers, and among enough of them some fulfil an equation by chance. More than one value
    without a label counts only where they stand side by side, each in its column.

    Args:
        placed: each value and its place among the candidates of its field.
    """
    if not any(_unlabelled(candidate) for _, candidate in placed):
        return True
    if any(candidate.field.startswith(SUM_OF) for _, candidate in placed):
        return False  # whatever equals the sum of the items: with or without tax, before or after a discount
    if not all(candidate.value.sure for _, candidate in placed if not _unlabelled(candidate)):
        return False  # two guesses at once
    others = [position for position, candidate in placed if not _unlabelled(candidate)]
    rows = {candidate.column_row for _, candidate in placed if _unlabelled(candidate)}
    aligned = len(others) == len(placed) - 1 or (len(rows) == 1 and None not in rows)
    return aligned and bool(others) and not any(others)


def _unlabelled(candidate: Candidate) -> bool:
    return bool(candidate.rank) and candidate.rank[0] >= UNLABELLED


def _cents(candidate: Candidate) -> int:
    return int(Decimal(candidate.value.text).scaleb(2))


def _apart(values: Sequence[Candidate]) -> bool:
    """No two fields use the same printed characters."""
    spans = sorted((span for candidate in values for span in candidate.spans), key=lambda span: (span.line, span.start))
    return all(one.line != other.line or one.end <= other.start for one, other in pairwise(spans))


def _weight(
    cases: Mapping[str, Case],
    check: CrossCheck,
    terms: Sequence[Term],
    names: Sequence[str],
    values: Sequence[Candidate],
) -> tuple[Level, Reason]:
    """What a fulfilled equation is worth.

    Where all points were lost, a sum holds as well for amounts a hundred times too large, and where it only holds
    nearly, the last digit of any part may be misread. A sum with only one part that is not zero merely repeats a
    number; the same amount in words and in figures is more than that, and so is a sum of several line items.
    """
    parts = [
        (term.sign, _told(candidate))
        for term, candidate in zip(terms, values, strict=False)
        if Decimal(candidate.value.text)
    ]
    types = {cases[name].plan.spec.type for name in names}
    text = " ".join(f"{_SIGNS[sign]} {value}" for sign, value in parts).removeprefix("+ ") or "0.00"
    left, right = money_text(Decimal(_sum(terms, values)).scaleb(-2)), values[-1].value.text
    data: dict[str, str | bool] = {"check": check.name, "holds": True, "left": left, "right": right}

    def reason(but: str = "") -> Reason:
        return Reason(ReasonKind.EQUATION, f"{check.name}: {text} = {right}{but}", data)

    if parts and all(candidate.value.whole for candidate in values if Decimal(candidate.value.text)):
        return Level.READ, reason(", but none of them has cents")
    if _sum(terms, values) != _cents(values[-1]):
        return Level.READ, reason(" but for rounding")
    summed = sum(candidate.parts for candidate in values[:-1] if Decimal(candidate.value.text))
    if summed >= 2 or (parts and len(types) > 1):
        return Level.PROVED, reason()
    return Level.AGREED, reason()


def _told(candidate: Candidate) -> str:
    items = f" ({candidate.parts} items)" if candidate.parts > 1 else ""
    return f"{candidate.value.text}{items}"


def contradict(cases: Mapping[str, Case], check: CrossCheck, equation: Equation) -> None:
    """An equation that holds for no values speaks against those of its fields that nothing else proves."""
    terms = [term for term in equation.terms if cases[term.field].chosen is not None or not term.optional]
    names = [*(term.field for term in terms), equation.result]
    chosen = [candidate for name in names if (candidate := cases[name].chosen) is not None]
    if check.otherwise == "nothing" or len(chosen) < len(names):
        return
    if equation.sums and not all(candidate.spans for candidate in chosen):
        return  # the items of a roll say nothing about a net amount that only its code states
    parts = [f"{_SIGNS[term.sign]} {_told(candidate)}" for term, candidate in zip(terms, chosen, strict=False)]
    left, right = money_text(Decimal(_sum(terms, chosen)).scaleb(-2)), chosen[-1].value.text
    reason = Reason(
        ReasonKind.EQUATION,
        f"{check.name} fails: {' '.join(parts).removeprefix('+ ')} is not {right}",
        {"check": check.name, "holds": False, "left": left, "right": right},
    )
    doubtful = [name for name in names if not cases[name].has(Level.PROVED)] or names
    for name in doubtful:
        cases[name].add(Level.CONFLICT, reason)
