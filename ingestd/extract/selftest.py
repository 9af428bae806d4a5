"""Run the tests inside rule files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import regex

from ingestd.document import Char, Code, Extraction, Field, Level, Line, PageInfo, Reading, ReasonKind
from ingestd.extract.apply import extract
from ingestd.extract.lexicon.labels import squeeze_rows
from ingestd.extract.rulefile.compiled import RuleSet
from ingestd.extract.rulefile.model import RuleTest, TestLine
from ingestd.extract.search.classify import rank_rules
from ingestd.layout.geometry import rect_quad
from ingestd.layout.rows import lay_out, text_widths

_CELL_PX = (10.0, 20.0)
"""Width and height of one typed character of a test's ``text``; Chinese characters are two wide."""

_ROW_PX = 30.0
"""Distance between two typed rows."""

_CROSS_CHECKS = (ReasonKind.EQUATION, ReasonKind.RELATION)


@dataclass(frozen=True, slots=True)
class TestResult:
    """Outcome of one test of a rule file."""

    __test__ = False

    rule: str
    name: str
    problems: tuple[str, ...]
    """Differences from the expected result; empty where the test passes."""


def run_rule_tests(rules: RuleSet) -> tuple[TestResult, ...]:
    """Run the tests of all rules, each against the whole rule set."""
    return tuple(
        TestResult(rule.rule, test.name, tuple(_problems(test, test.rule or rule.rule, rules)))
        for rule in rules.rules
        for test in rule.tests
    )


def reading_of(test: RuleTest) -> Reading:
    """Build the reading that a test describes."""
    lines = tuple(_typed(test.text)) if test.text is not None else tuple(_drawn(line) for line in test.lines)
    pages = sorted({line.page_index for line in lines} | {0})
    corner = rect_quad(0, 0, 100, 100)
    return Reading(
        tuple(PageInfo(index, 1000, 1400, 100.0, 0, 0.0, {}, ()) for index in pages),
        lines,
        tuple(Code(0, corner, "QR", text) for text in test.codes),
    )


def _typed(text: str) -> Iterator[Line]:
    width, height = _CELL_PX
    for row, typed in enumerate(text.splitlines()):
        for found in regex.finditer(r"\S+(?: \S+)*", typed):
            left = sum(text_widths(typed[: found.start()])) * width
            right = left + sum(text_widths(found[0])) * width
            top = row * _ROW_PX
            yield Line(0, rect_quad(left, top, right, top + height), found[0], 1.0)


def _drawn(line: TestLine) -> Line:
    quad = rect_quad(*line.box)
    if not line.doubts:
        return Line(line.page, quad, line.text, 1.0)
    chars = []
    for index, character in enumerate(line.text):
        others = line.doubts.get(index, {})
        own = (character, 1.0 - sum(others.values()))
        chars.append(Char((index + 0.5) / len(line.text), (own, *sorted(others.items(), key=lambda other: -other[1]))))
    confidence = sum(char.alternatives[0][1] for char in chars) / len(chars)
    return Line(line.page, quad, line.text, confidence, tuple(chars))


def _problems(test: RuleTest, rule: str, rules: RuleSet) -> Iterator[str]:
    reading = reading_of(test)
    extraction = extract(reading, rules, test.today)
    fields = {field.name: field for field in extraction.fields}
    if extraction.rule != rule:
        yield f"taken for '{extraction.rule}', expected '{rule}'; {_contest(reading, rule, rules)}"
    for name, value in test.expect.items():
        if (got := fields.get(name)) is None or got.value != value:
            yield f"{name} is {_shown(got)}, expected '{value}'"
    for name, level in test.levels.items():
        if (got := fields.get(name)) is None or got.level != level:
            yield f"{name} is {_shown(got)}, expected level {level}"
    for name in test.leave:
        if (got := fields.get(name)) is not None and got.level is not Level.MISSING:
            yield f"{name} is {_shown(got)}, expected nothing"
    for name in test.repaired:
        if (got := fields.get(name)) is None or not any(reason.kind is ReasonKind.REPAIR for reason in got.reasons):
            yield f"{name} is {_shown(got)}, expected a repaired value"
    yield from _summary_problems(test, extraction)


def _contest(reading: Reading, rule: str, rules: RuleSet) -> str:
    """Describe the scores of the expected rule and of all rules that are eligible."""
    scores = rank_rules(squeeze_rows(lay_out(reading)), rules)
    return "; ".join(score.wording for score in scores if score.is_eligible or score.name == rule)


def _summary_problems(test: RuleTest, extraction: Extraction) -> Iterator[str]:
    reasons = (reason for field in extraction.fields for reason in field.reasons)
    failed = {reason.data["check"] for reason in reasons if reason.kind in _CROSS_CHECKS and not reason.data["holds"]}
    for name in test.fails:
        if name not in failed:
            yield f"check '{name}' holds, expected it to fail"
    if test.items is not None and len(extraction.items) != test.items:
        yield f"{len(extraction.items)} line items, expected {test.items}"
    if test.status is not None and extraction.status != test.status:
        doubtful = [f"{field.name} {_shown(field)}" for field in extraction.fields if field.level is Level.CONFLICT]
        yield f"status {extraction.status}, expected {test.status} ({'; '.join(doubtful) or 'no conflict'})"


def _shown(field: Field | None) -> str:
    if field is None:
        return "unknown to the rule"
    return f"'{field.value}' ({field.level}: {'; '.join(reason.text for reason in field.reasons)})"
