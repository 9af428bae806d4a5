"""Values as people type them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingestd.document import Field, FieldType, Level
from ingestd.extract.confirm.typed import Context, context_of, read_typed
from ingestd.extract.values.dates import Order, Rejected

TODAY = date(2026, 8, 3)


def typed(text: str, of_type: FieldType, order: Order | None = None, near: date | None = None) -> str | None:
    return read_typed(text, of_type, Context(TODAY, order, near))


@pytest.mark.parametrize(
    ("text", "order", "day"),
    [
        ("0312", None, "2026-03-12"),
        ("0312", "ymd", "2026-03-12"),
        ("0312", "mdy", "2026-03-12"),
        ("0312", "dmy", "2025-12-03"),
        ("312", None, "2026-03-12"),
        ("2507", "mdy", "2026-07-25"),
        ("0725", "dmy", "2026-07-25"),
        ("3.12.", None, "2025-12-03"),
        ("3.12", "dmy", "2025-12-03"),
        ("3.12.", "ymd", "2026-03-12"),
        ("3-12", "mdy", "2026-03-12"),
        ("3月12日", "ymd", "2026-03-12"),
        ("2026-03-12", "dmy", "2026-03-12"),
        ("2026/3/12", None, "2026-03-12"),
        ("2026 03 12", None, "2026-03-12"),
        ("２０２６年３月１２日", None, "2026-03-12"),
        ("20260312", "dmy", "2026-03-12"),
        ("12032026", None, "2026-03-12"),
        ("03122026", "mdy", "2026-03-12"),
        ("120326", "dmy", "2026-03-12"),
        ("031226", "mdy", "2026-03-12"),
        ("260312", None, "2026-03-12"),
        ("26-3-12", "ymd", "2026-03-12"),
        ("12.3.26", None, "2026-03-12"),
        ("3/12/26", "mdy", "2026-03-12"),
        ("12 März 2026", None, "2026-03-12"),
        ("Mar 12, 2026", None, "2026-03-12"),
        ("29.2.", None, "2024-02-29"),
        ("4.8.", None, "2025-08-04"),
    ],
)
def test_short_forms_of_dates(text: str, order: Order | None, day: str) -> None:
    assert typed(text, FieldType.DATE, order) == day


def test_date_that_was_read_gives_year_and_order() -> None:
    def read(raw: str, value: str) -> Field:
        return Field("date", value, raw, Level.READ, type=FieldType.DATE)

    chinese = context_of(read("2019年03月11日", "2019-03-11"), TODAY)
    assert read_typed("0312", FieldType.DATE, chinese) == "2019-03-12"
    german = context_of(read("11.03.2019", "2019-03-11"), TODAY)
    assert read_typed("0312", FieldType.DATE, german) == "2019-12-03"
    american = context_of(read("03/11/2019", "2019-03-11"), TODAY, "dmy")
    assert read_typed("0312", FieldType.DATE, american) == "2019-03-12"
    assert context_of(read("11/11/2019", "2019-11-11"), TODAY, "mdy").order == "mdy"
    assert context_of(None, TODAY, "ymd") == Context(TODAY, "ymd")


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1234.5", "1234.50"),
        ("1234,50", "1234.50"),
        ("1.234,50", "1234.50"),
        ("1,234.50", "1234.50"),
        ("1.234.567,8", "1234567.80"),
        ("1,234", "1234.00"),
        ("1 234,50", "1234.50"),
        ("1'234.50", "1234.50"),
        ("12345", "12345.00"),
        ("0", "0.00"),
        (",5", "0.50"),
        ("12.", "12.00"),
        ("-12", "-12.00"),
        ("12-", "-12.00"),
        ("(12)", "-12.00"),
        ("-0", "0.00"),
        ("￥１２．５", "12.50"),
        ("12元", "12.00"),
        ("RM 12.50", "12.50"),
        ("12,50 EUR", "12.50"),
        ("壹佰零伍圆零叁分", "105.03"),
    ],
)
def test_short_forms_of_amounts(text: str, amount: str) -> None:
    assert typed(text, FieldType.MONEY) == amount
    assert typed(text, FieldType.CAPITAL) == amount


@pytest.mark.parametrize(
    ("text", "of_type"),
    [
        ("abc", FieldType.MONEY),
        ("12.3456", FieldType.MONEY),
        ("1.23.456", FieldType.MONEY),
        ("1,2,3.4,5", FieldType.MONEY),
        ("12,34,567", FieldType.MONEY),
        ("(12", FieldType.MONEY),
        ("-12-", FieldType.MONEY),
        ("1e5", FieldType.MONEY),
        ("NaN", FieldType.MONEY),
        ("9" * 12, FieldType.MONEY),
        ("圆圆", FieldType.CAPITAL),
        ("3113", FieldType.DATE),
        ("31.6.2026", FieldType.DATE),
        ("2026-03", FieldType.DATE),
        ("12345", FieldType.DATE),
        ("1", FieldType.DATE),
        ("1.1.026", FieldType.DATE),
        ("1.1.1970", FieldType.DATE),
        ("tomorrow", FieldType.DATE),
        ("12a", FieldType.DIGITS),
        ("---", FieldType.CODE),
        ("101%", FieldType.PERCENT),
        ("x" * 301, FieldType.TEXT),
        ("a\0b", FieldType.TEXT),
        ("a\nb", FieldType.NAME),
        ("\ud800", FieldType.TEXT),
    ],
)
def test_what_cannot_be_a_value_is_rejected(text: str, of_type: FieldType) -> None:
    with pytest.raises(Rejected):
        typed(text, of_type)


@pytest.mark.parametrize(
    ("text", "of_type", "value"),
    [
        (" de 136 695 976.", FieldType.CODE, "DE136695976"),
        ("５８２１ 3609-4711", FieldType.DIGITS, "582136094711"),
        ("6,50 %", FieldType.PERCENT, "6.5%"),
        ("  ACME   Sdn. Bhd. ", FieldType.NAME, "ACME Sdn. Bhd."),
        ("", FieldType.DATE, None),
        ("  ", FieldType.MONEY, None),
    ],
)
def test_other_types(text: str, of_type: FieldType, value: str | None) -> None:
    assert typed(text, of_type) == value


@example("O¯", FieldType.CODE, None)  # the macron folds to a space and a sign that joins the letter
@given(st.text(max_size=20), st.sampled_from(FieldType), st.sampled_from([None, "dmy", "mdy", "ymd"]))
def test_any_text_is_normalised_or_rejected_and_normal_forms_stay(
    text: str, of_type: FieldType, order: Order | None
) -> None:
    try:
        value = typed(text, of_type, order)
    except Rejected:
        return
    assert value is None or typed(value, of_type, order) == value
