"""An explanation names every label found, every value tried and what it lost to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ingestd.extract import load_rules
from ingestd.extract.explanation import explain
from ingestd.extract.stated.invoice import as_code
from ingestd.structured.forms import invoices_of
from tests.support.einvoices import ubl
from tests.support.extraction import TODAY, ruled, typed

FIELDS = """
    total: {type: money, labels: [GRAND TOTAL, TOTAL]}
    tax_no: {type: code, labels: VAT, check: eu_vat}
    day: {type: date, labels: DATE}
    net: {type: money, labels: NET, helper: true}
"""
PAGE = "TOTAL 9.00\nGRAND TOTAL 10.00\nVAT DE136695976\nVAT DE136695977\nDATE 31/02/2018\nNET 8.00"


def test_everything_the_rules_went_by(tmp_path: Path) -> None:
    explained = explain(typed(PAGE), ruled(tmp_path, FIELDS), TODAY)
    assert (explained.rule, explained.reason) == ("sample", "signs of sample weigh 1")
    assert [label.text for label in explained.labels] == ["TOTAL", "GRAND TOTAL", "VAT", "VAT", "DATE", "NET"]
    assert [(tried.field, tried.value, tried.why_not) for tried in explained.tried] == [
        ("total", "10.00", ""),
        ("total", "9.00", "another value is better announced or fits the checks"),
        ("tax_no", "DE136695976", ""),
        ("tax_no", "DE136695977", "not a valid VAT number of a member state of the EU"),
        ("net", "8.00", "only used in checks"),
    ]
    assert explained.rejected == {"day": ("'31/02/2018' is not a day of the calendar",)}


def test_without_any_rule_the_reason_remains(tmp_path: Path) -> None:
    rules = ruled(tmp_path, FIELDS, match={"signs": [{"text": "NEVER PRINTED"}]})
    explained = explain(typed(PAGE), rules, TODAY)
    assert (explained.rule, explained.reason, explained.fields) == (None, "no rule matches this document", ())


def test_two_rules_that_match_equally_well_are_named(tmp_path: Path) -> None:
    ruled(tmp_path, FIELDS)
    text = (tmp_path / "sample.yaml").read_text(encoding="utf-8").replace("rule: sample", "rule: other")
    (tmp_path / "other.yaml").write_text(text, encoding="utf-8")
    explained = explain(typed(PAGE), load_rules(tmp_path), TODAY)
    assert explained.reason == "the rules other and sample match equally well"


def test_values_that_the_file_states_are_explained_by_its_data(tmp_path: Path) -> None:
    (invoice,) = invoices_of(ubl())
    reading = replace(typed(PAGE), codes=(as_code(invoice),))
    explained = explain(reading, ruled(tmp_path, FIELDS), TODAY)
    assert (explained.rule, explained.reason) == ("invoice", "stated by the UBL data of the file")
    total = next(tried for tried in explained.tried if tried.field == "total" and tried.taken)
    assert (total.value, total.how.split(";")[0]) == ("178.50", "stated by the UBL data of the file")
    assert [(tried.value, tried.taken) for tried in explained.tried if tried.field == "total"][1:] == [("10.00", False)]
