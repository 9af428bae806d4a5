"""Format of an XML file, told by its root element, and the invoices in it."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from itertools import islice

from ingestd.errors import DocumentError
from ingestd.extract.stated.invoice import Invoice
from ingestd.extract.values.normalise import money_text
from ingestd.structured import china, cii, fatturapa, rail, ubl
from ingestd.structured.cms import content_of, is_signed_data
from ingestd.structured.xmltree import Node, parse

HEAD_BYTES = 4096
MAX_ITEMS = 10_000
MAX_OTHERS = 500
"""Amounts of one file that are kept beside those of its fields and items; and numbers of other documents."""
_REFERENCES = ("ReferencedDocument", "DocumentReference", "OrderReference")
"""Ends of the names of elements that name another document (CII, UBL)."""
_AMOUNT = re.compile(r"-?\d{1,12}(?:\.\d{1,4})?")


def invoices_of(data: bytes) -> list[Invoice]:
    """Read the invoices of an XML file, which may be signed (.p7m); one for most formats.

    Raises:
        DocumentError: ``damaged``, ``too-large``, or ``unsupported`` where it is not an invoice of a known format.
    """
    root = parse(content_of(data) if is_signed_data(data[:HEAD_BYTES]) else data)
    others = (*_amounts(root), *_references(root))
    found = [replace(_shortened(invoice), others=others) for invoice in _read(root)]
    if not any(invoice.number for invoice in found):
        raise DocumentError(
            f"an XML file with the root element '{root.name[:60]}', without the number of an invoice",
            expected="an e-invoice: CII (ZUGFeRD, Factur-X, XRechnung), UBL, FatturaPA or a Chinese e-invoice",
            fix="export it as PDF and drop that",
            code="unsupported",
        )
    return found


def _shortened(invoice: Invoice) -> Invoice:
    """Leave out items and taxes beyond MAX_ITEMS, and say so."""
    rows = max(len(invoice.items), len(invoice.taxes))
    if rows <= MAX_ITEMS:
        return invoice
    fault = f"the data states {rows} items or taxes; those after {MAX_ITEMS} are left out"
    items, taxes = invoice.items[:MAX_ITEMS], invoice.taxes[:MAX_ITEMS]
    return replace(invoice, items=items, taxes=taxes, faults=(*invoice.faults, fault))


def _amounts(root: Node) -> tuple[str, ...]:
    """List all amounts in a tree, each once."""
    found: dict[str, None] = {}
    for node in root.everything():
        if _AMOUNT.fullmatch(node.text):
            found[money_text(Decimal(node.text))] = None
        if len(found) == MAX_OTHERS:
            break
    return tuple(found)


def _references(root: Node) -> tuple[str, ...]:
    """List the numbers of other documents that a tree names: orders, contracts, the invoice that this one corrects."""
    naming = (node for node in root.everything() if node.name.endswith(_REFERENCES))
    numbers = (child.words for node in naming for child in node.children if child.name in ("IssuerAssignedID", "ID"))
    return tuple(islice(dict.fromkeys(filter(None, numbers)), MAX_OTHERS))


def _read(root: Node) -> list[Invoice]:
    if root.name in cii.ROOTS:
        return [cii.read(root)]
    if root.name in ubl.ROOTS and root.namespace.startswith(ubl.NAMESPACE):
        return [ubl.read(root)]
    if root.name in fatturapa.ROOTS:
        return fatturapa.read(root)
    if root.name == "EInvoice":
        return [china.read_digital(root)]
    if root.name == "eInvoice":
        return [china.read_original(root)]
    if root.name == "xbrl":
        return [rail.read(root)]
    return []
