"""Which candidate is the value of each field, how far it is believed, and why.

Evidence comes from codes on the page, equations between amounts, checksums, repetition and relations. It is
gathered per field; disagreement outweighs everything, proof outweighs agreement, agreement outweighs a mere
reading.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ingestd.document import Code, Field, FieldCandidate, FieldType, Level, Reason, ReasonKind
from ingestd.extract.proof.alternatives import choices, hole
from ingestd.extract.proof.equations import contradict, solve
from ingestd.extract.proof.evidence import Case, from_code, joined
from ingestd.extract.proof.repair import STRONG, Repair, agrees, repair
from ingestd.extract.rulefile.compiled import Plan
from ingestd.extract.rulefile.equation import RELATIONS
from ingestd.extract.rulefile.model import CrossCheck
from ingestd.extract.search.candidates import UNLABELLED, Candidate, Found
from ingestd.extract.values.invoice_qr import Fact
from ingestd.extract.values.normalise import Value
from ingestd.extract.values.validate import Outcome, Verdict, validate
from ingestd.layout.rows import Sheet

MAX_RIVALS = 5
"""Rivals kept per field."""

_LEVELS = {Outcome.PROVED: Level.PROVED, Outcome.PLAUSIBLE: Level.READ, Outcome.FAILED: Level.CONFLICT}

_NOTHING = Reason(ReasonKind.MISSING, "no value where it should stand")


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
        entry.name: Case(entry, found[entry.name].candidates, found[entry.name].rejected)
        for entry in (*plan.fields, *plan.sums)
    }
    _hear_codes(cases, facts)
    checks = [(check, plan.equations[check.name]) for check in plan.spec.checks if check.equation]
    open_checks = [(check, equation) for check, equation in checks if not solve(cases, sheet, check, equation)]
    for case in cases.values():
        _settle(case, sheet)
    for check, equation in open_checks:
        contradict(cases, check, equation)
    for check in plan.spec.checks:
        if check.relation is not None:
            _relate(cases, check)
    return tuple(_field(case, sheet) for case in cases.values() if not case.plan.spec.helper)


def _hear_codes(cases: Mapping[str, Case], facts: Sequence[tuple[Fact, Code]]) -> None:
    """Codes prove what the text says too; what only they say is kept for later."""
    for fact, code in facts:
        targets = [cases[name] for name in fact.fields if name in cases]
        said = [
            (place, case, known)
            for case in targets
            for place, known in enumerate(case.candidates)
            if known.value.sure and known.value.text == fact.value
        ]
        if said:
            _, case, known = min(said, key=lambda one: one[0])
            case.chosen, case.witnessed = known, True
            text = joined(f"the {code.kind} code says the same", fact.note)
            case.add(Level.PROVED, _stated(text, fact, code, holds=True))
        elif targets:
            targets[0].stated = (fact, code)


def _settle(case: Case, sheet: Sheet) -> None:
    """Choose a value where nothing has chosen one, and weigh what speaks for it alone."""
    if case.chosen is None:
        case.chosen = next((one for one in case.candidates if one.value.sure), None)
    doubtful = next((one for one in case.candidates if one.rank[0] < UNLABELLED), None)
    if case.chosen is None and doubtful is not None:
        case.chosen = doubtful
        text = "nothing on the document confirms this reading"
        case.add(Level.CONFLICT, Reason(ReasonKind.UNCONFIRMED, text))
    if case.stated is not None:
        _compare_stated(case, sheet, *case.stated)
    if case.chosen is None:
        return
    _check(case, sheet)
    again = next((other for other in case.candidates if _repeats(other, case.chosen)), None)
    if again is not None:
        case.add(Level.AGREED, Reason(ReasonKind.REPEATED, f"printed twice, again {again.how.text}"))


def _repeats(other: Candidate, chosen: Candidate) -> bool:
    """Whether a candidate is a second printing of the same value on another line."""
    if other.value.text != chosen.value.text or not other.value.sure:
        return False
    return not {span.line for span in other.spans} & {span.line for span in chosen.spans}


def _compare_stated(case: Case, sheet: Sheet, fact: Fact, code: Code) -> None:
    """A code says what no text says."""
    if case.chosen is None:
        case.chosen = from_code(case, fact, code)
        return
    options = choices(sheet, case.chosen.spans) if case.chosen.spans else None
    repaired = agrees(options, fact.value) if options is not None else None
    if repaired is not None:
        data = {"by": "qr", "code": code.kind, "read": case.chosen.value.text, "value": fact.value}
        case.chosen = replace(case.chosen, value=Value(fact.value), verdict=None)
        text = f"the {code.kind} code says {fact.value}; {repaired.reason}"
        case.add(Level.PROVED, Reason(ReasonKind.REPAIR, text, data))
    elif case.chosen.spans:
        case.add(Level.CONFLICT, _stated(f"the {code.kind} code says {fact.value}", fact, code, holds=False))


def _stated(text: str, fact: Fact, code: Code, *, holds: bool) -> Reason:
    return Reason(ReasonKind.QR, text, {"code": code.kind, "value": fact.value, "holds": holds})


def _check(case: Case, sheet: Sheet) -> None:
    """Weigh the checksum of the chosen value, repairing it where exactly one repair passes."""
    chosen = case.chosen
    checks = case.plan.spec.check
    if chosen is None or not checks:
        return
    verdict = chosen.verdict or validate(chosen.value.text, checks)
    if verdict is None:
        return
    if verdict.outcome is not Outcome.PROVED and (repaired := _repaired(sheet, chosen, checks)) is not None:
        verdict = validate(repaired.text, checks) or verdict
        case.chosen = replace(chosen, value=Value(repaired.text), verdict=verdict)
        data = {"by": "checksum", "check": verdict.check, "read": chosen.value.text, "value": repaired.text}
        case.add(Level.PROVED, Reason(ReasonKind.REPAIR, f"{verdict.reason}; {repaired.reason}", data))
        return
    lacking = [name for name in checks if name in STRONG and STRONG[name].length == len(chosen.value.text) + 1]
    if lacking and chosen.spans and (place := hole(sheet, chosen.spans)) is not None:
        before = chosen.value.text[:place]
        text = f"the print has room for one more character after '{before}'"
        case.add(Level.CONFLICT, Reason(ReasonKind.SPACING, text, {"after": before}))
    case.add(_LEVELS[verdict.outcome], _checked(verdict))


def _checked(verdict: Verdict) -> Reason:
    return Reason(ReasonKind.CHECKSUM, verdict.reason, {"check": verdict.check, "outcome": verdict.outcome.value})


def _repaired(sheet: Sheet, candidate: Candidate, checks: Sequence[str]) -> Repair | None:
    """The one repair that a strong checksum proves."""
    options = choices(sheet, candidate.spans) if candidate.spans else None
    if options is None:
        return None
    repairs = [found for name in checks if name in STRONG and (found := repair(options, STRONG[name])) is not None]
    return repairs[0] if len(repairs) == 1 else None


def _relate(cases: Mapping[str, Case], check: CrossCheck) -> None:
    values = [case.chosen.value.text for name in check.of if (case := cases[name]).chosen is not None]
    if len(values) < len(check.of) or check.relation is None:
        return
    verdict = RELATIONS[check.relation](values)
    failed = verdict.outcome is Outcome.FAILED and check.otherwise == "conflict"
    holds = verdict.outcome is not Outcome.FAILED
    text = verdict.reason if holds else f"{check.name} fails: {verdict.reason}"
    reason = Reason(ReasonKind.RELATION, text, {"check": check.name, "holds": holds})
    for name in check.of:
        if text:
            cases[name].add(Level.CONFLICT if failed else Level.READ, reason)


def _field(case: Case, sheet: Sheet) -> Field:
    chosen = case.chosen
    name, of_type = case.plan.name, FieldType(case.plan.spec.type)
    rivals = tuple(_rivals(case, sheet))
    if chosen is None:
        reasons = tuple(Reason(ReasonKind.REJECTED, text) for text in case.rejected) or (_NOTHING,)
        return Field(name, None, None, Level.MISSING, reasons=reasons, type=of_type, candidates=rivals)
    return Field(
        name,
        chosen.value.text,
        chosen.raw,
        _level(case, chosen),
        chosen.page_index,
        sheet.quad(chosen.spans) if chosen.spans else None,
        tuple((sheet.reading.lines[span.line].page_index, span.line) for span in chosen.spans),
        tuple(_reasons(case, chosen)),
        of_type,
        candidates=rivals,
    )


def _rivals(case: Case, sheet: Sheet) -> Iterator[FieldCandidate]:
    """Values other than the chosen one, each at its best place, the one that a code states first."""
    stated = [from_code(case, *case.stated)] if case.stated is not None else []
    taken = {case.chosen.value.text} if case.chosen is not None else set()
    for candidate in (*stated, *case.candidates):
        if candidate.value.text in taken:
            continue
        if len(taken) > MAX_RIVALS:
            return
        taken.add(candidate.value.text)
        verdict = candidate.verdict
        reasons = (*_own_reasons(candidate), *((_checked(verdict),) if verdict is not None else ()))
        yield FieldCandidate(
            candidate.value.text,
            candidate.raw,
            _LEVELS[verdict.outcome] if verdict is not None else Level.READ,
            reasons,
            candidate.page_index,
            sheet.quad(candidate.spans) if candidate.spans else None,
        )


def _level(case: Case, chosen: Candidate) -> Level:
    """The worst of all disagreement, else the best of all support."""
    if case.has(Level.CONFLICT):
        return Level.CONFLICT
    known = {level for level, _ in case.evidence}
    if not chosen.value.provable and not case.witnessed:
        return Level.READ
    return next((level for level in (Level.PROVED, Level.AGREED) if level in known), Level.READ)


def _reasons(case: Case, chosen: Candidate) -> Iterator[Reason]:
    yield from _own_reasons(chosen)
    told: dict[str, Reason] = {}
    for _, reason in case.evidence:
        told.setdefault(reason.text, reason)
    yield from told.values()


def _own_reasons(candidate: Candidate) -> Iterator[Reason]:
    yield candidate.how
    if candidate.value.note:
        yield Reason(ReasonKind.NOTE, candidate.value.note)
