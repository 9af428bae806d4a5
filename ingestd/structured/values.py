"""Normalisation of values that a data format states."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation

from ingestd.extract.values.normalise import money_text

_MAX_DIGITS = 20
"""Digits of a number, and places of its first one before or behind the point; larger ones are not amounts."""


class Values:
    """Normaliser of one invoice's values, which collects the faults of those that are none."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def decimal(self, text: str, what: str) -> Decimal | None:
        """Read a number: optional sign, digits, a point; None where there is none."""
        if not text:
            return None
        try:
            number = Decimal(text.replace(",", "").lstrip("¥￥").strip())
        except InvalidOperation:
            number = Decimal("NaN")
        if (
            not number.is_finite()
            or len(number.as_tuple().digits) > _MAX_DIGITS
            or abs(number.adjusted()) > _MAX_DIGITS
        ):
            self.faults.append(f"the data states '{text[:40]}' as {what}, which is not an amount")
            return None
        return number

    def money(self, text: str, what: str) -> str:
        """Normalise an amount: two places; empty where there is none."""
        number = self.decimal(text, what)
        return "" if number is None else money_text(number)

    def plain(self, text: str, what: str) -> str | None:
        """Normalise a quantity: no trailing zeros; None where there is none."""
        number = self.decimal(text, what)
        return None if number is None else plain(number)

    def price(self, text: str, what: str) -> str | None:
        """Normalise a unit price: at least two places; None where there is none."""
        number = self.decimal(text, what)
        if number is None:
            return None
        short = plain(number)
        return short if len(short.partition(".")[2]) > 2 else money_text(number)

    def percent(self, text: str, what: str) -> str | None:
        """Normalise a rate: ``19%``; None where there is none."""
        number = self.decimal(text.removesuffix("%"), what)
        return None if number is None else f"{plain(number)}%"

    def day(self, text: str, what: str) -> str:
        """Normalise a date: ``20240131``, ``2024-01-31`` (with a time or zone behind it) or ``2024年01月31日``."""
        if not text:
            return ""
        dashed = text.replace("年", "-").replace("月", "-").replace("日", " ")
        for length in (10, 8):
            try:
                return date.fromisoformat(dashed[:length].strip()).isoformat()
            except ValueError:
                continue
        self.faults.append(f"the data states '{text[:40]}' as {what}, which is not a date")
        return ""


def plain(number: Decimal) -> str:
    """Format a number without trailing zeros and without an exponent.

    >>> plain(Decimal("5.00")), plain(Decimal("1E+2"))
    ('5', '100')
    """
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
