"""Papers that no rule file covers, each drawn to show one trap that real documents set."""

from __future__ import annotations

from datetime import date

import pytest

from ingestd.document import Extraction, Level
from ingestd.extract import RuleSet, extract, load_rules
from ingestd.extract.rulefile.model import RuleTest
from ingestd.extract.selftest import reading_of
from tests.support.papers import PAPERS
from tests.support.places import ROOT

TODAY = date(2027, 1, 1)


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return load_rules(ROOT / "rules")


def read(text: str, rules: RuleSet) -> Extraction:
    lines = [line[8:] for line in text.splitlines()]
    return extract(reading_of(RuleTest(name="paper", text="\n".join(lines))), rules, TODAY)


@pytest.mark.parametrize("name", PAPERS)
def test_every_field_is_right(name: str, rules: RuleSet) -> None:
    text, expected = PAPERS[name]
    fields = {field.name: field.value for field in read(text, rules).fields}
    wanted = dict(pair.split("=", 1) for pair in expected.split())
    assert {key: fields.get(key) for key in wanted} == wanted


def test_a_sum_with_labels_proves_all_three_amounts(rules: RuleSet) -> None:
    fields = {field.name: field for field in read(PAPERS["Dutch"][0], rules).fields}
    assert [fields[name].level for name in ("net", "tax", "total")] == [Level.PROVED] * 3
    assert any("200.00 + 42.00 = 242.00" in reason.text for reason in fields["total"].reasons)


def test_rivals_of_a_total_are_kept_with_their_places(rules: RuleSet) -> None:
    text, _ = PAPERS["a previous balance is not owed for this invoice"]
    (total,) = [field for field in read(text, rules).fields if field.name == "total"]
    assert "444.00" in {rival.value for rival in total.candidates}
    assert all(rival.quad is not None for rival in total.candidates)


def test_a_pay_slip_is_never_done(rules: RuleSet) -> None:
    slip = """
        Earnings Statement
        Period ending: 7/18/2008
        Pay date: 7/25/2008
        Gross Pay  $ 612.40
        Check total  $ 401.10
        """
    found = read(slip, rules)
    assert (found.rule, found.status) == ("pay-slip", "review")


def test_a_date_that_fits_two_orders_is_for_review(rules: RuleSet) -> None:
    found = read(
        """
        Westfield Supplies Ltd
        INVOICE
        Invoice No: 44521
        Invoice Date: 03/04/2023
        Subtotal            40.00
        Tax                  4.00
        Total               44.00
        """,
        rules,
    )
    assert found.status == "review"


def test_supplies_with_and_without_tax_make_one_net_amount(rules: RuleSet) -> None:
    fields = {
        field.name: field.value
        for field in read(
            """
        SPECIMEN BAKERIES LTD
        TAX INVOICE
        Invoice No: 7718F712
        Date: 18/10/2017
        Total 6% supplies (excl. GST):  12.24
        GST:                             0.73
        Total 6% supplies (Inc. GST):   12.97
        Total 0% supplies:              18.08
        Total Payable:                  31.05
        """,
            rules,
        ).fields
    }
    assert (fields["net"], fields["tax"], fields["total"]) == ("30.32", "0.73", "31.05")


def test_a_required_field_that_a_rule_misses_is_taken_from_the_understanding(rules: RuleSet) -> None:
    found = read(
        """
        SAMPLE FURNITURE SDN BHD
        40150 SHAH ALAM, SELANGOR
        RECEIPT # CS00633960
        DATE: 25/04/2017
        SUB-TOTAL            92.50
        GST                   1.50
        T                    94.00
        CASH                 94.00
        CHANGE                0.00
        """,
        rules,
    )
    fields = {field.name: field for field in found.fields}
    assert found.rule == "en-receipt"
    assert fields["total"].value == "94.00"
