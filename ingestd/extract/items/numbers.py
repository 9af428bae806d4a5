"""Numbers in the rows of a list of items: quantities, prices, amounts, rates, in every way that they may be meant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

import regex

MAX_CHARACTERS = 400
"""Characters of a text in which numbers are looked for."""
MAX_DIGITS = 12
MAX_KEPT = 4096
"""Texts whose numbers are kept: a document is read several times before its papers are told apart."""
_CURRENCY = (
    r"(?:[A-Z]{0,3}\p{Sc}|\b(?:EUROS?|EUR|USD|GBP|CHF|CNY|RMB|JPY|HKD|SGD|MYR|AUD|CAD|NZD|INR|ZAR|BRL|MXN|PLN|CZK|HUF|"
    r"RON|SEK|NOK|DKK|TRY|THB|AED|RM|RS\.?|KR\.?|KČ|KC|ZŁ|FT|TTC|HT)(?![^\W\d_])|[元圆円])"
)
_NUMBER = regex.compile(
    rf"(?<![\w.,:/#-])(?P<neg>[-–(]\s?)?(?P<before>@?{_CURRENCY}\s?|@\s?)?(?P<inner>-\s?)?"
    r"(?P<digits>\d+(?:[.,'’]\d+)*)(?P<whole>[.,:][-–]{1,2}(?!\d))?(?P<end>-(?!\w)|\))?"
    rf"(?P<after>\s?{_CURRENCY})?(?P<percent>\s?%)?(?![\d/:%]|[.,'’-]\d)",
    regex.IGNORECASE,
)
_SPACED = regex.compile(
    rf"(?<![\w.,:/#-])(?P<neg>-\s?)?(?P<before>{_CURRENCY}\s?)?(?P<digits>\d{{1,3}}(?: \d{{3}})+(?:[.,]\d{{1,2}})?)"
    rf"(?P<whole>[.,:][-–]{{1,2}}(?!\d))?(?P<after>\s?{_CURRENCY})?(?![\d/:%]|[.,'’-]\d)",
    regex.IGNORECASE,
)
"""Thousands parted by spaces; the same digits may be two numbers beside each other."""
_GROUPED = regex.compile(r"\d{1,3}(?:([.,'’ ])\d{3})(?:\1\d{3})*(?:[.,]\d+)?|\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d+)?")
_NO_SPACES, _NO_MARKS = str.maketrans("", "", " '’"), str.maketrans("", "", ".,")
_UNIT = regex.compile(r"\s?(?!x\b)[^\W\d_]{1,6}[²³.]?(?!\w)", regex.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it is printed, at characters ``start`` to ``end`` (exclusive) of its text."""

    start: int
    end: int
    ways: tuple[Decimal, ...]
    """Values that it may have, the likeliest first."""
    percent: bool = False
    currency: bool = False
    """A currency stands beside it, or an @ before it."""
    unit: bool = False
    """A short word follows, such as a unit."""

    @property
    def money(self) -> Decimal:
        """Value as an amount of money, which has two decimals at most."""
        return next((way for way in self.ways if int(way.as_tuple().exponent) >= -2), self.ways[0])

    @property
    def decimals(self) -> int:
        """Digits behind the point."""
        return max(0, -int(self.ways[0].as_tuple().exponent))


@lru_cache(MAX_KEPT)
def numbers_in(text: str) -> tuple[Number, ...]:
    """Find the numbers of a text; parts of words, of codes and of dates are none.

    >>> [number.ways for number in numbers_in("1.234,50 €")], [number.ways for number in numbers_in("1.234 Stk")]
    ([(Decimal('1234.50'),)], [(Decimal('1.234'), Decimal('1234'))])
    >>> numbers_in("A12 vom 01.05.2014, GP-7")
    ()
    """
    return tuple(sorted(_numbers(text[:MAX_CHARACTERS]), key=lambda number: (number.start, number.end)))


def _numbers(text: str) -> Iterator[Number]:
    for found in _NUMBER.finditer(text):
        ways = ways_of(found["digits"])
        if ways:
            negative = found["inner"] or (found["end"] or "").startswith("-")
            negative = negative or (found["neg"] or " ")[0] in "-–" or bool(found["neg"] and found["end"])
            currency = bool(found["before"] or found["after"] or found["whole"])
            unit = not currency and not found["percent"] and _UNIT.match(text, found.end()) is not None
            signed = tuple(-way for way in ways) if negative else ways
            yield Number(found.start(), found.end(), signed, bool(found["percent"]), currency, unit)
    for found in _SPACED.finditer(text):
        ways = tuple(-way if found["neg"] else way for way in ways_of(found["digits"]))
        if ways:
            currency = bool(found["before"] or found["after"] or found["whole"])
            yield Number(found.start(), found.end(), ways, currency=currency)


def ways_of(digits: str) -> tuple[Decimal, ...]:
    """Return the values of digits with signs between them; none where they do not form one.

    >>> ways_of("1,234"), ways_of("1,234,567"), ways_of("1 234,5"), ways_of("01.05.14"), ways_of("0815")
    ((Decimal('1.234'), Decimal('1234')), (Decimal('1234567'),), (Decimal('1234.5'),), (), ())
    """
    plain = digits.translate(_NO_SPACES)
    joined = plain.translate(_NO_MARKS)
    marks = [character for character in plain if character in ".,"]
    if len(joined) > MAX_DIGITS or (len(digits) > 1 and digits[0] == "0" and digits[1].isdigit()):
        return ()
    if not marks:
        return (Decimal(joined),)
    whole, _, part = plain.rpartition(marks[-1])
    split = Decimal(f"{whole.translate(_NO_MARKS)}.{part}")
    if len(marks) == 1 and " " not in digits and plain == digits:
        return (split, Decimal(joined)) if len(part) == 3 and len(whole) <= 3 else (split,)
    if not _GROUPED.fullmatch(digits):
        return ()
    same = len(set(marks)) == 1 and len(marks) > 1
    return (Decimal(joined),) if same else (split,)
