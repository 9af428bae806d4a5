"""Fields of an invoice that a file states as data; the page is the witness: same value proved, another a conflict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from ingestd.document import Field, FieldCandidate, FieldType, Level, Reason, ReasonKind
from ingestd.extract.stated.invoice import Invoice
from ingestd.extract.stated.witness import Sighting, Witness
from ingestd.extract.values.normalise import money_text
from ingestd.extract.values.validate import CheckOutcome, validate

SUM_CHECK = "net and tax make the total"
TAXES_CHECK = "the taxes per rate make the tax"
_MAX_SHOWN = 10
"""Taxes that a reason names."""
_STATED = 0.999
"""Probability that a stated value is the one the issuer means."""
_CONTRADICTED = 0.5
"""Probability where page and data, or the data's own sums, disagree."""
_SURE = 0.9
"""Probability of a reading of the page from which on it counts against the data."""

_TYPES: Mapping[str, FieldType] = {
    "invoice_no": FieldType.CODE,
    "invoice_code": FieldType.DIGITS,
    "check_code": FieldType.DIGITS,
    "machine_no": FieldType.DIGITS,
    "date": FieldType.DATE,
    "due_date": FieldType.DATE,
    "delivery_date": FieldType.DATE,
    "seller_name": FieldType.NAME,
    "merchant": FieldType.NAME,
    "buyer_name": FieldType.NAME,
    "seller_tax_no": FieldType.CODE,
    "buyer_tax_no": FieldType.CODE,
    "currency": FieldType.CODE,
    "order_no": FieldType.CODE,
    "iban": FieldType.CODE,
}
"""Types by name; others are money."""
_CHECKS = {
    "seller_tax_no": ("cn_tax_no", "eu_vat", "gb_vat"),
    "buyer_tax_no": ("cn_tax_no", "eu_vat", "gb_vat"),
    "iban": ("iban",),
}
_AMOUNTS = ("net", "tax", "total")
_REQUIRED = ("invoice_no", "date", "total")
_CONTRADICTABLE = ("invoice_no", "invoice_code", "date", *_AMOUNTS)
"""Fields of which another value on the page is a conflict; names are written in many ways."""
_ALIKE = ("seller_tax_no", "buyer_tax_no")
"""Fields of which only a similar value is a conflict: a page bears other tax numbers too."""
_OF_UNDERSTOOD = {"receipt_no": "invoice_no", "tax_no": "seller_tax_no"}


@dataclass(frozen=True, slots=True)
class _Sums:
    """Outcome of the sums within the data."""

    holds: bool | None
    """None where an amount is missing."""
    reason: Reason | None
    taxes: Reason | None
    """Told only where the taxes per rate do not make the tax."""


def stated_fields(invoice: Invoice, witness: Witness, page_fields: tuple[Field, ...]) -> tuple[Field, ...]:
    """Make the fields of a stated invoice.

    Args:
        invoice: as stated.
        witness: values on the page; blind where the page was drawn from the data.
        page_fields: fields that the page alone gives.
    """
    read = {_OF_UNDERSTOOD.get(field.name, field.name): field for field in page_fields if field.value is not None}
    sums = _sums(invoice)
    fields = [_field(name, value, invoice, witness, read, sums) for name, value in _values(invoice) if value]
    names = {field.name for field in fields}
    missing = Reason(ReasonKind.MISSING, f"the {invoice.form} data does not state it")
    fields += [
        Field(name, None, None, Level.MISSING, reasons=(missing, *_told(invoice, name)), type=_type(name))
        for name in _REQUIRED
        if name not in names
    ]
    return tuple(fields)


