"""Cross Industry Invoice of UN/CEFACT: ZUGFeRD, Factur-X, XRechnung."""

from __future__ import annotations

from collections.abc import Iterator

from ingestd.document import Item
from ingestd.extract.stated.invoice import Invoice, Party, TaxLine
from ingestd.structured.types import kind_of_type
from ingestd.structured.values import Values
from ingestd.structured.xmltree import Node

ROOTS = ("CrossIndustryInvoice", "CrossIndustryDocument")
"""Of versions 2 and 1."""

_SETTLEMENT = ("ApplicableHeaderTradeSettlement", "ApplicableSupplyChainTradeSettlement")
_AGREEMENT = ("ApplicableHeaderTradeAgreement", "ApplicableSupplyChainTradeAgreement")
_DELIVERY = ("ApplicableHeaderTradeDelivery", "ApplicableSupplyChainTradeDelivery")
_SUMS = (
    "SpecifiedTradeSettlementHeaderMonetarySummation",
    "SpecifiedTradeSettlementMonetarySummation",
)
_NOTHING = Node("", "", {})


def read(root: Node) -> Invoice:
    """Take an invoice from its tree."""
    values = Values()
    head = root.first("ExchangedDocument", "HeaderExchangedDocument") or _NOTHING
    trade = root.first("SupplyChainTradeTransaction", "SpecifiedSupplyChainTradeTransaction") or _NOTHING
    agreement = trade.first(*_AGREEMENT) or _NOTHING
    delivery = trade.first(*_DELIVERY) or _NOTHING
    settlement = trade.first(*_SETTLEMENT) or _NOTHING
    sums = settlement.first(*_SUMS) or _NOTHING
    currency = settlement.value("InvoiceCurrencyCode")
    more = {
        "due_date": values.day(
            settlement.value("SpecifiedTradePaymentTerms/DueDateDateTime/DateTimeString"), "the due date"
        ),
        "delivery_date": values.day(
            delivery.value("ActualDeliverySupplyChainEvent/OccurrenceDateTime/DateTimeString"), "the day of delivery"
        ),
        "order_no": agreement.value("BuyerOrderReferencedDocument/IssuerAssignedID", "BuyerOrderReferencedDocument/ID"),
        "iban": settlement.value(
            "SpecifiedTradeSettlementPaymentMeans/PayeePartyCreditorFinancialAccount/IBANID"
        ).replace(" ", ""),
        "prepaid": values.money(sums.value("TotalPrepaidAmount"), "the prepaid amount"),
        "due": values.money(sums.value("DuePayableAmount"), "the amount due"),
    }
    return Invoice(
        "CII",
        kind_of_type(head.value("TypeCode")),
        head.value("ID"),
        values.day(head.value("IssueDateTime/DateTimeString"), "the date"),
        currency,
        _party(agreement.first("SellerTradeParty")),
        _party(agreement.first("BuyerTradeParty")),
        values.money(sums.value("TaxBasisTotalAmount"), "the net amount"),
        values.money(_in_currency(sums, "TaxTotalAmount", currency), "the tax"),
        values.money(sums.value("GrandTotalAmount"), "the total"),
        tuple(_taxes(settlement, values)),
        tuple(_items(trade, values)),
        {name: value for name, value in more.items() if value},
        faults=tuple(values.faults),
    )


def _in_currency(sums: Node, name: str, currency: str) -> str:
    """Return the amount in the invoice's currency; the tax may be stated in another one too."""
    amounts = list(sums.all(name))
    fitting = [node for node in amounts if node.attributes.get("currencyID", currency) == currency]
    return next((node.words for node in (*fitting, *amounts) if node.text), "")


def _party(node: Node | None) -> Party:
    if node is None:
        return Party()
    numbers = {
        one.attributes.get("schemeID", ""): one.words for one in node.all("SpecifiedTaxRegistration/ID") if one.text
    }
    return Party(node.value("Name"), numbers.get("VA") or numbers.get("FC") or next(iter(numbers.values()), ""))


def _taxes(settlement: Node, values: Values) -> Iterator[TaxLine]:
    for node in settlement.all("ApplicableTradeTax"):
        rate = node.value("RateApplicablePercent", "ApplicablePercent")
        yield TaxLine(
            values.percent(rate, "a rate") or "",
            values.money(node.value("BasisAmount"), "a net amount"),
            values.money(node.value("CalculatedAmount"), "a tax"),
        )


def _items(trade: Node, values: Values) -> Iterator[Item]:
    for node in trade.all("IncludedSupplyChainTradeLineItem"):
        settlement = node.first("SpecifiedLineTradeSettlement", "SpecifiedSupplyChainTradeSettlement") or _NOTHING
        agreement = node.first("SpecifiedLineTradeAgreement", "SpecifiedSupplyChainTradeAgreement") or _NOTHING
        delivery = node.first("SpecifiedLineTradeDelivery", "SpecifiedSupplyChainTradeDelivery") or _NOTHING
        amount = settlement.value(
            "SpecifiedTradeSettlementLineMonetarySummation/LineTotalAmount",
            "SpecifiedTradeSettlementMonetarySummation/LineTotalAmount",
        )
        if not amount and not node.first("SpecifiedTradeProduct"):
            continue  # ZUGFeRD 1: a line that is only a note
        rate = settlement.value("ApplicableTradeTax/RateApplicablePercent", "ApplicableTradeTax/ApplicablePercent")
        yield Item(
            node.value("SpecifiedTradeProduct/Name") or None,
            values.plain(delivery.value("BilledQuantity"), "a quantity"),
            values.price(agreement.value("NetPriceProductTradePrice/ChargeAmount"), "a price"),
            values.money(amount, "the amount of an item") or None,
            values.percent(rate, "a rate"),
        )
