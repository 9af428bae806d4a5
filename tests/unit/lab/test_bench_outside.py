"""Truths of documents from outside: what the XML of an e-invoice states, and which issuers figures are quoted from."""

from __future__ import annotations

import tomllib
from pathlib import Path

from lab.bench import outside
from lab.bench.outside import CORPORA, cii_fields, split_of

CII = b"""\xef\xbb\xbf<rsm:CrossIndustryInvoice xmlns:rsm="urn:a" xmlns:ram="urn:b" xmlns:udt="urn:c">
<rsm:ExchangedDocument><ram:ID>R-7</ram:ID><ram:IssueDateTime><udt:DateTimeString format="102">20240229
</udt:DateTimeString></ram:IssueDateTime></rsm:ExchangedDocument>
<ram:SellerTradeParty><ram:Name>Muster GmbH</ram:Name>
<ram:SpecifiedTaxRegistration><ram:ID schemeID="FC">201/113</ram:ID></ram:SpecifiedTaxRegistration>
<ram:SpecifiedTaxRegistration><ram:ID schemeID="VA">DE136695976</ram:ID></ram:SpecifiedTaxRegistration>
</ram:SellerTradeParty><ram:BuyerTradeParty><ram:Name>Kunde AG</ram:Name></ram:BuyerTradeParty>
<ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode><ram:SpecifiedTradeSettlementHeaderMonetarySummation>
<ram:TaxBasisTotalAmount>100</ram:TaxBasisTotalAmount><ram:TaxTotalAmount currencyID="GBP">16.1</ram:TaxTotalAmount>
<ram:TaxTotalAmount currencyID="EUR">19</ram:TaxTotalAmount><ram:GrandTotalAmount>119.00</ram:GrandTotalAmount>
</ram:SpecifiedTradeSettlementHeaderMonetarySummation></rsm:CrossIndustryInvoice>"""


def test_an_e_invoice_states_its_fields() -> None:
    assert cii_fields(CII) == {
        ("invoice_no", "receipt_no"): "R-7",
        ("date",): "2024-02-29",
        ("merchant", "seller_name"): "Muster GmbH",
        ("seller_tax_no", "tax_no"): "DE136695976",
        ("net",): "100.00",
        ("tax",): "19.00",
        ("total",): "119.00",
    }
    assert cii_fields(CII, -1)["net",] == "-100.00"


def test_a_scan_is_counted_where_its_e_invoice_is() -> None:
    names = ["Facture_FR_MINIMUM.pdf", "zugferd_2p1_EN16931_Einfach.pdf"]
    assert [split_of("einvoices", name) for name in names] == ["report", "tune"]
    assert [split_of("einvoices-scans", name) for name in names] == ["report", "tune"]
    assert {split_of("minimal", name) for name in names} == {"tune"}


def test_lists_of_truths_name_fields_that_exist() -> None:
    minimal = tomllib.loads(Path(outside.__file__).with_name("minimal.toml").read_text(encoding="utf-8"))
    known = {"invoice_no", "date", "merchant", "seller_tax_no", "buyer_tax_no", "net", "tax", "total"}
    assert {name for fields in minimal.values() for name in fields} == known
    assert set(CORPORA) == {"einvoices", "einvoices-scans", "world", "minimal"}
