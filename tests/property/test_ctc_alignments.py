"""The prefix beam and the sequence probability against the definition of CTC: the sum over all alignments."""

from __future__ import annotations

import itertools
from collections import defaultdict

import numpy as np
import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ingestd.reading.recognise.beam import search
from ingestd.reading.recognise.ctc import (
    Alphabet,
    alignments,
    equivalents_of,
    greedy,
    sequence_probabilities,
    sequence_probability,
    text_of,
)

DIGITS = Alphabet(("", "1", "2", "A"), 0)
ANYTHING = regex.compile(".*")


def all_alignments(scores: np.ndarray, alphabet: Alphabet) -> dict[str, float]:
    """Probability of every text, path by path."""
    texts: dict[str, float] = defaultdict(float)
    for path in itertools.product(range(len(alphabet.classes)), repeat=len(scores)):
        merged = [index for index, _ in itertools.groupby(path)]
        text = "".join(alphabet.classes[index] for index in merged if index != alphabet.blank)
        texts[text] += float(np.prod([scores[frame, index] for frame, index in enumerate(path)]))
    return texts


def frames(count: int) -> st.SearchStrategy[np.ndarray]:
    raw = arrays(np.float32, (count, 4), elements=st.floats(0.0078125, 1, width=32))
    return raw.map(lambda rows: rows / rows.sum(axis=1, keepdims=True))


@given(st.integers(1, 5).flatmap(frames))
def test_a_beam_that_drops_nothing_adds_up_all_alignments(scores: np.ndarray) -> None:
    found = search(scores, DIGITS, ANYTHING, beam=4000)
    expected = all_alignments(scores, DIGITS)
    assert dict(found) == pytest.approx(expected, rel=1e-5)
    probabilities = [probability for _, probability in found]
    assert probabilities == sorted(probabilities, reverse=True)


@given(st.integers(1, 5).flatmap(frames))
def test_a_pattern_keeps_the_probabilities_and_drops_the_rest(scores: np.ndarray) -> None:
    pattern = regex.compile("[12]{2}")
    expected = {
        text: probability for text, probability in all_alignments(scores, DIGITS).items() if pattern.fullmatch(text)
    }
    assert dict(search(scores, DIGITS, pattern, beam=4000)) == pytest.approx(expected, rel=1e-5)


@given(st.integers(1, 12).flatmap(frames), st.integers(1, 8))
def test_whatever_the_beam_all_readings_match_and_none_is_too_probable(scores: np.ndarray, beam: int) -> None:
    pattern = regex.compile("[12]+A?")
    found = search(scores, DIGITS, pattern, beam=beam)
    assert all(pattern.fullmatch(text) for text, _ in found)
    assert sum(probability for _, probability in found) <= 1 + 1e-6


@given(st.integers(1, 5).flatmap(frames))
def test_the_probability_of_what_is_read_adds_up_all_its_alignments(scores: np.ndarray) -> None:
    text = text_of(greedy(scores, len(scores), DIGITS, 1))
    expected = all_alignments(scores, DIGITS)[text] if text else 0.0
    assert sequence_probability(scores, len(scores), DIGITS) == pytest.approx(expected, rel=1e-5)


@given(st.lists(st.integers(1, 9).flatmap(frames), max_size=40))
def test_lines_are_added_up_together_as_each_alone(lines: list[np.ndarray]) -> None:
    prepared = [alignments(scores, len(scores), DIGITS) for scores in lines]
    alone = [sequence_probabilities([line])[0] for line in prepared]
    assert sequence_probabilities(prepared) == pytest.approx(alone, rel=1e-12)


def test_whether_a_sign_is_wide_or_narrow_is_no_doubt() -> None:
    classes = ("", ":", "：", "1")
    scores = np.array([[0.0, 0.3, 0.6, 0.1], [0.1, 0.0, 0.0, 0.9]], np.float32)
    assert sequence_probability(scores, 2, Alphabet(classes, 0)) == pytest.approx(0.54)
    assert sequence_probability(scores, 2, Alphabet(classes, 0, equivalents=equivalents_of(classes))) == pytest.approx(
        0.81
    )
