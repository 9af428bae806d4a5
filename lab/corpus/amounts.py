"""Line items whose sums are true."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from random import Random

CENT = Decimal("0.01")


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
    """Return the discount row below an item: no quantity, no price, negative amounts."""
    amount = -cents(of.amount * per_cent / 100)
    return Item(of.name, "", "", None, None, amount, of.rate, cents(amount * (of.rate or 0) / 100))


def reversed_item(of: Item) -> Item:
    """Return the row of a red invoice for this one: quantity, amount and tax negative."""
    quantity = None if of.quantity is None else -of.quantity
    return Item(of.name, of.spec, of.unit, quantity, of.unit_price, -of.amount, of.rate, -of.tax)


def price(rng: Random, low: int, high: int, rate: int | None) -> Decimal:
    """A unit price without tax: round, or what a round price with tax leaves, eight places and more."""
    gross = Decimal(rng.randint(low * 10, high * 10)) / 10
    if rng.random() < 0.5:
        return gross.quantize(CENT)
    return (gross / (1 + Decimal(rate or 0) / 100)).quantize(Decimal("0.00000001")).normalize() + Decimal("0.00")
