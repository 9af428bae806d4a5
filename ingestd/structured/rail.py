"""Chinese electronic rail tickets as XBRL (taxonomy ``rai`` of the ministry of finance)."""

from __future__ import annotations

from ingestd.extract.stated.invoice import Invoice, Party
from ingestd.structured.values import Values
from ingestd.structured.xmltree import Node

RULE = "cn-train-e-ticket"
"""Rule file whose fields these tickets have."""


def read(root: Node) -> Invoice:
    """Take a ticket from the facts of an XBRL instance."""
    values = Values()
    return Invoice(
        "XBRL",
        RULE,
        root.value("ElectronicInvoiceRailwayETicketNumber"),
        values.day(root.value("DateOfIssue"), "the date"),
        "CNY",
        Party(),
        Party(root.value("NameOfPurchaser"), root.value("UnifiedSocialCreditCodeOfPurchaser")),
        values.money(root.value("TotalAmountExcludingTax"), "the net amount"),
        values.money(root.value("TaxAmount"), "the tax"),
        values.money(root.value("Fare"), "the fare"),
        faults=tuple(values.faults),
    )
