"""One explanation of a document: fields with levels, reasons and probabilities."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from ingestd.document import Field, FieldType, Level, Reason, ReasonKind
from ingestd.extract.lexicon.labels import SqueezedDocument, squeeze
from ingestd.extract.lexicon.model import UNKNOWN, Lexicon
from ingestd.extract.understand.amounts import Scored, score_amounts
from ingestd.extract.understand.blocks import blocks
from ingestd.extract.understand.confidence import probability
from ingestd.extract.understand.dates import DayChoice, choose_date
from ingestd.extract.understand.findings import (
    STRONG_LINK,
    Finding,
    amount_findings,
    date_findings,
    name_findings,
    number_findings,
    tax_number_findings,
    tender_findings,
)
from ingestd.extract.understand.kinds import is_about_money, kind_of
from ingestd.extract.understand.mentions import MAX_PER_ROW, Mentions, find_mentions, quad_of, spans_of
from ingestd.extract.understand.numbers import NumberChoice, choose_number
from ingestd.extract.understand.parties import NameChoice, seller_names
from ingestd.extract.understand.phrases import Labels, find_labels
from ingestd.extract.understand.totals import Explanation, explain_amounts
from ingestd.extract.understand.weights import load_weights
from ingestd.layout.rows import LaidOutDocument

MAX_PER_PAGE = 1000
"""Labels, and mentions of one type, per page; the pairs of them are looked at, so more take too long."""
MIN_OPTIONAL = 0.5
"""Probability from which on a number of a receipt is reported."""


@dataclass(frozen=True, slots=True)
class Understanding:
    """Fields of a document, with everything they were concluded from."""

    kind: str
    fields: tuple[Field, ...]
    labels: Labels
    explanations: tuple[Explanation, ...]
    dates: tuple[DayChoice, ...]
    numbers: tuple[NumberChoice, ...]
    names: tuple[NameChoice, ...]
    features: Mapping[str, Mapping[str, float]]
    """Field -> what its probability is made from."""


def understand(page: SqueezedDocument, lexicon: Lexicon, today: date, kind: str | None = None) -> Understanding | None:
    """Explain a document; None where it has no label, or holds more than a paper can.

    Args:
        page: the document, rows squeezed for scanners.
        lexicon: words of all languages.
        today: no later day is a day of issue.
        kind: as a person says; None: concluded.
    """
    document, weights = page.document, load_weights()
    labels = find_labels(page, lexicon)
    language = labels.languages[0]
    mentions = find_mentions(document, today, year_first=lexicon.order(language) == "ymd", language=language)
    if _is_overfull(document, labels, mentions):
        return None
    scored = score_amounts(document, mentions, labels, weights)
    explanations = explain_amounts(scored, mentions, len(document.rows), weights)
    if kind is None and not any(phrase.role not in (None, "ignore") or phrase.kinds for phrase in labels.phrases):
        return None
    dates = choose_date(document, mentions, labels, today)
    numbers = choose_number(document, mentions, labels)
    names = seller_names(document, labels, lexicon)
    kind = kind or _kind(document, labels, scored, numbers, lexicon)
    receipt = kind in ("receipt", UNKNOWN)
    findings = [
        *number_findings(document, numbers, receipt=receipt),
        *date_findings(document, dates),
        *name_findings(document, names, receipt=receipt),
        *tax_number_findings(document, labels, receipt=receipt),
        *amount_findings(document, explanations, scored, labels.languages),
        *(tender_findings(scored) if receipt else ()),
    ]
    fields = tuple(one for one in (_field(finding, document) for finding in findings) if not _is_noise(one))
    return Understanding(
        kind,
        _complete(fields, kind),
        labels,
        tuple(explanations),
        tuple(dates),
        tuple(numbers),
        tuple(names),
        {finding.name: finding.features for finding in findings if finding.features},
    )


def _is_overfull(document: LaidOutDocument, labels: Labels, mentions: Mentions) -> bool:
    """Tell whether a page or a row holds more labels, amounts, dates or numbers than paper does."""
    for found in (labels.phrases, mentions.amounts, mentions.days, mentions.tokens):
        places = [one.place for one in found]
        pages, rows = Counter(place.page_index for place in places), Counter(place.row for place in places)
        if max(pages.values(), default=0) > MAX_PER_PAGE or max(rows.values(), default=0) > MAX_PER_ROW:
            return True
    return False


def _kind(
    document: LaidOutDocument,
    labels: Labels,
    scored: Sequence[Scored],
    numbers: Sequence[NumberChoice],
    lexicon: Lexicon,
) -> str:
    if not is_about_money(document, labels, scored):
        return UNKNOWN
    bought = bool(blocks(document, labels, "buyer")) or any(phrase.role == "due_date" for phrase in labels.phrases)
    paid = any(one.dominant in ("paid", "change") and one.amount.written for one in scored)
    numbered = _numbered(numbers[0], lexicon) if numbers and numbers[0].score > STRONG_LINK else None
    return kind_of(document, labels, numbered=numbered, bought=bought, paid=paid)


def _numbered(number: NumberChoice, lexicon: Lexicon) -> str:
    """Name the kind of paper that the label of its number speaks of: ``Receipt No``; an invoice where it names none."""
    words = number.links[0].phrase.text.split() if number.links else []
    kinds = {meaning.kind for word in words for meaning in lexicon.meanings.get(squeeze(word), ()) if meaning.kind}
    return "receipt" if kinds == {"receipt"} else "invoice"


def _is_noise(field: Field) -> bool:
    """Tell whether a number, which a receipt need not have, is more likely none."""
    return field.name == "receipt_no" and field.probability is not None and field.probability < MIN_OPTIONAL


def _field(finding: Finding, document: LaidOutDocument) -> Field:
    place = finding.place
    spans = spans_of(document, place) if place is not None else ()
    return Field(
        finding.name,
        finding.value,
        document.raw(spans) if spans else None,
        finding.level,
        place.page_index if place is not None else None,
        quad_of(document, place) if place is not None else None,
        tuple((document.reading.lines[span.line].page_index, span.line) for span in spans),
        tuple(
            reason if isinstance(reason, Reason) else Reason(ReasonKind.NOTE if index else ReasonKind.LABEL, reason)
            for index, reason in enumerate(finding.reasons)
        ),
        type=_TYPES.get(finding.name, FieldType.MONEY),
        probability=probability(finding.name, finding.features) if finding.features else None,
        candidates=finding.rivals,
    )


_TYPES = {
    "invoice_no": FieldType.CODE,
    "receipt_no": FieldType.CODE,
    "date": FieldType.DATE,
    "seller_name": FieldType.NAME,
    "merchant": FieldType.NAME,
    "seller_tax_no": FieldType.CODE,
    "buyer_tax_no": FieldType.CODE,
    "tax_no": FieldType.CODE,
    "currency": FieldType.CODE,
}
_INVOICE_FIELDS = (
    "invoice_no",
    "date",
    "seller_name",
    "merchant",
    "seller_tax_no",
    "buyer_tax_no",
    "currency",
    "net",
    "tax",
    "total",
)
_LETTER_FIELDS = ("merchant", "date")
"""Of a document that is not about money: who wrote it, and when."""
_RECEIPT_FIELDS = (
    "merchant",
    "date",
    "receipt_no",
    "tax_no",
    "currency",
    "net",
    "tax",
    "rounding",
    "total",
    "paid",
    "change",
)


def type_of(name: str) -> FieldType | None:
    """Return the type of a field of understood documents; None for other names."""
    if name in _INVOICE_FIELDS or name in _RECEIPT_FIELDS:
        return _TYPES.get(name, FieldType.MONEY)
    return None


def fields_of(kind: str) -> tuple[str, ...]:
    """Return the names of all fields of an understood kind, in order."""
    if kind == UNKNOWN:
        return _LETTER_FIELDS
    return _RECEIPT_FIELDS if kind == "receipt" else _INVOICE_FIELDS


def _complete(fields: Sequence[Field], kind: str) -> tuple[Field, ...]:
    """All fields of a kind in their order, missing ones among them."""
    known = {one.name: one for one in fields}
    missing = (Reason(ReasonKind.MISSING, "no value that its label announces"),)
    return tuple(
        known.get(name)
        or Field(name, None, None, Level.MISSING, reasons=missing, type=_TYPES.get(name, FieldType.MONEY))
        for name in fields_of(kind)
    )
