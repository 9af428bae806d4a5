"""Stated values against the page: proved, contradicted, or without a witness."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from ingestd.document import Extraction, Field, Level, Reading, Status
from ingestd.extract import RuleSet, extract, load_rules
from ingestd.extract.stated.fields import stated_fields
from ingestd.extract.stated.invoice import Invoice, Party, TaxLine, as_code, problem_code
from ingestd.extract.stated.witness import Witness
from ingestd.layout.rows import lay_out
from tests.support.extraction import TODAY, texts, typed
from tests.support.places import ROOT


@cache
def rules() -> RuleSet:
    return load_rules(ROOT / "rules")


INVOICE = Invoice(
    "CII",
    "invoice",
    "RE-2025-0815",
    "2025-03-09",
    "EUR",
    Party("Nordlicht Lampen GmbH", "DE136695976"),
    Party("Büro Süd KG", "ATU12345675"),
    "150.00",
    "28.50",
    "178.50",
    (TaxLine("19%", "150.00", "28.50"),),
    more={"due_date": "2025-04-08"},
)
PAGE = """
Nordlicht Lampen GmbH
USt-IdNr. DE136695976
Rechnung
Rechnungsnummer: RE-2025-0815
Rechnungsdatum: 09.03.2025
Büro Süd KG
Nettobetrag  150,00 EUR
zzgl. 19% MwSt.  28,50 EUR
Gesamtbetrag  178,50 EUR
"""


def with_data(invoice: Invoice, page: str = PAGE) -> Extraction:
    reading = typed(page)
    return extracted(replace(reading, codes=(as_code(invoice),)))


def extracted(reading: Reading) -> Extraction:
    return extract(reading, rules(), TODAY)


def by_name(extraction: Extraction) -> dict[str, Field]:
    return {field.name: field for field in extraction.fields}


def test_what_the_page_says_too_is_proved() -> None:
    found = with_data(INVOICE)
    assert (found.rule, found.status) == ("invoice", Status.DONE)
    fields = by_name(found)
    for name in ("invoice_no", "date", "seller_name", "seller_tax_no", "buyer_name", "net", "tax", "total"):
        assert fields[name].level is Level.PROVED, name
        assert "the page says the same" in texts(fields[name])
        assert fields[name].quad is not None
    assert texts(fields["total"])[0] == "stated by the CII data of the file"


def test_what_only_the_data_states_is_read() -> None:
    fields = by_name(with_data(INVOICE))
    assert (fields["due_date"].value, fields["due_date"].level) == ("2025-04-08", Level.READ)
    assert fields["due_date"].quad is None


@pytest.mark.parametrize(
    ("field", "there", "instead"),
    [
        ("total", "178,50", "187,50"),
        ("total", "178,50", "178,60"),
        ("tax", "28,50", "28,80"),
        ("net", "150,00", "160,00"),
        ("invoice_no", "RE-2025-0815", "RE-2025-0816"),
        ("date", "09.03.2025", "09.04.2025"),
        ("date", "09.03.2025", "09.03.2035"),
        ("date", "09.03.2025", "39.03.2025"),
        ("date", "09.03.2025", "2025年03月19日"),
    ],
)
def test_a_changed_page_is_a_conflict(field: str, there: str, instead: str) -> None:
    found = with_data(INVOICE, PAGE.replace(there, instead))
    assert by_name(found)[field].level is Level.CONFLICT
    assert by_name(found)[field].value == by_name(with_data(INVOICE))[field].value
    assert any(text.startswith("the page says ") for text in texts(by_name(found)[field]))
    assert found.status is Status.REVIEW


@pytest.mark.parametrize(
    "changed",
    [
        replace(INVOICE, total="178.60"),
        replace(INVOICE, net="150.01"),
        replace(INVOICE, tax="28.51", taxes=()),
        replace(INVOICE, taxes=(TaxLine("19%", "150.00", "28.40"),)),
    ],
)
def test_sums_that_do_not_add_up_are_told_and_not_mended(changed: Invoice) -> None:
    found = with_data(changed)
    assert by_name(found)["tax"].level is Level.CONFLICT
    assert (by_name(found)["net"].value, by_name(found)["total"].value) == (changed.net, changed.total)
    assert found.status is Status.REVIEW


def test_another_day_beside_the_date_is_no_conflict() -> None:
    page = PAGE + "Lieferdatum: 08.03.2025\n"
    assert by_name(with_data(INVOICE, page))["date"].level is Level.PROVED


def test_a_page_drawn_from_the_data_is_no_witness() -> None:
    found = with_data(replace(INVOICE, drawn=True))
    fields = by_name(found)
    assert fields["invoice_no"].level is Level.READ
    assert fields["total"].level is Level.PROVED
    assert texts(fields["total"])[1] == "net and tax make the total: 150.00 + 28.50 = 178.50"
    assert not any("the page says" in text for field in fields.values() for text in texts(field))


def test_required_fields_that_the_data_lacks_are_missing() -> None:
    found = with_data(replace(INVOICE, total="", faults=("the data states 'x' as the total, which is not an amount",)))
    assert by_name(found)["total"].level is Level.MISSING
    assert "the CII data does not state it" in texts(by_name(found)["total"])
    assert found.status is Status.REVIEW


def test_faults_of_the_data_are_told_beside_the_number() -> None:
    found = with_data(replace(INVOICE, faults=("changed since it was signed: a.xml",), notes=("a note",)))
    number = by_name(found)["invoice_no"]
    assert number.level is Level.CONFLICT
    assert texts(number)[-2:] == ["changed since it was signed: a.xml", "a note"]
    assert found.status is Status.REVIEW


def test_several_invoices_in_one_file_are_told() -> None:
    codes = tuple(as_code(replace(INVOICE, number=number)) for number in ("RE-2025-0815", "RE-2", "RE-3"))
    found = extracted(replace(typed(PAGE), codes=codes))
    told = texts(by_name(found)["invoice_no"])
    assert "the file holds 3 invoices, and this is the first; the others: RE-2, RE-3" in told
    assert found.status is Status.REVIEW


def test_data_that_cannot_be_read_is_told() -> None:
    found = extracted(replace(typed(PAGE), codes=(problem_code("factur-x.xml: broken"),)))
    assert "the attached data cannot be read: factur-x.xml: broken" in texts(by_name(found)["invoice_no"])
    assert by_name(found)["total"].value == "178.50"
    assert found.status is Status.REVIEW
    empty = extracted(replace(typed("."), codes=(problem_code("factur-x.xml: broken"),)))
    assert by_name(empty)["invoice_no"].level is Level.MISSING
    assert empty.status is Status.REVIEW


def test_credit_notes_print_with_a_minus_what_they_state_without() -> None:
    page = PAGE.replace("Rechnung\n", "Gutschrift\n").replace("150,00", "-150,00")
    page = page.replace("28,50", "-28,50").replace("178,50", "-178,50")
    fields = by_name(with_data(replace(INVOICE, kind="credit-note"), page))
    assert (fields["total"].value, fields["total"].level) == ("178.50", Level.PROVED)


def test_another_tax_number_on_the_page_is_no_conflict_but_a_similar_one_is() -> None:
    other = with_data(replace(INVOICE, seller=Party("Nordlicht Lampen GmbH", "FR40303265045")))
    assert by_name(other)["seller_tax_no"].level is not Level.CONFLICT
    similar = with_data(replace(INVOICE, seller=Party("Nordlicht Lampen GmbH", "DE136695977")))
    assert by_name(similar)["seller_tax_no"].level is Level.CONFLICT


def test_a_person_who_says_another_kind_gets_the_fields_of_the_page() -> None:
    reading = replace(typed(PAGE), codes=(as_code(replace(INVOICE, number="other")),))
    found = extract(reading, rules(), TODAY, kind="receipt")
    assert found.rule == "receipt"
    assert not any("stated by" in text for field in found.fields for text in texts(field))


def test_an_amount_that_the_two_others_leave_no_choice_for_is_not_contradicted_by_a_wrong_explanation() -> None:
    page = PAGE.replace("Nettobetrag  150,00 EUR", "Nettobetrag  150,00 EUR\nBemessungsgrundlage  150,00 EUR")
    wrong = replace(by_name(extracted(typed(PAGE)))["net"], value="151.00", raw="151,00")
    others = tuple(field for field in extracted(typed(PAGE)).fields if field.name != "net")
    witness = Witness(lay_out(typed(page)), TODAY)
    fields = {field.name: field for field in stated_fields(INVOICE, witness, (*others, wrong))}
    assert fields["net"].level is Level.PROVED
    alone = {field.name: field for field in stated_fields(INVOICE, witness, (wrong,))}
    assert alone["net"].level is Level.CONFLICT


def test_the_number_of_another_document_that_the_data_names_is_no_misprint() -> None:
    page = PAGE + "zu Rechnung Nr. RE-2025-0812\n"
    assert by_name(with_data(INVOICE, page))["invoice_no"].level is Level.CONFLICT
    named = replace(INVOICE, others=("RE-2025-0812",))
    assert by_name(with_data(named, page))["invoice_no"].level is Level.PROVED