def with_problem(fields: tuple[Field, ...], problem: str) -> tuple[Field, ...]:
    """Put the number of a document into conflict: the file should hold an invoice as data that cannot be read.

    Args:
        fields: that the page alone gives.
        problem: sentence about the data.
    """
    reason = Reason(ReasonKind.REJECTED, f"the attached data cannot be read: {problem}")
    number = next((field for field in fields if field.name in ("invoice_no", "receipt_no")), None)
    if number is None:
        return (*fields, Field("invoice_no", None, None, Level.MISSING, reasons=(reason,), type=FieldType.CODE))
    told = replace(number, reasons=(*number.reasons, reason))
    if number.value is not None:
        told = replace(told, level=Level.CONFLICT, probability=_CONTRADICTED)
    return tuple(told if field is number else field for field in fields)


def _values(invoice: Invoice) -> Iterator[tuple[str, str]]:
    chinese = invoice.kind.startswith("cn-")
    more = dict(invoice.more)
    for name in ("invoice_code", "machine_no", "check_code"):
        yield name, more.pop(name, "")
    yield "invoice_no", invoice.number
    yield "date", invoice.date
    yield "seller_name", invoice.seller.name
    if not chinese:
        yield "merchant", invoice.seller.name
    yield "seller_tax_no", invoice.seller.tax_no
    yield "buyer_name", invoice.buyer.name
    yield "buyer_tax_no", invoice.buyer.tax_no
    if not chinese:
        yield "currency", invoice.currency
    yield from (("net", invoice.net), ("tax", invoice.tax), ("total", invoice.total))
    yield from more.items()


def _stated_values(invoice: Invoice) -> frozenset[str]:
    """All values of an invoice: a page that says one of them where another is meant does not contradict."""
    lines = [value for line in invoice.taxes for value in (line.net, line.tax)]
    cells = [value for item in invoice.items for value in (item.unit_price, item.amount, item.tax) if value]
    return frozenset([value for _, value in _values(invoice) if value] + lines + cells + list(invoice.others))


def _type(name: str) -> FieldType:
    return _TYPES.get(name, FieldType.MONEY)


def _field(
    name: str, value: str, invoice: Invoice, witness: Witness, page_says: Mapping[str, Field], sums: _Sums
) -> Field:
    """Judge one stated value."""
    read = page_says.get(name)
    reasons = [Reason(ReasonKind.DATA, f"stated by the {invoice.form} data of the file", {"form": invoice.form})]
    sighting = witness.find(_type(name), value, read)
    agreed = read is not None and _same(value, read, invoice)
    rivals: tuple[FieldCandidate, ...] = ()
    level = Level.READ
    outvoted = sums.holds is True and _others_agree(name, invoice, page_says)
    if agreed or (sighting is not None and (outvoted or not _overruled(read))):
        level = Level.PROVED
        reasons.append(Reason(ReasonKind.DATA, "the page says the same", {"holds": True}))
    elif read is not None and _contradicts(name, value, read):
        level = Level.CONFLICT
        reasons.append(Reason(ReasonKind.DATA, f"the page says {read.value}", {"holds": False}))
        rivals = (_candidate(read),)
    if level is not Level.CONFLICT and name in _CONTRADICTABLE:
        misprint = witness.misprint(_type(name), value, _stated_values(invoice))
        if misprint is not None:
            level = Level.CONFLICT
            reasons.append(Reason(ReasonKind.DATA, f"the page says {misprint.raw}", {"holds": False}))
    if name in _CHECKS:
        verdict = validate(value, _CHECKS[name])
        if verdict is not None and verdict.outcome is CheckOutcome.PROVED:
            level = Level.PROVED if level is Level.READ else level
            reasons.append(Reason(ReasonKind.CHECKSUM, verdict.reason, {"check": verdict.check, "outcome": "proved"}))
    level = _by_sums(name, level, sums, reasons, alone=witness.blind)
    told = _told(invoice, name)
    if told and name == "invoice_no" and invoice.faults:
        level = Level.CONFLICT
    place = sighting if sighting is not None and level is not Level.CONFLICT else _place(read if agreed else None)
    return Field(
        name,
        value,
        place.raw if place is not None else None,
        level,
        place.page_index if place is not None else None,
        place.quad if place is not None else None,
        reasons=(*reasons, *told),
        type=_type(name),
        probability=_CONTRADICTED if level is Level.CONFLICT else _STATED,
        candidates=rivals,
    )


