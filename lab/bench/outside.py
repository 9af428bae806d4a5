"""Documents from outside whose fields are known: e-invoices, their scans, papers from all over, one fault each.

The truth of an e-invoice is the XML inside its PDF; only the page is read. Splits are by issuer (outside.toml).
"""

from __future__ import annotations

import csv
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pypdfium2

from ingestd.extract.values.normalise import money_text
from lab.bench.data import data_folder
from lab.bench.harness import OUT
from lab.bench.known import Known

SCAN_DPI = 150
"""Resolution of the scans that are made of e-invoices."""
_NUMBER = ("invoice_no", "receipt_no")
_SELLER = ("seller_tax_no", "tax_no")
_MERCHANT = ("merchant", "seller_name")
_NAMES: Mapping[str, tuple[str, ...]] = {"invoice_no": _NUMBER, "seller_tax_no": _SELLER, "merchant": _MERCHANT}
"""Names in the lists of truths -> our fields, any of which counts; others count under their own name."""
_TAX_ID = "VA"
"""Scheme of a VAT number in CII."""


def unfit() -> Mapping[str, str]:
    """Return files whose truth is of no use, each with the reason."""
    reasons: Mapping[str, str] = _settings()["unfit"]
    return reasons


def negative() -> frozenset[str]:
    """Return credit notes whose pages print minus signs that their XML does not have."""
    return frozenset(_settings()["negative"]["files"])


def split_of(corpus: str, name: str) -> str:
    """Return ``report`` or ``tune``.

    Args:
        corpus: a key of CORPORA.
        name: of the file.
    """
    issuers = tuple(_settings()["report"].get(corpus.removesuffix("-scans"), ()))
    return "report" if name.startswith(issuers) else "tune"


def _known(corpus: str, path: Path, values: Mapping[tuple[str, ...], str]) -> Known:
    return Known(path, f"{corpus} {split_of(corpus, path.name)}", values)


@cache
def _settings() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("outside.toml").read_text(encoding="utf-8"))


def _einvoices(corpus: str) -> Iterator[Known]:
    for path in sorted((data_folder() / "einvoices" / "zugferd").glob("*.pdf")):
        values = _stated(path)
        if values and path.name not in _settings()["unfit"]:
            yield _known(corpus, _scan(path) if corpus == "einvoices-scans" else path, values)


def _stated(path: Path) -> dict[tuple[str, ...], str]:
    """Fields that the XML inside a PDF states."""
    pdf = pypdfium2.PdfDocument(path)
    attached = [pdf.get_attachment(index) for index in range(pdf.count_attachments())]
    xml = next((one for one in attached if one.get_name().lower().endswith(".xml")), None)
    sign = -1 if path.name in negative() else 1
    return cii_fields(bytes(xml.get_data()), sign) if xml is not None else {}


def cii_fields(xml: bytes, sign: int = 1) -> dict[tuple[str, ...], str]:
    """Fields of an invoice in Cross Industry Invoice syntax (UN/CEFACT).

    Args:
        xml: the invoice, a byte order mark before it or not.
        sign: -1 for a credit note whose page prints minus signs and whose XML does not.
    """
    root = ElementTree.fromstring(xml.lstrip(b"\xef\xbb\xbf"))
    sums = root.find(".//{*}SpecifiedTradeSettlementHeaderMonetarySummation")
    currency = root.findtext(".//{*}InvoiceCurrencyCode")
    taxes = sums.findall("{*}TaxTotalAmount") if sums is not None else []
    taxes = [tax for tax in taxes if tax.get("currencyID") in (currency, None)] or taxes
    day = root.findtext("{*}ExchangedDocument/{*}IssueDateTime/{*}DateTimeString")
    money = {
        "net": sums.findtext("{*}TaxBasisTotalAmount") if sums is not None else None,
        "tax": taxes[0].text if taxes else None,
        "total": sums.findtext("{*}GrandTotalAmount") if sums is not None else None,
    }
    values: dict[tuple[str, ...], str | None] = {
        _NUMBER: root.findtext("{*}ExchangedDocument/{*}ID"),
        ("date",): f"{day[:4]}-{day[4:6]}-{day[6:8]}" if day else None,
        _MERCHANT: root.findtext(".//{*}SellerTradeParty/{*}Name"),
        _SELLER: _vat_number(root.find(".//{*}SellerTradeParty")),
        ("buyer_tax_no",): _vat_number(root.find(".//{*}BuyerTradeParty")),
        **{(name,): money_text(sign * Decimal(text.strip())) for name, text in money.items() if text and text.strip()},
    }
    return {names: value for names, value in values.items() if value}


def _vat_number(party: ElementTree.Element | None) -> str | None:
    found = party.findall("{*}SpecifiedTaxRegistration/{*}ID") if party is not None else []
    return next((one.text for one in found if one.get("schemeID") == _TAX_ID), None)


def _scan(path: Path) -> Path:
    """Return the pages of a PDF as a scanner would deliver them: grey pictures in a PDF without text."""
    scan = OUT / "einvoices-scans" / path.name
    if not scan.exists():
        scan.parent.mkdir(parents=True, exist_ok=True)
        pages = [page.render(scale=SCAN_DPI / 72).to_pil().convert("L") for page in pypdfium2.PdfDocument(path)]
        pages[0].save(scan, save_all=True, append_images=pages[1:], resolution=SCAN_DPI)
    return scan


def _world(corpus: str) -> Iterator[Known]:
    folder = data_folder() / "world"
    values: dict[str, dict[tuple[str, ...], str]] = defaultdict(dict)
    with (folder / "truth.csv").open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table):
            names = _MERCHANT if row["field"] == "merchant" else tuple(row["field"].split("|"))
            values[row["file"]][names] = row["truth"]
    for name in sorted(values):
        yield _known(corpus, folder / "files" / name, values[name])


def _minimal(corpus: str) -> Iterator[Known]:
    truths = tomllib.loads(Path(__file__).with_name("minimal.toml").read_text(encoding="utf-8"))
    for name, fields in sorted(truths.items()):
        values = {_NAMES.get(field, (field,)): value for field, value in fields.items()}
        yield _known(corpus, data_folder() / "minimal" / f"{name}.pdf", values)


CORPORA: Mapping[str, Callable[[str], Iterator[Known]]] = {
    "einvoices": _einvoices,
    "einvoices-scans": _einvoices,
    "world": _world,
    "minimal": _minimal,
}
