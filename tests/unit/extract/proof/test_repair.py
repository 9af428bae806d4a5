"""Repairs: only what exactly one reading within the budget proves."""

from __future__ import annotations

from collections.abc import Mapping

from ingestd.extract.proof.alternatives import Alternatives
from ingestd.extract.proof.repair import STRONG, Check, agrees, repair

_USCC = STRONG["cn_tax_no"]
NUMBER = "91120100XL0007TT84"
SURE = 0.9999


def choices(text: str, doubts: Mapping[int, Alternatives] | None = None) -> tuple[Alternatives, ...]:
    """Each character almost certain, the doubtful ones as given: place -> ((character, p), ...)."""
    return tuple((doubts or {}).get(place, ((character, SURE),)) for place, character in enumerate(text))


def test_one_doubtful_character() -> None:
    misread = NUMBER[:16] + "B" + NUMBER[17:]
    found = repair(choices(misread, {16: (("B", 0.6), ("8", 0.399))}), _USCC)
    assert found is not None
    assert found.text == NUMBER
    assert found.reason == "'B' read as 8 (p = 0.4)"


def test_a_character_outside_the_alphabet_is_forced() -> None:
    misread = NUMBER.replace("0", "O", 1)
    found = repair(choices(misread, {5 - 1: (("O", 0.7), ("0", 0.299))}), _USCC)
    assert found is not None
    assert found.text == NUMBER
    assert found.reason == "'O' is not in the alphabet, read as 0 (p = 0.3)"


def test_a_forced_character_that_nobody_offered_falls_to_its_look_alike() -> None:
    misread = NUMBER.replace("0", "O", 1)
    found = repair(choices(misread), _USCC)
    assert found is None or found.text == NUMBER


def test_a_letter_outside_the_alphabet_has_two_look_alikes() -> None:
    number = "91110100GDMQBAN1X9"
    found = repair(choices(number.replace("Q", "O")), _USCC)
    assert found is not None
    assert found.text == number
    assert found.reason == "'O' is not in the alphabet, read as Q (its look-alike)"


def test_what_passes_already_is_left_alone() -> None:
    assert repair(choices(NUMBER, {3: (("2", 0.6), ("7", 0.39))}), _USCC) is None


def test_no_reading_passes() -> None:
    misread = NUMBER[:16] + "B" + NUMBER[17:]
    assert repair(choices(misread, {16: (("B", 0.6), ("6", 0.39))}), _USCC) is None


def test_two_wrong_characters_are_not_repaired() -> None:
    misread = "8" + NUMBER[1:16] + "B" + NUMBER[17:]
    doubts = {0: (("8", 0.6), ("9", 0.39)), 16: (("B", 0.6), ("8", 0.39))}
    assert repair(choices(misread, doubts), _USCC) is None


def test_an_improbable_character_is_beyond_the_budget() -> None:
    misread = NUMBER[:16] + "B" + NUMBER[17:]
    assert repair(choices(misread, {16: (("B", 0.9999), ("8", 0.00005))}), _USCC) is None


def test_where_the_truth_may_be_none_of_the_alternatives_nothing_is_repaired() -> None:
    misread = NUMBER[:16] + "B" + NUMBER[17:]
    doubts = {16: (("B", 0.3), ("8", 0.01)), 3: (("2", 0.3), ("7", 0.01))}
    assert repair(choices(misread, doubts), _USCC) is None


def test_that_there_may_be_nothing_at_all_at_some_places_does_not_stand_against_a_repair() -> None:
    """What alternatives leave over is mostly for no character: little of it is for one that nobody offered."""
    misread = NUMBER[:3] + "7" + NUMBER[4:]
    doubts = {place: ((NUMBER[place], 0.92),) for place in (8, 10, 12, 14)} | {3: (("7", 0.5), ("2", 0.49))}
    found = repair(choices(misread, doubts), _USCC)
    assert found is not None
    assert found.text == NUMBER


def test_a_sure_reader_is_wrong_more_often_than_a_very_improbable_character_is_right() -> None:
    misread = NUMBER[:3] + "7" + NUMBER[4:]
    assert repair(choices(misread, {3: (("7", 0.997), ("2", 0.002))}), _USCC) is None


def test_two_readings_that_pass_are_none() -> None:
    check = Check("0123456789", lambda text: text in ("18", "13"), lambda changed: 0.01)
    assert repair((((("1", SURE)),), (("7", 0.4), ("8", 0.3), ("3", 0.2999))), check) is None


def test_a_witness_agrees_within_the_budget() -> None:
    assert agrees(choices("1237", {3: (("7", 0.6), ("1", 0.39))}), "1231") is not None
    assert agrees(choices("1237", {3: (("7", 0.6), ("1", 0.39))}), "1232") is None
    assert agrees(choices("1237"), "12371") is None


def test_a_character_too_many_goes_where_the_reader_doubted_that_there_is_one() -> None:
    surplus = NUMBER[:9] + "1" + NUMBER[9:]
    found = repair(choices(surplus, {9: (("1", 0.55),), 3: (("2", 0.9),)}), _USCC)
    assert found is not None
    assert (found.text, found.reason) == (NUMBER, "'1' read as nothing (p = 0.45)")


def test_a_character_too_many_that_the_reader_was_sure_of_stays() -> None:
    assert repair(choices(NUMBER[:9] + "1" + NUMBER[9:]), _USCC) is None


def test_either_of_two_alike_may_go() -> None:
    at = NUMBER.index("TT")
    doubts = {at + 1: (("T", 0.6),), at + 2: (("T", 0.7),)}
    found = repair(choices(NUMBER[:at] + "T" + NUMBER[at:], doubts), _USCC)
    assert found is not None
    assert found.text == NUMBER


def test_one_checksum_is_too_little_where_the_region_is_too_long() -> None:
    surplus = NUMBER[:3] + "7" + NUMBER[3:]
    assert repair(choices(surplus, {3: (("7", 0.55),)}), _USCC) is None


def test_a_character_that_is_missing_is_not_guessed() -> None:
    at = NUMBER.index("TT")
    assert repair(choices(NUMBER[:at] + NUMBER[at + 1 :]), _USCC) is None
