"""Checks of single values and of values together, for values that people gave."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

from ingestd.document import FieldType, Item, Level, Reason, ReasonKind
from ingestd.extract.rulefile.compiled import CompiledRule
from ingestd.extract.rulefile.equation import RELATIONS, SUM_OF, Equation, parse_equation
from ingestd.extract.rulefile.model import CrossCheck
from ingestd.extract.understand.findings import PAID_CHECK, SUM_CHECK
from ingestd.extract.understand.numbers import scheme_of
from ingestd.extract.values.normalise import money_text
from ingestd.extract.values.validate import CheckOutcome, validate

_LEVELS = {
    CheckOutcome.PROVED: Level.PROVED,
    CheckOutcome.PLAUSIBLE: Level.READ,
    CheckOutcome.FAILED: Level.CONFLICT,
}
_SIGNS = {1: "+", -1: "-"}
_TAX_NUMBERS = ("seller_tax_no", "buyer_tax_no", "tax_no")
_UNDERSTOOD = (
    CrossCheck(name=SUM_CHECK, equation="net + tax + rounding? = total"),
    CrossCheck(name=PAID_CHECK, equation="paid - change? = total", otherwise="nothing"),
)
"""Of documents that no rule covers."""
MAX_AHEAD_DAYS = 31
"""No document is dated further ahead."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Outcome of one check for all its fields."""

    check: str
    fields: tuple[str, ...]
    level: Level
    """Worth of a check that holds; conflict, or read where its failure says little, of one that does not."""
    reason: Reason


def check_value(name: str, of_type: FieldType, value: str, plan: CompiledRule | None, today: date) -> Finding | None:
    """Check a value by itself: checksum, structure, calendar.

    Args:
        name: of the field.
        of_type: of the field.
        value: normalised.
        plan: rule of the document; None: understood without one.
        today: a date far ahead of it is in conflict.
    """
    if of_type is FieldType.DATE and _is_far_ahead(value, today):
        reason = Reason(ReasonKind.NOTE, f"{value} lies in the future")
        return Finding("date", (name,), Level.CONFLICT, reason)
    spec = plan.spec.fields.get(name) if plan is not None else None
    result = validate(value, spec.check) if spec is not None else None
    if result is not None:
        data = {"check": result.check, "outcome": result.outcome.value}
        reason = Reason(ReasonKind.CHECKSUM, result.reason, data)
        return Finding(result.check, (name,), _LEVELS[result.outcome], reason)
    scheme = scheme_of(value) if plan is None and name in _TAX_NUMBERS else ""
    if scheme:
        data = {"check": scheme, "outcome": CheckOutcome.PROVED.value}
        reason = Reason(ReasonKind.CHECKSUM, f"check digits of a {scheme} pass", data)
        return Finding(scheme, (name,), Level.PROVED, reason)
    return None


def _is_far_ahead(value: str, today: date) -> bool:
    try:
        return date.fromisoformat(value) > today + timedelta(days=MAX_AHEAD_DAYS)
    except ValueError:
        return False


def checks_about(plan: CompiledRule | None, names: Collection[str]) -> tuple[CrossCheck, ...]:
    """List the checks that tie one of these fields to others.

    Args:
        plan: rule of the document; None: understood without one.
        names: of fields.
    """
    checks = plan.spec.checks if plan is not None else _UNDERSTOOD
    return tuple(check for check in checks if not set(names).isdisjoint(_fields_of(check)))


def _fields_of(check: CrossCheck) -> tuple[str, ...]:
    return check.of if check.equation is None else parse_equation(check.equation).fields


def check_together(
    check: CrossCheck, values: Mapping[str, str], types: Mapping[str, FieldType], items: Sequence[Item]
) -> Finding | None:
    """Check values against each other; None where one that the check needs is missing.

    Args:
        check: equation or relation.
        values: normalised, of the fields that have one.
        types: of all fields.
        items: of the document.
    """
    if check.equation is None:
        return _relation(check, values)
    return _balance(check, parse_equation(check.equation), values, types, items)