def _by_sums(name: str, level: Level, sums: _Sums, reasons: list[Reason], *, alone: bool) -> Level:
    """Let the sums within the data prove an amount without a witness, or put it into conflict."""
    if name not in _AMOUNTS:
        return level
    if sums.reason is not None:
        reasons.append(sums.reason)
    if name == "tax" and sums.taxes is not None:
        reasons.append(sums.taxes)
        return Level.CONFLICT
    if sums.holds is False:
        return Level.CONFLICT
    return Level.PROVED if alone and sums.holds and level is Level.READ else level


def _told(invoice: Invoice, name: str) -> tuple[Reason, ...]:
    """Sentences about the data as a whole, beside the number."""
    if name != "invoice_no":
        return ()
    faults = tuple(Reason(ReasonKind.REJECTED, fault) for fault in invoice.faults)
    return (*faults, *(Reason(ReasonKind.NOTE, note) for note in invoice.notes))


def _same(value: str, read: Field, invoice: Invoice) -> bool:
    """Tell whether the page says the same; credit notes state amounts that they print with a minus."""
    if invoice.kind == "credit-note" and _type(read.name) is FieldType.MONEY:
        return (read.value or "").removeprefix("-") == value.removeprefix("-")
    return read.value == value


def _others_agree(name: str, invoice: Invoice, page_says: Mapping[str, Field]) -> bool:
    """Tell whether the page says the same of the two other amounts, which leave only one value for this one."""
    others = [other for other in _AMOUNTS if other != name]
    stated = {"net": invoice.net, "tax": invoice.tax, "total": invoice.total}
    return name in _AMOUNTS and all(
        other in page_says and _same(stated[other], page_says[other], invoice) for other in others
    )


def _overruled(read: Field | None) -> bool:
    """Tell whether the page surely says another value, so that the stated one elsewhere on it does not count."""
    if read is None:
        return False
    return read.level in (Level.PROVED, Level.AGREED) or (read.probability or 0.0) >= _SURE


def _contradicts(name: str, value: str, read: Field) -> bool:
    if name in _CONTRADICTABLE:
        return True
    other = read.value or ""
    alike = len(other) == len(value) and sum(a != b for a, b in zip(other, value, strict=True)) <= 2
    return name in _ALIKE and alike


def _candidate(read: Field) -> FieldCandidate:
    return FieldCandidate(read.value or "", read.raw or "", Level.CONFLICT, read.reasons, read.page_index, read.quad)


def _place(field: Field | None) -> Sighting | None:
    if field is None or field.page_index is None or field.quad is None:
        return None
    return Sighting(field.raw or "", field.page_index, field.quad)


def _sums(invoice: Invoice) -> _Sums:
    """Check the sums within the data; what fails is told, not mended."""
    per_rate = [line.tax for line in invoice.taxes if line.tax]
    taxes = None
    if per_rate and invoice.tax and money_text(sum(map(Decimal, per_rate), Decimal(0))) != invoice.tax:
        shown = [*per_rate[:_MAX_SHOWN], "..."] if len(per_rate) > _MAX_SHOWN else per_rate
        text = f"{TAXES_CHECK}: {' + '.join(shown)} is not {invoice.tax}"
        taxes = Reason(ReasonKind.EQUATION, text, {"check": TAXES_CHECK, "holds": False})
    if not (invoice.net and invoice.tax and invoice.total):
        return _Sums(None, None, taxes)
    holds = Decimal(invoice.net) + Decimal(invoice.tax) == Decimal(invoice.total)
    sides = f"{invoice.net} + {invoice.tax} {'=' if holds else 'is not'} {invoice.total}"
    return _Sums(
        holds, Reason(ReasonKind.EQUATION, f"{SUM_CHECK}: {sides}", {"check": SUM_CHECK, "holds": holds}), taxes
    )
