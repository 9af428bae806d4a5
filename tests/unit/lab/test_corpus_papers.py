from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from ingestd.extract import RuleSet, extract, load_rules
from lab.bench.known import same
from lab.corpus.paper_grammar import Drawn, paper
from lab.corpus.sheet import Text
from tests.support.places import ROOT

TODAY = date(2026, 11, 27)
SEEDS = range(40)
OTHER_NAMES = {"receipt_no": "invoice_no", "invoice_no": "receipt_no", "tax_no": "seller_tax_no"}
MIN_RIGHT = 0.95


@pytest.fixture(scope="module")
def drawn() -> list[Drawn]:
    return [paper(seed) for seed in SEEDS]


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return load_rules(ROOT / "rules")


def texts(one: Drawn) -> Iterator[str]:
    for sheet in one.sheets:
        yield from (shape.text for shape in sheet.shapes if isinstance(shape, Text))


def test_a_seed_gives_the_same_paper_and_another_seed_another() -> None:
    assert list(texts(paper(3))) == list(texts(paper(3)))
    assert paper(3).reading() == paper(3).reading()
    assert list(texts(paper(3))) != list(texts(paper(4)))


def test_net_tax_and_rounding_make_the_total(drawn: list[Drawn]) -> None:
    for one in drawn:
        facts = one.facts
        assert facts.net + facts.tax + facts.rounding == facts.total
        if {"net", "tax"} <= one.truth.keys():
            assert one.truth["total"] == f"{facts.sign * facts.total:.2f}"


def test_the_true_number_and_name_are_printed(drawn: list[Drawn]) -> None:
    for one in drawn:
        printed = "\n".join(texts(one)).lower()
        assert one.facts.number.lower() in printed
        assert one.facts.seller.name.lower() in printed


def test_structure_varies(drawn: list[Drawn]) -> None:
    assert {one.facts.kind for one in drawn} == {"invoice", "receipt", "credit-note"}
    assert {len(one.facts.bases) for one in drawn} >= {1, 2}
    assert len({one.facts.locale.country for one in drawn}) >= 8


def test_nearly_everything_is_understood(drawn: list[Drawn], rules: RuleSet) -> None:
    right: list[bool] = []
    for one in drawn:
        fields = {field.name: field.value for field in extract(one.reading(), rules, TODAY).fields}
        for name in ("invoice_no", "receipt_no", "date", "net", "tax", "total"):
            if name in one.truth:
                found = fields.get(name) or fields.get(OTHER_NAMES.get(name, name))
                right.append(found is not None and same(name, found, one.truth[name]))
    assert sum(right) >= MIN_RIGHT * len(right)
