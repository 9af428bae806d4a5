"""Evidence about one field, gathered while a document is judged."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, replace

from ingestd.document import Code, Level, Reason, ReasonKind
from ingestd.extract.rulefile.compiled import CompiledField
from ingestd.extract.search.candidates import Candidate, Rank
from ingestd.extract.values.invoice_qr import StatedValue
from ingestd.extract.values.normalise import Caveat, Value

_MAX_LABELLED = 6
"""Different values with a label that are tried in an equation."""

_MAX_UNLABELLED = 40
"""Different values without a label that are tried in an equation."""


@dataclass
class FieldEvidence:
    """Everything known about one field so far; the only mutable object of extraction."""

    field: CompiledField
    candidates: tuple[Candidate, ...]
    rejected: tuple[str, ...]
    misread: tuple[Candidate, ...] = ()
    chosen: Candidate | None = None
    findings: list[tuple[Level, Reason]] = dataclasses.field(default_factory=list)
    stated: tuple[StatedValue, Code] | None = None
    """The value that a code on the page states, where no text says the same."""
    code_agrees: bool = False
    """A code on the page says the same as the text."""

    def add(self, level: Level, reason: Reason) -> None:
        """Note a finding."""
        self.findings.append((level, reason))

    def has(self, level: Level) -> bool:
        """Return True where any finding is of this level."""
        return any(known == level for known, _ in self.findings)


def joined(*parts: str) -> str:
    """Join the parts that are not empty with commas."""
    return ", ".join(part for part in parts if part)


def values_of(evidence: FieldEvidence) -> list[Candidate]:
    """Return the values of a field that may stand in an equation, best first.

    A value has one candidate, without a label one per row: it counts only beside the others of an equation.
    """
    if evidence.chosen is not None:
        return [_announced(evidence.chosen) if evidence.has(Level.PROVED) else evidence.chosen]
    labelled: dict[str, Candidate] = {}
    others: dict[tuple[str, int], Candidate] = {}
    for candidate in evidence.candidates:
        if not candidate.rank.unlabelled:
            labelled.setdefault(candidate.value.text, candidate)
        elif candidate.value.text not in labelled:
            others.setdefault((candidate.value.text, int(candidate.rank.position)), candidate)
    stated = [from_code(evidence.field, *evidence.stated)] if evidence.stated is not None else []
    return [*list(labelled.values())[:_MAX_LABELLED], *stated, *list(others.values())[:_MAX_UNLABELLED]]


def _announced(candidate: Candidate) -> Candidate:
    """Count a proved value as one with a label."""
    caveats = candidate.value.caveats & ~Caveat.UNSURE
    return replace(candidate, rank=Rank(), value=replace(candidate.value, caveats=caveats))


def from_code(field: CompiledField, stated: StatedValue, code: Code) -> Candidate:
    """Make a candidate without a place in the text from a value that only a code states."""
    reason = stated_reason(joined(f"only in the {code.kind} code", stated.note), stated, code, holds=True)
    return Candidate(field.name, Value(stated.value), code.text, (), code.page_index, Rank(), reason)


def stated_reason(text: str, stated: StatedValue, code: Code, *, holds: bool) -> Reason:
    """Make the reason of a value that a code states; ``holds`` is False where the text disagrees."""
    return Reason(ReasonKind.QR, text, {"code": code.kind, "value": stated.value, "holds": holds})
