from __future__ import annotations

import pytest

from ingestd.document import Item
from ingestd.errors import DocumentError
from ingestd.extract.stated.invoice import Invoice, Party, TaxLine, as_code, from_code
from ingestd.structured.forms import invoices_of
from tests.support import einvoices as made

LINES = (
    Item("Lampe", "2", "50.00", "100.00", "19%"),
    Item("Kabel & Stecker", "10", "5.00", "50.00", "19%"),
)
WESTERN = {
    "CII 2": made.cii(),
    "CII 1": made.zugferd1(),
    "UBL": made.ubl(),
    "UBL credit note": made.ubl("CreditNote"),
    "FatturaPA": made.fatturapa(),
}
ALL = {**WESTERN, "digital": made.digital(), "original": made.original(), "XBRL": made.xbrl()}


def the_invoice(data: bytes) -> Invoice:
    (invoice,) = invoices_of(data)
    return invoice


@pytest.mark.parametrize("form", WESTERN)
def test_one_invoice_is_the_same_in_every_format(form: str) -> None:
    invoice = the_invoice(WESTERN[form])
    assert (invoice.number, invoice.date, invoice.currency) == (made.NUMBER, made.DAY, "EUR")
    assert (invoice.net, invoice.tax, invoice.total) == (made.NET, made.TAX, made.TOTAL)
    assert invoice.seller == Party(made.SELLER, made.SELLER_TAX_NO)
    assert invoice.taxes == (TaxLine("19%", made.NET, made.TAX),)
    assert invoice.items == LINES
    assert invoice.faults == ()


@pytest.mark.parametrize("form", ["CII 2", "CII 1", "UBL", "UBL credit note"])
def test_the_buyer_has_a_vat_number(form: str) -> None:
    assert the_invoice(WESTERN[form]).buyer == Party(made.BUYER, made.BUYER_TAX_NO)


def test_other_fields_have_names_of_their_own() -> None:
    assert the_invoice(made.cii()).more == {
        "due_date": "2026-04-08",
        "delivery_date": "2026-03-05",
        "order_no": "B-77",
        "due": made.TOTAL,
    }
    assert the_invoice(made.ubl()).more == {"due_date": "2026-04-08", "prepaid": "100.00", "due": "78.50"}


def test_numbers_of_other_documents_are_kept() -> None:
    order = b"<ram:BuyerOrderReferencedDocument><ram:IssuerAssignedID>B-77</ram:IssuerAssignedID>"
    data = made.cii()
    assert order in data
    assert "B-77" in the_invoice(data).others


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (made.cii(type_code="380"), "invoice"),
        (made.cii(type_code="381"), "credit-note"),
        (made.cii(type_code="325"), "pro-forma"),
        (made.ubl("CreditNote"), "credit-note"),
        (made.fatturapa().replace(b"TD01", b"TD04"), "credit-note"),
        (made.digital(), "cn-vat-invoice"),
        (made.xbrl(), "cn-train-e-ticket"),
    ],
)
def test_kinds(data: bytes, kind: str) -> None:
    assert the_invoice(data).kind == kind


def test_every_body_of_a_fatturapa_file_is_an_invoice() -> None:
    assert [invoice.number for invoice in invoices_of(made.fatturapa("1/A", "2/A", "3/A"))] == ["1/A", "2/A", "3/A"]


def test_a_person_in_italy_is_named_and_numbered() -> None:
    assert the_invoice(made.fatturapa()).buyer == Party("Maria Rossi", "RSSMRA80A01H501U")


def test_fatturapa_need_not_state_its_total() -> None:
    assert the_invoice(made.fatturapa(total="")).total == made.TOTAL


def test_a_fully_digital_chinese_invoice() -> None:
    invoice = the_invoice(made.digital())
    assert (invoice.number, invoice.date) == (made.CHINESE_NUMBER, made.DAY)
    assert (invoice.net, invoice.tax, invoice.total) == ("100.00", "6.00", "106.00")
    assert invoice.seller == Party("上海样品有限公司", made.CHINESE_TAX_NO)
    assert invoice.buyer == Party("张三")
    assert invoice.items == (Item("*信息技术服务*软件", "1", "100.00", "100.00", "6%", "6.00"),)


def test_the_data_within_ofd_packages() -> None:
    invoice = the_invoice(made.original())
    assert (invoice.number, invoice.date) == ("12345678", made.DAY)
    assert invoice.more == {
        "invoice_code": "031001900111",
        "check_code": "12345678901234567890",
        "machine_no": "661234567890",
    }
    assert invoice.buyer == Party("张三")
    assert invoice.items == (Item("*信息技术服务*软件", "1", "100.00", "100.00", "6%", "6.00"),)


def test_asterisks_stand_for_no_tax() -> None:
    data = (
        made.original()
        .replace(b">6.00</fp:TaxTotalAmount>", b">***</fp:TaxTotalAmount>")
        .replace(b"6%", "免税".encode())
    )
    invoice = the_invoice(data)
    assert invoice.tax == "0.00"
    assert invoice.items[0].rate == "免税"


def test_a_rail_ticket() -> None:
    invoice = the_invoice(made.xbrl())
    assert (invoice.number, invoice.date, invoice.total) == (made.CHINESE_NUMBER, made.DAY, "109.00")


@pytest.mark.parametrize("wrap", [made.signed, made.signed_in_pieces])
def test_a_signed_file_is_read_as_what_it_holds(wrap: object) -> None:
    assert callable(wrap)
    assert the_invoice(wrap(made.fatturapa())).number == made.NUMBER


@pytest.mark.parametrize("form", ALL)
def test_an_invoice_survives_the_way_through_a_reading(form: str) -> None:
    invoice = the_invoice(ALL[form])
    assert from_code(as_code(invoice)) == invoice


@pytest.mark.parametrize("value", ["12,3.4.5", "1e400", "NaN", "twelve", "9" * 40])
def test_what_is_no_amount_is_told(value: str) -> None:
    invoice = the_invoice(made.cii(total=value))
    assert invoice.total == ""
    assert f"the data states '{value}' as the total, which is not an amount" in invoice.faults


def test_what_is_no_date_is_told() -> None:
    invoice = the_invoice(made.ubl().replace(b"2026-03-09", b"2026-02-30"))
    assert invoice.date == ""
    assert invoice.faults == ("the data states '2026-02-30' as the date, which is not a date",)


@pytest.mark.parametrize(
    "data",
    [
        b"<Order><ID>1</ID></Order>",
        b"<Invoice><ID>not of the UBL namespace</ID></Invoice>",
        made.cii(number=""),
        b"<xbrl/>",
        made.fatturapa()[:200].split(b"<Fatt")[0] + b"</p:FatturaElettronica>",
    ],
)
def test_other_xml_is_refused_by_its_root(data: bytes) -> None:
    with pytest.raises(DocumentError) as caught:
        invoices_of(data)
    assert caught.value.code == "unsupported"
    assert "without the number of an invoice" in caught.value.found
