"""Which candidate is the value of each field, how far it is believed, and why.

Evidence comes from codes on the page, equations between amounts, checksums, repetition and relations. It is
gathered per field; disagreement outweighs everything, proof outweighs agreement, agreement outweighs a mere
reading.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import product

from ingestd.document import Code, Field, Level
from ingestd.extract.compiled import FieldPlan, Plan
from ingestd.extract.cross import RELATIONS, Equation, Term
from ingestd.extract.find import UNLABELLED, Candidate, Found
from ingestd.extract.layout import Sheet
from ingestd.extract.normalise import Value
from ingestd.extract.repair import STRONG, Repair, agrees, choices, repair
from ingestd.extract.rule import CrossCheck
from ingestd.extract.validate import Outcome, validate
from ingestd.extract.witness import Fact

_MOST_VALUES = 40
"""Different values of one field that are tried as the result of an equation."""

_MOST_PARTS = 6
"""Different values of one field that are tried as a part of an equation."""

_SIGNS = {1: "+", -1: "-"}


@dataclass
class _Case:
    """Everything known about one field so far."""

    plan: FieldPlan
    candidates: tuple[Candidate, ...]
    rejected: tuple[str, ...]
    chosen: Candidate | None = None
    evidence: list[tuple[Level, str]] = field(default_factory=list)
    stated: tuple[Fact, Code] | None = None
    """What a code on the page says this field is, where no text says the same."""

    def add(self, level: Level, reason: str) -> None:
        self.evidence.append((level, reason))

    def has(self, level: Level) -> bool:
        return any(known == level for known, _ in self.evidence)


def judge(
    sheet: Sheet, plan: Plan, found: Mapping[str, Found], facts: Sequence[tuple[Fact, Code]]
) -> tuple[Field, ...]:
    """Decide all fields of a rule.

    Args:
        sheet: the document.
        plan: the rule.
        found: candidates of each of its fields.
        facts: what codes on the page state.
    """
    cases = {
        entry.name: _Case(entry, found[entry.name].candidates, found[entry.name].rejected) for entry in plan.fields
    }
    _hear_codes(cases, facts)
    checks = [(check, plan.equations[check.name]) for check in plan.spec.checks if check.equation]
    open_checks = [(check, equation) for check, equation in checks if not _solve(cases, check, equation)]
    for case in cases.values():
        _settle(case, sheet)
    for check, equation in open_checks:
        _contradict(cases, check, equation)
    for check in plan.spec.checks:
        if check.relation is not None:
            _relate(cases, check)
    return tuple(_field(case, sheet, plan.spec.rule) for case in cases.values() if not case.plan.spec.helper)


def _hear_codes(cases: Mapping[str, _Case], facts: Sequence[tuple[Fact, Code]]) -> None:
    """Codes prove what the text says too; what only they say is kept for later."""
    for fact, code in facts:
        targets = [cases[name] for name in fact.fields if name in cases]
        for case in targets:
            same = next((known for known in case.candidates if known.value.text == fact.value), None)
            if same is not None:
                case.chosen = same
                case.add(Level.PROVED, _joined(f"the {code.kind} code says the same", fact.note))
                break
        else:
            if targets:
                targets[0].stated = (fact, code)


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def _values(case: _Case) -> list[Candidate]:
    """The values of a field that may stand in an equation: one candidate each, best first."""
    if case.chosen is not None:
        return [case.chosen]
    different: dict[str, Candidate] = {}
    for candidate in case.candidates:
        different.setdefault(candidate.value.text, candidate)
    values = list(different.values())[:_MOST_VALUES]
    if case.stated is not None:
        values.insert(_MOST_PARTS - 1, _from_code(case, *case.stated))
    return values


def _from_code(case: _Case, fact: Fact, code: Code) -> Candidate:
    return Candidate(
        case.plan.name,
        Value(fact.value),
        code.text,
        (),
        code.page_index,
        (),
        _joined(f"only in the {code.kind} code", fact.note),
    )


def _solve(cases: Mapping[str, _Case], check: CrossCheck, equation: Equation) -> bool:
    """Look for the best-announced values that fulfil an equation and settle them."""
    terms = [term for term in equation.terms if _values(cases[term.field]) or not term.optional]
    names = [*(term.field for term in terms), equation.result]
    values = [*(_values(cases[name])[:_MOST_PARTS] for name in names[:-1]), _values(cases[names[-1]])]
    best = _cheapest(terms, values, round(100 * check.tolerance))
    if best is None:
        return False
    level, reason = _weight(cases, check, equation, names, best)
    if level is Level.AGREED and not all(candidate.value.sure for candidate in best):
        return False
    for name, candidate in zip(names, best, strict=True):
        cases[name].chosen = candidate
        cases[name].add(level, reason)
    return True


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
        for last, result in results.get(sum(cents for _, cents, _ in combination), ()):
            cost = sum(position for position, _, _ in combination)
            chosen = (*(candidate for _, _, candidate in combination), result)
            if (best is None or cost + last < best[0]) and _apart(chosen) and _credible(cost, chosen):
                best = cost + last, chosen
    return best and best[1]


def _credible(cost: int, values: Sequence[Candidate]) -> bool:
    """A value without a label counts only beside the best-announced parts.

    A page has many numbers, and among enough of them some fulfil an equation by chance.
    """
    return cost == 0 or not any(candidate.rank and candidate.rank[0] >= UNLABELLED for candidate in values)


def _cents(candidate: Candidate) -> int:
    return int(Decimal(candidate.value.text).scaleb(2))


def _apart(values: Sequence[Candidate]) -> bool:
    """No two fields use the same printed characters."""
    spans = [span for candidate in values for span in candidate.spans]
    return len(set(spans)) == len(spans)


def _weight(
    cases: Mapping[str, _Case], check: CrossCheck, equation: Equation, names: Sequence[str], values: Sequence[Candidate]
) -> tuple[Level, str]:
    """What a fulfilled equation is worth.

    A sum with only one part that is not zero merely repeats a number; the same amount in words and in figures
    is more than that.
    """
    signs = {term.field: term.sign for term in equation.terms}
    parts = [
        (signs[name], candidate.value.text)
        for name, candidate in zip(names[:-1], values[:-1], strict=True)
        if Decimal(candidate.value.text)
    ]
    types = {cases[name].plan.spec.type for name in names}
    text = " ".join(f"{_SIGNS[sign]} {value}" for sign, value in parts).removeprefix("+ ") or "0.00"
    reason = f"{check.name}: {text} = {values[-1].value.text}"
    if len(parts) >= 2 or (parts and len(types) > 1):
        return Level.PROVED, reason
    return Level.AGREED, reason


def _settle(case: _Case, sheet: Sheet) -> None:
    """Choose a value where nothing has chosen one, and weigh what speaks for it alone."""
    if case.chosen is None:
        case.chosen = next((one for one in case.candidates if one.value.sure), None)
    doubtful = next((one for one in case.candidates if one.rank[0] < UNLABELLED), None)
    if case.chosen is None and doubtful is not None:
        case.chosen = doubtful
        case.add(Level.CONFLICT, "nothing on the document confirms this reading")
    if case.stated is not None:
        _compare_stated(case, sheet, *case.stated)
    if case.chosen is None:
        return
    _check(case, sheet)
    again = next((other for other in case.candidates if _repeats(other, case.chosen)), None)
    if again is not None:
        case.add(Level.AGREED, f"printed twice, again {again.how}")


def _repeats(other: Candidate, chosen: Candidate) -> bool:
    """Whether a candidate is a second printing of the same value on another line."""
    if other.value.text != chosen.value.text or not other.value.sure:
        return False
    return not {span.line for span in other.spans} & {span.line for span in chosen.spans}


def _compare_stated(case: _Case, sheet: Sheet, fact: Fact, code: Code) -> None:
    """A code says what no text says."""
    if case.chosen is None:
        case.chosen = _from_code(case, fact, code)
        return
    options = choices(sheet, case.chosen.spans) if case.chosen.spans else None
    repaired = agrees(options, fact.value) if options is not None else None
    if repaired is not None:
        case.chosen = replace(case.chosen, value=Value(fact.value), verdict=None)
        case.add(Level.PROVED, f"the {code.kind} code says {fact.value}; {repaired.reason}")
    elif case.chosen.spans:
        case.add(Level.CONFLICT, f"the {code.kind} code says {fact.value}")


def _check(case: _Case, sheet: Sheet) -> None:
    """Weigh the checksum of the chosen value, repairing it where exactly one repair passes."""
    chosen = case.chosen
    checks = case.plan.spec.check
    if chosen is None or not checks:
        return
    verdict = chosen.verdict or validate(chosen.value.text, checks)
    if verdict is None:
        return
    if verdict.outcome is Outcome.FAILED and (repaired := _repaired(sheet, chosen, checks)) is not None:
        verdict = validate(repaired.text, checks) or verdict
        case.chosen = replace(chosen, value=Value(repaired.text), verdict=verdict)
        case.add(Level.PROVED, f"{verdict.reason}; {repaired.reason}")
        return
    levels = {Outcome.PROVED: Level.PROVED, Outcome.PLAUSIBLE: Level.READ, Outcome.FAILED: Level.CONFLICT}
    case.add(levels[verdict.outcome], verdict.reason)


def _repaired(sheet: Sheet, candidate: Candidate, checks: Sequence[str]) -> Repair | None:
    """The one repair that a strong checksum proves."""
    options = choices(sheet, candidate.spans) if candidate.spans else None
    if options is None:
        return None
    repairs = [found for name in checks if name in STRONG and (found := repair(options, STRONG[name])) is not None]
    return repairs[0] if len(repairs) == 1 else None


def _contradict(cases: Mapping[str, _Case], check: CrossCheck, equation: Equation) -> None:
    """An equation that holds for no values speaks against those of its fields that nothing else proves."""
    terms = [term for term in equation.terms if cases[term.field].chosen is not None or not term.optional]
    names = [*(term.field for term in terms), equation.result]
    chosen = [cases[name].chosen for name in names]
    if check.otherwise == "nothing" or not all(chosen):
        return
    parts = [
        f"{_SIGNS[term.sign]} {candidate.value.text}"
        for term, candidate in zip(terms, chosen, strict=False)
        if candidate is not None
    ]
    total = chosen[-1].value.text if chosen[-1] is not None else ""
    reason = f"{check.name} fails: {' '.join(parts).removeprefix('+ ')} is not {total}"
    doubtful = [name for name in names if not cases[name].has(Level.PROVED)] or names
    for name in doubtful:
        cases[name].add(Level.CONFLICT, reason)


def _relate(cases: Mapping[str, _Case], check: CrossCheck) -> None:
    values = [case.chosen.value.text for name in check.of if (case := cases[name]).chosen is not None]
    if len(values) < len(check.of) or check.relation is None:
        return
    verdict = RELATIONS[check.relation](values)
    failed = verdict.outcome is Outcome.FAILED and check.otherwise == "conflict"
    reason = f"{check.name} fails: {verdict.reason}" if verdict.outcome is Outcome.FAILED else verdict.reason
    for name in check.of:
        if reason:
            cases[name].add(Level.CONFLICT if failed else Level.READ, reason)


def _field(case: _Case, sheet: Sheet, rule: str) -> Field:
    chosen = case.chosen
    name = case.plan.name
    if chosen is None:
        reasons = case.rejected or ("no value where it should stand",)
        return Field(name, None, None, Level.MISSING, rule, reasons=reasons)
    reasons = tuple(_reasons(case, chosen))
    return Field(
        name,
        chosen.value.text,
        chosen.raw,
        _level(case, chosen),
        rule,
        chosen.page_index,
        sheet.quad(chosen.spans) if chosen.spans else None,
        tuple((sheet.reading.lines[span.line].page_index, span.line) for span in chosen.spans),
        reasons,
    )


def _level(case: _Case, chosen: Candidate) -> Level:
    """The worst of all disagreement, else the best of all support."""
    if case.has(Level.CONFLICT):
        return Level.CONFLICT
    known = {level for level, _ in case.evidence}
    witnessed = any("code says the same" in reason for level, reason in case.evidence if level is Level.PROVED)
    if not chosen.value.provable and not witnessed:
        return Level.READ
    return next((level for level in (Level.PROVED, Level.AGREED) if level in known), Level.READ)


def _reasons(case: _Case, chosen: Candidate) -> Iterator[str]:
    yield chosen.how
    if chosen.value.note:
        yield chosen.value.note
    yield from dict.fromkeys(reason for _, reason in case.evidence)
