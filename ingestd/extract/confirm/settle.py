"""Lay corrections by people over the values read, and prove the rest again.

Nothing of the reading is lost: it is handed in, and handed in again after the next correction.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from ingestd.document import (
    KIND,
    Correction,
    Extraction,
    Field,
    FieldCandidate,
    FieldType,
    Level,
    Reason,
    ReasonKind,
)
from ingestd.extract.confirm.checks import Finding, check_together, check_value, checks_about
from ingestd.extract.confirm.doubts import OTHER, rule_of, status_of
from ingestd.extract.rulefile.compiled import CompiledRule, RuleSet
from ingestd.extract.understand.document import fields_of, type_of
from ingestd.files.encoding import time_text

PROVED_PROBABILITY = 0.999
"""Of a value that makes a sum with one that a person confirmed: two misreadings that cancel out are rarer."""
_TIED = (ReasonKind.EQUATION, ReasonKind.RELATION)
"""Reasons that are about other fields too."""
_STRENGTH = (Level.READ, Level.AGREED, Level.PROVED)


def in_force(corrections: Sequence[Correction]) -> dict[str, Correction]:
    """Return the corrections that hold, by field: the last of each, unless it was withdrawn.

    Args:
        corrections: of one document, oldest first.
    """
    last = {correction.field: correction for correction in corrections}
    return {name: correction for name, correction in last.items() if not correction.withdrawn}


def settle(read: Extraction, corrections: Sequence[Correction], rules: RuleSet, today: date) -> Extraction:
    """Lay corrections over what was read.

    Args:
        read: what the rules made of the document, of the kind that a person said if one did.
        corrections: oldest first.
        rules: today's.
        today: dates far ahead of it are in conflict.

    Returns:
        Confirmed fields have the level ``confirmed`` and keep what was read as ``raw`` and among their candidates;
        the levels of the others follow from the new values; the status says whether anything is left to do.
    """
    held = in_force(corrections)
    if not held or read.rule == OTHER:
        return read
    proved = prove(read, {name: _said(correction) for name, correction in held.items()}, rules, today)
    before = {field.name: field.value for field in read.fields}
    fields = tuple(
        _confirmed(field, held[field.name], before.get(field.name)) if field.name in held else field for field in proved
    )
    settled = dataclasses.replace(read, fields=fields)
    return dataclasses.replace(settled, status=status_of(settled, rules, kind_confirmed=KIND in held))


@dataclasses.dataclass(frozen=True, slots=True)
class Said:
    """A value given by a person."""

    value: str | None
    """Normalised; None: the document has none."""
    place: tuple[int, tuple[tuple[float, float], ...]] | None = None
    """Page index and corners of where it was taken from."""
    is_confirmed: bool = False
    """False: only typed so far."""


def _said(correction: Correction) -> Said:
    place = None
    if correction.page_index is not None and correction.quad is not None:
        place = correction.page_index, correction.quad
    return Said(correction.value, place, is_confirmed=True)


def prove(read: Extraction, said: Mapping[str, Said], rules: RuleSet, today: date) -> tuple[Field, ...]:
    """Judge all fields with the values that people gave; no field becomes ``confirmed`` here.

    Args:
        read: as in :func:`settle`; fields that are confirmed there stay as they are.
        said: by field; fields that were not read are added.
        rules: today's.
        today: as in :func:`settle`.
    """
    plan = rule_of(rules, read.rule)
    named = {field.name: field for field in read.fields}
    for name in said:
        if name != KIND:
            field = named.get(name) or Field(name, None, None, Level.MISSING)
            named[name] = dataclasses.replace(field, type=field_type(field, plan))
    fields = {
        name: _with_value(field, said[name], plan, today) if name in said else field for name, field in named.items()
    }
    values = {name: field.value for name, field in fields.items() if field.value is not None}
    types = {name: field.type for name, field in fields.items()}
    checks = checks_about(plan, said)
    findings = [found for check in checks if (found := check_together(check, values, types, read.items)) is not None]
    again = {check.name for check in checks}
    cleared = {name: _without(field, again) if name not in said else field for name, field in fields.items()}
    sure = {name for name, one in said.items() if one.is_confirmed}
    sure |= {name for name, field in cleared.items() if field.level in (Level.PROVED, Level.CONFIRMED)}
    return tuple(_judged(field, _about(field.name, findings, sure)) for field in cleared.values())


def field_type(field: Field, plan: CompiledRule | None) -> FieldType:
    """Return the type of a field; fields recorded before types were are looked up by name."""
    spec = plan.spec.fields.get(field.name) if plan is not None else None
    if spec is not None:
        return spec.type
    return (type_of(field.name) if plan is None else None) or field.type


def correctable(read: Extraction, rules: RuleSet) -> tuple[str, ...]:
    """List the fields that a person may correct: those that were read, then others of this kind of document."""
    plan = rule_of(rules, read.rule)
    if plan is not None:
        names: tuple[str, ...] = tuple(name for name, spec in plan.spec.fields.items() if not spec.helper)
    else:
        names = () if read.rule == OTHER else fields_of(read.rule)
    return tuple(dict.fromkeys((*(field.name for field in read.fields), *names)))


def _with_value(field: Field, said: Said, plan: CompiledRule | None, today: date) -> Field:
    """A field with a person's value, judged by itself; what was read becomes a rival of it."""
    rivals = tuple(rival for rival in field.candidates if rival.value != said.value)
    if field.value is not None and field.value != said.value:
        was = FieldCandidate(
            field.value, field.raw or field.value, field.level, field.reasons, field.page_index, field.quad
        )
        rivals = (was, *rivals)
    taken = _place_of(field, said)
    new = dataclasses.replace(
        taken, value=said.value, level=Level.READ, reasons=(), probability=None, candidates=rivals
    )
    if said.value is None:
        return dataclasses.replace(new, level=Level.MISSING)
    finding = check_value(field.name, field.type, said.value, plan, today)
    if finding is None:
        return new
    return dataclasses.replace(new, level=finding.level, reasons=(finding.reason,))


