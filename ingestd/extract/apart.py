"""Signs that two extractions are of two papers: numbers, dates, sellers and totals of their own."""

from __future__ import annotations

from ingestd.document import Extraction, Field, Level, ReasonKind
from ingestd.extract.lexicon.model import KINDS
from ingestd.extract.understand.findings import WITHOUT_LABEL

_NUMBERS = ("invoice_no", "receipt_no")
_TAX_NUMBERS = ("seller_tax_no", "tax_no")
_SELLERS = (*_TAX_NUMBERS, "seller_name", "merchant")
_WITH_NUMBERS = frozenset(KINDS) - {"receipt"}


def begins_paper(before: Extraction, page: Extraction) -> bool:
    """Tell whether a page is another paper than the one that began before it.

    The paper before has a number and a total, and this page another number with a total or, where its paper goes on,
    with a date. A page without a number can be the second of an invoice, whose items and due date look like seller and
    date: it is another paper only where both are receipts.
    """
    numbers = [_numbers(side) for side in (before, page)]
    if not all(numbers):
        is_second = bool(numbers[0]) or before.rule != page.rule or page.rule in _WITH_NUMBERS
        return _differ(before, page) and (bool(numbers[1]) or not is_second)
    told = any(_is_told(page, name) for name in _NUMBERS) and (_is_told(page, "total") or _is_told(page, "date"))
    return told and is_complete(before) and numbers[0].isdisjoint(numbers[1])


def is_complete(extraction: Extraction) -> bool:
    """Tell whether a page says the number and the total of its paper, at labels."""
    return _is_told(extraction, "total") and any(_is_told(extraction, name) for name in _NUMBERS)


def stand_apart(left: Extraction, right: Extraction) -> bool:
    """Tell whether two parts of a page that nothing joins are two papers: their numbers, or date and seller, differ."""
    numbers = [_numbers(side) for side in (left, right)]
    if all(numbers):
        return _are_told(left, right) and numbers[0].isdisjoint(numbers[1])
    dated = all("date" in _values(side) for side in (left, right))
    return dated and _differ(left, right)


def stand_above(upper: Extraction, lower: Extraction) -> bool:
    """Tell whether two parts of a page, one above the other, are two papers.

    The lower part of an invoice may have a number and a total, such as a payment slip. So each part needs a date and a
    total of its own at a label, and a number, or, where receipts lack one, a seller. The lower part of a receipt may
    repeat its date; then a name is not enough for a seller.
    """
    one, other = _values(upper), _values(lower)
    if not all("date" in side and _is_told(of, "total") for side, of in ((one, upper), (other, lower))):
        return False
    if one["total"] == other["total"]:
        return False
    numbers = [_numbers(side) for side in (upper, lower)]
    if all(numbers):
        return _are_told(upper, lower) and numbers[0].isdisjoint(numbers[1])
    if any(numbers) and not _WITH_NUMBERS.isdisjoint((upper.rule, lower.rule)):
        return False
    names = _SELLERS if one["date"] != other["date"] else _TAX_NUMBERS
    sellers = [{side[name] for name in names if name in side} for side in (one, other)]
    return all(sellers) and sellers[0].isdisjoint(sellers[1])


def _are_told(before: Extraction, page: Extraction) -> bool:
    return is_complete(before) and is_complete(page)


def _differ(before: Extraction, page: Extraction) -> bool:
    """Tell whether two papers of which one has no number differ in their date, or in their seller and total."""
    one, other = _values(before), _values(page)
    if not (_is_told(before, "total") and _is_told(page, "total")):
        return False
    differ = {name for name in one.keys() & other.keys() if one[name] != other[name]}
    sold_apart = not differ.isdisjoint(_SELLERS) and "total" in differ
    return sold_apart if before.rule != page.rule else "date" in differ or sold_apart


def _numbers(extraction: Extraction) -> set[str]:
    values = _values(extraction)
    return {values[name] for name in _NUMBERS if name in values}


def _values(extraction: Extraction) -> dict[str, str]:
    return {field.name: field.value for field in extraction.fields if field.value is not None}


def _is_told(extraction: Extraction, name: str) -> bool:
    """Tell whether a field was found at a label, or is proved or printed twice."""
    return any(field.name == name and _stands_at_label(field) for field in extraction.fields)


def _stands_at_label(field: Field) -> bool:
    if field.value is None:
        return False
    at_label = any(reason.kind is ReasonKind.LABEL and reason.text != WITHOUT_LABEL for reason in field.reasons)
    return at_label or field.level in (Level.PROVED, Level.AGREED)
