"""The oracle of e-invoices knows what the makers wrote; a forged digit is counted as noticed or not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from ingestd.extract import load_rules
from ingestd.extract.stated.invoice import as_code
from ingestd.structured.forms import invoices_of
from lab.bench.stated import Row, truth_of
from lab.bench.structured import Tally, change, changed, compare
from tests.support import einvoices as made
from tests.support.extraction import extracted, typed
from tests.support.places import ROOT

FILES = {
    "cii.xml": made.cii(),
    "ubl.xml": made.ubl(),
    "credit.xml": made.ubl("CreditNote"),
    "fattura.xml": made.fatturapa(),
    "page.pdf": made.pdf_with(("factur-x.xml", made.cii())),
}


@pytest.mark.parametrize("name", FILES)
def test_the_oracle_reads_what_was_written(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(FILES[name])
    truth = truth_of(path)
    assert truth is not None
    assert (truth.fields["invoice_no"], truth.fields["date"]) == (made.NUMBER, made.DAY)
    assert (truth.fields["net"], truth.fields["tax"], truth.fields["total"]) == tuple(
        map(Decimal, (made.NET, made.TAX, made.TOTAL))
    )
    assert truth.fields["seller_tax_no"] == made.SELLER_TAX_NO
    assert truth.rows[0] == Row("Lampe", Decimal(2), Decimal(50), Decimal(100))


def test_the_oracle_reads_ofd(tmp_path: Path) -> None:
    path = tmp_path / "a.ofd"
    path.write_bytes(made.ofd())
    truth = truth_of(path)
    assert truth is not None
    assert (truth.fields["invoice_no"], truth.fields["total"]) == ("12345678", Decimal(106))


def test_differences_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_bytes(made.ubl())
    truth = truth_of(path)
    assert truth is not None
    (invoice,) = invoices_of(made.ubl(number="other"))
    tally = Tally()
    rules = load_rules(ROOT / "rules")
    compare("a.xml", extracted(replace(typed("."), codes=(as_code(replace(invoice, items=())),)), rules), truth, tally)
    assert tally.wrong == ["a.xml: invoice_no should be RE-2026-0815, got other"]
    assert (tally.rows_right, len(tally.rows_wrong)) == (0, 2)


def test_changes_are_counted() -> None:
    (invoice,) = invoices_of(made.ubl())
    invoice = replace(invoice, date="2025-03-09")
    page = "Rechnungsnummer RE-2026-0815\nDatum 09.03.2025\nNetto 150,00\nMwSt 28,50\nGesamtbetrag 178,50 EUR"
    tally = Tally()
    change("a.pdf", replace(typed(page), codes=(as_code(invoice),)), load_rules(ROOT / "rules"), tally)
    assert tally.changes == {("data", True): 5, ("page", True): 5}
    assert (tally.proved, tally.unnoticed) == (0, [])


def test_a_changed_date_is_one() -> None:
    for month, days in ((1, 31), (2, 28), (4, 30)):
        for day in range(1, days + 1):
            text = date(2025, month, day).isoformat()
            other = changed(text)
            assert date.fromisoformat(other)
            assert sum(a != b for a, b in zip(text, other, strict=True)) == 1
