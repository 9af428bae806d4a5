"""Fields that keep a document in review, by today's rules."""

from __future__ import annotations

from collections.abc import Sequence

from ingestd.document import KIND, Extraction, Field, Level, Status
from ingestd.extract.rulefile.compiled import CompiledRule, RuleSet
from ingestd.extract.rulefile.model import FieldRule
from ingestd.extract.understand.document import SETTLED_KINDS, doubtful
from ingestd.extract.understand.lexicon import KINDS

UNKNOWN = "unknown"
"""Name of the rule of a document that no rule matches."""
OTHER = "other"
"""Kind of a document that a person says is none of those that are recorded with fields."""

_PROVED = (Level.PROVED, Level.CONFIRMED)
_ENOUGH = {"read": (Level.READ, Level.AGREED, *_PROVED), "agreed": (Level.AGREED, *_PROVED), "proved": _PROVED}


def rule_of(rules: RuleSet, kind: str) -> CompiledRule | None:
    """Find the rule of this name; None where there is none, or where it is the fallback."""
    return next((rule for rule in rules.compiled if rule.spec.rule == kind), None)


def kinds_of(rules: RuleSet) -> tuple[str, ...]:
    """List the kinds that a person may say a document is of."""
    understood = KINDS if rules.lexicon is not None else ()
    return (*(rule.spec.rule for rule in rules.compiled), *understood, OTHER)


def doubts(kind: str, fields: Sequence[Field], rules: RuleSet, *, kind_confirmed: bool = False) -> tuple[str, ...]:
    """Name what a person has to settle before a document is done: fields, and ``KIND`` where the kind is open.

    Args:
        kind: of the document.
        fields: of the document, in order.
        rules: today's.
        kind_confirmed: a person said of which kind it is.
    """
    if kind == OTHER:
        return ()
    plan = rule_of(rules, kind)
    if plan is not None:
        specs = plan.spec.fields
        return tuple(one.name for one in fields if not _is_enough(one, specs.get(one.name)))
    in_conflict = tuple(one.name for one in fields if one.level is Level.CONFLICT)
    if rules.lexicon is not None and kind in SETTLED_KINDS:
        return doubtful(kind, fields, rules.review_below)
    return in_conflict if kind_confirmed else (KIND, *in_conflict)


def status_of(extraction: Extraction, rules: RuleSet, *, kind_confirmed: bool = False) -> Status:
    """Decide whether a person has anything left to do."""
    left = doubts(extraction.rule, extraction.fields, rules, kind_confirmed=kind_confirmed)
    return Status.REVIEW if left else Status.DONE


def _is_enough(field: Field, spec: FieldRule | None) -> bool:
    """Return True where a field leaves nothing for a person to do."""
    if field.level is Level.CONFLICT:
        return False
    if spec is None or not spec.required:
        return True
    least = "read" if spec.required is True else spec.required
    return field.level in _ENOUGH[least]
