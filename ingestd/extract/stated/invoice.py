"""An invoice as data: the same shape for every format, and its text within a reading."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ingestd.document import Code, Item

KIND_OF_CODE = "E-INVOICE"
"""``Code.kind`` of an invoice that the file holds as data."""


@dataclass(frozen=True, slots=True)
class Party:
    """Seller or buyer."""

    name: str = ""
    tax_no: str = ""
    """VAT number with its country, or another tax number."""


@dataclass(frozen=True, slots=True)
class TaxLine:
    """Net and tax of one rate."""

    rate: str
    """``19%``; empty where it is not stated."""
    net: str
    tax: str


@dataclass(frozen=True, slots=True)
class Invoice:
    """One invoice; every value is normalised text, empty where it is not stated."""

    form: str
    """``CII``, ``UBL``, ``FatturaPA``, ``OFD`` ..."""
    kind: str
    """``invoice``, ``credit-note`` ...; ``cn-vat-invoice`` for Chinese ones."""
    number: str
    date: str
    """ISO date."""
    currency: str
    """ISO 4217."""
    seller: Party
    buyer: Party
    net: str
    tax: str
    total: str
    taxes: tuple[TaxLine, ...] = ()
    items: tuple[Item, ...] = ()
    more: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Other fields by their names: ``due_date``, ``iban``, ``invoice_code`` ..."""
    others: tuple[str, ...] = ()
    """Amounts that the data states elsewhere, such as allowances."""
    faults: tuple[str, ...] = ()
    """Sentences about what is stated and cannot be right."""
    notes: tuple[str, ...] = ()
    """Other sentences for a person, such as about the integrity of the file."""
    drawn: bool = False
    """The page was drawn from the data, so it is not a witness."""


def as_code(invoice: Invoice, page_index: int = 0) -> Code:
    """Put an invoice into a reading; it has no place on the page."""
    text = json.dumps(asdict(invoice), ensure_ascii=False, separators=(",", ":"))
    return Code(page_index, ((0, 0), (0, 0), (0, 0), (0, 0)), KIND_OF_CODE, text)


def from_code(code: Code) -> Invoice | None:
    """Read an invoice back; None for other codes."""
    if code.kind != KIND_OF_CODE:
        return None
    content: dict[str, Any] = json.loads(code.text)
    return Invoice(
        **content
        | {
            "seller": Party(**content["seller"]),
            "buyer": Party(**content["buyer"]),
            "taxes": tuple(TaxLine(**line) for line in content["taxes"]),
            "items": tuple(Item(**item) for item in content["items"]),
            "others": tuple(content["others"]),
            "faults": tuple(content["faults"]),
            "notes": tuple(content["notes"]),
        }
    )
