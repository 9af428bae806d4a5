"""Classify a document by weighted signs; a tie selects no rule."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache

import regex

from ingestd.extract.lexicon.labels import TIMEOUT_S, LabelHit, SqueezedDocument
from ingestd.extract.rulefile.compiled import CompiledRule, Pattern, RuleSet, split_label
from ingestd.extract.rulefile.model import AmountSign, Sign
from ingestd.extract.search.amount_signs import amount_signs
from ingestd.layout.rows import LaidOutDocument


@dataclass(frozen=True, slots=True)
class RuleScore:
    """Signs of one rule on a document."""

    rule: CompiledRule
    enough: float
    signs: tuple[Sign, ...]
    """Signs that were found."""
    lacking: tuple[str, ...]
    """Texts of ``need`` that are not printed."""
    barring: tuple[str, ...]
    """Texts of ``unless`` that are printed."""

    @property
    def name(self) -> str:
        """Name of the rule."""
        return self.rule.spec.rule

    @property
    def weight(self) -> float:
        """Sum of the weights of the signs found."""
        return sum(sign.weight for sign in self.signs)

    @property
    def is_eligible(self) -> bool:
        """The signs are enough, and neither ``need`` nor ``unless`` stands against the rule."""
        return not self.lacking and not self.barring and self.weight >= self.enough

    @property
    def objections(self) -> tuple[str, ...]:
        """Reasons against the rule; empty for an eligible one."""
        return (
            *(f"needs '{text}', which is not printed" for text in self.lacking),
            *(f"'{text}' of its 'unless' is printed" for text in self.barring),
            *((f"less than its 'enough' of {self.enough:g}",) if self.weight < self.enough else ()),
        )

    @property
    def signs_wording(self) -> str:
        """Signs found and their weights in words: ``TOTAL 2, VAT 1``."""
        return ", ".join(f"{_name_of(sign)} {sign.weight:g}" for sign in self.signs)

    @property
    def wording(self) -> str:
        """The score in words: ``receipt weighs 3 (TOTAL 2, VAT 1)``."""
        signs = f" ({self.signs_wording})" if self.signs else ""
        return ", ".join((f"{self.name} weighs {self.weight:g}{signs}", *self.objections))


@dataclass(frozen=True, slots=True)
class Classification:
    """The selected rule, or None, and the reason."""

    rule: CompiledRule | None
    reason: str


def classify(squeezed: SqueezedDocument, rules: RuleSet) -> Classification:
    """Select the rule whose signs weigh most.

    Rules that lack a ``need``, show an ``unless`` or do not weigh enough are out. A tie selects none.
    """
    eligible = [score for score in rank_rules(squeezed, rules, only_eligible=True) if score.is_eligible]
    if not eligible:
        return Classification(None, "no rule matches this document")
    best = eligible[0]
    tied = [score.name for score in eligible if score.weight == best.weight]
    if len(tied) > 1:
        return Classification(None, f"the rules {' and '.join(tied)} match equally well")
    return Classification(best.rule, f"signs of {best.name} weigh {best.weight:g}")


def rank_rules(squeezed: SqueezedDocument, rules: RuleSet, *, only_eligible: bool = False) -> list[RuleScore]:
    """Score every rule that has signs: eligible rules first, heavy ones before light ones.

    Args:
        squeezed: the document.
        rules: all rules in force.
        only_eligible: do not look for the signs of rules that ``need`` or ``unless`` rule out.
    """
    printed = _printed(rules.sign_scanner.scan(squeezed))
    amounts = amount_signs(squeezed.document)
    scores = []
    for rule in rules.compiled:
        match = rule.spec.match
        if match is None:
            continue
        lacking = tuple(text for text in match.need if not _is_shown(text, printed))
        barring = tuple(text for text in match.unless if _is_shown(text, printed))
        sought = () if only_eligible and (lacking or barring) else match.signs
        signs = tuple(sign for sign in sought if _is_present(sign, squeezed.document, printed, amounts))
        scores.append(RuleScore(rule, match.enough, signs, lacking, barring))
    return sorted(scores, key=lambda score: (not score.is_eligible, -score.weight))


def _printed(hits: Sequence[LabelHit]) -> frozenset[str]:
    """Collect the labels found; a misread one counts only where no better one is printed in full."""
    full: dict[int, list[LabelHit]] = {}
    for hit in hits:
        if not hit.edits:
            full.setdefault(hit.row, []).append(hit)
    return frozenset(
        hit.label
        for hit in hits
        if not hit.edits
        or all(
            hit.end <= other.start or other.end <= hit.start or other.score < hit.score
            for other in full.get(hit.row, ())
        )
    )


def _is_shown(text: str, printed: Collection[str]) -> bool:
    """Look for a sign's text among the squeezed sign texts that are printed."""
    return any(part in printed for part in split_label(text))


def _is_present(
    sign: Sign, document: LaidOutDocument, printed: Collection[str], amounts: Collection[AmountSign]
) -> bool:
    if sign.text is not None:
        return _is_shown(sign.text, printed)
    if sign.amounts is not None:
        return sign.amounts in amounts
    if sign.code is not None:
        return any(matches(sign.code, code.text) for code in document.reading.codes)
    return any(matches(sign.regex or "", row.text) for row in document.rows)


def _name_of(sign: Sign) -> str:
    if sign.text is not None:
        return sign.text
    if sign.amounts is not None:
        return f"amounts {sign.amounts}"
    return f"code {sign.code}" if sign.code is not None else f"regex {sign.regex}"


def matches(pattern: str, text: str) -> bool:
    """Search for a pattern; one that runs out of time is not found."""
    try:
        return _compiled(pattern).search(text, timeout=TIMEOUT_S) is not None
    except TimeoutError:
        return False


@lru_cache(1024)
def _compiled(pattern: str) -> Pattern:
    return regex.compile(pattern, regex.IGNORECASE)
