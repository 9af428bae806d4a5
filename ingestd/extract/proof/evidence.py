"""What is known about one field while a document is judged."""

from __future__ import annotations

from dataclasses import dataclass, field

from ingestd.document import Code, Level, Reason, ReasonKind
from ingestd.extract.rulefile.compiled import FieldPlan
from ingestd.extract.search.candidates import UNLABELLED, Candidate
from ingestd.extract.values.invoice_qr import Fact
from ingestd.extract.values.normalise import Value

_MOST_LABELLED = 6
"""Different values with a label that are tried in an equation."""

_MOST_OTHERS = 40
"""Different values without a label that are tried in an equation."""


@dataclass
class Case:
    """Everything known about one field so far."""

    plan: FieldPlan
    candidates: tuple[Candidate, ...]
    rejected: tuple[str, ...]
    chosen: Candidate | None = None
    evidence: list[tuple[Level, Reason]] = field(default_factory=list)
    stated: tuple[Fact, Code] | None = None
    """What a code on the page says this field is, where no text says the same."""
    witnessed: bool = False
    """Whether a code on the page says the same as the text."""

    def add(self, level: Level, reason: Reason) -> None:
        """Note a piece of evidence."""
        self.evidence.append((level, reason))

    def has(self, level: Level) -> bool:
        """Whether any evidence is of this level."""
        return any(known == level for known, _ in self.evidence)


def joined(*parts: str) -> str:
    """The parts that are not empty, separated by commas."""
    return ", ".join(part for part in parts if part)


def values_of(case: Case) -> list[Candidate]:
    """The values of a field that may stand in an equation: one candidate each, best first."""
    if case.chosen is not None:
        return [case.chosen]
    different: dict[str, Candidate] = {}
    for candidate in case.candidates:
        different.setdefault(candidate.value.text, candidate)
    labelled = [candidate for candidate in different.values() if candidate.rank[0] < UNLABELLED][:_MOST_LABELLED]
    others = [candidate for candidate in different.values() if candidate.rank[0] >= UNLABELLED][:_MOST_OTHERS]
    stated = [from_code(case, *case.stated)] if case.stated is not None else []
    return [*labelled, *stated, *others]


def stated_only(fact: Fact, code: Code) -> Reason:
    """Evidence for a value that only a code on the page states."""
    text = joined(f"only in the {code.kind} code", fact.note)
    return Reason(ReasonKind.QR, text, {"code": code.kind, "value": fact.value, "holds": True})


def from_code(case: Case, fact: Fact, code: Code) -> Candidate:
    """What a code states, as a candidate without a place in the text."""
    return Candidate(
        case.plan.name,
        Value(fact.value),
        code.text,
        (),
        code.page_index,
        (),
        stated_only(fact, code),
    )
