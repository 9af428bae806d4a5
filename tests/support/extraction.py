"""Rules and readings for tests of extraction, as short as they can be."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from textwrap import dedent

import yaml

from ingestd.document import Extraction, Field, Reading
from ingestd.extract import RuleSet, extract, load_rules
from ingestd.extract.rulefile.model import RuleTest
from ingestd.extract.rulefile.model import TestLine as RuleLine
from ingestd.extract.selftest import reading_of

TODAY = date(2026, 1, 1)
Doubts = dict[str, dict[int, dict[str, float]]]
"""Text of a line -> place of a doubtful character -> other characters and their probabilities."""


def typed(text: str, *codes: str) -> Reading:
    """A page as typed; two spaces begin a new box."""
    return reading_of(RuleTest(name="typed", text=dedent(text).strip("\n"), codes=codes))


def drawn(*lines: tuple[str, float, float, float, float], doubts: Doubts | None = None) -> Reading:
    """Lines as (text, left, top, right, bottom) and, by text, which characters are doubtful."""
    entries = tuple(
        RuleLine(text=text, box=(left, top, right, bottom), doubts=(doubts or {}).get(text, {}))
        for text, left, top, right, bottom in lines
    )
    return reading_of(RuleTest(name="drawn", lines=entries))


def ruled(folder: Path, fields: str, **more: object) -> RuleSet:
    """A rule set of one rule that matches every document with text on it."""
    rule = {
        "rule": "sample",
        "title": "Sample",
        "match": {"signs": [{"regex": "."}]},
        "fields": yaml.load(dedent(fields), Loader=yaml.BaseLoader),
        **more,
    }
    (folder / "sample.yaml").write_text(yaml.safe_dump(rule, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return load_rules(folder)


def fields_of(reading: Reading, rules: RuleSet) -> dict[str, Field]:
    return {field.name: field for field in extracted(reading, rules).fields}


def texts(field: Field) -> list[str]:
    """The reasons of a field in words."""
    return [reason.text for reason in field.reasons]


def extracted(reading: Reading, rules: RuleSet) -> Extraction:
    return extract(reading, rules, TODAY)
