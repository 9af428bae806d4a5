"""Papers in languages of Europe: kind, number, dates, tax numbers, amounts and currency."""

from __future__ import annotations

from datetime import date

import pytest

from ingestd.document import Extraction, Reading
from ingestd.extract import RuleSet, extract, load_rules
from ingestd.extract.lexicon.labels import squeeze_rows
from ingestd.extract.rulefile.model import RuleTest
from ingestd.extract.selftest import reading_of
from ingestd.extract.understand.mentions import MAX_PER_ROW, find_mentions
from ingestd.extract.understand.phrases import find_labels
from ingestd.layout.rows import lay_out
from tests.support.european_papers import EUROPEAN_PAPERS, GERMAN_PAPER
from tests.support.places import ROOT

TODAY = date(2027, 1, 1)


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return load_rules(ROOT / "rules")


def lines_of(text: str) -> Reading:
    return reading_of(RuleTest(name="paper", text="\n".join(line[8:] for line in text.splitlines())))


def read(text: str, rules: RuleSet) -> Extraction:
    return extract(lines_of(text), rules, TODAY)


@pytest.mark.parametrize("name", EUROPEAN_PAPERS)
def test_every_field_is_right(name: str, rules: RuleSet) -> None:
    text, expected = EUROPEAN_PAPERS[name]
    found = read(text, rules)
    fields = {field.name: field.value for field in found.fields} | {"kind": found.rule}
    wanted = dict(pair.split("=", 1) for pair in expected.split())
    assert {key: fields.get(key) for key in wanted} == wanted


def test_a_word_that_only_looks_like_one_of_another_language_does_not_bring_that_language(rules: RuleSet) -> None:
    assert rules.lexicon is not None
    labels = find_labels(squeeze_rows(lay_out(lines_of(GERMAN_PAPER))), rules.lexicon)
    assert labels.languages == ("de",)
    assert not any(phrase.party for phrase in labels.phrases)


def test_headings_of_two_columns_stay_apart(rules: RuleSet) -> None:
    found = read(
        """
        FAKTÚRA
        Zelený Dub s.r.o.
        Kód objednávky  Číslo faktúry  Dátum faktúry
        XK7P1           EV-2024-12     14.03.2024
        Spolu bez DPH                  100,00 €
        DPH 20 %                        20,00 €
        Spolu s DPH                    120,00 €
        """,
        rules,
    )
    fields = {field.name: field.value for field in found.fields}
    assert (fields["invoice_no"], fields["date"]) == ("EV-2024-12", "2024-03-14")


def test_a_row_of_nothing_but_groups_of_three_digits_is_read_as_far_as_any() -> None:
    row = "123 " * 400
    assert len(find_mentions(lay_out(lines_of(f"        {row}")), TODAY).amounts) > MAX_PER_ROW


def test_check_digits_of_another_country_prove_nothing(rules: RuleSet) -> None:
    """123456789 passes as a number of Portugal; the paper is English and calls it an Indian one."""
    invoice = """
        Harbour Design Studio
        INVOICE NO: INV-2025-001
        DATE: 02 Jan 2025
        GSTIN: 123456789
        TOTAL  500.00
        """
    field = next(field for field in read(invoice, rules).fields if field.name == "seller_tax_no")
    assert (field.value, field.level) == ("123456789", "read")
