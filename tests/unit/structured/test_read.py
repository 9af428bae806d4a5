from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from ingestd.config import AdmitConfig
from ingestd.document import Admitted, Extraction, PageInfo, Paper, Reading, Status
from ingestd.errors import DocumentError
from ingestd.extract import RuleSet, extract, load_rules
from ingestd.extract.stated.invoice import KIND_OF_PROBLEM, from_code
from ingestd.reading.admit import admit
from ingestd.structured.drawing import PAGE_SIZE
from ingestd.structured.read import stated_invoices, structured_pages
from tests.support import einvoices as made
from tests.support.claims import dropped
from tests.support.documents import encoded, picture
from tests.support.places import ROOT


@cache
def rules() -> RuleSet:
    return load_rules(ROOT / "rules")


def admitted(folder: Path, content: bytes) -> Admitted:
    return admit(dropped(folder, content), AdmitConfig())


def numbers(folder: Path, content: bytes) -> list[str]:
    found = map(from_code, stated_invoices(admitted(folder, content)))
    return [invoice.number for invoice in found if invoice is not None]


@pytest.mark.parametrize("content", [made.cii(), made.signed(made.ubl())], ids=["XML", "signed"])
def test_an_invoice_of_xml_is_drawn_on_a_page(tmp_path: Path, content: bytes) -> None:
    (page,) = structured_pages(admitted(tmp_path, content), AdmitConfig())
    assert page.pixels.shape == (*PAGE_SIZE[::-1], 3)
    texts = [line.text for line in page.text_lines]
    assert texts[:2] == [f"invoice {made.NUMBER}", f"date {made.DAY}"]
    assert f"total {made.TOTAL} EUR" in texts
    for line in page.text_lines:
        (left, top), _, (right, bottom), _ = line.quad
        assert np.any(page.pixels[round(top) : round(bottom), round(left) : round(right)] < 128), line.text
    assert numbers(tmp_path, content) == [made.NUMBER]


def test_a_long_invoice_stays_on_its_page(tmp_path: Path) -> None:
    line = b"<cac:InvoiceLine><cac:Item><cbc:Name>Lampe</cbc:Name></cac:Item></cac:InvoiceLine>"
    document = admitted(tmp_path, made.ubl().replace(b"</Invoice>", line * 500 + b"</Invoice>"))
    (page,) = structured_pages(document, AdmitConfig())
    assert len(page.text_lines) > 500
    assert max(line.quad[2][1] for line in page.text_lines) < PAGE_SIZE[1]


def test_bodies_of_one_file_have_a_page_each(tmp_path: Path) -> None:
    document = admitted(tmp_path, made.fatturapa("1/A", "2/A"))
    assert [page.index for page in structured_pages(document, AdmitConfig())] == [0, 1]
    assert [page.index for page in structured_pages(document, AdmitConfig(), only=1)] == [1]
    assert [code.page_index for code in stated_invoices(document)] == [0, 1]


def test_an_ofd_document_has_its_pages_and_its_invoice(tmp_path: Path) -> None:
    (page,) = structured_pages(admitted(tmp_path, made.ofd()), AdmitConfig())
    assert [line.text for line in page.text_lines] == ["12345678", "2026年03月09日", "106.00"]
    assert numbers(tmp_path, made.ofd()) == ["12345678"]


def test_an_ofd_document_without_data_is_a_page_with_text(tmp_path: Path) -> None:
    content = made.packed(made.ofd_parts(made.text_object(1, "a letter")))
    assert [
        line.text for page in structured_pages(admitted(tmp_path, content), AdmitConfig()) for line in page.text_lines
    ] == ["a letter"]
    assert numbers(tmp_path, content) == []


def test_the_attachment_of_a_pdf(tmp_path: Path) -> None:
    assert numbers(tmp_path, made.pdf_with(("factur-x.xml", made.cii()))) == [made.NUMBER]
    assert numbers(tmp_path, made.pdf_with()) == []


def test_a_broken_attachment_is_told(tmp_path: Path) -> None:
    (code,) = stated_invoices(admitted(tmp_path, made.pdf_with(("factur-x.xml", b"<"))))
    assert code.kind == KIND_OF_PROBLEM
    assert code.text.startswith("factur-x.xml: an XML file that is not well-formed")


def test_pictures_state_nothing(tmp_path: Path) -> None:
    assert stated_invoices(admitted(tmp_path, encoded(picture(), "PNG"))) == ()


@pytest.mark.parametrize(
    ("content", "limits", "code"),
    [
        (made.fatturapa("1", "2", "3"), AdmitConfig(max_pages=2), "too-many-pages"),
        (made.ofd(), AdmitConfig(max_pixels=100_000), "too-many-pixels"),
    ],
)
def test_limits_hold(tmp_path: Path, content: bytes, limits: AdmitConfig, code: str) -> None:
    with pytest.raises(DocumentError) as caught:
        list(structured_pages(admitted(tmp_path, content), limits))
    assert caught.value.code == code


def read(path: Path, content: bytes) -> Extraction:
    """What is extracted of a file of data, as the pipeline does."""
    document = admitted(path, content)
    pages = list(structured_pages(document, AdmitConfig()))
    infos = tuple(PageInfo(page.index, *page.decoded_size, page.dpi, 0, 0.0, {}, ()) for page in pages)
    lines = tuple(line for page in pages for line in page.text_lines)
    return extract(Reading(infos, lines, stated_invoices(document)), rules(), date(2026, 6, 1))


def test_bodies_of_one_file_are_papers(tmp_path: Path) -> None:
    found = read(tmp_path, made.fatturapa("1/A", "2/A", "3/A"))
    papers: list[Extraction | Paper] = [found, *found.further]
    values = [{field.name: field.value for field in paper.fields} for paper in papers]
    assert [of["invoice_no"] for of in values] == ["1/A", "2/A", "3/A"]
    assert len({of["seller_tax_no"] for of in values}) == 1
    assert all(paper.items for paper in papers)
    assert [paper.pages for paper in found.further] == [(1,), (2,)]
    assert {status.status for status in papers} == {Status.DONE}


def test_a_faulty_body_does_not_hide_behind_a_sound_one(tmp_path: Path) -> None:
    content = made.fatturapa("1/A", "2/A")
    total = b"<ImportoTotaleDocumento>"
    at = content.rindex(total) + len(total)
    found = read(tmp_path, content[:at] + b"9" + content[at:])
    assert found.further[0].status is Status.REVIEW
    assert found.status is Status.REVIEW
