from __future__ import annotations

import pytest

from ingestd.document import Char
from ingestd.reading.recognise.ctc import text_of
from ingestd.reading.recognise.ensemble import merge_readings, wants_another
from ingestd.reading.recognise.network import LineReading


def reading(probability: float, *places: dict[str, float]) -> LineReading:
    chars = [Char((index + 0.5) / len(places), tuple(place.items())) for index, place in enumerate(places)]
    return LineReading(tuple(chars), probability)


def said(text: str, probability: float) -> LineReading:
    return reading(probability, *({character: 0.99} for character in text))


@pytest.mark.parametrize(
    ("text", "probability", "again"),
    [
        ("Total 9.00", 0.69, True),
        ("Total 9.00", 0.7, False),
        ("91310115MA1K35QX0N", 0.99, True),
        ("No. 012345678901234", 0.99, True),
        ("No. 01234567890123", 0.99, False),
        ("SHIPPINGINSTRUCTIONS", 0.99, False),
        ("", 0.0, True),
    ],
)
def test_lines_that_are_unsure_or_carry_a_long_code_are_read_again(text: str, probability: float, again: bool) -> None:
    assert wants_another(said(text, probability), 0.7) is again


def test_each_character_is_the_one_that_both_find_most_probable() -> None:
    """Neither reads 12: one doubts its first character, the other its second."""
    one = reading(0.5, {"1": 0.9}, {"7": 0.5, "2": 0.4})
    two = reading(0.4, {"4": 0.5, "1": 0.3}, {"2": 0.8})
    assert text_of(merge_readings(one, two, 4).chars) == "12"


@pytest.mark.parametrize("surer", [0.5, 0.3])
def test_the_second_network_counts_for_more_whichever_is_surer(surer: float) -> None:
    first, second = reading(surer, {"1": 0.8}), reading(0.4, {"7": 0.6})
    assert text_of(merge_readings(first, second, 4).chars) == "7"


def test_what_only_one_of_them_saw_is_among_the_alternatives() -> None:
    both = merge_readings(reading(0.95, {"0": 0.97}), reading(0.5, {"Q": 0.6, "0": 0.3}), 4)
    assert text_of(both.chars) == "0"
    assert dict(both.chars[0].alternatives) == pytest.approx({"0": 0.5345, "Q": 0.39})
    assert both.sequence_probability == 0.95


def test_no_more_alternatives_than_asked_for_most_probable_first() -> None:
    one = reading(0.5, {"a": 0.4, "b": 0.3, "c": 0.1})
    two = reading(0.4, {"d": 0.6, "b": 0.2, "e": 0.1})
    (char,) = merge_readings(one, two, 3).chars
    assert [text for text, _ in char.alternatives] == ["d", "b", "a"]


def test_the_surer_reading_says_how_many_characters_there_are() -> None:
    one, two = reading(0.4, {"1": 0.9}, {"0": 0.9}), reading(0.6, {"1": 0.7})
    assert text_of(merge_readings(one, two, 4).chars) == "1"
    ((text, probability),) = merge_readings(two, one, 4).chars[0].alternatives
    assert text == "1"
    assert probability == pytest.approx(0.83)


def test_a_space_or_a_wide_colon_does_not_keep_the_rest_from_being_compared() -> None:
    one = reading(0.9, {"：": 0.9}, {"5": 0.9}, {"0": 0.9}, {"7": 0.9})
    two = reading(0.5, {":": 0.9}, {" ": 0.9}, {"5": 0.9}, {"Q": 0.6, "0": 0.2}, {"7": 0.9})
    both = merge_readings(one, two, 4)
    assert text_of(both.chars) == ":507"
    assert dict(both.chars[2].alternatives) == pytest.approx({"0": 0.445, "Q": 0.39})


def test_where_nothing_is_read_the_other_counts() -> None:
    seen = reading(0.2, {"A": 0.5})
    assert merge_readings(reading(0.0), seen, 4) == seen
    assert merge_readings(reading(0.0), reading(0.0), 4).chars == ()
