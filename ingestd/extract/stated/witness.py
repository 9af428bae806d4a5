"""The page as a witness: whether a value stands on it, and where."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import regex

from ingestd.document import Field, FieldType, Quad
from ingestd.extract.understand.mentions import Mentions, Place, find_mentions, place_of, quad_of, spans_of
from ingestd.layout.rows import LaidOutDocument, fold

_TIMEOUT_S = 0.1
MAX_SIGNS = 200
"""Letters and digits of a name or number that is looked for on the page."""
MIN_DIGITS = 3
"""Digits from which on two values that differ in one of them are taken for the same, misprinted."""
_DATE_LIKE = regex.compile(r"(?<![\d.,/-])(\d{1,4})[./年-](\d{1,2})[./月-](\d{2,4})(?![\d/-]|[.,]\d)")
_CENTS = regex.compile(r"\d[.,]\s?\d\d(?!\d)")
_NOT_DIGIT = regex.compile(r"\D")
_AMOUNT = regex.compile(r"-?\d+\.\d\d")
_NOT_LETTER = regex.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Sighting:
    """A value on a page."""

    raw: str
    page_index: int
    quad: Quad


class Witness:
    """Values that stand on the pages of a document; None as document: a blind one."""

    def __init__(self, document: LaidOutDocument | None, today: date) -> None:
        self._document = document
        self._mentions: Mentions | None = find_mentions(document, today) if document is not None else None

    @property
    def blind(self) -> bool:
        """True where there is nothing to compare with."""
        return self._document is None or not self._document.rows

    def find(self, type_of: FieldType, value: str, near: Field | None = None) -> Sighting | None:
        """Find a normalised value on the page; None where it does not stand there.

        Args:
            type_of: of the value; decides how it may be written.
            value: normalised.
            near: field that was read from the page; where it has the value, its place is meant.
        """
        if self._document is None or self._mentions is None:
            return None
        if near is not None and near.value == value and near.page_index is not None and near.quad is not None:
            return Sighting(near.raw or value, near.page_index, near.quad)
        place = self._place(type_of, value, self._document, self._mentions)
        if place is None:
            return None
        raw = self._document.raw(spans_of(self._document, place))
        return Sighting(raw, place.page_index, quad_of(self._document, place))

    def _place(self, type_of: FieldType, value: str, document: LaidOutDocument, mentions: Mentions) -> Place | None:
        if type_of is FieldType.MONEY:
            cents = abs(int(Decimal(value) * 100))
            return next((one.place for one in mentions.amounts if abs(one.cents) == cents), None)
        if type_of is FieldType.DATE:
            day = date.fromisoformat(value)
            return next((one.place for one in mentions.days if day in one.days), None)
        return _written(value, document)

    def misprint(self, type_of: FieldType, value: str, stated: Collection[str]) -> Sighting | None:
        """Find a value on the page that differs in one digit and is none of the other stated ones.

        Args:
            type_of: of the value: money, date or code.
            value: normalised.
            stated: all values that the data states, normalised.
        """
        if self._document is None or self._mentions is None:
            return None
        forms = _forms(type_of, value)
        innocent = {form for other in stated for form in _forms(type_of, other)}
        sighted = self._place(type_of, value, self._document, self._mentions) is not None
        for place, digits in self._printed(type_of, self._document, self._mentions, sighted=sighted):
            if digits not in innocent and any(_one_digit_apart(digits, form) for form in forms):
                raw = self._document.raw(spans_of(self._document, place))
                return Sighting(raw, place.page_index, quad_of(self._document, place))
        return None

    def _printed(
        self, type_of: FieldType, document: LaidOutDocument, mentions: Mentions, *, sighted: bool
    ) -> Iterator[tuple[Place, str]]:
        """List what is printed in the form of a type, without its separators; no other days if the value is sighted."""
        if type_of is FieldType.MONEY:
            for one in mentions.amounts:
                raw = document.raw(spans_of(document, one.place))
                if _CENTS.search(raw):
                    yield one.place, _NOT_DIGIT.sub("", raw)
        elif type_of is FieldType.DATE:
            for index, row in enumerate(document.rows):
                for match in _DATE_LIKE.finditer(row.text):
                    digits = "".join(part.zfill(2) for part in match.groups())
                    if sighted and any(_begins(day.place, index, match.start()) for day in mentions.days):
                        continue  # another day, such as that of delivery, was meant
                    yield place_of(document, index, match.start(), match.end()), digits
        else:
            yield from ((token.place, _NOT_LETTER.sub("", token.text).upper()) for token in mentions.tokens)


def _begins(place: Place, row: int, start: int) -> bool:
    return place.row == row and place.start == start


def _forms(type_of: FieldType, value: str) -> tuple[str, ...]:
    """Digits of a value as they may be printed."""
    if type_of is FieldType.MONEY:
        return (value.replace(".", "").removeprefix("-"),) if _AMOUNT.fullmatch(value) else ()
    if type_of is FieldType.DATE:
        year, _, rest = value.partition("-")
        month, _, day = rest.partition("-")
        return (year + month + day, day + month + year, day + month + year[2:], month + day + year)
    return (_NOT_LETTER.sub("", value).upper(),)


def _one_digit_apart(a: str, b: str) -> bool:
    if len(a) != len(b) or len(a) < MIN_DIGITS:
        return False
    differing = [(one, other) for one, other in zip(a, b, strict=True) if one != other]
    return len(differing) == 1 and differing[0][0].isdigit() and differing[0][1].isdigit()


def _written(value: str, document: LaidOutDocument) -> Place | None:
    """Find a code or a name, whatever stands between its letters and digits."""
    signs = _NOT_LETTER.sub("", fold(value)[0])
    if not 0 < len(signs) <= MAX_SIGNS:
        return None
    pattern = regex.compile(
        r"(?<![\p{L}\p{N}])" + r"[\W_]{0,3}".join(map(regex.escape, signs)) + r"(?![\p{L}\p{N}])", regex.IGNORECASE
    )
    for index, row in enumerate(document.rows):
        try:
            found = pattern.search(row.text, timeout=_TIMEOUT_S)
        except TimeoutError:
            continue
        if found:
            return place_of(document, index, found.start(), found.end())
    return None
