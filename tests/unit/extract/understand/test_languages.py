"""Papers in languages of Europe: kind, number, dates, tax numbers, amounts and currency."""

from __future__ import annotations

from datetime import date

import pytest

from ingestd.document import Extraction
from ingestd.extract import RuleSet, extract, load_rules
from ingestd.extract.rulefile.model import RuleTest
from ingestd.extract.selftest import reading_of
from tests.support.european_papers import EUROPEAN_PAPERS
from tests.support.places import ROOT

TODAY = date(2027, 1, 1)


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return load_rules(ROOT / "rules")


def read(text: str, rules: RuleSet) -> Extraction:
    lines = [line[8:] for line in text.splitlines()]
    return extract(reading_of(RuleTest(name="paper", text="\n".join(lines))), rules, TODAY)


@pytest.mark.parametrize("name", EUROPEAN_PAPERS)
def test_every_field_is_right(name: str, rules: RuleSet) -> None:
    text, expected = EUROPEAN_PAPERS[name]
    found = read(text, rules)
    fields = {field.name: field.value for field in found.fields} | {"kind": found.rule}
    wanted = dict(pair.split("=", 1) for pair in expected.split())
    assert {key: fields.get(key) for key in wanted} == wanted
