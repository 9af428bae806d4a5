"""Language of the page: English as written in the templates, or Chinese from a catalogue."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

ENGLISH, CHINESE = "en", "zh-Hans"
"""Language tags, as in the attribute ``lang``."""

_CATALOGUE = Path(__file__).parent / "chinese.yaml"
_RANGE = re.compile(r"\s*(?P<tag>[A-Za-z*-]+)\s*(?:;\s*q=(?P<q>[\d.]{1,5})\s*)?")


def language_of(header: str | None) -> str:
    """Choose the language that a browser prefers.

    Args:
        header: Accept-Language, RFC 9110 section 12.5.4.

    >>> language_of("de,zh-CN;q=0.9,en;q=0.8"), language_of("en-GB,zh;q=0.5"), language_of(None)
    ('zh-Hans', 'en', 'en')
    """
    wishes = {"zh": 0.0, "en": 0.0}
    for part in (header or "").split(","):
        found = _RANGE.fullmatch(part)
        if found is None:
            continue
        family = found["tag"].lower().partition("-")[0]
        if family in wishes:
            wishes[family] = max(wishes[family], _quality(found["q"]))
    return CHINESE if wishes["zh"] > wishes["en"] else ENGLISH


def _quality(text: str | None) -> float:
    try:
        return 1.0 if text is None else float(text)
    except ValueError:
        return 0.0


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language; called with the English ones.

    >>> words_of(CHINESE)("{count} lines", count=2), words_of(ENGLISH)("{count} lines", count=2)
    ('2 行', '2 lines')
    """

    language: str
    phrases: Mapping[str, str]
    """English -> this language; what is missing stays English."""
    patterns: Sequence[tuple[re.Pattern[str], str]] = ()
    """For sentences that are put together elsewhere: reasons of fields, messages."""

    def __call__(self, english: str, **values: object) -> str:
        """Say a phrase, with values in its braces."""
        return self.phrases.get(english, english).format(**values) if values else self.phrases.get(english, english)

    def name(self, identifier: str) -> str:
        """Say the name of a field or a kind of document, such as ``seller_tax_no``."""
        return self(identifier.replace("_", " "))

    def sentence(self, english: str) -> str:
        """Say a sentence that this program composed, part by part; what no pattern knows stays English."""
        if english in self.phrases:
            return self.phrases[english]
        for pattern, replacement in self.patterns:
            if found := pattern.fullmatch(english):
                return found.expand(replacement)
        return english


@cache
def words_of(language: str) -> Words:
    """Load the words of a language."""
    if language != CHINESE:
        return Words(ENGLISH, {})
    content = yaml.safe_load(_CATALOGUE.read_text(encoding="utf-8"))
    patterns = [(re.compile(entry["english"]), entry["chinese"]) for entry in content["sentences"]]
    return Words(CHINESE, content["phrases"], patterns)
