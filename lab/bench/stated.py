"""Truth of e-invoices, read by paths of its own: an oracle that shares no code with the product's readers.

Formats: CII 2 (alone or within a PDF), UBL 2.1, FatturaPA (signed files are opened by ``openssl``) and OFD.
"""

from __future__ import annotations

import re
import subprocess
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pypdfium2

_ITEM = "{*}IncludedSupplyChainTradeLineItem"
_BODY = "FatturaElettronicaBody"
_OPENED = ("openssl", "cms", "-verify", "-noverify", "-nosigs", "-inform")


@dataclass(frozen=True, slots=True)
class Row:
    """Line item: numbers as they are, None where none is stated."""

    name: str
    quantity: Decimal | None
    price: Decimal | None
    amount: Decimal | None


@dataclass(frozen=True, slots=True)
class Truth:
    """An e-invoice as its XML states it."""

    fields: Mapping[str, str | Decimal]
    """Name -> text, or number where it is an amount."""
    rows: tuple[Row, ...]


def truth_of(path: Path) -> Truth | None:
    """Read the truth of a file; None where it holds no invoice of these formats."""
    if path.suffix == ".ofd":
        return _ofd(path)
    data = path.read_bytes()
    if path.suffix == ".pdf":
        pdf = pypdfium2.PdfDocument(path)
        attached = [pdf.get_attachment(index) for index in range(pdf.count_attachments())]
        data = next((bytes(one.get_data()) for one in attached if one.get_name().lower().endswith(".xml")), b"")
    if path.suffix == ".p7m":
        data = _opened(path)
    return of_xml(data) if data else None


def of_xml(data: bytes) -> Truth | None:
    """Read the truth of one XML file; see :func:`truth_of`."""
    root = ElementTree.fromstring(data.lstrip(b"\xef\xbb\xbf"))
    kind = root.tag.rpartition("}")[2]
    readers = {"CrossIndustryInvoice": _cii, "Invoice": _ubl, "CreditNote": _ubl, "FatturaElettronica": _fatturapa}
    readers["eInvoice"] = _original
    return readers[kind](root) if kind in readers else None


def _opened(path: Path) -> bytes:
    head = path.read_bytes()[:1]
    form = "DER" if head == b"\x30" else "PEM"
    given = path.read_bytes()
    if form == "PEM" and not given.startswith(b"-----"):
        lines = re.findall(rb".{1,64}", re.sub(rb"\s", b"", given))
        given = b"-----BEGIN CMS-----\n" + b"\n".join(lines) + b"\n-----END CMS-----\n"
    return subprocess.run([*_OPENED, form], input=given, capture_output=True, check=True).stdout


def _truth(texts: Mapping[str, str | None], amounts: Mapping[str, str | None], rows: Iterator[Row]) -> Truth:
    stated: dict[str, str | Decimal] = {name: text.strip() for name, text in texts.items() if text and text.strip()}
    numbers = {name: number for name, text in amounts.items() if (number := _number(text)) is not None}
    return Truth(stated | numbers, tuple(rows))


def _number(text: str | None) -> Decimal | None:
    return Decimal(text.strip()) if text and text.strip() else None


def _day(text: str | None) -> str | None:
    digits = "".join(re.findall(r"\d", text or ""))
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}" if digits else None


def _in(elements: list[Element], currency: str | None) -> str | None:
    fitting = [one for one in elements if one.get("currencyID", currency) == currency] or elements
    return fitting[0].text if fitting else None


def _vat(party: str, root: Element) -> str | None:
    return root.findtext(f".//{{*}}{party}TradeParty/{{*}}SpecifiedTaxRegistration/{{*}}ID[@schemeID='VA']")


