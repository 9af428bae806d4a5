"""The same invoice in several files, such as photo, PDF and XML: found by number, date, total and seller.

Nothing is stored about it: a later file, or a correction, changes the answer for all of them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlite_utils import Database

MAX_FOUND = 50
"""Papers with one number that are looked at."""
_MIN_NAME = 4
"""Letters of a name that may be part of a longer one; an ideograph counts for two."""
_NUMBERS = ("invoice_no", "receipt_no")
_TAX_NUMBERS = ("seller_tax_no", "tax_no")
_NAMES = ("seller_name", "merchant")
_READ = (*_NUMBERS, *_TAX_NUMBERS, *_NAMES, "date", "total", "currency", "invoice_code")


@dataclass(frozen=True, slots=True)
class SameInvoice:
    """Another paper that is the same invoice."""

    document_id: int
    paper_index: int
    """0: the document's only or first paper."""
    name: str
    """Of the file."""
    media_type: str
    reason: str
    """Sentence for a person."""


def same_invoices(db: Database, document_id: int) -> list[SameInvoice]:
    """Find the other papers that are the same invoice as one paper of a document, by their ids.

    All of number, date and total are equal. So are the seller's tax numbers, or, where one paper has none, the
    seller's names, of which one may be a part of the other.
    """
    found: dict[tuple[int, int], SameInvoice] = {}
    papers = [0, *(index for (index,) in _further(db, document_id))]
    for paper in papers:
        own = _values(db, document_id, paper)
        for other, index in _candidates(db, own, document_id):
            reason = _reason(own, _values(db, other, index))
            if reason:
                [(name, media_type)] = db.execute("SELECT name, media_type FROM documents WHERE id = ?", [other])
                found[other, index] = SameInvoice(other, index, name, media_type, reason)
    return [found[key] for key in sorted(found)]


def _further(db: Database, document_id: int) -> Iterable[tuple[int]]:
    rows: list[tuple[int]] = db.execute(
        "SELECT paper_index FROM papers WHERE document_id = ? ORDER BY paper_index", [document_id]
    ).fetchall()
    return rows


def _candidates(db: Database, own: Mapping[str, str], document_id: int) -> list[tuple[int, int]]:
    """List papers of other documents with the same number."""
    number = _first(own, _NUMBERS)
    if not number:
        return []
    names = ", ".join(f"'{name}'" for name in _NUMBERS)
    condition = f"name IN ({names}) AND value = :number AND document_id <> :own"
    return db.execute(
        f"SELECT document_id, 0 FROM fields WHERE {condition}"
        f" UNION SELECT document_id, paper_index FROM paper_fields WHERE {condition} LIMIT {MAX_FOUND}",
        {"number": number, "own": document_id},
    ).fetchall()


def _values(db: Database, document_id: int, paper: int) -> dict[str, str]:
    marks = ", ".join("?" for _ in _READ)
    table, of_paper = ("paper_fields", " AND paper_index = ?") if paper else ("fields", "")
    sql = f"SELECT name, value FROM {table} WHERE document_id = ? AND name IN ({marks}){of_paper} AND value IS NOT NULL"
    return dict(db.execute(sql, [document_id, *_READ, *([paper] if paper else [])]).fetchall())


def _reason(own: Mapping[str, str], other: Mapping[str, str]) -> str:
    """Say why two papers are the same invoice; empty where they are not."""
    number = _first(own, _NUMBERS)
    needed = [(number, _first(other, _NUMBERS)), *((own.get(name), other.get(name)) for name in ("date", "total"))]
    if not all(one and one == two for one, two in needed):
        return ""
    for name in ("currency", "invoice_code"):
        if name in own and name in other and own[name] != other[name]:
            return ""
    seller = _seller(own, other)
    if not seller:
        return ""
    return f"same number {number}, date {own['date']}, total {own['total']} and seller {seller}"


def _seller(own: Mapping[str, str], other: Mapping[str, str]) -> str | None:
    """Return what says that the sellers are one: a tax number, or the shorter name; None where they are not."""
    numbers = [_first(values, _TAX_NUMBERS) for values in (own, other)]
    if all(numbers):
        plain = [_without_country(number) for number in numbers]
        return numbers[0] if plain[0] == plain[1] else None
    names = sorted((_first(values, _NAMES) for values in (own, other)), key=len)
    short, long = (_letters(name) for name in names)
    return names[0] if _size(short) >= _MIN_NAME and short in long else None


def _first(values: Mapping[str, str], names: Iterable[str]) -> str:
    return next((values[name] for name in names if name in values), "")


def _without_country(number: str) -> str:
    """Leave the country of a VAT number out, which not every paper prints.

    >>> _without_country("DE123456789"), _without_country("91310000ABC")
    ('123456789', '91310000ABC')
    """
    return number[2:] if number[:2].isalpha() else number


def _letters(name: str) -> str:
    """Reduce a name to its letters and digits, in small letters without width.

    >>> _letters("Muster & Söhne GmbH"), _letters("上海（某某）公司")
    ('mustersöhnegmbh', '上海某某公司')
    """
    return "".join(char for char in unicodedata.normalize("NFKC", name).casefold() if char.isalnum())


def _size(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
