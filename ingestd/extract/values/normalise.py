"""Normalise text as read to values of a type: money, date, code, digits, percent, name ...

A normaliser takes the raw text and a :class:`Style` and returns every value that the text can mean, best first. It
never corrects: a misread digit stays misread (see repair.py). A text of the right form that cannot be a value (a day in
the future, the 31st of June) raises :class:`Rejected` with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Flag, auto
from functools import lru_cache
from typing import Literal

import regex

from ingestd.extract.values.dates import DATE, Order, Rejected, read_date
from ingestd.extract.values.financial_numerals import CHARACTERS, parse_financial_numerals

__all__ = ["NORMALISERS", "PATTERNS", "Caveat", "Rejected", "Style", "Value", "money_text"]

Decimals = Literal[".", ",", "any"]
"""Sign between units and cents; any: two digits after either sign are cents."""


@dataclass(frozen=True, slots=True)
class Style:
    """Conventions of a document for dates and amounts."""

    today: date
    """Later days are rejected."""
    order: Order = "dmy"
    """Decides a date such as 3/4/2018."""
    decimals: Decimals = "."


class Caveat(Flag):
    """Reservations about one meaning of a text."""

    NONE = 0
    UNSURE = auto()
    """Counts only where something else on the document proves it."""
    AMBIGUOUS = auto()
    """Can never be proved, because the text itself allows another meaning."""
    NO_CENTS = auto()
    """No sign between units and cents was read, so the amount may be a hundred times another."""
    COMMON_FORM = auto()
    """Looks like many other numbers, so everything else that is announced as well comes first."""
    LABELLED_ONLY = auto()
    """Counts only beside a label."""


@dataclass(frozen=True, slots=True)
class Value:
    """One meaning of a raw text."""

    text: str
    """Normalised: ISO date, decimal string with a dot and two places, code without spaces."""
    note: str = ""
    """Remark for a person."""
    caveats: Caveat = Caveat.NONE


def money_text(amount: Decimal) -> str:
    """Format an amount as it is recorded.

    >>> money_text(Decimal("-1234.5")), money_text(Decimal("-0"))
    ('-1234.50', '0.00')
    """
    rounded = amount.quantize(Decimal("0.01"))
    return str(rounded if rounded else abs(rounded))


_CURRENCY = r"(?:RM|MYR|USD|US\$|EUR|GBP|CNY|RMB|SGD|S\$|[¥￥$€£元]|[RY](?=\d+[.,]\d\d))"
_NUMBER = (
    r"(?:\d{1,3}(?:(?:[,.'’]|\s(?=\d{3}[.,\s])|,\s)\d{3})+(?:\s?[.,]\s?\d{1,2})?(?!\d)"  # thousands grouped
    r"|\d+\s?[.,]\s?\d{1,2}(?!\d)"  # units and cents
    r"|(?<![A-Z])O\s?[.,]\s?\d{2}(?!\d)|(?<=RM)O[.,]\d{2}(?!\d)"  # a nought misread
    r"|(?<=(?:[¥￥$€£]|RM)\s?)\d+[:;·]\d{2}(?!\d)"  # a point misread
    r"|\d{1,9}|(?<!\d)[.,]\d{2}(?!\d))"  # whole units, cents alone
)
_NO_POINT = regex.compile(r"(\d)[:;·](\d{2})(?!\d)")

PATTERNS: Mapping[str, str] = {
    "money": rf"(?:(?<![\w.,])|(?<=\p{{Han}})(?=[¥￥]))(?:[-−–(]\s*)?(?:{_CURRENCY}\s*:?\s*)?(?:[-−–(]\s*)?"
    rf"(?<![\d.,]){_NUMBER}"
    rf"(?:\s*[)]|-(?![\d\w]))?(?!\d|[.,]\d|\s?%|[-/:]\d)",
    "date": DATE,
    "digits": r"(?<![A-Z0-9.,/])\d(?:[ -]?\d)*(?![A-Z0-9])",
    "code": r"(?<![A-Z0-9])[A-Z0-9](?:[A-Z0-9/._-]*[A-Z0-9])?(?![A-Z0-9])",
    "capital": rf"(?:[(（]?负数[)）]?)?[{CHARACTERS}\s]*[圆圓元角分](?:[{CHARACTERS}\s]*[角分整正])?",
    "percent": r"(?<![\d.,])\d{1,2}(?:[.,]\d{1,2})?\s?%",
    "text": r"\S+(?: \S+)*",
    "name": r"[^\W\d_]\S*(?: \S+)*",
}
"""Pattern per type, for fields without a ``value`` of their own."""


@lru_cache(4096)
def _money(raw: str, style: Style) -> tuple[Value, ...]:
    """Read an amount in either convention of separators.

    >>> style = Style(date(2020, 1, 1))
    >>> [v.text for v in _money("RM 1,234.50", style)], [v.text for v in _money("(0.01)", style)]
    (['1234.50'], ['-0.01'])
    >>> [v.text for v in _money("1.234,50", style)], [v.text for v in _money("12.30-", style)]
    (['1234.50'], ['-12.30'])
    >>> _money("80,90", style)[0].caveats
    <Caveat.UNSURE: 1>
    >>> [(v.text, Caveat.UNSURE in v.caveats) for v in (*_money("¥5188", style), *_money("¥51:88", style))]
    [('5188.00', False), ('51.88', True), ('51.88', True)]
    """
    text, misread = _NO_POINT.subn(r"\1.\2", raw)
    body = "".join("0" if character in "oO" else character for character in text if character in "0123456789.,oO")
    if not any(character.isdigit() for character in body):
        raise Rejected(f"'{raw}' is not an amount")
    negative = any(sign in raw for sign in "-−–") or ("(" in raw and ")" in raw)
    if not any(sign in body for sign in ".,"):
        return _whole(raw, -Decimal(body) if negative else Decimal(body))
    whole, cents, sure = _split(body, style.decimals)
    sure = sure and not misread
    amount = Decimal(f"{whole or '0'}.{cents or '0'}")
    note = "" if sure else f"'{raw}' taken as {amount:.2f} although the sign before the cents is unusual here"
    return (Value(money_text(-amount if negative else amount), note, Caveat.NONE if sure else Caveat.UNSURE),)


def _whole(raw: str, units: Decimal) -> tuple[Value, ...]:
    """Read digits without a point: whole units, or units and cents whose point was not read."""
    announced = regex.search(_CURRENCY, raw, regex.IGNORECASE) is not None
    note = "" if announced else f"'{raw}' has no cents"
    meant = Value(money_text(units), note, Caveat.NO_CENTS if announced else Caveat.NO_CENTS | Caveat.UNSURE)
    if abs(units) < 100:
        return (meant,)
    cents = money_text(units.scaleb(-2))
    doubts = Caveat.NO_CENTS | Caveat.UNSURE | Caveat.LABELLED_ONLY
    return meant, Value(cents, f"'{raw}' taken as {cents}, its point not read", doubts)


def _split(body: str, decimals: Decimals) -> tuple[str, str, bool]:
    """Split digits into units, cents and True where the convention leaves no doubt."""
    signs = [sign for sign in body if sign in ".,"]
    if not signs:
        return body, "", True
    last = max(body.rfind("."), body.rfind(","))
    before, after = body[:last], body[last + 1 :]
    digits = "".join(character for character in before if character.isdigit())
    usual = decimals in (body[last], "any")
    if len(set(signs)) == 2 or len(signs) == 1:
        if len(set(signs)) == 1 and len(after) == 3 and body[last] != decimals:
            return digits + after, "", decimals != "any"
        if len(after) <= 2:
            return digits, after, len(set(signs)) == 2 or usual
        return digits + after, "", False
    if len(after) <= 2:
        return digits, after, False
    return digits + after, "", len(after) == 3


def _financial_numerals(raw: str, style: Style) -> tuple[Value, ...]:
    """Read an amount in Chinese capital characters.

    >>> _financial_numerals("伍拾贰圆柒角", Style(date(2020, 1, 1)))[0].text
    '52.70'
    """
    try:
        return (Value(money_text(parse_financial_numerals(raw))),)
    except ValueError as error:
        raise Rejected(str(error)) from error


def _digits(raw: str, style: Style) -> tuple[Value, ...]:
    """Keep the digits.

    >>> _digits("58213 60947 11835 72046", Style(date(2020, 1, 1)))[0].text
    '58213609471183572046'
    """
    text = "".join(character for character in raw if character in "0123456789")
    if not text:
        raise Rejected(f"'{raw}' has no digits")
    return (Value(text),)


def _code(raw: str, style: Style) -> tuple[Value, ...]:
    """Remove spaces, and punctuation at the ends; upper case.

    >>> _code(" de 136 695 976.", Style(date(2020, 1, 1)))[0].text
    'DE136695976'
    """
    text = "".join(raw.split()).upper().strip(".,:;-_/#*()")
    if not text:
        raise Rejected(f"'{raw}' is not a code")
    return (Value(text),)


def _percent(raw: str, style: Style) -> tuple[Value, ...]:
    """Read a percentage; trailing zeros are dropped.

    >>> _percent("6.0 %", Style(date(2020, 1, 1)))[0].text
    '6%'
    """
    found = regex.search(r"[0-9]{1,3}(?:[.,][0-9]{1,2})?", raw)
    if found is None:
        raise Rejected(f"'{raw}' is not a percentage")
    number = Decimal(found[0].replace(",", "."))
    return (Value(f"{number.normalize():f}%"),)


def _text(raw: str, style: Style) -> tuple[Value, ...]:
    """Collapse spaces; one line.

    >>> _text("  two   words ", Style(date(2020, 1, 1)))[0].text
    'two words'
    """
    text = " ".join(raw.split())
    if not text:
        raise Rejected("nothing but space")
    return (Value(text),)


def _name(raw: str, style: Style) -> tuple[Value, ...]:
    """Read a name: punctuation at its ends is dropped, brackets that belong to it stay.

    >>> _name(": ACME SDN. BHD. (123-X) -", Style(date(2020, 1, 1)))[0].text
    'ACME SDN. BHD. (123-X)'
    """
    text = " ".join(raw.split()).strip(" :;,*-_=|#<>~'\"")
    if not any(character.isalpha() for character in text):
        raise Rejected(f"'{raw}' is not a name")
    return (Value(text),)


@lru_cache(4096)
def _date(raw: str, style: Style) -> tuple[Value, ...]:
    """Read every day that the text can mean, the likelier order first.

    >>> style = Style(date(2020, 1, 1))
    >>> [v.text for v in _date("25/12/2018", style)], [v.text for v in _date("4 JAN 17", style)]
    (['2018-12-25'], ['2017-01-04'])
    >>> [(v.text, Caveat.AMBIGUOUS in v.caveats) for v in _date("03/04/2018", style)]
    [('2018-04-03', True)]
    >>> _date("27032018", style)[0].text
    '2018-03-27'
    """
    found = read_date(raw, style.today, style.order)
    note = "" if found.other is None else f"'{raw}' could also mean {found.other.isoformat()}"
    caveats = Caveat.COMMON_FORM if found.bare else Caveat.NONE
    if found.other is not None:
        caveats |= Caveat.AMBIGUOUS | (Caveat.LABELLED_ONLY if found.bare else Caveat.NONE)
    return (Value(found.day.isoformat(), note, caveats),)


NORMALISERS: Mapping[str, Callable[[str, Style], tuple[Value, ...]]] = {
    "money": _money,
    "date": _date,
    "digits": _digits,
    "code": _code,
    "capital": _financial_numerals,
    "percent": _percent,
    "text": _text,
    "name": _name,
}
"""Type name in rule files -> normaliser. To add a type: a function and an entry here and in PATTERNS."""
