"""Corrections laid over what was read, and everything proved anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestd.config.shipped import shipped
from ingestd.document import KIND, Correction, Extraction, Field, FieldType, Level, ReasonKind, Status
from ingestd.extract import RuleSet, extract, load_rules
from ingestd.extract.confirm.doubts import doubts
from ingestd.extract.confirm.settle import Said, correctable, in_force, prove, settle
from tests.support.extraction import TODAY, drawn, ruled, texts, typed
from tests.support.records import extractions

SHIPPED = load_rules(shipped("rules"))
AT = datetime(2026, 8, 3, 12, tzinfo=UTC)
SUM = "net and tax make the total"


def said(field: str, value: str | None, by: str = "anna", *, withdrawn: bool = False) -> Correction:
    return Correction(field, value, by, AT, withdrawn)


def settled(read: Extraction, rules: RuleSet, *corrections: Correction) -> dict[str, Field]:
    return {field.name: field for field in settle(read, corrections, rules, TODAY).fields}


@pytest.fixture
def rules(tmp_path: Path) -> RuleSet:
    fields = """
    net: {type: money, labels: Net, required: true}
    tax: {type: money, labels: Tax}
    total: {type: money, labels: Total, required: true}
    tax_no: {type: code, labels: VAT No, check: eu_vat, required: proved}
    date: {type: date, labels: Date}
    """
    return ruled(tmp_path, fields, checks=[{"name": SUM, "equation": "net + tax = total"}])


@pytest.fixture
def read(rules: RuleSet) -> Extraction:
    """Tax misread: 6.00 as 8.00; the number has a wrong check digit; no date."""
    page = "Net  100.00\nTax  8.00\nTotal  106.00\nVAT No  DE136695977"
    return extract(typed(page), rules, TODAY)


def test_contradicted_amounts_are_in_doubt(read: Extraction, rules: RuleSet) -> None:
    assert doubts(read.rule, read.fields, rules) == ("net", "tax", "total", "tax_no")


def test_one_correction_settles_the_whole_sum(read: Extraction, rules: RuleSet) -> None:
    fields = settled(read, rules, said("tax", "6.00"))
    assert (fields["tax"].value, fields["tax"].level, fields["tax"].raw) == ("6.00", Level.CONFIRMED, "8.00")
    assert [rival.value for rival in fields["tax"].candidates][:1] == ["8.00"]
    assert texts(fields["tax"])[0] == "confirmed by anna; read 8.00"
    assert fields["tax"].reasons[0].kind is ReasonKind.CORRECTION
    for name in ("net", "total"):
        assert fields[name].level is Level.PROVED
        assert texts(fields[name])[-1] == f"{SUM}: 100.00 + 6.00 = 106.00"
        assert not any("fails" in text for text in texts(fields[name]))


def test_document_is_done_when_its_last_doubt_is_settled(read: Extraction, rules: RuleSet) -> None:
    one = [said("tax", "6.00")]
    assert settle(read, one, rules, TODAY).status is Status.REVIEW
    two = [*one, said("tax_no", "DE136695976")]
    assert settle(read, two, rules, TODAY).status is Status.DONE


def test_confirming_what_contradicts_leaves_the_other_amounts_in_doubt(read: Extraction, rules: RuleSet) -> None:
    fields = settled(read, rules, said("tax", "8.00"))
    assert [fields[name].level for name in ("net", "tax", "total")] == [
        Level.CONFLICT,
        Level.CONFIRMED,
        Level.CONFLICT,
    ]
    assert texts(fields["tax"])[0] == "confirmed by anna"
    everything = settled(read, rules, said("tax", "8.00"), said("net", "100.00"), said("total", "106.00"))
    assert {everything[name].level for name in ("net", "tax", "total")} == {Level.CONFIRMED}
    assert texts(everything["total"])[-1] == f"{SUM} fails: 100.00 + 8.00 is not 106.00"


def test_proof_goes_with_the_value_that_gave_it(rules: RuleSet) -> None:
    page = "Net  100.00\nTax  6.00\nTotal  106.00\nVAT No  DE136695976"
    read = extract(typed(page), rules, TODAY)
    assert read.status is Status.DONE
    fields = settled(read, rules, said("total", "107.00"))
    assert [fields[name].level for name in ("net", "tax")] == [Level.CONFLICT, Level.CONFLICT]
    assert texts(fields["net"])[-1] == f"{SUM} fails: 100.00 + 6.00 is not 107.00"
    gone = settled(read, rules, said("total", None))
    assert [gone[name].level for name in ("net", "tax", "total")] == [Level.READ, Level.READ, Level.CONFIRMED]


def test_field_of_the_document_that_has_none(read: Extraction, rules: RuleSet) -> None:
    fields = settled(read, rules, said("tax_no", None))
    assert (fields["tax_no"].value, fields["tax_no"].level) == (None, Level.CONFIRMED)
    assert texts(fields["tax_no"])[0] == "anna says that the document has none; read DE136695977"


def test_withdrawing_brings_the_reading_back(read: Extraction, rules: RuleSet) -> None:
    assert settle(read, [said("tax", "6.00"), said("tax", None, withdrawn=True)], rules, TODAY) == read
    twice = [said("tax", "6.00"), said("tax", None, withdrawn=True), said("tax", "7.00", "ben")]
    assert list(in_force(twice).values()) == [twice[-1]]


def test_place_is_that_of_the_person_or_the_rival_or_the_reading(rules: RuleSet) -> None:
    page = drawn(
        ("Total", 0, 0, 50, 20), ("106.00", 60, 0, 120, 20), ("Total", 0, 40, 50, 60), ("107.00", 60, 40, 120, 60)
    )
    read = extract(page, rules, TODAY)
    total = next(field for field in read.fields if field.name == "total")
    [rival] = [one for one in total.candidates if one.value != total.value]
    assert settled(read, rules, said("total", "1.00"))["total"].quad == total.quad
    assert settled(read, rules, said("total", rival.value))["total"].quad == rival.quad
    corners = ((1.0, 1.0), (2.0, 1.0), (2.0, 2.0), (1.0, 2.0))
    taken = settled(read, rules, replace(said("total", "1.00"), page_index=0, quad=corners))["total"]
    assert (taken.page_index, taken.quad) == (0, corners)


def test_typed_values_are_judged_before_anybody_confirms_them(read: Extraction, rules: RuleSet) -> None:
    def levels(**values: str | None) -> dict[str, Level]:
        typed_values = {name: Said(value) for name, value in values.items()}
        return {field.name: field.level for field in prove(read, typed_values, rules, TODAY)}

    assert levels(tax="6.00")["tax"] is Level.PROVED
    assert levels(tax="7.00")["tax"] is Level.CONFLICT
    assert levels(tax_no="DE136695976")["tax_no"] is Level.PROVED
    assert levels(tax_no="DE1")["tax_no"] is Level.CONFLICT
    assert levels(date="2025-12-31")["date"] is Level.READ
    assert levels(date="2099-12-31")["date"] is Level.CONFLICT
    assert levels(date=None)["date"] is Level.MISSING


def test_understood_documents_are_proved_anew_too() -> None:
    page = "Invoice No  4711-22\nDate  12.11.2025\nNet  100.00\nVAT  8.00\nTotal  106.00\nVAT No  DE136695977"
    read = extract(typed(page), SHIPPED, TODAY)
    assert read.rule == "invoice" and read.status is Status.REVIEW
    fields = settled(read, SHIPPED, said("tax", "6.00"), said("seller_tax_no", "DE136695976"))
    assert {fields[name].level for name in ("net", "total")} == {Level.PROVED}
    assert {texts(fields[name])[-1] for name in ("net", "total")} == {f"{SUM}: 100.00 + 6.00 = 106.00"}
    assert texts(fields["seller_tax_no"])[1] == "check digits of a VAT number of the EU pass"


def test_amounts_proved_by_a_confirmed_one_are_no_longer_in_doubt() -> None:
    unsure = {"invoice_no": "4711", "date": "2025-01-01", "net": "100.00", "tax": "6.00", "total": "105.00"}
    fields = tuple(
        Field(name, value, value, Level.READ, probability=0.9 if name in ("net", "tax", "total") else 1.0)
        for name, value in unsure.items()
    )
    read = Extraction("invoice", fields, (), Status.REVIEW)
    assert doubts("invoice", fields, SHIPPED) == ("net", "tax", "total")
    done = settle(read, [said("total", "106.00")], SHIPPED, TODAY)
    assert done.status is Status.DONE
    assert {field.probability for field in done.fields if field.name in ("net", "tax")} == {0.999}


def test_kind_said_by_a_person_counts_and_other_kinds_have_no_fields() -> None:
    page = typed("Statement of account\nDate  12.11.2025\nTotal  106.00")
    read = extract(page, SHIPPED, TODAY)
    assert (read.rule, read.status) == ("statement", Status.REVIEW)
    assert settle(read, [said(KIND, "statement")], SHIPPED, TODAY).status is Status.DONE
    other = extract(page, SHIPPED, TODAY, "other")
    assert settle(other, [said(KIND, "other"), said("total", "1.00")], SHIPPED, TODAY) == other


def test_fields_of_old_records_get_the_type_that_their_name_has_today(rules: RuleSet) -> None:
    old = Extraction("sample", (Field("total", "1.00", "1.00", Level.READ, type=FieldType.TEXT),), (), Status.DONE)
    assert settled(old, rules, said("total", "2.00"))["total"].type is FieldType.MONEY
    new = settled(old, rules, said("date", "2025-01-01"))["date"]
    assert (new.type, new.level) == (FieldType.DATE, Level.CONFIRMED)
    assert correctable(old, rules) == ("total", "net", "tax", "tax_no", "date")
    assert correctable(replace(old, rule="invoice"), SHIPPED)[:3] == ("total", "invoice_no", "date")


_NAMES = st.sampled_from(["net", "tax", "total", "date", "tax_no", KIND, "x"])
_SAID = st.builds(
    Correction,
    field=_NAMES,
    value=st.none() | st.sampled_from(["1.00", "106.00", "NaN", "Infinity", "2099-01-01", "DE1", "发票", ""]),
    by=st.just("anna"),
    at=st.just(AT),
    withdrawn=st.booleans(),
)


@given(extractions, st.lists(_SAID, max_size=6), st.sampled_from(["invoice", "receipt", "cn-vat-invoice", "other"]))
def test_every_correction_in_force_is_in_the_fields_and_nothing_read_is_lost(
    read: Extraction, corrections: list[Correction], kind: str
) -> None:
    read = replace(read, rule=kind)
    fields = settled(read, SHIPPED, *corrections)
    if kind == "other":
        return
    held = {name: one for name, one in in_force(corrections).items() if name != KIND}
    assert {name for name, field in fields.items() if name in held} == set(held)
    for name, one in held.items():
        assert (fields[name].value, fields[name].level) == (one.value, Level.CONFIRMED)
    for field in read.fields:
        assert fields[field.name].raw == field.raw
        if field.name not in held:
            assert fields[field.name].value == field.value
        elif field.value is not None and field.value != held[field.name].value:
            assert field.value in [rival.value for rival in fields[field.name].candidates]


def test_future_is_counted_from_today(read: Extraction, rules: RuleSet) -> None:
    fields = prove(read, {"date": Said("2026-02-01")}, rules, date(2026, 1, 1))
    assert {field.name: field.level for field in fields}["date"] is Level.READ
