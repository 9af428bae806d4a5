"""Kinds of documents by their codes in UN/EDIFACT list 1001."""

from __future__ import annotations

_CREDIT_NOTES = frozenset({"81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "532"})
"""Codes that EN 16931 calls credit notes."""
_OTHERS = {"325": "pro-forma", "220": "order-confirmation", "231": "order-confirmation", "270": "delivery-note"}


def kind_of_type(code: str) -> str:
    """Name the kind of document of a code; an invoice where it is not another kind.

    >>> kind_of_type("380"), kind_of_type("381"), kind_of_type("")
    ('invoice', 'credit-note', 'invoice')
    """
    return "credit-note" if code in _CREDIT_NOTES else _OTHERS.get(code, "invoice")