def _place_of(field: Field, said: Said) -> Field:
    """The field where the value stands: as the person says, at the rival of this value, else where it was read."""
    if said.place is not None:
        page_index, corners = said.place
        a, b, c, d = corners
        return dataclasses.replace(field, page_index=page_index, quad=(a, b, c, d), lines=())
    rival = next((one for one in field.candidates if one.value == said.value), None)
    if rival is None or said.value == field.value or rival.quad is None:
        return field
    return dataclasses.replace(field, page_index=rival.page_index, quad=rival.quad, lines=())


def _without(field: Field, checks: set[str]) -> Field:
    """A field without what checks said of it that are made again now, and at the level that is left."""
    kept = tuple(
        reason for reason in field.reasons if reason.kind not in _TIED or reason.data.get("check") not in checks
    )
    if len(kept) == len(field.reasons) or field.level is Level.CONFIRMED:
        return field
    return dataclasses.replace(field, reasons=kept, level=_level_left(kept, field.level))


def _level_left(reasons: Sequence[Reason], was: Level) -> Level:
    """Level by the reasons that are left of a field."""
    if was is Level.CONFLICT:
        if any(_speaks_against(reason) for reason in reasons):
            return Level.CONFLICT
        was = Level.PROVED
    found = [Level.READ, *filter(None, map(_support, reasons))]
    best = max(found, key=_STRENGTH.index)
    return min(best, was, key=_STRENGTH.index) if was in _STRENGTH else was


def _speaks_against(reason: Reason) -> bool:
    match reason.kind:
        case ReasonKind.CHECKSUM:
            return reason.data.get("outcome") == "failed"
        case ReasonKind.QR | ReasonKind.EQUATION | ReasonKind.RELATION:
            return reason.data.get("holds") is False
        case ReasonKind.UNCONFIRMED | ReasonKind.SPACING:
            return True
        case _:
            return False


def _support(reason: Reason) -> Level | None:
    match reason.kind:
        case ReasonKind.CHECKSUM if reason.data.get("outcome") == "proved":
            return Level.PROVED
        case ReasonKind.QR | ReasonKind.EQUATION if reason.data.get("holds") is True:
            return Level.PROVED
        case ReasonKind.REPAIR:
            return Level.PROVED
        case ReasonKind.REPEATED:
            return Level.AGREED
        case _:
            return None


def _about(name: str, findings: Sequence[Finding], sure: set[str]) -> Iterator[Finding]:
    """Findings about a field; a sum that fails speaks against its unsure parts only, where it has any."""
    for finding in findings:
        if name in finding.fields:
            unsure = [one for one in finding.fields if one not in sure]
            if finding.level is not Level.CONFLICT or name in unsure or not unsure:
                yield finding


def _judged(field: Field, findings: Iterator[Finding]) -> Field:
    """A field with the findings of the checks that were made again."""
    found = list(findings)
    if not found or field.value is None or field.level is Level.CONFIRMED:
        return field
    levels = [field.level, *(finding.level for finding in found)]
    reasons = (*field.reasons, *dict.fromkeys(finding.reason for finding in found))
    if Level.CONFLICT in levels:
        return dataclasses.replace(field, level=Level.CONFLICT, reasons=reasons)
    level = max(levels, key=_STRENGTH.index)
    proved = level is Level.PROVED and any(finding.level is Level.PROVED for finding in found)
    chance = max(field.probability or 0.0, PROVED_PROBABILITY) if proved else field.probability
    return dataclasses.replace(field, level=level, reasons=reasons, probability=chance)


def _confirmed(field: Field, correction: Correction, before: str | None) -> Field:
    """A field as a person has confirmed it; what speaks for or against it stays on record."""
    data: dict[str, str | bool | int | float] = {"by": correction.by, "at": time_text(correction.at)}
    told = f"confirmed by {correction.by}"
    if correction.value is None:
        told = f"{correction.by} says that the document has none"
    if before is not None and before != correction.value:
        data["read"] = before
        told += f"; read {before}"
    reasons = (Reason(ReasonKind.CORRECTION, told, data), *field.reasons)
    return dataclasses.replace(field, level=Level.CONFIRMED, reasons=reasons, probability=None)
