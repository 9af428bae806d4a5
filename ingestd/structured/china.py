"""Chinese e-invoices as XML: the fully digital kind (数电票) and the XML inside OFD packages of the kinds before it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from ingestd.document import Item
from ingestd.extract.stated.invoice import Invoice, Party
from ingestd.structured.values import Values, plain
from ingestd.structured.xmltree import Node

RULE = "cn-vat-invoice"
"""Rule file whose fields these invoices have."""
_NOTHING = Node("", "", {})


def read_digital(root: Node) -> Invoice:
    """Take an invoice from the XML of a fully digital one, ``<EInvoice>``."""
    values = Values()
    data = root.first("EInvoiceData") or _NOTHING
    sums = data.first("BasicInformation") or _NOTHING
    return Invoice(
        "EInvoice",
        RULE,
        root.value("TaxSupervisionInfo/InvoiceNumber", "Header/EIid"),
        values.day(root.value("TaxSupervisionInfo/IssueTime", "EInvoiceData/BasicInformation/RequestTime"), "the date"),
        "CNY",
        Party(data.value("SellerInformation/SellerName"), data.value("SellerInformation/SellerIdNum")),
        Party(data.value("BuyerInformation/BuyerName"), data.value("BuyerInformation/BuyerIdNum")),
        values.money(sums.value("TotalAmWithoutTax"), "the net amount"),
        values.money(sums.value("TotalTaxAm"), "the tax"),
        values.money(sums.value("TotalTax-includedAmount"), "the total"),
        items=tuple(_digital_items(data, values)),
        faults=tuple(values.faults),
    )


def read_original(root: Node) -> Invoice:
    """Take an invoice from ``original_invoice.xml``, ``<eInvoice>``."""
    values = Values()
    more = {
        "invoice_code": root.value("InvoiceCode"),
        "check_code": root.value("InvoiceCheckCode").replace(" ", ""),
        "machine_no": root.value("MachineNo"),
    }
    return Invoice(
        "OFD",
        RULE,
        root.value("InvoiceNo"),
        values.day(root.value("IssueDate"), "the date"),
        "CNY",
        Party(root.value("Seller/SellerName"), root.value("Seller/SellerTaxID")),
        Party(root.value("Buyer/BuyerName"), root.value("Buyer/BuyerTaxID")),
        values.money(root.value("TaxExclusiveTotalAmount"), "the net amount"),
        tax_of(root.value("TaxTotalAmount"), values),
        values.money(root.value("TaxInclusiveTotalAmount"), "the total"),
        items=tuple(_original_items(root, values)),
        more={name: value for name, value in more.items() if value},
        faults=tuple(values.faults),
    )


def tax_of(text: str, values: Values) -> str:
    """Normalise a tax; asterisks stand for nought where the goods are exempt."""
    return "0.00" if text and not text.strip("*＊") else values.money(text, "the tax")


def rate_of(text: str, values: Values) -> str | None:
    """Normalise a rate: ``6%``, ``0.06``, or a word such as 免税, which is kept."""
    if not text or not any(sign.isdigit() for sign in text):
        return text or None
    if "%" in text:
        return values.percent(text, "a rate")
    share = values.decimal(text, "a rate")
    return None if share is None else f"{plain(share * 100 if share < 1 else Decimal(share))}%"


def _digital_items(data: Node, values: Values) -> Iterator[Item]:
    for node in data.all("IssuItemInformation"):
        yield Item(
            node.value("ItemName") or None,
            values.plain(node.value("Quantity"), "a quantity"),
            values.price(node.value("UnPrice"), "a price"),
            values.money(node.value("Amount"), "the amount of an item") or None,
            rate_of(node.value("TaxRate"), values),
            tax_of(node.value("ComTaxAm", "TaxAm"), values) or None,
        )


def _original_items(root: Node, values: Values) -> Iterator[Item]:
    for node in root.all("GoodsInfos/GoodsInfo"):
        yield Item(
            node.value("Item") or None,
            values.plain(node.value("Quantity"), "a quantity"),
            values.price(node.value("Price"), "a price"),
            values.money(node.value("Amount"), "the amount of an item") or None,
            rate_of(node.value("TaxScheme"), values),
            tax_of(node.value("TaxAmount"), values) or None,
        )
