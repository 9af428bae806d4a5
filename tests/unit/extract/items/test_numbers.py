from __future__ import annotations

from decimal import Decimal

import pytest

from ingestd.extract.items.numbers import numbers_in


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1,234.50", [["1234.50"]]),
        ("1 234,5", [["1"], ["1234.5"], ["234.5"]]),
        ("1,234", [["1.234", "1234"]]),
        ("1,234,567", [["1234567"]]),
        ("12,34,567.50", [["1234567.50"]]),
        ("1'234.50 CHF", [["1234.50"]]),
        ("-12", [["-12"]]),
        ("12,50-", [["-12.50"]]),
        ("(12.50)", [["-12.50"]]),
        ("- 12,50 €", [["-12.50"]]),
        ("$ 50.00", [["50.00"]]),
        ("Rs 1939 x 1 Night", [["1939"], ["1"]]),
        ("600,-", [["600"]]),
        ("125:-", [["125"]]),
        ("12 500 Ft", [["12"], ["12500"], ["500"]]),
        ("20 Stk", [["20"]]),
        ("2x", [["2"]]),
        ("Rechnung A12/7-3 vom 01.05.2014", []),
        ("0815", []),
        ("-", []),
    ],
)
def test_numbers(text: str, numbers: list[list[str]]) -> None:
    assert [list(one.ways) for one in numbers_in(text)] == [list(map(Decimal, ways)) for ways in numbers]


def test_what_stands_beside_a_number_is_noticed() -> None:
    rate, price, quantity, bare = (numbers_in(text)[0] for text in ("19 %", "3,50 €", "3 m²", "3"))
    assert rate.percent and not rate.currency
    assert price.currency and not price.unit
    assert all(numbers_in(text)[1].currency for text in ("12 500 Ft", "12 500:-"))
    assert quantity.unit and not quantity.currency
    assert not (bare.percent or bare.currency or bare.unit)
