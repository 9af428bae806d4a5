"""Repairs: only what exactly one reading within the budget proves."""

from ingestd.extract.repair import STRONG, agrees, repair

NUMBER = "91120100XL0007TT84"
SURE = 0.9999


def choices(text, doubts=None):
    """Each character almost certain, the doubtful ones as given: place -> ((character, p), ...)."""
    return tuple((doubts or {}).get(place, ((character, SURE),)) for place, character in enumerate(text))


def test_one_doubtful_character():
    misread = NUMBER[:16] + "B" + NUMBER[17:]
    found = repair(choices(misread, {16: (("B", 0.6), ("8", 0.399))}), STRONG["cn_tax_no"])
    assert found is not None
    assert found.text == NUMBER
    assert found.reason == "'B' read as 8 (p = 0.4)"


def test_a_character_outside_the_alphabet_is_forced():
    misread = NUMBER.replace("0", "O", 1)
    found = repair(choices(misread, {5 - 1: (("O", 0.7), ("0", 0.299))}), STRONG["cn_tax_no"])
    assert found is not None
    assert found.text == NUMBER
    assert found.reason == "'O' is not in the alphabet, read as 0 (p = 0.3)"


def test_a_forced_character_that_nobody_offered_falls_to_its_look_alike():
    misread = NUMBER.replace("0", "O", 1)
    found = repair(choices(misread), STRONG["cn_tax_no"])
    assert found is None or found.text == NUMBER


def test_what_passes_already_is_left_alone():
    assert repair(choices(NUMBER, {3: (("2", 0.6), ("7", 0.39))}), STRONG["cn_tax_no"]) is None


def test_no_reading_passes():
    misread = NUMBER[:16] + "B" + NUMBER[17:]
    assert repair(choices(misread, {16: (("B", 0.6), ("6", 0.39))}), STRONG["cn_tax_no"]) is None


def test_two_wrong_characters_are_not_repaired():
    misread = "8" + NUMBER[1:16] + "B" + NUMBER[17:]
    doubts = {0: (("8", 0.6), ("9", 0.39)), 16: (("B", 0.6), ("8", 0.39))}
    assert repair(choices(misread, doubts), STRONG["cn_tax_no"]) is None


def test_an_improbable_character_is_beyond_the_budget():
    misread = NUMBER[:16] + "B" + NUMBER[17:]
    assert repair(choices(misread, {16: (("B", 0.9999), ("8", 0.00005))}), STRONG["cn_tax_no"]) is None


def test_where_the_truth_may_be_none_of_the_alternatives_nothing_is_repaired():
    misread = NUMBER[:16] + "B" + NUMBER[17:]
    doubts = {16: (("B", 0.3), ("8", 0.01)), 3: (("2", 0.3), ("7", 0.01))}
    assert repair(choices(misread, doubts), STRONG["cn_tax_no"]) is None


def test_two_readings_that_pass_are_none():
    check = type(STRONG["iban"])("0123456789", lambda text: text in ("18", "13"), 0.01)
    assert repair((((("1", SURE)),), (("7", 0.4), ("8", 0.3), ("3", 0.2999))), check) is None


def test_a_witness_agrees_within_the_budget():
    assert agrees(choices("1237", {3: (("7", 0.6), ("1", 0.39))}), "1231") is not None
    assert agrees(choices("1237", {3: (("7", 0.6), ("1", 0.39))}), "1232") is None
    assert agrees(choices("1237"), "12371") is None
