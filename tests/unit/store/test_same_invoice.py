from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from ingestd.document import Paper, Status
from ingestd.store.database import connect
from ingestd.store.same_invoice import same_invoices
from tests.support import records

XML = {
    "invoice_no": "RE-2025-0815",
    "date": "2026-03-09",
    "total": "178.50",
    "seller_tax_no": "DE123456789",
    "seller_name": "Lampen Müller GmbH",
    "currency": "EUR",
}
PHOTO: dict[str, str | None] = {
    "receipt_no": "RE-2025-0815",
    "date": "2026-03-09",
    "total": "178.50",
    "merchant": "LAMPEN MÜLLER",
    "tax_no": None,
}


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with closing(connect(tmp_path / "ingestd.db")) as db:
        yield db


def save(db: Database, name: str, fields: dict[str, str | None]) -> int:
    return records.save(db, records.record(name, fields=fields))


def test_photo_pdf_and_xml_are_one_invoice(db: Database) -> None:
    xml = save(db, "a.xml", {**XML})
    pdf = save(db, "a.pdf", {**XML, "seller_tax_no": "123456789", "currency": None})
    photo = save(db, "a.jpg", PHOTO)
    found = same_invoices(db, xml)
    assert [(other.document_id, other.name) for other in found] == [(pdf, "a.pdf"), (photo, "a.jpg")]
    assert found[0].reason == ("same number RE-2025-0815, date 2026-03-09, total 178.50 and seller DE123456789")
    assert found[1].reason.endswith("and seller LAMPEN MÜLLER")
    assert [other.document_id for other in same_invoices(db, photo)] == [xml, pdf]


@pytest.mark.parametrize(
    "change",
    [
        {"invoice_no": "RE-2025-0816"},
        {"date": "2026-03-19"},
        {"total": "178.60"},
        {"total": None},
        {"date": None},
        {"seller_tax_no": "DE123456788"},
        {"seller_tax_no": None, "seller_name": "Lampen Meier GmbH"},
        {"seller_tax_no": None, "seller_name": None},
        {"currency": "USD"},
    ],
    ids=str,
)
def test_near_misses_are_not(db: Database, change: dict[str, str | None]) -> None:
    one = save(db, "a.xml", {**XML})
    other = save(db, "b.xml", {**XML, **change})
    assert same_invoices(db, one) == []
    assert same_invoices(db, other) == []


def test_further_papers_are_compared_too(db: Database) -> None:
    stack = records.record("stack.pdf", fields={**XML, "invoice_no": "1"})
    second = Paper((1,), None, "invoice", tuple(records.field(*pair) for pair in XML.items()), (), Status.DONE)
    extraction = dataclasses.replace(stack.extraction, further=(second,))
    first = records.save(db, dataclasses.replace(stack, extraction=extraction))
    xml = save(db, "a.xml", {**XML})
    assert [(other.document_id, other.paper_index) for other in same_invoices(db, xml)] == [(first, 1)]
    assert [(other.document_id, other.paper_index) for other in same_invoices(db, first)] == [(xml, 0)]


def test_a_document_without_number_is_like_no_other(db: Database) -> None:
    save(db, "a", {"invoice_no": None, "total": "1.00"})
    assert same_invoices(db, save(db, "b", {"invoice_no": None, "total": "1.00"})) == []
