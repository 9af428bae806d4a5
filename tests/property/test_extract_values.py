"""Normalisers and validators round-trip; what is built to pass passes, one wrong character fails."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from ingestd.extract.values.financial_numerals import CHARACTERS, parse_financial_numerals
from ingestd.extract.values.normalise import NORMALISERS, Caveat, Rejected, Style, money_text
from ingestd.extract.values.validate import (
    USCC_ALPHABET,
    VALIDATORS,
    CheckOutcome,
    organisation_check_character,
    uscc,
    uscc_check_character,
)
from lab.corpus.money_words import money_words

TODAY = date(2026, 1, 1)
STYLE = Style(TODAY)
amounts = st.integers(-(10**13) + 1, 10**13 - 1).map(lambda cents: Decimal(cents).scaleb(-2))
plain_amounts = st.integers(0, 10**9).map(lambda cents: Decimal(cents).scaleb(-2))


@given(amounts, st.booleans(), st.sampled_from("圆元"))
def test_capital_amounts_round_trip(amount: Decimal, bridged: bool, yuan: str) -> None:
    assert parse_financial_numerals(money_words(amount, bridged=bridged, yuan=yuan)) == amount


@given(st.text(alphabet=CHARACTERS + "()（）零 ", max_size=25))
def test_capital_characters_give_an_amount_or_an_error(text: str) -> None:
    try:
        amount = parse_financial_numerals(text)
    except ValueError:
        return
    assert amount == amount.quantize(Decimal("0.01"))


@given(plain_amounts, st.sampled_from(["", "RM ", "RM", "$", "¥", "€ ", "£"]))
def test_money_is_read_in_the_usual_convention(amount: Decimal, currency: str) -> None:
    (value,) = NORMALISERS["money"](f"{currency}{amount:,.2f}", STYLE)
    assert (value.text, value.caveats) == (money_text(amount), Caveat.NONE)


@given(plain_amounts)
def test_money_is_read_in_the_other_convention(amount: Decimal) -> None:
    swapped = f"{amount:,.2f}".translate(str.maketrans(",.", ".,"))
    (value,) = NORMALISERS["money"](swapped, Style(TODAY, decimals=","))
    assert (value.text, value.caveats) == (money_text(amount), Caveat.NONE)


@given(
    st.integers(0, (TODAY - date(1990, 1, 1)).days),
    st.sampled_from(["%Y-%m-%d", "%d/%m/%Y", "%d %b %Y", "%Y年%m月%d日"]),
)
def test_dates_round_trip(days: int, form: str) -> None:
    day = date(1990, 1, 1) + timedelta(days)
    (value,) = NORMALISERS["date"](day.strftime(form), STYLE)
    assert value.text == day.isoformat()


@given(st.dates(min_value=TODAY + timedelta(1), max_value=date(2099, 12, 31)))
def test_the_future_is_rejected(day: date) -> None:
    try:
        values = NORMALISERS["date"](day.isoformat(), STYLE)
    except Rejected:
        return
    raise AssertionError(values)


@given(st.sampled_from(sorted(NORMALISERS)), st.text(max_size=40))
def test_any_text_gives_values_or_is_rejected(kind: str, text: str) -> None:
    try:
        values = NORMALISERS[kind](text, STYLE)
    except Rejected:
        return
    assert values
    assert all(value.text for value in values)


uscc_bodies = st.tuples(
    st.sampled_from("159ANY"),
    st.sampled_from("123"),
    st.sampled_from(("10", "11", "31", "44", "82")),
    st.text("0123456789", min_size=4, max_size=4),
    st.text("0123456789ABCDEFGH", min_size=8, max_size=8),
).map(lambda parts: "".join(parts) + organisation_check_character(parts[-1]))


@given(uscc_bodies, st.integers(0, 17), st.sampled_from(USCC_ALPHABET))
def test_one_wrong_character_of_a_credit_code_never_passes(body: str, place: int, other: str) -> None:
    if any(character not in USCC_ALPHABET for character in body):
        return
    number = body + uscc_check_character(body)
    assert uscc(number).outcome is CheckOutcome.PROVED
    if number[place] != other:
        assert uscc(number[:place] + other + number[place + 1 :]).outcome is CheckOutcome.FAILED


@given(st.sampled_from(sorted(VALIDATORS)), st.text(max_size=30))
def test_validators_answer_to_any_text(name: str, text: str) -> None:
    assert VALIDATORS[name](text).reason
