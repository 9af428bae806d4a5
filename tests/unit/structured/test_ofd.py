from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from ingestd.errors import DocumentError
from ingestd.extract.stated.invoice import Invoice, Party
from ingestd.structured.ofd import DPI, Ofd, OfdPage
from ingestd.structured.package import Package
from tests.support import einvoices as made
from tests.support.einvoices import ofd_parts, packed, signed_parts, text_object

PX_PER_MM = DPI / 25.4


def read(folder: Path, parts: Mapping[str, bytes]) -> tuple[list[OfdPage], Invoice | None]:
    path = folder / "drop.ofd"
    path.write_bytes(packed(parts))
    with Package(path) as package:
        document = Ofd(package)
        return list(document.pages()), document.invoice()


def the_page(folder: Path, *objects: str, size: str = "0 0 210 140") -> OfdPage:
    (page,), _ = read(folder, ofd_parts(*objects, size=size))
    return page


def test_text_has_its_place(tmp_path: Path) -> None:
    page = the_page(tmp_path, text_object(1, "12345678", at=(20, 30), size=4))
    (line,) = page.lines
    assert line.text == "12345678"
    (left, top), (right, _), (_, bottom), _ = (tuple(value / PX_PER_MM for value in corner) for corner in line.quad)
    assert left == pytest.approx(20)
    assert 30 < top < 31 < 34 < bottom < 35
    assert right == pytest.approx(20 + 7 * 4 + 2)


def test_size_of_the_page(tmp_path: Path) -> None:
    page = the_page(tmp_path, size="0 0 100 50")
    assert (page.width_px, page.height_px) == (round(100 * PX_PER_MM), round(50 * PX_PER_MM))


@pytest.mark.parametrize("size", ["", "0 0 -5 10", "0 0 nan 10", "0 0 1e9 10", "a b c d"])
def test_a_page_without_a_sensible_size_is_a4(tmp_path: Path, size: str) -> None:
    assert the_page(tmp_path, size=size).width_px == round(210 * PX_PER_MM)


def test_a_step_down_begins_a_line(tmp_path: Path) -> None:
    page = the_page(tmp_path, text_object(1, "abcd", more='DeltaX="2 -2 2" DeltaY="0 5 0"'))
    assert [line.text for line in page.lines] == ["ab", "cd"]


@pytest.mark.parametrize(
    "more", ['DeltaX="g 9999999999 1"', 'DeltaX="g"', 'DeltaX="x y"', 'DeltaX="g -3 1"', "DeltaX=''"]
)
def test_advances_that_make_no_sense(tmp_path: Path, more: str) -> None:
    assert [line.text for line in the_page(tmp_path, text_object(1, "abc", more=more)).lines] == ["abc"]


def test_text_outside_of_the_page_is_left_out(tmp_path: Path) -> None:
    assert the_page(tmp_path, text_object(1, "far", at=(500, 20))).lines == ()


def test_text_of_the_template_comes_first(tmp_path: Path) -> None:
    parts = ofd_parts(text_object(1, "filled in"))
    parts["Doc_0/T.xml"] = parts["Doc_0/Pages/P/Content.xml"].replace(b"filled in", b"form")
    document, content = "Doc_0/Document.xml", "Doc_0/Pages/P/Content.xml"
    template = b"<ofd:CommonData><ofd:TemplatePage ID='9' BaseLoc='T.xml'/>"
    parts[document] = parts[document].replace(b"<ofd:CommonData>", template)
    parts[content] = parts[content].replace(b"<ofd:Content>", b"<ofd:Template TemplateID='9'/><ofd:Content>", 1)
    (page,), _ = read(tmp_path, parts)
    assert [line.text for line in page.lines] == ["form", "filled in"]


def test_the_attached_data_is_the_invoice(tmp_path: Path) -> None:
    _, invoice = read(tmp_path, ofd_parts(attachment=made.original()))
    assert invoice is not None
    assert (invoice.form, invoice.number, invoice.total) == ("OFD", "12345678", "106.00")


def test_a_package_without_data_states_no_invoice(tmp_path: Path) -> None:
    assert read(tmp_path, ofd_parts(text_object(1, "a letter")))[1] is None


def refs(*numbers: int) -> str:
    return "".join(f"<ofd:ObjectRef PageRef='1'>{number}</ofd:ObjectRef>" for number in numbers)


TAGS = (
    "<eInvoice xmlns:ofd='http://www.ofdspec.org/2016'>"
    f"<InvoiceNo>{refs(1)}</InvoiceNo><IssueDate>{refs(2)}</IssueDate>"
    f"<Seller><SellerName>{refs(3)}</SellerName><SellerTaxID>{refs(4)}</SellerTaxID></Seller>"
    f"<TaxExclusiveTotalAmount>{refs(5, 6)}</TaxExclusiveTotalAmount><TaxTotalAmount>{refs(7)}</TaxTotalAmount>"
    f"<TaxInclusiveTotalAmount>{refs(8)}</TaxInclusiveTotalAmount>"
    f"<GoodsInfos><GoodsInfo><Item>{refs(9)}</Item><Amount>{refs(6)}</Amount></GoodsInfo></GoodsInfos></eInvoice>"
)
TEXTS = (
    "26312000000012345678",
    "2026年03月09日",
    "样品公司",
    made.CHINESE_TAX_NO,
    "¥",
    "100.00",
    "¥6.00",
    "106.00",
    "软件",
)


def test_tags_name_the_texts_of_the_fields(tmp_path: Path) -> None:
    objects = [text_object(index, text, at=(20, 10 * index)) for index, text in enumerate(TEXTS, 1)]
    _, invoice = read(tmp_path, ofd_parts(*objects, tags=TAGS))
    assert invoice is not None
    assert (invoice.number, invoice.date) == (made.CHINESE_NUMBER, made.DAY)
    assert (invoice.net, invoice.tax, invoice.total) == ("100.00", "6.00", "106.00")
    assert invoice.seller == Party("样品公司", made.CHINESE_TAX_NO)
    assert [(item.name, item.amount) for item in invoice.items] == [("软件", "100.00")]


def test_an_intact_package_is_told_so(tmp_path: Path) -> None:
    parts = signed_parts(ofd_parts(attachment=made.original()))
    _, invoice = read(tmp_path, parts)
    assert invoice is not None
    assert "intact: all 5 digests" in invoice.notes[0]
    assert invoice.faults == ()


def test_a_changed_package_is_a_fault(tmp_path: Path) -> None:
    parts = signed_parts(ofd_parts(attachment=made.original()))
    name = "Doc_0/Attachs/original_invoice.xml"
    parts[name] = parts[name].replace(b"106.00", b"906.00")
    _, invoice = read(tmp_path, parts)
    assert invoice is not None
    assert invoice.faults == (f"changed since it was signed: {name}",)


def test_a_package_without_pages(tmp_path: Path) -> None:
    parts = ofd_parts()
    parts["Doc_0/Document.xml"] = b"<Document/>"
    with pytest.raises(DocumentError) as caught:
        read(tmp_path, parts)
    assert caught.value.code == "no-pages"
