"""Why the rules say what they say of one document: labels found, values tried, and what they lost to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from ingestd.document import Field, Quad, Reading
from ingestd.extract.apply import Examined, examine
from ingestd.extract.rulefile.compiled import RuleSet
from ingestd.extract.search.candidates import Candidate
from ingestd.extract.search.context import Scene


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
    """A value that was considered for a field."""

    field: str
    raw: str
    value: str
    how: str
    """Where it was found, in words."""
    page_index: int
    quad: Quad | None
    taken: bool
    why_not: str
    """What spoke against it, empty where it was taken."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything the rules went by."""

    rule: str | None
    """The rule applied, the fallback included, or None."""
    reason: str
    """Why this rule."""
    labels: tuple[Seen, ...]
    tried: tuple[Tried, ...]
    rejected: Mapping[str, tuple[str, ...]]
    """Field -> why texts of the right shape cannot be values."""
    fields: tuple[Field, ...]


def explain(reading: Reading, rules: RuleSet, today: date) -> Explanation:
    """Apply the rules and keep what they went by; see :func:`ingestd.extract.apply.extract`."""
    examined = examine(reading, rules, today)
    if examined.plan is None or examined.scene is None:
        return Explanation(None, examined.choice.reason, (), (), {}, ())
    return Explanation(
        examined.plan.spec.rule,
        examined.choice.reason,
        tuple(_labels(examined.scene)),
        tuple(_tried(examined, examined.scene)),
        {name: found.rejected for name, found in examined.found.items() if found.rejected},
        examined.fields,
    )


def _labels(scene: Scene) -> Iterator[Seen]:
    for hit in scene.hits:
        row = scene.sheet.rows[hit.row]
        quad = scene.sheet.quad(row.spans(hit.start, hit.end))
        yield Seen(row.text[hit.start : hit.end], row.page_index, quad, hit.edits)


def _tried(examined: Examined, scene: Scene) -> Iterator[Tried]:
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
                scene.sheet.quad(candidate.spans) if candidate.spans else None,
                not why_not,
                why_not,
            )


def _why_not(candidate: Candidate, field: Field | None) -> str:
    if field is None:
        return "only used in checks"
    lines = tuple(span.line for span in candidate.spans)
    if field.raw == candidate.raw and tuple(line for _, line in field.lines) == lines:
        return ""
    if candidate.failed and candidate.verdict is not None:
        return candidate.verdict.reason
    if not candidate.value.sure:
        return candidate.value.note or "counts only where a check proves it"
    if field.value == candidate.value.text:
        return "the same value was taken elsewhere"
    return "another value is better announced or fits the checks"
