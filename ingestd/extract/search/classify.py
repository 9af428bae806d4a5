"""Which kind of document a reading is: signs are weighed, a tie is nobody's."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

import regex

from ingestd.extract.rulefile.compiled import CompiledRule, Pattern, RuleSet, split_label
from ingestd.extract.rulefile.labels import TIMEOUT_S, SqueezedDocument
from ingestd.extract.rulefile.model import Rule, Sign
from ingestd.layout.rows import LaidOutDocument


@dataclass(frozen=True, slots=True)
class Classification:
    """The rule that applies, or None, and why."""

    plan: CompiledRule | None
    reason: str


def classify(page: SqueezedDocument, rules: RuleSet) -> Classification:
    """Choose the rule whose signs weigh most.

    Rules that lack a ``need``, show an ``unless`` or do not weigh enough are out; if two weigh the same, none is
    chosen.
    """
    printed = {hit.label for hit in rules.sign_scanner.scan(page)}
    weights = {plan.spec.rule: weigh(plan.spec, page.document, printed) for plan in rules.plans}
    eligible = sorted(
        (plan for plan in rules.plans if weights[plan.spec.rule] > 0),
        key=lambda plan: -weights[plan.spec.rule],
    )
    if not eligible:
        return Classification(None, "no rule matches this document")
    best = weights[eligible[0].spec.rule]
    tied = [plan.spec.rule for plan in eligible if weights[plan.spec.rule] == best]
    if len(tied) > 1:
        return Classification(None, f"the rules {' and '.join(tied)} match equally well")
    return Classification(eligible[0], f"signs of {tied[0]} weigh {best:g}")


def weigh(rule: Rule, document: LaidOutDocument, printed: Collection[str]) -> float:
    """Weight of a rule's signs on a document, 0 where it is not of this kind.

    Args:
        rule: with or without a ``match``.
        document: the document.
        printed: squeezed sign texts that were found on it.
    """
    if rule.match is None:
        return 0.0
    if not all(_shown(text, printed) for text in rule.match.need):
        return 0.0
    if any(_shown(text, printed) for text in rule.match.unless):
        return 0.0
    weight = sum(sign.weight for sign in rule.match.signs if _present(sign, document, printed))
    return weight if weight >= rule.match.enough else 0.0


def _shown(text: str, printed: Collection[str]) -> bool:
    return any(part in printed for part in split_label(text))


def _present(sign: Sign, document: LaidOutDocument, printed: Collection[str]) -> bool:
    if sign.text is not None:
        return _shown(sign.text, printed)
    if sign.code is not None:
        return any(matches(sign.code, code.text) for code in document.reading.codes)
    return any(matches(sign.regex or "", row.text) for row in document.rows)


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern is found; one that runs out of time is not."""
    try:
        return _compiled(pattern).search(text, timeout=TIMEOUT_S) is not None
    except TimeoutError:
        return False


@lru_cache(1024)
def _compiled(pattern: str) -> Pattern:
    return regex.compile(pattern, regex.IGNORECASE)
