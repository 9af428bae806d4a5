"""Fields that keep a document in review, by today's rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ingestd.document import KIND, Extraction, Field, Level, Paper, ReasonKind, Status
from ingestd.extract.lexicon.model import KINDS
from ingestd.extract.rulefile.compiled import CompiledRule, RuleSet
from ingestd.extract.rulefile.model import FieldRule

OTHER = "other"
"""Kind of a document that a person says is none of those that are recorded with fields."""
SETTLED_KINDS = frozenset({"invoice", "receipt", "credit-note"})
"""Understood kinds of paper that can be done without a person."""
_KEY_GROUPS = (
    ("invoice_no", "receipt_no"),
    ("date",),
    ("seller_tax_no", "tax_no"),
    ("buyer_tax_no",),
    ("net", "tax", "total"),
)
"""Fields whose probabilities decide whether a document is done; those of a group come from one explanation."""

_PROVED = (Level.PROVED, Level.CONFIRMED)
_READ = (Level.READ, Level.AGREED, *_PROVED)
_ENOUGH = {"read": _READ, "labelled": _READ, "agreed": (Level.AGREED, *_PROVED), "proved": _PROVED}


def rule_of(rules: RuleSet, kind: str) -> CompiledRule | None:
    """Find the rule of this name; None where there is none, or where it is the fallback."""
    return next((rule for rule in rules.compiled if rule.spec.rule == kind), None)


def kinds_of(rules: RuleSet) -> tuple[str, ...]:
    """List the kinds that a person may say a document is of."""
    understood = KINDS if rules.lexicon is not None else ()
    return (*(rule.spec.rule for rule in rules.compiled), *understood, OTHER)


def doubts(
    kind: str,
    fields: Sequence[Field],
    rules: RuleSet,
    *,
    kind_confirmed: bool = False,
    further: Sequence[Paper] = (),
    unread: Sequence[int] = (),
) -> tuple[str, ...]:
    """Name what a person has to settle before a document is done: fields, and ``KIND`` where the kind is open.

    Args:
        kind: of the document.
        fields: of the document, in order.
        rules: today's.
        kind_confirmed: a person said of which kind it is, and so has seen the papers of the file.
        further: papers after the first; the kind is open where one of them is for review.
        unread: pages that could not be read; the kind is open where there are any.
    """
    if kind == OTHER:
        return ()
    left = _doubts_of_first(kind, fields, rules, kind_confirmed=kind_confirmed)
    unsettled = bool(unread) or any(paper.status is Status.REVIEW for paper in further)
    return (KIND, *left) if unsettled and not kind_confirmed and KIND not in left else left


def _doubts_of_first(kind: str, fields: Sequence[Field], rules: RuleSet, *, kind_confirmed: bool) -> tuple[str, ...]:
    plan = rule_of(rules, kind)
    if plan is not None:
        specs = plan.spec.fields
        return tuple(one.name for one in fields if not _is_enough(one, specs.get(one.name), rules.review_below))
    in_conflict = tuple(one.name for one in fields if one.level is Level.CONFLICT)
    if rules.lexicon is not None and kind in SETTLED_KINDS:
        return _doubtful(kind, fields, rules.review_below)
    return in_conflict if kind_confirmed else (KIND, *in_conflict)


def status_of(extraction: Extraction, rules: RuleSet, *, kind_confirmed: bool = False) -> Status:
    """Decide whether a person has anything left to do."""
    left = doubts(
        extraction.rule,
        extraction.fields,
        rules,
        kind_confirmed=kind_confirmed,
        further=extraction.further,
        unread=extraction.unread,
    )
    return Status.REVIEW if left else Status.DONE


def _is_enough(field: Field, spec: FieldRule | None, below: float) -> bool:
    """Return True where a field leaves nothing for a person to do.

    Args:
        field: of a document that a rule matches.
        spec: the rule's demands on it.
        below: probability, 0 to 1, under which a person has to look at a field that is understood instead of found.
    """
    if field.level is Level.CONFLICT:
        return False
    if field.probability is not None and field.probability < below and field.level not in _PROVED:
        return False
    if spec is None or not spec.required:
        return True
    if spec.required == "labelled" and field.level is Level.READ:
        return not any(one.kind is ReasonKind.PATTERN for one in field.reasons)
    least = "read" if spec.required is True else spec.required
    return field.level in _ENOUGH[least]


def _doubtful(kind: str, fields: Sequence[Field], below: float) -> tuple[str, ...]:
    """Name the fields of an understood document that a person has to look at.

    They are those in conflict, the key fields that are missing and, beginning with the least likely, so many that
    the other key fields are together as likely right as asked for.

    Args:
        kind: of the document.
        fields: of the document; confirmed ones are right.
        below: probability, 0 to 1, under which a person has to look.
    """
    known = {one.name: one for one in fields if one.value is not None or one.level is Level.CONFIRMED}
    required = ("date", "total") if kind == "receipt" else ("invoice_no", "date", "total")
    found = {name for name in required if name not in known}
    found |= {one.name for one in fields if one.level is Level.CONFLICT}
    unsure = {
        name: known[name]
        for group in _KEY_GROUPS
        for name in group
        if name in known and name not in found and known[name].level is not Level.CONFIRMED
    }
    while _together(unsure) < below:
        worst = min(unsure, key=lambda name: unsure[name].probability or 0.0)
        del unsure[worst]
        found.add(worst)
    return tuple(one.name for one in fields if one.name in found)


def _together(fields: Mapping[str, Field]) -> float:
    """Probability that these fields are right: the least of each group, multiplied."""
    chance = 1.0
    for group in _KEY_GROUPS:
        chance *= min((fields[name].probability or 0.0 for name in group if name in fields), default=1.0)
    return chance
