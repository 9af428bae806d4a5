"""An invoice as data: the same shape for every format, and its text within a reading."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ingestd.document import Code, Item

KIND_OF_CODE = "E-INVOICE"
"""``Code.kind`` of an invoice that the file holds as data."""
KIND_OF_PROBLEM = "E-INVOICE PROBLEM"
"""``Code.kind`` of a sentence: why the invoice that a PDF should hold as data cannot be read."""
MAX_NAMED = 10
"""Invoices of one file that are named in a sentence."""
_NOWHERE = ((0, 0), (0, 0), (0, 0), (0, 0))


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
    """Amounts that the data states elsewhere, such as allowances, and numbers of other documents that it names."""
    faults: tuple[str, ...] = ()
    """Sentences about what is stated and cannot be right."""
    notes: tuple[str, ...] = ()
    """Other sentences for a person, such as about the integrity of the file."""
    drawn: bool = False
    """The page was drawn from the data, so it is not a witness."""


def as_code(invoice: Invoice, page_index: int = 0) -> Code:
    """Put an invoice into a reading; it has no place on the page."""
    text = json.dumps(asdict(invoice), ensure_ascii=False, separators=(",", ":"))
    return Code(page_index, _NOWHERE, KIND_OF_CODE, text)


def problem_code(sentence: str) -> Code:
    """Put a sentence into a reading: why an invoice that should be there as data is not."""
    return Code(0, _NOWHERE, KIND_OF_PROBLEM, sentence)


def is_data(code: Code) -> bool:
    """Tell a code that holds data of the file from one that is printed on a page."""
    return code.kind in (KIND_OF_CODE, KIND_OF_PROBLEM)


def stated_by(codes: Sequence[Code]) -> tuple[Invoice | None, str]:
    """Return the first invoice of a reading, which tells of others, and the problem in the way of one, if any."""
    found = [invoice for invoice in map(from_code, codes) if invoice is not None]
    problem = next((code.text for code in codes if code.kind == KIND_OF_PROBLEM), "")
    if len(found) < 2:
        return next(iter(found), None), problem
    others = ", ".join(invoice.number for invoice in found[1:MAX_NAMED])
    fault = f"the file holds {len(found)} invoices, and this is the first; the others: {others}"
    return replace(found[0], faults=(*found[0].faults, fault)), problem


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
