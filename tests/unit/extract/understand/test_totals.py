"""Explanations of amounts that no drawn paper shows alone."""

from __future__ import annotations

from ingestd.extract.understand.amounts import Scored
from ingestd.extract.understand.mentions import Amount, Mentions, Place
from ingestd.extract.understand.totals import explain_amounts
from ingestd.extract.understand.weights import load_weights


def amount(row: int, cents: int, role: str, *, written: bool = True) -> Scored:
    place = Place(row, 20, 26, 0, 400, 460, 30.0 * row, 30.0 * row + 20)
    return Scored(Amount(place, cents, written, ""), cents, {role: 2.5}, ())


def test_what_is_taken_off_and_put_on_again_explains_no_total() -> None:
    """A till's number below the heading of the tax, and the counts beside two discounts: 22.94 + 3 - 1 - 2 = 22.94."""
    scored = [
        amount(1, 1294, "item"),
        amount(2, 1000, "item"),
        amount(3, 100, "discount", written=False),
        amount(4, 200, "discount", written=False),
        amount(5, 2294, "total"),
        amount(6, 300, "tax", written=False),
        amount(7, 5000, "paid"),
        amount(8, 2706, "change"),
    ]
    mentions = Mentions(tuple(one.amount for one in scored), (), (), (), ".")
    best = explain_amounts(scored, mentions, 9, load_weights())[0]
    assert (best.total.cents, best.tax_cents, best.extras) == (2294, 0, ())
