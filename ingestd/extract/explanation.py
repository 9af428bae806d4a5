"""Explain an extraction: competing rules, labels found, values considered and the reasons against them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from ingestd.document import Field, Quad, Reading
from ingestd.extract.apply import Examined, examine
from ingestd.extract.lexicon.model import UNKNOWN
from ingestd.extract.rulefile.compiled import RuleSet
from ingestd.extract.search.candidates import Candidate
from ingestd.extract.search.classify import RuleScore, rank_rules
from ingestd.extract.search.context import SearchContext
from ingestd.extract.understand.document import Understanding
from ingestd.extract.understand.mentions import quad_of
from ingestd.extract.values.normalise import Caveat
from ingestd.layout.rows import LaidOutDocument


@dataclass(frozen=True, slots=True)
class Seen:
    """A label found on a page."""

    text: str
    """As read."""
    page_index: int
    quad: Quad
    """Decoded pixels."""
    edits: int
    """Characters misread, missing or added."""


@dataclass(frozen=True, slots=True)
class Tried:
    """Value considered for a field."""

    field: str
    raw: str
    value: str
    how: str
    """Place where it was found, in words."""
    page_index: int
    quad: Quad | None
    taken: bool
    why_not: str
    """Reason against it, empty where it was taken."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Intermediate results of one extraction."""

    rule: str | None
    """The rule applied, the fallback included, or None."""
    reason: str
    """Reason for this rule."""
    scores: tuple[RuleScore, ...]
    """Rules with a sign on the document, eligible ones first, then by weight."""
    labels: tuple[Seen, ...]
    tried: tuple[Tried, ...]
    rejected: Mapping[str, tuple[str, ...]]
    """Field -> reasons against texts of the right form."""
    fields: tuple[Field, ...]


def explain(reading: Reading, rules: RuleSet, today: date) -> Explanation:
    """Apply the rules and keep intermediate results; see :func:`ingestd.extract.apply.extract`."""
    examined = examine(reading, rules, today)
    scores = tuple(score for score in rank_rules(examined.squeezed, rules) if score.signs)
    if examined.stated is not None:
        reason = f"stated by the {examined.stated.form} data of the file"
        return Explanation(
            examined.stated.kind, reason, scores, (), tuple(_taken(examined.fields)), {}, examined.fields
        )
    if examined.understanding is not None:
        return _understood(examined.understanding, examined.squeezed.document, scores)
    if examined.rule is None or examined.context is None:
        return Explanation(None, examined.classification.reason, scores, (), (), {}, ())
    return Explanation(
        examined.rule.spec.rule,
        examined.classification.reason,
        scores,
        tuple(_labels(examined.context)),
        tuple(_tried(examined, examined.context)),
        {name: found.rejected for name, found in examined.found.items() if found.rejected},
        examined.fields,
    )


def _read_as(kind: str) -> str:
    return "not about money" if kind == UNKNOWN else f"understood as {kind}"


def _understood(understanding: Understanding, document: LaidOutDocument, scores: tuple[RuleScore, ...]) -> Explanation:
    """Explain a document that no rule matches: phrases, chosen values and their rivals."""
    labels = tuple(
        Seen(f"{phrase.text} ({phrase.role})", phrase.place.page_index, quad_of(document, phrase.place), 0)
        for phrase in understanding.labels.phrases
        if phrase.role not in (None, "ignore")
    )
    spoken = ", ".join(understanding.labels.languages)
    reason = f"no rule file matches; {_read_as(understanding.kind)}, from words of {spoken}"
    return Explanation(
        understanding.kind, reason, scores, labels, tuple(_taken(understanding.fields)), {}, understanding.fields
    )


def _taken(fields: tuple[Field, ...]) -> Iterator[Tried]:
    """List the values of fields with their rivals."""
    for field in fields:
        if field.value is None:
            continue
        chance = f" (p = {field.probability:.2f})" if field.probability is not None else ""
        how = "; ".join(reason.text for reason in field.reasons) + chance
        yield Tried(field.name, field.raw or "", field.value, how, field.page_index or 0, field.quad, True, "")
        for rival in field.candidates:
            how = "; ".join(reason.text for reason in rival.reasons)
            less = "another value explains the page better"
            yield Tried(field.name, rival.raw, rival.value, how, rival.page_index or 0, rival.quad, False, less)


def _labels(context: SearchContext) -> Iterator[Seen]:
    for hit in context.hits:
        row = context.document.rows[hit.row]
        quad = context.document.quad(row.spans(hit.start, hit.end))
        yield Seen(row.text[hit.start : hit.end], row.page_index, quad, hit.edits)


def _tried(examined: Examined, context: SearchContext) -> Iterator[Tried]:
    fields = {field.name: field for field in examined.fields}
    for name, found in examined.found.items():
        for candidate in found.candidates:
            why_not = _why_not(candidate, fields.get(name))
            yield Tried(
                name,
                candidate.raw,
                candidate.value.text,
                candidate.how.text,
                candidate.page_index,
                context.document.quad(candidate.spans) if candidate.spans else None,
                not why_not,
                why_not,
            )


def _why_not(candidate: Candidate, field: Field | None) -> str:
    if field is None:
        return "only used in checks"
    lines = tuple(span.line for span in candidate.spans)
    if field.raw == candidate.raw and tuple(line for _, line in field.lines) == lines:
        return ""
    if candidate.failed and candidate.check is not None:
        return candidate.check.reason
    if Caveat.UNSURE in candidate.value.caveats:
        return candidate.value.note or "counts only where a check proves it"
    if field.value == candidate.value.text:
        return "the same value was taken elsewhere"
    return "another value is better announced or fits the checks"
