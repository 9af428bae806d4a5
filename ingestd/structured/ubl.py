"""Universal Business Language 2.1 of OASIS: Peppol, XRechnung."""

from __future__ import annotations

from collections.abc import Iterator

from ingestd.document import Item
from ingestd.extract.stated.invoice import Invoice, Party, TaxLine
from ingestd.structured.types import kind_of_type
from ingestd.structured.values import Values
from ingestd.structured.xmltree import Node

ROOTS = ("Invoice", "CreditNote")
NAMESPACE = "urn:oasis:names:specification:ubl:schema:xsd:"
"""Beginning of the root's namespace."""

_NOTHING = Node("", "", {})


def read(root: Node) -> Invoice:
    """Take an invoice or a credit note from its tree."""
    values = Values()
    sums = root.first("LegalMonetaryTotal", "RequestedMonetaryTotal") or _NOTHING
    currency = root.value("DocumentCurrencyCode")
    totals = _in_currency(root, currency)
    kind = kind_of_type(root.value("InvoiceTypeCode", "CreditNoteTypeCode"))
    more = {
        "due_date": values.day(root.value("DueDate", "PaymentMeans/PaymentDueDate"), "the due date"),
        "delivery_date": values.day(root.value("Delivery/ActualDeliveryDate"), "the day of delivery"),
        "order_no": root.value("OrderReference/ID"),
        "iban": root.value("PaymentMeans/PayeeFinancialAccount/ID").replace(" ", ""),
        "prepaid": values.money(sums.value("PrepaidAmount"), "the prepaid amount"),
        "due": values.money(sums.value("PayableAmount"), "the amount due"),
    }
    return Invoice(
        "UBL",
        "credit-note" if root.name == "CreditNote" else kind,
        root.value("ID"),
        values.day(root.value("IssueDate"), "the date"),
        currency,
        _party(root.first("AccountingSupplierParty/Party")),
        _party(root.first("AccountingCustomerParty/Party")),
        values.money(sums.value("TaxExclusiveAmount"), "the net amount"),
        values.money(totals.value("TaxAmount"), "the tax"),
        values.money(sums.value("TaxInclusiveAmount"), "the total"),
        tuple(_taxes(totals, values)),
        tuple(_items(root, values)),
        {name: value for name, value in more.items() if value},
        faults=tuple(values.faults),
    )


def _in_currency(root: Node, currency: str) -> Node:
    """Return the tax total in the invoice's currency; there may be one in another currency too."""
    totals = list(root.all("TaxTotal"))
    fitting = [
        one
        for one in totals
        if any(amount.attributes.get("currencyID", currency) == currency for amount in one.all("TaxAmount"))
    ]
    return next(iter((*fitting, *totals)), _NOTHING)


def _party(node: Node | None) -> Party:
    if node is None:
        return Party()
    numbers = [(scheme.value("TaxScheme/ID"), scheme.value("CompanyID")) for scheme in node.all("PartyTaxScheme")]
    stated = [number for scheme, number in numbers if number and scheme == "VAT"]
    stated += [number for _, number in numbers if number]
    return Party(node.value("PartyLegalEntity/RegistrationName", "PartyName/Name"), next(iter(stated), ""))


def _taxes(totals: Node, values: Values) -> Iterator[TaxLine]:
    for node in totals.all("TaxSubtotal"):
        yield TaxLine(
            values.percent(node.value("TaxCategory/Percent", "Percent"), "a rate") or "",
            values.money(node.value("TaxableAmount"), "a net amount"),
            values.money(node.value("TaxAmount"), "a tax"),
        )


def _items(root: Node, values: Values) -> Iterator[Item]:
    for name in ("InvoiceLine", "CreditNoteLine"):
        for node in root.all(name):
            yield Item(
                node.value("Item/Name", "Item/Description") or None,
                values.plain(node.value("InvoicedQuantity", "CreditedQuantity"), "a quantity"),
                values.price(node.value("Price/PriceAmount"), "a price"),
                values.money(node.value("LineExtensionAmount"), "the amount of an item") or None,
                values.percent(node.value("Item/ClassifiedTaxCategory/Percent"), "a rate"),
            )
