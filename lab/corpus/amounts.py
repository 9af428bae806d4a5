"""Line items whose sums are true, and amounts in capital characters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from random import Random

CENT = Decimal("0.01")

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_UNITS = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿")


def cents(amount: Decimal) -> Decimal:
    """Round to two places, halves away from zero, as invoices do.

    >>> cents(Decimal("0.125")), cents(Decimal("-0.125"))
    (Decimal('0.13'), Decimal('-0.13'))
    """
    return amount.quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Item:
    """One row of a table of goods. Amounts are without tax."""

    name: str
    spec: str
    unit: str
    quantity: Decimal | None
    unit_price: Decimal | None
    amount: Decimal
    rate: int | None
    """Per cent; None: free of tax (免税), and ``tax`` is printed as ***."""
    tax: Decimal


def net_of(items: Iterable[Item]) -> Decimal:
    """Sum of the amounts."""
    return sum((item.amount for item in items), Decimal("0.00"))


def tax_of(items: Iterable[Item]) -> Decimal:
    """Sum of the taxes."""
    return sum((item.tax for item in items), Decimal("0.00"))


def item(name: str, spec: str, unit: str, quantity: int, unit_price: Decimal, rate: int | None) -> Item:
    """A row whose amount and tax follow from quantity, price and rate."""
    amount = cents(quantity * unit_price)
    tax = cents(amount * (rate or 0) / 100)
    return Item(name, spec, unit, Decimal(quantity), unit_price, amount, rate, tax)


def discount(of: Item, per_cent: int) -> Item:
    """The row that follows an item and takes part of it back: no quantity, no price, negative amounts."""
    amount = -cents(of.amount * per_cent / 100)
    return Item(of.name, "", "", None, None, amount, of.rate, cents(amount * (of.rate or 0) / 100))


def reversed_item(of: Item) -> Item:
    """The row of a red invoice that cancels this one: quantity, amount and tax negative."""
    quantity = None if of.quantity is None else -of.quantity
    return Item(of.name, of.spec, of.unit, quantity, of.unit_price, -of.amount, of.rate, -of.tax)


def price(rng: Random, low: int, high: int, rate: int | None) -> Decimal:
    """A unit price without tax: round, or what a round price with tax leaves, eight places and more."""
    gross = Decimal(rng.randint(low * 10, high * 10)) / 10
    if rng.random() < 0.5:
        return gross.quantize(CENT)
    return (gross / (1 + Decimal(rate or 0) / 100)).quantize(Decimal("0.00000001")).normalize() + Decimal("0.00")


def _group(value: int) -> str:
    """Up to four digits; zeros inside collapse, zeros at the end vanish."""
    text = ""
    for place in (3, 2, 1, 0):
        digit = value // 10**place % 10
        if digit:
            text += _DIGITS[digit] + _UNITS[place]
        elif text and not text.endswith("零"):
            text += "零"
    return text.rstrip("零")


def capital(amount: Decimal) -> str:
    """Write an amount in capital characters (大写), as 支付结算办法 wants it.

    >>> capital(Decimal("7018.83")), capital(Decimal("-10000.00"))
    ('柒仟零壹拾捌圆捌角叁分', '(负数)壹万圆整')
    >>> capital(Decimal("105.03")), capital(Decimal("0.50")), capital(Decimal("1000203.40"))
    ('壹佰零伍圆零叁分', '伍角整', '壹佰万零贰佰零叁圆肆角整')
    """
    fen_total = int(abs(amount) * 100)
    yuan, jiao, fen = fen_total // 100, fen_total // 10 % 10, fen_total % 10
    text = ""
    for place in (2, 1, 0):
        value = yuan // 10_000**place % 10_000
        if value:
            gap = text and (value < 1000 or text.endswith("零"))
            text = text.rstrip("零") + ("零" if gap else "") + _group(value) + _GROUPS[place]
        elif text and not text.endswith("零"):
            text += "零"
    text = text.rstrip("零")
    if text or not (jiao or fen):
        text = (text or "零") + "圆"
    if jiao:
        text += _DIGITS[jiao] + "角"
    elif fen and yuan:
        text += "零"
    text += _DIGITS[fen] + "分" if fen else "整"
    return ("(负数)" if amount < 0 else "") + text
