"""Values as people type them: short forms made whole, the same in a terminal and on the page.

The form of a value is decided here; whether it can be right is decided by :mod:`ingestd.extract.confirm.proof`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import regex

from ingestd.document import Field, FieldType
from ingestd.extract.values.dates import EARLIEST, Order, Rejected, read_date
from ingestd.extract.values.financial_numerals import CHARACTERS, parse_financial_numerals
from ingestd.extract.values.normalise import money_text

MAX_CHARACTERS = 300
"""Of one typed value."""
_MAX_AMOUNT = Decimal(10) ** 11
_LEAP_YEARS = 9
"""One of so many years in a row has a 29th of February."""
_YEAR_FIRST = regex.compile(r"\D*(?:19|20)\d\d")
_DAY_AND_MONTH = regex.compile(r"\D*(\d{1,2})\s?[./~-]\s?(\d{1,2})\s?[./~-]\s?\d{2}")


@dataclass(frozen=True, slots=True)
class Context:
    """Facts known before anything is typed."""

    today: date
    order: Order | None = None
    """Place of the day among two numbers; None: bare digits begin with the month, numbers with dots with the day."""
    near: date | None = None
    """Date that was read: gives the year where none is typed."""


def context_of(field: Field | None, today: date, order: Order | None = None) -> Context:
    """Take the year and the order of day and month from what was read.

    Args:
        field: before the correction.
        today: without a time.
        order: of this kind of document, used where the reading does not show another.
    """
    if field is None or field.type is not FieldType.DATE or field.value is None:
        return Context(today, order)
    near = date.fromisoformat(field.value)
    return Context(today, _order_of(field.raw or "", near) or order, near)


def _order_of(raw: str, day: date) -> Order | None:
    """Order of day and month in a text that was read as this day; None where it shows none."""
    if _YEAR_FIRST.match(raw):
        return "ymd"
    numbers = _DAY_AND_MONTH.match(raw)
    if numbers is None or numbers[1] == numbers[2]:
        return None
    return "dmy" if int(numbers[1]) == day.day else "mdy"


def read_typed(text: str, of_type: FieldType, context: Context) -> str | None:
    """Normalise a typed value; None where nothing is typed: the document has none.

    Args:
        text: as typed.
        of_type: type of the field.
        context: of the field.

    Raises:
        Rejected: the text cannot be a value of this type; the message says why.

    >>> context = Context(date(2026, 8, 3))
    >>> read_typed("0312", FieldType.DATE, context), read_typed("3.12.", FieldType.DATE, context)
    ('2026-03-12', '2025-12-03')
    >>> read_typed("1234,5", FieldType.MONEY, context), read_typed("12 345", FieldType.MONEY, context)
    ('1234.50', '12345.00')
    """
    if len(text) > MAX_CHARACTERS:
        raise Rejected(f"a value has at most {MAX_CHARACTERS} characters, this has {len(text)}")
    if any(unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn") for character in text.strip()):
        raise Rejected("a value is one line of printable characters")
    clean = " ".join(text.split())
    return _READERS[of_type](clean, context) if clean else None


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


# -- dates


def _date(text: str, context: Context) -> str:
    """Read a date in any usual short form.

    >>> context = Context(date(2026, 8, 3), "dmy")
    >>> _date("0312", context), _date("120326", context), _date("20260312", context)
    ('2025-12-03', '2026-03-12', '2026-03-12')
    >>> _date("3/12/25", context), _date("2026.3.12", context), _date("2026年3月12日", context)
    ('2025-12-03', '2026-03-12', '2026-03-12')
    """
    folded = regex.sub(r"[年月]", "-", _folded(text)).rstrip("日 ")
    numbers = regex.findall(r"\d+", folded)
    if regex.fullmatch(r"[\d\s./~-]+", folded) and 1 <= len(numbers) <= 3:
        parts = _split_digits(numbers[0], context) if len(numbers) == 1 else _ordered(numbers, folded, context)
        day = next(filter(None, (_whole_day(part, context) for part in parts)), None)
        if day is None:
            raise Rejected(f"'{text}' is not a day of the calendar")
    else:
        day = read_date(folded, context.today.replace(year=context.today.year + 10, day=1), context.order or "dmy").day
    if day < EARLIEST:
        raise Rejected(f"'{text}' is before {EARLIEST.year}")
    return day.isoformat()


_Parts = tuple[str, str, str]
"""Year (empty: not typed), month, day."""


def _split_digits(digits: str, context: Context) -> tuple[_Parts, ...]:
    """Ways to read digits without anything between them, the likelier first."""
    month_first = context.order != "dmy"
    if len(digits) in (3, 4):
        return _both("", digits[:-2].zfill(2), digits[-2:], month_first=month_first)
    if len(digits) == 6 and context.order in ("dmy", "mdy"):
        return _both(digits[4:], digits[:2], digits[2:4], month_first=month_first)
    if len(digits) == 6:
        return ((digits[:2], digits[2:4], digits[4:]),)
    if len(digits) == 8:
        year_first = (digits[:4], digits[4:6], digits[6:])
        last = _both(digits[4:], digits[:2], digits[2:4], month_first=context.order == "mdy")
        return (year_first, *last) if digits[:2] in ("19", "20") else last
    raise Rejected(f"'{digits}' is not a date; expected 3, 4, 6 or 8 digits")


def _ordered(numbers: list[str], text: str, context: Context) -> tuple[_Parts, ...]:
    """Ways to read two or three numbers with signs between them, the likelier first."""
    if len(numbers[0]) == 4:
        if len(numbers) == 2:
            raise Rejected(f"'{text}' has no day")
        return ((numbers[0], numbers[1], numbers[2]),)
    year = numbers[2] if len(numbers) == 3 else ""
    if len(year) == 2 and context.order == "ymd":
        return ((numbers[0], numbers[1], year), *_both(year, numbers[0], numbers[1], month_first=False))
    month_first = context.order in ("ymd", "mdy") and (not year or context.order == "mdy")
    return _both(year, numbers[0], numbers[1], month_first=month_first)


def _both(year: str, first: str, second: str, *, month_first: bool) -> tuple[_Parts, _Parts]:
    ways: tuple[_Parts, _Parts] = ((year, first, second), (year, second, first))
    return ways if month_first else (ways[1], ways[0])


def _whole_day(parts: _Parts, context: Context) -> date | None:
    """Return the day of these numbers; None where the calendar has no such day."""
    year, month, day = parts
    if year:
        return _calendar_day(_full_year(year, context.today), month, day) if len(year) in (2, 4) else None
    if context.near is not None:
        return _calendar_day(context.near.year, month, day)
    past = (_calendar_day(context.today.year - back, month, day) for back in range(_LEAP_YEARS))
    return next((found for found in past if found is not None and found <= context.today), None)


def _full_year(text: str, today: date) -> int:
    if len(text) == 4:
        return int(text)
    return int(text) + (2000 if 2000 + int(text) <= today.year + 1 else 1900)


def _calendar_day(year: int, month: str, day: str) -> date | None:
    try:
        return date(year, int(month), int(day))
    except ValueError:
        return None


# -- amounts and numbers


def _money(text: str, context: Context) -> str:
    """Read an amount with comma or point, grouped or not, or in Chinese financial numerals.

    >>> context = Context(date(2026, 8, 3))
    >>> [_money(typed, context) for typed in ("1.234,50", "1,234.5", "1,234", ".5", "12-", "(3.10)", "¥ 88")]
    ['1234.50', '1234.50', '1234.00', '0.50', '-12.00', '-3.10', '88.00']
    """
    folded = _folded(text)
    if _is_in_words(folded):
        return _capital(folded, context)
    body = regex.sub(r"^[A-Za-z]{1,3}\$?|[A-Za-z]{3}$|[¥￥$€£元圆円₹\s'’]", "", folded.strip())
    shape = regex.fullmatch(r"(?P<minus>[-−–(]?)(?P<number>[\d.,]*\d[.,]?)(?P<end>[)-]?)", body)
    if shape is None or (shape["minus"] == "(") != (shape["end"] == ")") or (shape["minus"] and shape["end"] == "-"):
        raise Rejected(f"'{text}' is not an amount")
    amount = _number(shape["number"], text)
    if amount >= _MAX_AMOUNT:
        raise Rejected(f"'{text}' is larger than any amount on a document")
    return money_text(-amount if shape["minus"] or shape["end"] else amount)


def _number(number: str, text: str) -> Decimal:
    """Digits with separators as a number; two digits or one after the last sign are cents."""
    groups = regex.split(r"[.,]", number)
    signs = [character for character in number if character in ".,"]
    cents = bool(signs) and (len(groups[-1]) <= 2 or len(set(signs)) == 2)
    whole = groups[:-1] if cents else groups
    if (cents and len(groups[-1]) > 2) or (cents and len(set(signs[:-1])) == 2):
        raise Rejected(f"'{text}' is not an amount; expected at most two digits after the last sign")
    if len(whole) > 1 and (not 1 <= len(whole[0]) <= 3 or any(len(group) != 3 for group in whole[1:])):
        raise Rejected(f"'{text}' is not an amount; its groups do not have three digits")
    return Decimal(f"{''.join(whole) or '0'}.{(groups[-1] if cents else '') or '0'}")


def _is_in_words(text: str) -> bool:
    return regex.search(rf"[{CHARACTERS}]", text) is not None and regex.search(r"\d", text) is None


def _capital(text: str, context: Context) -> str:
    if not _is_in_words(text):
        return _money(text, context)
    try:
        return money_text(parse_financial_numerals(text))
    except ValueError as error:
        raise Rejected(str(error)) from error


def _percent(text: str, context: Context) -> str:
    """Read a rate.

    >>> _percent("6,50", Context(date(2026, 8, 3)))
    '6.5%'
    """
    found = regex.fullmatch(r"(\d{1,3}(?:[.,]\d{1,2})?)\s?%?", _folded(text))
    if found is None or Decimal(found[1].replace(",", ".")) > 100:
        raise Rejected(f"'{text}' is not a percentage")
    return f"{Decimal(found[1].replace(',', '.')).normalize():f}%"


# -- codes and words


def _digits(text: str, context: Context) -> str:
    body = regex.sub(r"[\s.\-/]", "", _folded(text))
    if not regex.fullmatch(r"[0-9]+", body):
        raise Rejected(f"'{text}' is not a number of digits")
    return body


def _code(text: str, context: Context) -> str:
    """Upper case without spaces.

    >>> _code("de 136 695 976", Context(date(2026, 8, 3)))
    'DE136695976'
    """
    # Folded again, because a sign that stood apart may join the letter before it.
    body = _folded("".join(_folded(text).split()).upper()).strip(".,:;")
    if not any(character.isalnum() for character in body):
        raise Rejected(f"'{text}' is not a code")
    return body


def _words(text: str, context: Context) -> str:
    return unicodedata.normalize("NFC", text)


_READERS: Mapping[FieldType, Callable[[str, Context], str]] = {
    FieldType.MONEY: _money,
    FieldType.DATE: _date,
    FieldType.DIGITS: _digits,
    FieldType.CODE: _code,
    FieldType.CAPITAL: _capital,
    FieldType.PERCENT: _percent,
    FieldType.TEXT: _words,
    FieldType.NAME: _words,
}
