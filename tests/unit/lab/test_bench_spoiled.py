"""Figures on spoilt pages: what a text holds, and what is counted of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingestd.document import Extraction, Field, FieldType, Level, Status
from lab.bench.holds import holds, searched
from lab.bench.known import Known
from lab.bench.spoiled import Tally, _by_condition, _sum, _summary


@pytest.mark.parametrize(
    ("field", "wanted", "line"),
    [
        ("total", "1234.50", "Total: 1,234.50"),
        ("total", "1234.50", "1 234,50 EUR"),
        ("total", "1234.50", "CHF 1'234.50"),
        ("total", "-12.30", "(12.30)"),
        ("net", "50.00", "¥50"),
        ("date", "2017-12-04", "04/12/201716:15"),
        ("date", "2017-12-04", "Dec 4, 2017"),
        ("date", "2017-12-04", "4 décembre 2017"),
        ("date", "2017-12-04", "２０１７年１２月０４日"),
        ("date", "2017-12-04", "4.12.17"),
        ("seller_tax_no", "DE129273398", "USt-IdNr. 129 273 398"),
        ("invoice_no", "471102", "Rechnung-Nr.:471102"),
        ("merchant", "Müller GmbH", "MULLER  GMBH & Co"),
        ("buyer_name", "个人", "名称：个人"),
    ],
)
def test_a_value_is_found_however_it_is_written(field: str, wanted: str, line: str) -> None:
    assert holds(field, wanted, [line])


@pytest.mark.parametrize(
    ("field", "wanted", "line"),
    [
        ("total", "1234.50", "1,284.50"),
        ("total", "234.50", "1234.50"),
        ("date", "2017-12-04", "14/12/2017"),
        ("date", "2017-12-04", "04/12/2018"),
        ("invoice_no", "471102", "4711021"),
        ("seller_tax_no", "DE129273398", "DE12927339"),
        ("merchant", "Müller GmbH", "MILLER GMBH"),
    ],
)
def test_a_value_that_was_misread_is_not_found(field: str, wanted: str, line: str) -> None:
    assert not holds(field, wanted, [line])


def test_an_amount_in_words_is_not_looked_for() -> None:
    assert not searched("total_words")
    assert searched("total")


def test_figures_are_of_fields_documents_and_what_the_text_holds() -> None:
    document = Known(Path("a.png"), "real", {("total",): "12.00", ("date",): "2017-12-04"})
    field = Field("total", "13.00", "13.00", Level.READ, type=FieldType.MONEY)
    ours, peer = Tally(pages=1, seconds=0.5), Tally(pages=1, seconds=2.0)
    ours.count(document, ["13.00", "04/12/2017"], Extraction("x", (field,), (), Status.DONE))
    peer.count(document, ["12.00"], None)
    assert (ours.held, ours.searched, ours.right, ours.wrong, ours.done, ours.misled) == (1, 2, 0, 1, 1, 1)
    assert ours.lost == ["a.png: total 12.00"]
    assert (peer.held, peer.fields, peer.done) == (1, 0, 0)
    tallies = {("ingestd auto", "fax"): ours, ("RapidOCR", "fax"): peer}
    assert [row[3] for row in _summary(tallies).rows] == ["1/2 50.0%", "1/2 50.0%"]
    assert _by_condition(tallies).rows[0][:5] == ("fax", "1", "2", "50.0%", "50.0%")
    assert _sum([ours, peer]).seconds == 2.5
