from __future__ import annotations

from pathlib import Path

import pytest

from ingestd.structured import attachments
from ingestd.structured.attachments import attached_invoices
from tests.support.einvoices import cii, pdf_with, ubl


def found(folder: Path, *files: tuple[str, bytes]) -> tuple[list[str], str]:
    path = folder / "invoice.pdf"
    path.write_bytes(pdf_with(*files))
    invoices, problem = attached_invoices(path)
    return [invoice.number for invoice in invoices], problem


@pytest.mark.parametrize("name", ["factur-x.xml", "ZUGFeRD-invoice.xml", "xrechnung.xml", "rechnung 4711.XML"])
def test_the_attachment_is_found_whatever_its_name(tmp_path: Path, name: str) -> None:
    assert found(tmp_path, ("terms.txt", b"terms"), (name, cii("A-1"))) == (["A-1"], "")


def test_names_of_the_standards_come_first(tmp_path: Path) -> None:
    assert found(tmp_path, ("a.xml", ubl(number="A-1")), ("factur-x.xml", cii("A-2"))) == (["A-2"], "")


def test_pdf_without_attachments(tmp_path: Path) -> None:
    assert found(tmp_path) == ([], "")


def test_other_attachments_are_no_problem(tmp_path: Path) -> None:
    assert found(tmp_path, ("order.xml", b"<Order/>"), ("picture.png", b"\x89PNG")) == ([], "")


def test_a_broken_invoice_is_told(tmp_path: Path) -> None:
    numbers, problem = found(tmp_path, ("factur-x.xml", cii()[:-20]))
    assert numbers == []
    assert problem.startswith("factur-x.xml: an XML file that is not well-formed")


def test_a_broken_attachment_does_not_hide_a_sound_one(tmp_path: Path) -> None:
    assert found(tmp_path, ("factur-x.xml", b"<"), ("other.xml", ubl())) == (["RE-2026-0815"], "")


def test_large_attachments_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachments, "MAX_BYTES", 1000)
    problem = "factur-x.xml: an attachment of more than 1000 bytes"
    assert found(tmp_path, ("factur-x.xml", cii())) == ([], problem)
    assert found(tmp_path, ("plan.xml", cii())) == ([], "")


def test_many_large_attachments_cost_no_more_than_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachments, "MAX_BYTES", 1000)
    unpacked: list[bytes | None] = []
    unpack = attachments._data

    def noted(handle: object) -> bytes | None:
        unpacked.append(unpack(handle))
        return unpacked[-1]

    monkeypatch.setattr(attachments, "_data", noted)
    found(tmp_path, *((f"{n}.xml", cii()) for n in range(20)))
    assert unpacked == [None]
    unpacked.clear()
    found(tmp_path, *((f"{n}.xml", b"<Order/>") for n in range(20)))
    assert unpacked == [b"<Order/>"] * attachments.MAX_TRIED