@dataclass(frozen=True, slots=True)
class _Part:
    """One side or term of an equation."""

    field: str
    sign: int
    amount: Decimal
    items: int = 1
    """Line items that it is the sum of."""

    @property
    def wording(self) -> str:
        """The amount in words."""
        return money_text(self.amount) + (f" ({self.items} items)" if self.items > 1 else "")


def _balance(
    check: CrossCheck,
    equation: Equation,
    values: Mapping[str, str],
    types: Mapping[str, FieldType],
    items: Sequence[Item],
) -> Finding | None:
    """Judge an equation; None where a value is missing."""
    parts = []
    for term in equation.terms:
        part = _part(term.field, term.sign, values, items)
        if part is None and not term.optional:
            return None
        parts += [part] if part is not None else []
    result = _part(equation.result, 1, values, items)
    if result is None:
        return None
    left = sum((part.sign * part.amount for part in parts), Decimal(0))
    gap = abs(left - result.amount)
    holds = gap <= Decimal(str(check.tolerance))
    sides = {"left": money_text(left), "right": money_text(result.amount)}
    data: dict[str, str | bool | int | float] = {"check": check.name, "holds": holds, **sides}
    shown = [part for part in parts if part.amount] if holds else parts
    told = " ".join(f"{_SIGNS[part.sign]} {part.wording}" for part in shown).removeprefix("+ ") or "0.00"
    fields = tuple(part.field for part in (*parts, result) if not part.field.startswith(SUM_OF))
    if not holds:
        level = Level.CONFLICT if check.otherwise == "conflict" else Level.READ
        text = f"{check.name} fails: {told} is not {result.wording}"
        return Finding(check.name, fields, level, Reason(ReasonKind.EQUATION, text, data))
    text = f"{check.name}: {told} = {result.wording}{' but for rounding' if gap else ''}"
    level = Level.READ if gap else _worth(shown, result, types)
    return Finding(check.name, fields, level, Reason(ReasonKind.EQUATION, text, data))


def _worth(parts: Sequence[_Part], result: _Part, types: Mapping[str, FieldType]) -> Level:
    """Weigh a sum that holds to the cent: with one part it merely repeats a number, unless once in words."""
    kinds = {types.get(part.field, FieldType.MONEY) for part in (*parts, result)}
    proves = sum(part.items for part in parts) > 1 or (bool(parts) and len(kinds) > 1)
    return Level.PROVED if proves else Level.AGREED


def _part(name: str, sign: int, values: Mapping[str, str], items: Sequence[Item]) -> _Part | None:
    """Look up a term; None where it has no value, or one that is not an amount."""
    if name.startswith(SUM_OF):
        column = [_amount(getattr(item, name.removeprefix(SUM_OF))) for item in items]
        known = [amount for amount in column if amount is not None]
        return _Part(name, sign, sum(known, Decimal(0)), len(known)) if known and len(known) == len(column) else None
    amount = _amount(values.get(name))
    return None if amount is None else _Part(name, sign, amount)


def _amount(text: str | None) -> Decimal | None:
    try:
        amount = Decimal(text) if text is not None else None
    except InvalidOperation:
        return None
    return amount if amount is not None and amount.is_finite() else None


def _relation(check: CrossCheck, values: Mapping[str, str]) -> Finding | None:
    """Judge a relation; None where a value is missing or is not of the form that the relation needs."""
    if check.relation is None or not all(name in values for name in check.of):
        return None
    try:
        result = RELATIONS[check.relation]([values[name] for name in check.of])
    except (ValueError, IndexError):
        return None
    holds = result.outcome is not CheckOutcome.FAILED
    if not result.reason:
        return None
    level = Level.READ if holds or check.otherwise == "nothing" else Level.CONFLICT
    text = result.reason if holds else f"{check.name} fails: {result.reason}"
    reason = Reason(ReasonKind.RELATION, text, {"check": check.name, "holds": holds})
    return Finding(check.name, tuple(check.of), level, reason)
