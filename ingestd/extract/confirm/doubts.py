"""Fields that keep a document in review, by today's rules."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set

from ingestd.document import KIND, Extraction, Field, FieldType, Level, Paper, ReasonKind, Status
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
"""Key fields of understood documents. Those of a group come from one explanation, so the least of them counts."""

_PROVED = (Level.PROVED, Level.CONFIRMED)
_READ = (Level.READ, Level.AGREED, *_PROVED)
Groups = Sequence[Sequence[str]]
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
    """Apply the one rule: no conflict, no key field missing, and the key fields are together likely enough."""
    plan = rule_of(rules, kind)
    if plan is not None:
        specs = plan.spec.fields
        lacking = {one.name for one in fields if not _has_its_level(one, specs.get(one.name))}
        groups = _groups_of(specs)
        return _named(fields, lacking | _unlikely(fields, groups, lacking, rules.review_below, unestimated=1.0))
    in_conflict = tuple(one.name for one in fields if one.level is Level.CONFLICT)
    if rules.lexicon is None or kind not in SETTLED_KINDS:
        return in_conflict if kind_confirmed else (KIND, *in_conflict)
    required = ("date", "total") if kind == "receipt" else ("invoice_no", "date", "total")
    known = {one.name for one in fields if _is_known(one)}
    lacking = {*in_conflict, *(name for name in required if name not in known)}
    return _named(fields, lacking | _unlikely(fields, _KEY_GROUPS, lacking, rules.review_below, unestimated=0.0))


def _named(fields: Sequence[Field], names: Set[str]) -> tuple[str, ...]:
    return tuple(one.name for one in fields if one.name in names)


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


def _has_its_level(field: Field, spec: FieldRule | None) -> bool:
    """Return True where a field has the level that its rule asks for.

    Args:
        field: of a document that a rule matches.
        spec: the rule's demands on it.
    """
    if field.level is Level.CONFLICT:
        return False
    if spec is None or not spec.required:
        return True
    if spec.required == "labelled" and field.level is Level.READ:
        return not any(one.kind is ReasonKind.PATTERN for one in field.reasons)
    least = "read" if spec.required is True else spec.required
    return field.level in _ENOUGH[least]


def _groups_of(specs: Mapping[str, FieldRule]) -> tuple[tuple[str, ...], ...]:
    """Group the key fields of a rule, which are those that it requires: amounts together, every other by itself."""
    names = [name for name, spec in specs.items() if spec.required and not spec.helper]
    amounts = tuple(name for name in names if specs[name].type is FieldType.MONEY)
    return (*((name,) for name in names if name not in amounts), amounts)


def _is_known(field: Field) -> bool:
    return field.value is not None or field.level is Level.CONFIRMED


def _unlikely(
    fields: Sequence[Field], groups: Groups, lacking: Set[str], below: float, *, unestimated: float
) -> set[str]:
    """Name key fields, beginning with the least likely, until the others are together as likely right as asked for.

    Args:
        fields: of the document; confirmed ones are right.
        groups: names of the key fields.
        lacking: fields that a person has to look at anyway.
        below: probability, 0 to 1, under which a person has to look.
        unestimated: probability of a field that has none.
    """
    open_names = {name for group in groups for name in group} - lacking
    chances = {
        one.name: unestimated if one.probability is None else one.probability
        for one in fields
        if one.name in open_names and _is_known(one) and one.level is not Level.CONFIRMED
    }
    found: set[str] = set()
    while _together(chances, groups) < below:
        worst = min(chances, key=lambda name: chances[name])
        del chances[worst]
        found.add(worst)
    return found


def _together(chances: Mapping[str, float], groups: Groups) -> float:
    """Probability that these fields are right: the least of each group, multiplied."""
    return math.prod(min((chances[name] for name in group if name in chances), default=1.0) for group in groups)
