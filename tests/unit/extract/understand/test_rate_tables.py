"""Tables of tax by rate that no row sums up."""

from __future__ import annotations

from datetime import date

import pytest

from ingestd.document import Field, Level
from ingestd.extract import RuleSet, extract, load_rules
from ingestd.extract.rulefile.model import RuleTest
from ingestd.extract.selftest import reading_of
from tests.support.places import ROOT

HEAD = """
Faktura - daňový doklad č. 2024016
Datum vystavení: 08. 02. 2024
DIČ: CZ27700101
"""
TABLE = """
Sazba        Základ        DPH      Včetně DPH
21 %       3 600,00     756,00        4 356,00
12 %       1 000,00     120,00        1 120,00
"""


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return load_rules(ROOT / "rules")


def amounts(text: str, rules: RuleSet) -> dict[str, Field]:
    found = extract(reading_of(RuleTest(name="paper", text=HEAD + text)), rules, date(2027, 1, 1))
    return {field.name: field for field in found.fields if field.name in ("net", "tax", "total")}


def values(found: dict[str, Field]) -> list[str | None]:
    return [found[name].value for name in ("net", "tax", "total")]


def test_all_rates_together_make_the_total(rules: RuleSet) -> None:
    found = amounts(TABLE + "Celkem k úhradě                 5 476,00 Kč", rules)
    assert values(found) == ["4600.00", "876.00", "5476.00"]
    assert {field.level for field in found.values()} == {Level.PROVED}


def test_a_row_of_sums_is_not_a_rate(rules: RuleSet) -> None:
    text = TABLE + "Celkem     4 600,00     876,00        5 476,00\nK úhradě                  5 476,00 Kč"
    assert values(amounts(text, rules)) == ["4600.00", "876.00", "5476.00"]


def test_a_printed_rounding_leads_to_the_total(rules: RuleSet) -> None:
    text = TABLE.replace("120,00        1 120,00", "120,00        1 120,00\nZaokrouhlení         0,00")
    text = text.replace("1 000,00     120,00        1 120,00", "1 000,50     120,06        1 120,56")
    found = amounts(text.replace("0,00\n", "-0,56\n") + "Celkem k úhradě                 5 476,00 Kč", rules)
    assert values(found) == ["4600.50", "876.06", "5476.00"]
    assert found["total"].level is not Level.PROVED


def test_one_rate_of_several_is_never_the_proved_total(rules: RuleSet) -> None:
    found = amounts(TABLE + "Celkem k úhradě                 5 4?6,00 Kč", rules)
    assert not any(field.level in (Level.PROVED, Level.AGREED) for field in found.values())


def test_a_misread_tax_proves_nothing(rules: RuleSet) -> None:
    text = TABLE.replace("     120,00", "     170,00") + "Celkem k úhradě                 5 476,00 Kč"
    found = amounts(text, rules)
    assert found["total"].level is not Level.PROVED


def test_one_rate_without_words_explains_a_labelled_total(rules: RuleSet) -> None:
    text = "%            X          Y          Z\n20 %     500,00     600,00     100,00\nCelkem k úhradě     600,00 Kč"
    found = amounts(text, rules)
    assert values(found) == ["500.00", "100.00", "600.00"]
    assert found["total"].level is Level.AGREED
