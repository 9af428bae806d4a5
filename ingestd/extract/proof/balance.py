"""Balances: equations with a value in every place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise, product

from ingestd.extract.rulefile.equation import SUM_OF, Equation, Term
from ingestd.extract.search.candidates import Candidate
from ingestd.extract.values.normalise import Caveat, Value, money_text

_SIGNS = {1: "+", -1: "-"}
_CURRENCY_SIGNS = "¥￥$€£"


@dataclass(frozen=True, slots=True)
class Entry:
    """One amount of a balance."""

    field: str
    sign: int
    """1 or -1; 1 for the result."""
    candidate: Candidate
    place: int = 0
    """Index among the values of its field that were tried, best first."""

    @property
    def cents(self) -> int:
        """The amount in cents without the sign of its term."""
        return int(Decimal(self.candidate.value.text).scaleb(2))

    @property
    def wording(self) -> str:
        """The amount in words, with the number of line items that it is the sum of."""
        items = f" ({self.candidate.parts} items)" if self.candidate.parts > 1 else ""
        return f"{self.candidate.value.text}{items}"


@dataclass(frozen=True, slots=True)
class Balance:
    """An equation whose terms and result have values."""

    terms: tuple[Entry, ...]
    result: Entry

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All amounts: the terms in their order, then the result."""
        return (*self.terms, self.result)

    @property
    def left(self) -> int:
        """Signed sum of the terms, in cents."""
        return sum(term.sign * term.cents for term in self.terms)

    @property
    def exact(self) -> bool:
        """Both sides are equal to the cent."""
        return self.left == self.result.cents

    @property
    def falls(self) -> bool:
        """No term is larger than the one before it, whatever their signs."""
        return all(abs(one.cents) >= abs(other.cents) for one, other in pairwise(self.terms))

    @property
    def facts(self) -> dict[str, str]:
        """Both sides as amounts, for the data of a reason."""
        return {"left": money_text(Decimal(self.left).scaleb(-2)), "right": self.result.candidate.value.text}

    def wording(self, terms: Iterable[Entry]) -> str:
        """Write some of the terms with their signs: ``10.00 + 0.60``."""
        return " ".join(f"{_SIGNS[term.sign]} {term.wording}" for term in terms).removeprefix("+ ")

    def with_value(self, field: str, text: str) -> Balance:
        """Return this balance with another value for one field."""
        return Balance(
            tuple(_with_value(term, field, text) for term in self.terms), _with_value(self.result, field, text)
        )


def _with_value(entry: Entry, field: str, text: str) -> Entry:
    if entry.field != field:
        return entry
    return replace(entry, candidate=replace(entry.candidate, value=Value(text)))


def first_values(equation: Equation, values: Mapping[str, Sequence[Candidate]]) -> Balance | None:
    """Fill an equation with the first value of each field; optional terms without a value are left out.

    Returns:
        None where the result or another term has no value.
    """
    terms = _present(equation, values)
    if not all(values[name] for name in (*(term.field for term in terms), equation.result)):
        return None
    return Balance(
        tuple(Entry(term.field, term.sign, values[term.field][0]) for term in terms),
        Entry(equation.result, 1, values[equation.result][0]),
    )


def cheapest(
    equation: Equation, values: Mapping[str, Sequence[Candidate]], tolerance: int, *, falling: bool = False
) -> Balance | None:
    """Find the balance within the tolerance whose values stand first in their lists.

    Args:
        equation: optional terms without a value are left out.
        values: candidates of each field, best first.
        tolerance: in cents.
        falling: no term may be larger than the one before it.
    """
    results: dict[int, list[Entry]] = {}
    for result in _entries(equation.result, 1, values):
        for near in range(result.cents - tolerance, result.cents + tolerance + 1):
            results.setdefault(near, []).append(result)
    parts = [
        [(entry.sign * entry.cents, entry) for entry in _entries(term.field, term.sign, values)]
        for term in _present(equation, values)
    ]
    best: tuple[int, Balance] | None = None
    for combination in product(*parts):
        for result in results.get(sum(cents for cents, _ in combination), ()):
            balance = Balance(tuple(entry for _, entry in combination), result)
            cost = sum(entry.place for entry in balance.entries)
            if (best is not None and cost >= best[0]) or (falling and not balance.falls):
                continue
            if _apart(balance) and _credible(balance):
                best = cost, balance
    return best and best[1]


def _present(equation: Equation, values: Mapping[str, Sequence[Candidate]]) -> list[Term]:
    return [term for term in equation.terms if values[term.field] or not term.optional]


def _entries(field: str, sign: int, values: Mapping[str, Sequence[Candidate]]) -> Iterator[Entry]:
    for place, candidate in enumerate(values[field]):
        yield Entry(field, sign, candidate, place)


def _apart(balance: Balance) -> bool:
    """Return True where no two fields use the same printed characters."""
    spans = sorted(
        (span for entry in balance.entries for span in entry.candidate.spans), key=lambda span: (span.line, span.start)
    )
    return all(one.line != other.line or one.end <= other.start for one, other in pairwise(spans))


def _credible(balance: Balance) -> bool:
    """Return True where values without a label stand beside the best-announced values of all other fields.

    A page has many numbers, and among enough of them some fulfil an equation by chance. More than one value
    without a label counts only where they stand side by side, each under the header of its column or none under any.
    Without any label the amounts have to stand as a form prints its sums: see :func:`_is_form`.
    """
    unlabelled = [entry.candidate for entry in balance.entries if entry.candidate.rank.unlabelled]
    others = [entry for entry in balance.entries if not entry.candidate.rank.unlabelled]
    if not unlabelled:
        return True
    if not others:
        return _is_form(balance)
    if any(entry.candidate.field.startswith(SUM_OF) for entry in balance.entries):
        return False  # many amounts equal the sum of the items: with or without tax, before or after a discount
    if any(Caveat.UNSURE in entry.candidate.value.caveats for entry in others):
        return False  # two guesses at once
    rows = {(int(candidate.rank.position), candidate.column_row is None) for candidate in unlabelled}
    aligned = len(unlabelled) == 1 or len(rows) == 1
    return aligned and not any(entry.place for entry in others)


def _is_form(balance: Balance) -> bool:
    """Return True for parts side by side, left to right, above their sum, all with a sign of a currency."""
    printed = [entry.candidate for entry in balance.entries]
    *parts, result = [candidate.rank.position for candidate in printed]
    return (
        len(parts) > 1
        and all(any(sign in candidate.raw for sign in _CURRENCY_SIGNS) for candidate in printed)
        and parts == sorted(parts)
        and int(parts[0]) == int(parts[-1]) < int(result)
    )
