"""Compile rules once per rule set: labels squeezed, patterns compiled, equations parsed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache
from typing import Any

import regex

from ingestd.document import FieldType
from ingestd.extract.lexicon.labels import Scanner, allowed_edits, squeeze
from ingestd.extract.lexicon.model import Lexicon
from ingestd.extract.rulefile.equation import Equation, parse_equation
from ingestd.extract.rulefile.model import FieldRule, Rule, Zone
from ingestd.extract.values.normalise import PATTERNS

_PUNCTUATION = r"[\s:.,;=_*#|/\\\[\](){}<>~%'\"°º-]*"
_MONEY_BETWEEN = (
    r"(?:R[MHNX]|MYR|USD|EUR|GBP|CNY|RMB|[¥￥$€£元圆]|\(\s*[A-Z]{1,3}\s*\)|@"
    r"|\d{1,2}(?:[.,]\d{1,2})?\s*%|[A-Z](?![A-Z0-9]))"
)
"""Currencies (misread RM included), a tax rate, single letters such as tax codes."""

Pattern = regex.Pattern[str]

REVIEW_BELOW = 0.98
"""Default of ``review.below``."""


@lru_cache(4096)
def split_label(text: str) -> tuple[str, ...]:
    """Return the squeezed alternatives of a label text.

    >>> split_label("金额 | 金 额（元）")
    ('金额', '金额元')
    """
    return tuple(squeeze(part) for part in text.split("|"))


@dataclass(frozen=True)
class CompiledField:
    """One field, ready to be searched for."""

    name: str
    spec: FieldRule
    strengths: Mapping[str, int]
    """Squeezed label -> its place in the list."""
    value: Pattern
    not_value: Pattern | None
    prefer: Pattern | None
    between: Pattern
    """Matches the text that may stand between a label and its value."""
    nought: Pattern | None = None
    """Matches what stands for 0.00."""
    no_nought: Pattern | None = None
    """Matches rows of documents on which nothing stands for 0.00."""


@dataclass(frozen=True)
class CompiledRule:
    """One rule, ready to run."""

    spec: Rule
    fields: tuple[CompiledField, ...]
    scanner: Scanner
    sums: tuple[CompiledField, ...]
    """Sums of line items that equations use."""
    equations: Mapping[str, Equation]
    """Name of a check -> its equation."""


@dataclass(frozen=True)
class RuleSet:
    """All rules in force."""

    rules: tuple[Rule, ...]
    hash: str
    """First 16 hex digits of the SHA-256 over names and contents of the files."""
    lexicon: Lexicon | None = None
    """Words of money documents that no rule covers; None: the fallback applies to such documents."""
    review_below: float = REVIEW_BELOW
    """Probability, 0 to 1, of all key fields of such a document together; below it the document goes to review."""

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what a worker process does not need: examples, and what it compiles itself."""
        state = {field.name: getattr(self, field.name) for field in fields(self)}
        return {**state, "rules": tuple(rule.model_copy(update={"tests": ()}) for rule in self.rules)}

    @cached_property
    def compiled(self) -> tuple[CompiledRule, ...]:
        """Rules with a ``match``, ready to run."""
        return tuple(compile_rule(rule) for rule in self.rules if not rule.fallback)

    @cached_property
    def fallback(self) -> CompiledRule | None:
        """Rule for documents that no other one matches."""
        return next((compile_rule(rule) for rule in self.rules if rule.fallback), None)

    @cached_property
    def sign_scanner(self) -> Scanner:
        """Scanner for the signs of all rules at once."""
        texts = {text: allowed_edits(text) for rule in self.rules for text in _sign_texts(rule)}
        return Scanner(texts)


def _sign_texts(rule: Rule) -> Iterator[str]:
    if rule.match is None:
        return
    for text in (*(sign.text for sign in rule.match.signs if sign.text), *rule.match.need, *rule.match.unless):
        yield from split_label(text)


def compile_rule(rule: Rule) -> CompiledRule:
    """Prepare one rule."""
    fields = tuple(_field(name, spec) for name, spec in rule.fields.items())
    equations = {check.name: parse_equation(check.equation) for check in rule.checks if check.equation}
    sums = dict.fromkeys(name for equation in equations.values() for name in equation.sums)
    helpers = tuple(_field(name, FieldRule(type=FieldType.MONEY, helper=True)) for name in sums)
    return CompiledRule(rule, fields, Scanner(_all_labels(rule)), helpers, equations)


def _field(name: str, spec: FieldRule) -> CompiledField:
    strengths: dict[str, int] = {}
    for strength, label in enumerate(spec.labels):
        for text in split_label(label):
            strengths.setdefault(text, strength)
    between = "|".join(part for part in (spec.between, _MONEY_BETWEEN if spec.type == "money" else None) if part)
    filler = rf"{_PUNCTUATION}(?:(?:{between}){_PUNCTUATION})*" if between else _PUNCTUATION
    return CompiledField(
        name,
        spec,
        strengths,
        regex.compile(spec.value or PATTERNS[spec.type], regex.IGNORECASE),
        _optional(spec.not_value),
        _optional(spec.prefer),
        regex.compile(filler, regex.IGNORECASE),
        _optional(spec.nought.text if spec.nought else None),
        _optional(spec.nought.unless if spec.nought else None),
    )


def _optional(pattern: str | None) -> Pattern | None:
    return regex.compile(pattern, regex.IGNORECASE) if pattern else None


def _all_labels(rule: Rule) -> dict[str, int]:
    """Collect every printed text of the rule with the misreadings allowed; fields come first."""
    labels: dict[str, int] = {}
    for spec in rule.fields.values():
        for label in (*spec.labels, *spec.not_label):
            for text in split_label(label):
                labels.setdefault(text, allowed_edits(text) if spec.edits is None else spec.edits)
    for label in (*rule.phrases, *_zone_texts(rule), *_item_texts(rule)):
        for text in split_label(label):
            labels.setdefault(text, allowed_edits(text))
    return labels


def zone_texts(zone: Zone) -> tuple[str, ...]:
    """Return every label text that defines a zone."""
    edges = (zone.above, zone.below, zone.starting_at, zone.left_of, zone.right_of)
    return (*zone.when, *zone.unless, *(edge for edge in edges if edge))


def _zone_texts(rule: Rule) -> Iterator[str]:
    for zones in rule.zones.values():
        for zone in zones:
            yield from zone_texts(zone)


def _item_texts(rule: Rule) -> Iterator[str]:
    if rule.items is not None:
        yield from (*rule.items.until, *rule.items.elsewhere)
        for labels in rule.items.columns.values():
            yield from labels
