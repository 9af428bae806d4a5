"""Decide the value of each field, its level and its reasons.

Evidence comes from codes on the page, equations between amounts, checksums, repetition and relations. It is gathered
per field. Disagreement outweighs everything, proof outweighs agreement, agreement outweighs a mere reading.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ingestd.document import Code, Field, FieldCandidate, FieldType, Level, Reason, ReasonKind
from ingestd.extract.proof.alternatives import alternatives_of, gap
from ingestd.extract.proof.equations import contradict, solve
from ingestd.extract.proof.evidence import FieldEvidence, from_code, joined, stated_reason
from ingestd.extract.proof.features import count_missed, is_elsewhere, rule_features
from ingestd.extract.proof.repair import STRONG, Repair, agrees, repair
from ingestd.extract.proof.stand_in import add_stand_ins
from ingestd.extract.rulefile.compiled import CompiledRule
from ingestd.extract.rulefile.equation import RELATIONS
from ingestd.extract.rulefile.model import CrossCheck
from ingestd.extract.search.candidates import Candidate, SearchResult
from ingestd.extract.values.invoice_qr import StatedValue
from ingestd.extract.values.normalise import Caveat, Value
from ingestd.extract.values.validate import CheckOutcome, CheckResult, validate
from ingestd.layout.rows import LaidOutDocument

MIN_AGREEING = 2
"""Values that a code and the text have in common from which on the code belongs to the paper beyond doubt."""
MAX_RIVALS = 5
"""Rivals kept per field."""

_LEVELS = {CheckOutcome.PROVED: Level.PROVED, CheckOutcome.PLAUSIBLE: Level.READ, CheckOutcome.FAILED: Level.CONFLICT}

_NOTHING = Reason(ReasonKind.MISSING, "no value where it should stand")


@dataclass(frozen=True, slots=True)
class Judgement:
    """Fields of a document by a rule."""

    fields: tuple[Field, ...]
    """One per field of the rule, helpers left out."""
    features: Mapping[str, Mapping[str, float]]
    """Required field -> what its probability is made from; nothing for one without a value."""


def judge(
    document: LaidOutDocument,
    rule: CompiledRule,
    found: Mapping[str, SearchResult],
    stated: Sequence[tuple[StatedValue, Code]],
) -> Judgement:
    """Decide all fields of a rule.

    Args:
        document: to show values on and to repair them from.
        rule: its checks are tried in their order.
        found: candidates of each field and of each sum of line items.
        stated: values that codes on the page state.

    Returns:
        Fields and features.
    """
    by_field = {
        field.name: FieldEvidence(
            field, found[field.name].candidates, found[field.name].rejected, found[field.name].misread
        )
        for field in (*rule.fields, *rule.sums)
    }
    add_stand_ins(by_field, document)
    for value, code in stated:
        _hear_code(by_field, value, code)
    checks = [(check, rule.equations[check.name]) for check in rule.spec.checks if check.equation]
    unsolved = [(check, equation) for check, equation in checks if not solve(by_field, document, check, equation)]
    of_this_paper = sum(evidence.code_agrees for evidence in by_field.values()) >= MIN_AGREEING
    for evidence in by_field.values():
        _settle(evidence, document, of_this_paper=of_this_paper)
    for check, equation in unsolved:
        contradict(by_field, check, equation)
    for check in rule.spec.checks:
        if check.relation is not None:
            _relate(by_field, check)
    shown = [evidence for evidence in by_field.values() if not evidence.field.spec.helper]
    missed = [equation for _, equation in unsolved]
    features = {
        evidence.field.name: _features(evidence, document, count_missed(by_field, missed, evidence.field.name))
        for evidence in shown
        if evidence.field.spec.required
    }
    return Judgement(tuple(_field(evidence, document) for evidence in shown), features)


def _features(evidence: FieldEvidence, document: LaidOutDocument, missed: int) -> Mapping[str, float]:
    chosen = evidence.chosen
    return rule_features(evidence, chosen, _level(evidence, chosen), document, missed) if chosen is not None else {}


def _hear_code(by_field: Mapping[str, FieldEvidence], stated: StatedValue, code: Code) -> None:
    """Prove a value that the text says as well as a code; keep what only the code says for later."""
    targets = [by_field[name] for name in stated.fields if name in by_field]
    said = _said(targets, stated)
    unusual = _said([by_field[name] for name in stated.instead if name in by_field], stated)
    if said:
        _, evidence, known = min(said, key=lambda one: one[0])
        evidence.chosen, evidence.code_agrees = known, True
        text = joined(f"the {code.kind} code says the same", stated.note)
        evidence.add(Level.PROVED, stated_reason(text, stated, code, holds=True))
    elif unusual and any(_sure(evidence) for evidence in targets):
        unusual[0][1].add(Level.READ, stated_reason(f"the {code.kind} code says the same", stated, code, holds=True))
    elif targets:
        targets[0].stated = (stated, code)


def _sure(evidence: FieldEvidence) -> bool:
    return any(Caveat.UNSURE not in one.value.caveats for one in evidence.candidates)


def _said(targets: Sequence[FieldEvidence], stated: StatedValue) -> list[tuple[int, FieldEvidence, Candidate]]:
    """List the candidates that say the same as a code, each with its place among those of its field.

    An unsure one counts where the code can mean no other field.
    """
    plain = len(targets) == 1 and not stated.instead
    return [
        (place, evidence, known)
        for evidence in targets
        for place, known in enumerate(evidence.candidates)
        if (plain or Caveat.UNSURE not in known.value.caveats) and known.value.text == stated.value
    ]


def _settle(evidence: FieldEvidence, document: LaidOutDocument, *, of_this_paper: bool) -> None:
    """Choose a value where nothing has chosen one, and weigh the evidence of this field alone.

    Args:
        evidence: about the field.
        document: that the field belongs to.
        of_this_paper: the code on the page is known to belong to the document.
    """
    candidates = evidence.candidates
    if evidence.chosen is None:
        evidence.chosen = next((one for one in candidates if Caveat.UNSURE not in one.value.caveats), None)
    doubtful = next((one for one in candidates if not one.rank.unlabelled), None)
    if evidence.chosen is None and doubtful is not None:
        evidence.chosen = doubtful
        text = "nothing on the document confirms this reading"
        evidence.add(Level.CONFLICT, Reason(ReasonKind.UNCONFIRMED, text))
    if evidence.stated is not None:
        _compare_stated(evidence, document, *evidence.stated, of_this_paper=of_this_paper)
    if evidence.chosen is None:
        _restore(evidence, document)
    chosen = evidence.chosen
    if chosen is None:
        return
    if chosen.strayed and not evidence.code_agrees:
        text = "its place on the page does not tell whose it is"
        evidence.add(Level.CONFLICT, Reason(ReasonKind.UNCONFIRMED, text))
    _check(evidence, chosen, document)
    chosen = evidence.chosen or chosen
    again = next((other for other in candidates if _repeats(other, chosen)), None)
    if again is not None:
        evidence.add(Level.AGREED, Reason(ReasonKind.REPEATED, f"printed twice, again {again.how.text}"))


def _repeats(other: Candidate, chosen: Candidate) -> bool:
    return Caveat.UNSURE not in other.value.caveats and is_elsewhere(other, chosen)


def _restore(evidence: FieldEvidence, document: LaidOutDocument) -> None:
    """Choose the only misread value without a label that its checksum repairs."""
    checks = evidence.field.spec.check
    repairs = {
        repaired.text: candidate
        for candidate in evidence.misread
        if (repaired := _repaired(document, candidate, checks)) is not None
    }
    if len(repairs) == 1:
        (evidence.chosen,) = repairs.values()


def _compare_stated(
    evidence: FieldEvidence, document: LaidOutDocument, stated: StatedValue, code: Code, *, of_this_paper: bool
) -> None:
    """Compare the chosen value with the different one that a code states.

    A code corrects its own errors and a recogniser does not, so the code of this paper is right more often.
    """
    chosen = evidence.chosen
    if chosen is None:
        evidence.chosen = from_code(evidence.field, stated, code)
        return
    options = alternatives_of(document, chosen.spans) if chosen.spans else None
    repaired = agrees(options, stated.value) if options is not None else None
    text = f"the {code.kind} code says {stated.value}"
    if repaired is not None:
        data = {"by": "qr", "code": code.kind, "read": chosen.value.text, "value": stated.value}
        evidence.chosen = replace(chosen, value=Value(stated.value), check=None)
        evidence.add(Level.PROVED, Reason(ReasonKind.REPAIR, f"{text}; {repaired.reason}", data))
    elif chosen.spans:
        evidence.add(Level.CONFLICT, stated_reason(text, stated, code, holds=False))
        if of_this_paper and options is not None and evidence.field.spec.type is not FieldType.MONEY:
            evidence.chosen = replace(chosen, value=Value(stated.value), check=None)


def _check(evidence: FieldEvidence, chosen: Candidate, document: LaidOutDocument) -> None:
    """Weigh the checksum of the chosen value, repairing it where exactly one repair passes."""
    checks = evidence.field.spec.check
    result = (chosen.check or validate(chosen.value.text, checks)) if checks else None
    if result is None:
        return
    repaired = _repaired(document, chosen, checks) if result.outcome is not CheckOutcome.PROVED else None
    if repaired is not None:
        result = validate(repaired.text, checks) or result
        evidence.chosen = replace(chosen, value=Value(repaired.text), check=result)
        data = {"by": "checksum", "check": result.check, "read": chosen.value.text, "value": repaired.text}
        evidence.add(Level.PROVED, Reason(ReasonKind.REPAIR, f"{result.reason}; {repaired.reason}", data))
        return
    lacking = [name for name in checks if name in STRONG and STRONG[name].length == len(chosen.value.text) + 1]
    if lacking and chosen.spans and (place := gap(document, chosen.spans)) is not None:
        before = chosen.value.text[:place]
        text = f"the print has room for one more character after '{before}'"
        evidence.add(Level.CONFLICT, Reason(ReasonKind.SPACING, text, {"after": before}))
    evidence.add(_LEVELS[result.outcome], _checked(result))


def _checked(result: CheckResult) -> Reason:
    return Reason(ReasonKind.CHECKSUM, result.reason, {"check": result.check, "outcome": result.outcome.value})


def _repaired(document: LaidOutDocument, candidate: Candidate, checks: Sequence[str]) -> Repair | None:
    """Return the one repair that a strong checksum proves."""
    options = alternatives_of(document, candidate.spans) if candidate.spans else None
    if options is None:
        return None
    repairs = [found for name in checks if name in STRONG and (found := repair(options, STRONG[name])) is not None]
    return repairs[0] if len(repairs) == 1 else None


def _relate(by_field: Mapping[str, FieldEvidence], check: CrossCheck) -> None:
    """Weigh a relation between fields that all have values."""
    values = [chosen.value.text for name in check.of if (chosen := by_field[name].chosen) is not None]
    if len(values) < len(check.of) or check.relation is None:
        return
    result = RELATIONS[check.relation](values)
    holds = result.outcome is not CheckOutcome.FAILED
    text = result.reason if holds else f"{check.name} fails: {result.reason}"
    if not text:
        return
    reason = Reason(ReasonKind.RELATION, text, {"check": check.name, "holds": holds})
    if holds or check.otherwise == "nothing":
        for name in check.of:
            by_field[name].add(Level.READ, reason)
        return
    for name in [name for name in check.of if not by_field[name].has(Level.PROVED)] or check.of:
        by_field[name].add(Level.CONFLICT, reason)


def _field(evidence: FieldEvidence, document: LaidOutDocument) -> Field:
    chosen = evidence.chosen
    name, type_ = evidence.field.name, evidence.field.spec.type
    rivals = tuple(_rivals(evidence, document))
    if chosen is None:
        reasons = tuple(Reason(ReasonKind.REJECTED, text) for text in evidence.rejected) or (_NOTHING,)
        return Field(name, None, None, Level.MISSING, reasons=reasons, type=type_, candidates=rivals)
    return Field(
        name,
        chosen.value.text,
        chosen.raw,
        _level(evidence, chosen),
        chosen.page_index,
        document.quad(chosen.spans) if chosen.spans else None,
        tuple((document.reading.lines[span.line].page_index, span.line) for span in chosen.spans),
        tuple(_reasons(evidence, chosen)),
        type_,
        candidates=rivals,
    )


def _rivals(evidence: FieldEvidence, document: LaidOutDocument) -> Iterator[FieldCandidate]:
    """Yield values other than the chosen one, each at its best place, the one that a code states first."""
    stated = [from_code(evidence.field, *evidence.stated)] if evidence.stated is not None else []
    different: dict[str, Candidate] = {}
    for candidate in (*stated, *evidence.candidates):
        different.setdefault(candidate.value.text, candidate)
    if evidence.chosen is not None:
        different.pop(evidence.chosen.value.text, None)
    for candidate in list(different.values())[:MAX_RIVALS]:
        result = candidate.check
        yield FieldCandidate(
            candidate.value.text,
            candidate.raw,
            _LEVELS[result.outcome] if result is not None else Level.READ,
            (*_own_reasons(candidate), *((_checked(result),) if result is not None else ())),
            candidate.page_index,
            document.quad(candidate.spans) if candidate.spans else None,
        )


def _level(evidence: FieldEvidence, chosen: Candidate) -> Level:
    """Return the worst of all disagreement, else the best of all support."""
    if evidence.has(Level.CONFLICT):
        return Level.CONFLICT
    if Caveat.AMBIGUOUS in chosen.value.caveats and not evidence.code_agrees:
        return Level.READ
    return next((level for level in (Level.PROVED, Level.AGREED) if evidence.has(level)), Level.READ)


def _reasons(evidence: FieldEvidence, chosen: Candidate) -> Iterator[Reason]:
    """Yield the reasons for the chosen value, findings of the same text once."""
    yield from _own_reasons(chosen)
    told: dict[str, Reason] = {}
    for _, reason in evidence.findings:
        told.setdefault(reason.text, reason)
    yield from told.values()


def _own_reasons(candidate: Candidate) -> Iterator[Reason]:
    yield candidate.how
    if candidate.value.note:
        yield Reason(ReasonKind.NOTE, candidate.value.note)
