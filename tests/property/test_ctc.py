"""Greedy CTC decoding holds for every line that a network could put out."""

from __future__ import annotations

import unicodedata
from itertools import groupby

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ingestd.reading.recognise.ctc import Alphabet, greedy, mean_char_confidence, text_of

FEW = settings(max_examples=60, deadline=None)
CHARACTERS = "ABe\u0301 中（"
SIZE = len(CHARACTERS) + 1


@st.composite
def alphabets(draw: st.DrawFn) -> Alphabet:
    blank = draw(st.integers(0, SIZE - 1))
    return Alphabet((*CHARACTERS[:blank], "", *CHARACTERS[blank:]), blank, draw(st.booleans()), draw(st.floats(0.5, 3)))


def scores(minimum: int = 0) -> st.SearchStrategy[np.ndarray]:
    shapes = st.tuples(st.integers(minimum, 12), st.just(SIZE))
    logits = arrays(np.float32, shapes, elements=st.floats(-20, 20, width=32))
    return logits.map(softmax)


def softmax(rows: np.ndarray) -> np.ndarray:
    powers = np.exp(rows - rows.max(axis=1, keepdims=True, initial=-20))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


@FEW
@given(scores(), alphabets(), st.integers(1, 5))
def test_every_line_keeps_its_promises(frames: np.ndarray, alphabet: Alphabet, count: int) -> None:
    chars = greedy(frames, max(len(frames), 1), alphabet, count)
    text = text_of(chars)
    assert len(text) == len(chars)
    assert unicodedata.is_normalized("NFC", text)
    assert text == text.strip()
    assert 0 <= mean_char_confidence(chars) <= 1
    positions = [char.position for char in chars]
    assert positions == sorted(positions)
    assert all(0 < position <= 1 for position in positions)
    for char in chars:
        probabilities = [probability for _, probability in char.alternatives]
        assert 1 <= len(probabilities) <= count
        assert probabilities == sorted(probabilities, reverse=True)
        assert all(0 <= probability <= 1 for probability in probabilities)
        assert "" not in [character for character, _ in char.alternatives]


@FEW
@given(st.lists(st.tuples(st.integers(0, SIZE - 1), st.integers(1, 4)), max_size=10), alphabets())
def test_runs_are_merged_and_blanks_separate(runs: list[tuple[int, int]], alphabet: Alphabet) -> None:
    labels = [label for label, length in runs for _ in range(length)]
    frames = np.full((len(labels), SIZE), 0.01, np.float32)
    frames[np.arange(len(labels)), labels] = 0.9
    merged = [label for label, _ in groupby(labels)]
    expected = unicodedata.normalize("NFC", "".join(alphabet.classes[label] for label in merged)).strip()
    assert text_of(greedy(frames, max(len(labels), 1), alphabet, 3)) == expected


@FEW
@given(scores(minimum=1), st.floats(0.5, 3), st.floats(-5, 5))
def test_logits_and_probabilities_tell_the_same(frames: np.ndarray, temperature: float, shift: float) -> None:
    classes = ("", *CHARACTERS)
    plain = greedy(frames, len(frames), Alphabet(classes, 0, False, temperature), 4)
    logits = np.log(np.maximum(frames, 1e-30)) + np.float32(shift)
    other = greedy(logits.astype(np.float32), len(frames), Alphabet(classes, 0, True, temperature), 4)
    if text_of(plain) == text_of(other):  # rounding may decide a tie the other way
        assert abs(mean_char_confidence(plain) - mean_char_confidence(other)) < 1e-3


@FEW
@given(scores(minimum=1), st.floats(1.1, 3))
def test_a_higher_temperature_never_makes_surer(frames: np.ndarray, temperature: float) -> None:
    classes = ("", *CHARACTERS)
    cool = greedy(frames, len(frames), Alphabet(classes, 0), 1)
    warm = greedy(frames, len(frames), Alphabet(classes, 0, False, temperature), 1)
    assert text_of(cool) == text_of(warm)
    assert mean_char_confidence(warm) <= mean_char_confidence(cool) + 1e-5


def test_a_character_spread_over_frames_is_taken_where_it_is_surest() -> None:
    alphabet = Alphabet(("", "A", "B"), 0)
    frames = np.array([[1, 0, 0], [0.2, 0.5, 0.3], [0, 0.8, 0.2], [0.1, 0.6, 0.3], [1, 0, 0]], np.float32)
    (char,) = greedy(frames, 5, alphabet, 2)
    assert [(text, round(probability, 3)) for text, probability in char.alternatives] == [("A", 0.8), ("B", 0.2)]
    assert char.position == 0.5