def _cii(root: Element) -> Truth:
    currency = root.findtext(".//{*}InvoiceCurrencyCode")
    sums = ".//{*}SpecifiedTradeSettlementHeaderMonetarySummation/{*}"
    texts = {
        "invoice_no": root.findtext("{*}ExchangedDocument/{*}ID"),
        "date": _day(root.findtext("{*}ExchangedDocument/{*}IssueDateTime/{*}DateTimeString")),
        "seller_name": root.findtext(".//{*}SellerTradeParty/{*}Name"),
        "buyer_name": root.findtext(".//{*}BuyerTradeParty/{*}Name"),
        "seller_tax_no": _vat("Seller", root),
        "buyer_tax_no": _vat("Buyer", root),
        "currency": currency,
    }
    amounts = {
        "net": root.findtext(sums + "TaxBasisTotalAmount"),
        "tax": _in(root.findall(sums + "TaxTotalAmount"), currency),
        "total": root.findtext(sums + "GrandTotalAmount"),
    }
    return _truth(texts, amounts, _cii_rows(root))


def _cii_rows(root: Element) -> Iterator[Row]:
    for line in root.iterfind(f".//{_ITEM}"):
        yield Row(
            (line.findtext("{*}SpecifiedTradeProduct/{*}Name") or "").strip(),
            _number(line.findtext("{*}SpecifiedLineTradeDelivery/{*}BilledQuantity")),
            _number(line.findtext(".//{*}NetPriceProductTradePrice/{*}ChargeAmount")),
            _number(line.findtext(".//{*}SpecifiedTradeSettlementLineMonetarySummation/{*}LineTotalAmount")),
        )


def _ubl(root: Element) -> Truth:
    currency = root.findtext("{*}DocumentCurrencyCode")
    party = "{*}Accounting%sParty/{*}Party/{*}"
    seller, buyer = party % "Supplier", party % "Customer"
    texts = {
        "invoice_no": root.findtext("{*}ID"),
        "date": root.findtext("{*}IssueDate"),
        "seller_name": root.findtext(seller + "PartyLegalEntity/{*}RegistrationName"),
        "buyer_name": root.findtext(buyer + "PartyLegalEntity/{*}RegistrationName"),
        "seller_tax_no": _ubl_vat(root, seller),
        "buyer_tax_no": _ubl_vat(root, buyer),
        "currency": currency,
    }
    amounts = {
        "net": root.findtext("{*}LegalMonetaryTotal/{*}TaxExclusiveAmount"),
        "tax": _in(root.findall("{*}TaxTotal/{*}TaxAmount"), currency),
        "total": root.findtext("{*}LegalMonetaryTotal/{*}TaxInclusiveAmount"),
    }
    return _truth(texts, amounts, _ubl_rows(root))


def _ubl_vat(root: Element, party: str) -> str | None:
    schemes = root.iterfind(party + "PartyTaxScheme")
    return next((one.findtext("{*}CompanyID") for one in schemes if one.findtext("{*}TaxScheme/{*}ID") == "VAT"), None)


def _ubl_rows(root: Element) -> Iterator[Row]:
    for line in (*root.iterfind("{*}InvoiceLine"), *root.iterfind("{*}CreditNoteLine")):
        yield Row(
            (line.findtext("{*}Item/{*}Name") or "").strip(),
            _number(line.findtext("{*}InvoicedQuantity") or line.findtext("{*}CreditedQuantity")),
            _number(line.findtext("{*}Price/{*}PriceAmount")),
            _number(line.findtext("{*}LineExtensionAmount")),
        )


def _fatturapa(root: Element) -> Truth:
    header = "FatturaElettronicaHeader/{}/DatiAnagrafici/"
    seller, buyer = header.format("CedentePrestatore"), header.format("CessionarioCommittente")
    body = root.find(_BODY)
    if body is None:
        return Truth({}, ())
    head = "DatiGenerali/DatiGeneraliDocumento/"
    net, tax = (
        sum(Decimal(one.text or "0") for one in body.iterfind(f"DatiBeniServizi/DatiRiepilogo/{name}"))
        for name in ("ImponibileImporto", "Imposta")
    )
    stated = body.findtext(head + "ImportoTotaleDocumento")
    vat = {
        one: "".join(root.findtext(f"{one}IdFiscaleIVA/{part}") or "" for part in ("IdPaese", "IdCodice"))
        for one in (seller, buyer)
    }
    texts = {
        "invoice_no": body.findtext(head + "Numero"),
        "date": body.findtext(head + "Data"),
        "seller_name": root.findtext(seller + "Anagrafica/Denominazione"),
        "buyer_name": root.findtext(buyer + "Anagrafica/Denominazione"),
        "seller_tax_no": vat[seller] or root.findtext(seller + "CodiceFiscale"),
        "buyer_tax_no": vat[buyer] or root.findtext(buyer + "CodiceFiscale"),
        "currency": body.findtext(head + "Divisa"),
    }
    amounts = {"net": str(net), "tax": str(tax), "total": stated or str(net + tax)}
    return _truth(texts, amounts, _fatturapa_rows(body))


