from __future__ import annotations

import numpy as np
import pytest
import regex

from ingestd.reading.recognise.beam import search
from ingestd.reading.recognise.ctc import Alphabet

ALPHABET = Alphabet(("", "0", "1", "O", " "), 0)


def line(*frames: dict[str, float]) -> np.ndarray:
    """Frames by character, ``_`` for the blank; what is left goes to all classes alike."""
    rows = []
    for frame in frames:
        rest = (1 - sum(frame.values())) / len(ALPHABET.classes)
        rows.append([frame.get(text or "_", 0.0) + rest for text in ALPHABET.classes])
    return np.array(rows, np.float32)


def test_a_letter_that_cannot_be_gives_way_to_the_digit() -> None:
    scores = line({"1": 0.9}, {"_": 0.9}, {"O": 0.7, "0": 0.2})
    assert search(scores, ALPHABET, regex.compile("[01O]+"))[0][0] == "1O"
    (best, probability), *_ = search(scores, ALPHABET, regex.compile("[0-9]{2}"))
    assert best == "10"
    assert probability == pytest.approx(0.2, abs=0.1)


def test_the_length_decides_whether_a_digit_stands_there_once_or_twice() -> None:
    scores = line({"1": 0.9}, {"_": 0.3, "1": 0.6}, {"1": 0.9})
    assert search(scores, ALPHABET, regex.compile("1+"))[0][0] == "1"
    assert search(scores, ALPHABET, regex.compile("1{2}"))[0][0] == "11"


def test_spaces_at_the_ends_do_not_count() -> None:
    scores = line({" ": 0.9}, {"1": 0.9}, {" ": 0.9})
    assert search(scores, ALPHABET, regex.compile("1"))[0][0] == "1"


def test_where_nothing_fits_nothing_is_read() -> None:
    assert search(line({"1": 0.9}), ALPHABET, regex.compile("[A-Z]{3}")) == []


def test_logits_and_a_blank_at_the_end_are_understood() -> None:
    alphabet = Alphabet(("0", "1", ""), 2, logits=True, temperature=2.0)
    scores = np.array([[0, 8, 0], [0, 0, 8], [8, 0, 0]], np.float32)
    (best, probability), *_ = search(scores, alphabet, regex.compile("[01]{2}"))
    assert best == "10"
    assert probability == pytest.approx((np.exp(4) / (np.exp(4) + 2)) ** 3, rel=0.1)
