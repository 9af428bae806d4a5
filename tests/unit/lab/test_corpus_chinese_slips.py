"""Chinese papers of every kind are known by their own rules, never taken for VAT invoices, and read right."""

from __future__ import annotations

from datetime import date

import pytest

from ingestd.document import Level
from ingestd.extract import RuleSet, extract, load_rules
from lab.corpus.chinese_slips import SLIPS, slip
from tests.support.places import ROOT

TODAY = date(2026, 11, 27)
SEEDS = range(6)


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return load_rules(ROOT / "rules")


@pytest.mark.parametrize("kind", SLIPS)
def test_a_drawn_paper_is_known_and_its_fields_are_right(kind: str, rules: RuleSet) -> None:
    for seed in SEEDS:
        drawn = slip(kind, seed)
        found = extract(drawn.reading(), rules, TODAY)
        assert found.rule == kind
        assert {field.name: field.value for field in found.fields if field.name in drawn.truth} == drawn.truth
        assert not [field.name for field in found.fields if field.level is Level.CONFLICT]


def test_a_seed_gives_the_same_paper_and_another_seed_another() -> None:
    assert slip("cn-taxi", 3).truth == slip("cn-taxi", 3).truth
    assert slip("cn-taxi", 3).truth != slip("cn-taxi", 4).truth
