from __future__ import annotations

import pytest

from ingestd.structured.values import Values


@pytest.mark.parametrize(
    ("text", "money", "plain", "price"),
    [
        ("12", "12.00", "12", "12.00"),
        ("1,234.50", "1234.50", "1234.5", "1234.50"),
        ("-0.5", "-0.50", "-0.5", "-0.50"),
        ("¥100.00", "100.00", "100", "100.00"),
        ("0.123400", "0.12", "0.1234", "0.1234"),
        ("1E+3", "1000.00", "1000", "1000.00"),
        ("", "", None, None),
    ],
)
def test_numbers(text: str, money: str, plain: str | None, price: str | None) -> None:
    values = Values()
    assert (values.money(text, "it"), values.plain(text, "it"), values.price(text, "it")) == (money, plain, price)
    assert values.faults == []


@pytest.mark.parametrize("text", ["x", "1e99", "inf", "--1", "1 2 3 x", "9" * 31])
def test_other_texts_are_faults(text: str) -> None:
    values = Values()
    assert values.money(text, "the net amount") == ""
    assert values.faults == [f"the data states '{text}' as the net amount, which is not an amount"]


@pytest.mark.parametrize(
    "text",
    ["20260309", "2026-03-09", "2026-03-09T10:11:12", "2026-03-09+01:00", "2026年03月09日", "2026-03-09 10:11:12"],
)
def test_dates(text: str) -> None:
    assert Values().day(text, "the date") == "2026-03-09"


@pytest.mark.parametrize("text", ["2026-02-30", "09.03.2026", "2026", "soon"])
def test_other_texts_are_no_dates(text: str) -> None:
    values = Values()
    assert values.day(text, "the date") == ""
    assert values.faults == [f"the data states '{text}' as the date, which is not a date"]


def test_rates() -> None:
    assert [Values().percent(text, "a rate") for text in ("19.00", "7%", "0", "")] == ["19%", "7%", "0%", None]