def _fatturapa_rows(body: Element) -> Iterator[Row]:
    for line in body.iterfind("DatiBeniServizi/DettaglioLinee"):
        numbers = (_number(line.findtext(name)) for name in ("Quantita", "PrezzoUnitario", "PrezzoTotale"))
        yield Row((line.findtext("Descrizione") or "").strip(), *numbers)


def _original(root: Element) -> Truth:
    names = {"invoice_no": "InvoiceNo", "invoice_code": "InvoiceCode", "seller_name": "Seller/{*}SellerName"}
    names |= {"seller_tax_no": "Seller/{*}SellerTaxID", "buyer_name": "Buyer/{*}BuyerName"}
    texts = {name: root.findtext("{*}" + path) for name, path in names.items()}
    texts["date"] = _day(root.findtext("{*}IssueDate"))
    sums = {"net": "TaxExclusiveTotalAmount", "tax": "TaxTotalAmount", "total": "TaxInclusiveTotalAmount"}
    amounts = {name: root.findtext("{*}" + path) for name, path in sums.items()}
    rows = (
        Row(
            (line.findtext("{*}Item") or "").strip(),
            *(_number(line.findtext("{*}" + name)) for name in ("Quantity", "Price", "Amount")),
        )
        for line in root.iterfind("{*}GoodsInfos/{*}GoodsInfo")
    )
    return _truth(texts, amounts, rows)


def _ofd(path: Path) -> Truth | None:
    with zipfile.ZipFile(path) as package:
        attached = [name for name in package.namelist() if name.endswith("original_invoice.xml")]
        if attached:
            return of_xml(package.read(attached[0]))
        parts = {name: package.read(name).decode("utf-8") for name in package.namelist() if name.endswith(".xml")}
    tags = next((text for name, text in parts.items() if name.endswith("CustomTag.xml")), "")
    pages = "".join(text for name, text in parts.items() if name.endswith("Content.xml"))
    texts = {
        number: "".join(re.findall(r"<ofd:TextCode[^>]*>([^<]*)<", content))
        for number, content in re.findall(
            r"<ofd:TextObject[^>]*\bID=\"(\d+)\"[^>]*>(.*?)</ofd:TextObject>", pages, re.S
        )
    }

    def said(tag: str) -> str:
        within = re.search(rf"<(?:ofd)?:{tag}>(.*?)</(?:ofd)?:{tag}>", tags, re.S)
        numbers = re.findall(r">(\d+)</", within[1]) if within else []
        return "".join(texts[number] for number in numbers).strip("¥￥ ")

    names = {"invoice_no": "InvoiceNo", "seller_name": "SellerName", "seller_tax_no": "SellerTaxID"}
    names |= {"buyer_name": "BuyerName", "buyer_tax_no": "BuyerTaxID"}
    sums = {"net": "TaxExclusiveTotalAmount", "tax": "TaxTotalAmount", "total": "TaxInclusiveTotalAmount"}
    row = Row(said("Item"), *(_number(said(name)) for name in ("Quantity", "Price", "Amount")))
    fields = {name: said(tag) for name, tag in names.items()} | {"date": _day(said("IssueDate"))}
    return _truth(fields, {name: said(tag) for name, tag in sums.items()}, iter([row]))
