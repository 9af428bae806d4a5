"""Equations between amounts: they choose among candidates, prove values that fit and contradict others."""

from __future__ import annotations

from collections.abc import Mapping

from ingestd.document import Level, Reason, ReasonKind
from ingestd.extract.proof.alternatives import Alternatives, alternatives_of
from ingestd.extract.proof.balance import Balance, cheapest, first_values
from ingestd.extract.proof.evidence import FieldEvidence, values_of
from ingestd.extract.proof.repair import Repair, amounts, by_chance
from ingestd.extract.rulefile.equation import Equation
from ingestd.extract.rulefile.model import CrossCheck
from ingestd.extract.values.normalise import Caveat
from ingestd.layout.rows import LaidOutDocument


def solve(
    by_field: Mapping[str, FieldEvidence], document: LaidOutDocument, check: CrossCheck, equation: Equation
) -> bool:
    """Choose the best-announced values that fulfil an equation; return False where there are none."""
    values = {name: values_of(by_field[name]) for name in equation.fields}
    balance = cheapest(equation, values, round(100 * check.tolerance), falling=check.falling)
    if balance is None:
        first = first_values(equation, values)
        return first is not None and _solve_repaired(by_field, document, check, first)
    level, reason = _weight(by_field, check, balance)
    if level is Level.AGREED and any(Caveat.UNSURE in entry.candidate.value.caveats for entry in balance.entries):
        return False
    for entry in balance.entries:
        by_field[entry.field].chosen = entry.candidate
        by_field[entry.field].add(level, reason)
    return True


def _solve_repaired(
    by_field: Mapping[str, FieldEvidence], document: LaidOutDocument, check: CrossCheck, first: Balance
) -> bool:
    """Choose among the recogniser's alternatives: one digit of one amount, if only one way fulfils the equation."""
    if any(Caveat.UNSURE in entry.candidate.value.caveats for entry in first.entries):
        return False
    known: list[Alternatives] = []
    tried: list[tuple[Balance, str, Repair, float]] = []
    for entry in first.entries:
        if by_field[entry.field].has(Level.PROVED):
            continue
        read = entry.candidate
        options = alternatives_of(document, read.spans) if read.spans else None
        known += options or [((character, 1.0),) for character in read.value.text if character.isdecimal()]
        for repaired, odds in amounts(options or (), read.value.text):
            tried.append((first.with_value(entry.field, repaired.text), entry.field, repaired, odds))
    ways = [way for way in tried if way[0].exact and (way[0].falls or not check.falling)]
    if len(ways) != 1 or by_chance(ways[0][-1], len(tried), known):
        return False
    balance, name, repaired, _ = ways[0]
    level, reason = _weight(by_field, check, balance)
    if level is not Level.PROVED:
        return False
    (read_as,) = (entry.candidate.value.text for entry in first.entries if entry.field == name)
    data = {**reason.data, "by": "equation", "read": read_as, "value": repaired.text}
    of_repair = Reason(ReasonKind.REPAIR, f"{reason.text}; {repaired.reason}", data)
    for entry in balance.entries:
        by_field[entry.field].chosen = entry.candidate
        by_field[entry.field].add(level, of_repair if entry.field == name else reason)
    return True


def _weight(by_field: Mapping[str, FieldEvidence], check: CrossCheck, balance: Balance) -> tuple[Level, Reason]:
    """Weigh a fulfilled equation.

    Where all points were lost, a sum holds as well for amounts a hundred times too large, and where it only holds
    nearly, the last digit of any part may be misread. A sum with only one part that is not zero merely repeats a
    number; the same amount in words and in figures is more than that, and so is a sum of several line items.
    """
    parts = [term for term in balance.terms if term.cents]
    data: dict[str, str | bool | int | float] = {"check": check.name, "holds": True, **balance.facts}

    def reason(but: str = "") -> Reason:
        text = f"{check.name}: {balance.wording(parts) or '0.00'} = {balance.result.candidate.value.text}{but}"
        return Reason(ReasonKind.EQUATION, text, data)

    amounts_read = [entry.candidate.value for entry in balance.entries if entry.cents]
    if parts and all(Caveat.NO_CENTS in value.caveats for value in amounts_read):
        return Level.READ, reason(", but none of them has cents")
    if not balance.exact:
        return Level.READ, reason(" but for rounding")
    types = {by_field[entry.field].field.spec.type for entry in balance.entries}
    if sum(term.candidate.parts for term in parts) >= 2 or (parts and len(types) > 1):
        return Level.PROVED, reason()
    return Level.AGREED, reason()


def contradict(by_field: Mapping[str, FieldEvidence], check: CrossCheck, equation: Equation) -> None:
    """Let an equation that holds for no values speak against those of its fields that nothing else proves."""
    chosen = {name: [candidate] if (candidate := by_field[name].chosen) is not None else [] for name in equation.fields}
    balance = first_values(equation, chosen)
    if check.otherwise == "nothing" or balance is None or balance.exact:
        return  # exact: another check has chosen the values since
    if equation.sums and not all(entry.candidate.spans for entry in balance.entries):
        return  # the items of a roll say nothing about a net amount that only its code states
    reason = Reason(
        ReasonKind.EQUATION,
        f"{check.name} fails: {balance.wording(balance.terms)} is not {balance.result.candidate.value.text}",
        {"check": check.name, "holds": False, **balance.facts},
    )
    # The sum of a column is not recorded, so a doubt about it alone would be lost.
    names = [entry.field for entry in balance.entries if entry.field not in equation.sums]
    for name in [name for name in names if not by_field[name].has(Level.PROVED)] or names:
        by_field[name].add(Level.CONFLICT, reason)
