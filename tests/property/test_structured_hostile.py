"""E-invoices made to hurt: typed errors in bounded time and memory."""

from __future__ import annotations

import random
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestd.errors import DocumentError
from ingestd.structured import xmltree
from ingestd.structured.forms import MAX_ITEMS, invoices_of
from ingestd.structured.ofd import MAX_ALL_LINES, MAX_LINES, Ofd
from ingestd.structured.package import MAX_PART_BYTES, Package
from tests.support import einvoices as made
from tests.support.hostile import TARGETS, mutated

PARTS = made.signed_parts(
    made.ofd_parts(
        made.text_object(1, "12345678"),
        made.text_object(2, "106.00", at=(20, 40), more='DeltaX="g 3 2 2 2" DeltaY="0 0 0 5 0"'),
        attachment=made.original(),
        tags="<eInvoice><InvoiceNo><ObjectRef>1</ObjectRef></InvoiceNo></eInvoice>",
    )
)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), name=st.sampled_from(sorted(PARTS)))
def test_mutated_parts_of_a_package(seed: int, name: str) -> None:
    TARGETS["invoice"](made.packed({**PARTS, name: mutated(PARTS[name], random.Random(seed))}))


PLACES = (made.TOTAL, made.NUMBER, "106", "Lampe", "20260309")


@settings(max_examples=60, deadline=None)
@given(
    text=st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="<&"), max_size=60),
    data=st.sampled_from([made.cii(), made.ubl(), made.fatturapa(), made.digital()]),
    place=st.sampled_from(PLACES),
)
def test_any_text_in_every_place(text: str, data: bytes, place: str) -> None:
    TARGETS["invoice"](data.replace(f">{place}".encode(), f">{text}".encode()))


ODD_NUMBERS = (
    "9" * 20,
    "9" * 21,
    "-0",
    "1e15",
    "1E-20",
    "0x10",
    "١٢",
    "1_0",
    "+5",
    ".",
    "∞",
    "1e999999999",
    "9" * 10_000,
)


@pytest.mark.parametrize("number", ODD_NUMBERS)
def test_odd_numbers(number: str) -> None:
    for place in (made.NET, made.TAX, made.TOTAL, "100.00", "2.0000", "19.00"):
        TARGETS["invoice"](made.cii().replace(f">{place}<".encode(), f">{number}<".encode()))


def refusal(data: bytes) -> str:
    with pytest.raises(DocumentError) as caught:
        invoices_of(data)
    return caught.value.code


def test_long_namespaces_cost_nothing() -> None:
    data = b'<a xmlns:n="' + b"u" * 1_000_000 + b'">' + b"<n:b/>" * 100_000 + b"</a>"
    assert refusal(data) == "unsupported"


def test_long_texts_are_cut() -> None:
    (invoice,) = invoices_of(made.ubl().replace(b"Lampe", b"Lampe " * 1_000_000))
    assert len(invoice.items[0].name or "") <= xmltree.MAX_TEXT


def test_items_are_limited_and_it_is_told() -> None:
    line = b"<cac:InvoiceLine><cbc:ID>1</cbc:ID></cac:InvoiceLine>"
    (invoice,) = invoices_of(made.ubl().replace(b"</Invoice>", line * MAX_ITEMS + b"</Invoice>"))
    assert len(invoice.items) == MAX_ITEMS
    assert invoice.faults == (f"the data states {MAX_ITEMS + 2} items or taxes; those after {MAX_ITEMS} are left out",)


@pytest.mark.parametrize("encoding", ["utf-7", "rot13", "zlib", "idna", "undefined", "unicode_escape", "cp037", "big5"])
def test_odd_encodings(encoding: str) -> None:
    TARGETS["invoice"](f"<?xml version='1.0' encoding='{encoding}'?>".encode() + made.ubl())


def test_packages_that_refer_to_themselves(tmp_path: Path) -> None:
    parts = dict(PARTS)
    content = "Doc_0/Pages/P/Content.xml"
    template = b"<ofd:CommonData><ofd:TemplatePage ID='9' BaseLoc='Pages/P/Content.xml'/>"
    parts["Doc_0/Document.xml"] = parts["Doc_0/Document.xml"].replace(b"<ofd:CommonData>", template)
    parts[content] = parts[content].replace(
        b"<ofd:Content>", b"<ofd:Template TemplateID='9'/>" * 3 + b"<ofd:Content>", 1
    )
    TARGETS["invoice"](made.packed(parts))
    for name in ("OFD.xml", "Doc_0/Document.xml", "../../etc/passwd", "/", "", "."):
        for place in ("Doc_0/Document.xml", "Pages/P/Content.xml", "Attachs/Attachments.xml", "original_invoice.xml"):
            TARGETS["invoice"](
                made.packed({one: data.replace(place.encode(), name.encode()) for one, data in PARTS.items()})
            )


def test_lines_of_a_page_are_limited(tmp_path: Path) -> None:
    path = tmp_path / "a.ofd"
    falling = made.text_object(1, "x" * 3 * MAX_LINES, more=f'DeltaY="g {3 * MAX_LINES} 9"')
    path.write_bytes(made.packed(made.ofd_parts(falling, falling, size="0 0 1000 1000")))
    with Package(path) as package:
        (page,) = Ofd(package).pages()
    assert len(page.lines) <= MAX_LINES


def test_places_beyond_measure_are_left_out() -> None:
    for matrix in ("1e300 0 0 1e300 0 0", "nan 0 0 1 0 0", "0 0 0 0 0 0", "-1 0 0 -1 0 0", "1e200 1e200 1 1 1e308 1"):
        text = made.text_object(1, "12345678").replace("<ofd:TextObject ", f'<ofd:TextObject CTM="{matrix}" ')
        TARGETS["invoice"](made.packed(made.ofd_parts(text)))


GIB = 1 << 30


def test_a_part_of_a_gigabyte_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "a.ofd"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, data in made.ofd_parts(attachment=made.original()).items():
            if not name.endswith("original_invoice.xml"):
                archive.writestr(name, data)
        with archive.open("Doc_0/Attachs/original_invoice.xml", "w") as part:
            for _ in range(GIB >> 24):
                part.write(bytes(1 << 24))
    tracemalloc.start()
    try:
        with Package(path) as package, pytest.raises(DocumentError) as caught:
            document = Ofd(package)
            list(document.pages())
            document.invoice()
        assert tracemalloc.get_traced_memory()[1] < 4 * MAX_PART_BYTES
    finally:
        tracemalloc.stop()
    assert caught.value.code == "too-large"


def test_pages_that_are_all_the_same_part_are_bounded(tmp_path: Path) -> None:
    parts = dict(PARTS)
    page = b"<ofd:Page ID='1' BaseLoc='Pages/P/Content.xml'/>"
    document = parts["Doc_0/Document.xml"]
    assert page in document
    parts["Doc_0/Document.xml"] = document.replace(page, page * 3000)
    path = tmp_path / "a.ofd"
    path.write_bytes(made.packed(parts))
    with Package(path) as package:
        assert sum(len(one.lines) for one in Ofd(package).pages()) <= MAX_ALL_LINES
