"""Connectionist temporal classification: from frames of class scores to characters. Pure.

Graves et al. 2006, best path decoding: the best class of every frame, runs merged, blanks removed.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from ingestd.document import Char

FLOOR = 0.001
"""Alternatives less probable than this are not kept."""
_TOGETHER = 16
"""Lines whose alignments are added up at a time; bounds the memory."""
_LEAST = float(np.finfo(np.float64).tiny)

Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Alphabet:
    """Meanings of the classes of a recogniser."""

    classes: Sequence[str]
    """One string per class; empty at the blank."""
    blank: int
    """Index of the blank, 0 or more."""
    logits: bool = False
    """Scores are logits; otherwise they are probabilities."""
    temperature: float = 1.0
    """Probabilities are softmax(logits / temperature)."""
    equivalents: Mapping[int, Sequence[int]] = field(default_factory=dict)
    """Class -> others with the same meaning (see :func:`equivalents_of`)."""

    def probabilities(self, rows: Scores) -> Scores:
        """Calibrate frames of scores to probabilities, shape (N, classes)."""
        if not self.logits and self.temperature == 1.0:
            return rows
        logits = rows if self.logits else np.log(np.maximum(rows, np.float32(1e-30)))
        # In place: thousands of classes a frame make allocating dearer than computing.
        powers = logits - logits.max(axis=1, keepdims=True)
        powers *= np.float32(1 / self.temperature)
        cv2.exp(powers, powers)  # three times as fast as numpy's, to the last digit or two
        powers /= cv2.reduce(powers, 1, cv2.REDUCE_SUM)
        return np.asarray(powers)


def equivalents_of(classes: Sequence[str]) -> dict[int, list[int]]:
    """Group classes that mean the same, such as a wide and a narrow colon: they are equal under Unicode NFKC.

    >>> equivalents_of(["", ":", "：", "A"])
    {1: [2], 2: [1]}
    """
    alike: dict[str, list[int]] = {}
    for index, text in enumerate(classes):
        if text:
            alike.setdefault(unicodedata.normalize("NFKC", text), []).append(index)
    return {
        index: [other for other in group if other != index] for group in alike.values() for index in group if group[1:]
    }


def greedy(scores: Scores, length: float, alphabet: Alphabet, alternatives: int) -> tuple[Char, ...]:
    """Decode one line along its best path.

    A character that spans several frames is taken at the one with its highest score; its position is
    the centre of its frames.

    Args:
        scores: one line, shape (T, classes).
        length: number of frames that the line takes up; the frames after it are padding.
        alphabet: meaning of the classes.
        alternatives: most characters kept per position, the emitted one included.

    Returns:
        The characters, spaces at both ends removed, composed as Unicode NFC asks.
    """
    best = scores.argmax(axis=1)
    non_blank = np.flatnonzero(best != alphabet.blank)
    if not len(non_blank):
        return ()
    read = best[non_blank]
    starts = np.flatnonzero((np.diff(non_blank, prepend=-2) > 1) | (np.diff(read, prepend=-1) != 0))
    ends = np.append(starts[1:], len(non_blank))
    reached = scores[non_blank, read]
    peaks = [start + int(reached[start:end].argmax()) for start, end in zip(starts, ends, strict=True)]
    likely = _likely(alphabet.probabilities(scores[non_blank[peaks]]), read[peaks], alphabet, alternatives)
    centres = (non_blank[starts] + non_blank[ends - 1] + 1) / 2
    chars = [
        Char(position=min(float(centre) / length, 1.0), alternatives=kept)
        for centre, kept in zip(centres, likely, strict=True)
    ]
    return _composed(_stripped(chars))


def _likely(
    rows: Scores, emitted: NDArray[np.int64], alphabet: Alphabet, count: int
) -> list[tuple[tuple[str, float], ...]]:
    """List the emitted character of each row, then the most probable others without the blank."""
    # A threshold finds the few classes that matter much faster than sorting thousands would.
    at, classes = np.divmod(np.flatnonzero(rows > FLOOR), rows.shape[1])
    others: list[list[tuple[float, int]]] = [[] for _ in emitted]
    for row, index, probability in zip(at.tolist(), classes.tolist(), rows[at, classes].tolist(), strict=True):
        if index not in (alphabet.blank, emitted[row]):
            others[row].append((-probability, index))
    return [
        (
            (alphabet.classes[first], min(float(rows[row, first]), 1.0)),
            *((alphabet.classes[index], -negative) for negative, index in sorted(others[row])[: count - 1]),
        )
        for row, first in enumerate(emitted.tolist())
    ]


def _stripped(chars: Sequence[Char]) -> list[Char]:
    """Strip white space at both ends."""
    printed = [index for index, char in enumerate(chars) if not char.text.isspace()]
    return list(chars[printed[0] : printed[-1] + 1]) if printed else []


def _composed(chars: Sequence[Char]) -> tuple[Char, ...]:
    """Join base characters with the combining marks after them, so that the text is NFC."""
    composed: list[Char] = []
    for char in chars:
        joined = unicodedata.normalize("NFC", composed[-1].text + char.text) if composed else ""
        if len(joined) == 1:
            probability = min(composed[-1].alternatives[0][1], char.alternatives[0][1])
            composed[-1] = Char(composed[-1].position, ((joined, probability),))
        else:
            composed.append(char)
    return tuple(composed)


def text_of(chars: Sequence[Char]) -> str:
    """Join characters to a text."""
    return "".join(char.text for char in chars)


def mean_char_confidence(chars: Sequence[Char]) -> float:
    """Return the mean probability of the emitted characters, 0 where there are none."""
    return float(np.mean([char.alternatives[0][1] for char in chars])) if chars else 0.0


@dataclass(frozen=True, slots=True)
class Alignments:
    """Alignments of a line's text to its frames, as states between which paths go on."""

    probabilities: NDArray[np.float64]
    """Of each state in each frame, (T, S): a blank, the first character, a blank, the second one ..., a blank."""
    skips: NDArray[np.float64]
    """1 where the blank before a state may be left out, else 0; (S,)."""


def sequence_probability(scores: Scores, length: float, alphabet: Alphabet) -> float:
    """Return the probability that the line says what its best path reads, summed over all alignments of that text.

    Unlike the probabilities of the characters, it covers characters that were omitted or read twice. Equivalent
    classes count as one. CTC's forward algorithm (Graves et al. 2006).

    Args:
        scores: one line, shape (T, classes).
        length: number of frames that the line takes up.
        alphabet: meaning of the classes.
    """
    return sequence_probabilities([alignments(scores, length, alphabet)])[0]


def alignments(scores: Scores, length: float, alphabet: Alphabet) -> Alignments:
    """Prepare the sum of :func:`sequence_probability`."""
    frames = scores[: math.ceil(length)]
    best = frames.argmax(axis=1)
    emitted = best[(np.diff(best, prepend=-1) != 0) & (best != alphabet.blank)]
    states = np.full(2 * len(emitted) + 1, alphabet.blank)
    states[1::2] = emitted
    # A blank between two characters may be left out where they differ.
    skips = np.zeros(len(states))
    skips[3::2] = emitted[1:] != emitted[:-1]
    probabilities = alphabet.probabilities(frames)
    rows = probabilities[:, states].astype(np.float64)
    for place, index in enumerate(states.tolist()):
        for other in alphabet.equivalents.get(index, ()):
            rows[:, place] += probabilities[:, other]
    return Alignments(rows, skips)


def sequence_probabilities(lines: Sequence[Alignments]) -> list[float]:
    """Add up the alignments of lines, many at a time; 0 for a line without a character."""
    found = [0.0] * len(lines)
    order = sorted(
        (index for index, line in enumerate(lines) if len(line.skips) > 1),
        key=lambda index: -len(lines[index].probabilities),
    )
    for start in range(0, len(order), _TOGETHER):
        chosen = order[start : start + _TOGETHER]
        for index, probability in zip(chosen, _sums([lines[index] for index in chosen]), strict=True):
            found[index] = probability
    return found


def _sums(lines: Sequence[Alignments]) -> list[float]:
    """Add up the alignments of lines, the longest first."""
    counts = np.array([line.probabilities.shape for line in lines])
    rows = np.zeros((counts[0, 0], len(lines), counts[:, 1].max()))
    skips = np.zeros(rows.shape[1:])
    for number, (line, (frames, states)) in enumerate(zip(lines, counts.tolist(), strict=True)):
        rows[:frames, number, :states] = line.probabilities
        skips[number, :states] = line.skips
    # Before the first frame all is in a blank, from where the first frame is that blank or the first character.
    # Two places before it stay empty, so that the first states need no case of their own.
    reached = np.zeros((len(lines), 2 + rows.shape[2]))
    reached[:, 2] = 1.0
    totals = np.ones(rows.shape[:2])
    going = (counts[:, 0] > np.arange(len(rows))[:, np.newaxis]).sum(axis=1)
    for row, total, count in zip(rows, totals, going.tolist(), strict=True):
        arriving = reached[:count, 2:] + reached[:count, 1:-1]
        arriving += reached[:count, :-2] * skips[:count]
        arriving *= row[:count]
        arriving.sum(axis=1, out=total[:count])
        # The product of all totals would underflow on long lines. Where it is 0, nothing is reached any more.
        np.divide(arriving, np.maximum(total[:count, np.newaxis], _LEAST), out=reached[:count, 2:])
    last = reached[np.arange(len(lines)), 1 + counts[:, 1]] + reached[np.arange(len(lines)), counts[:, 1]]
    found: list[float] = (np.exp(np.log(np.maximum(totals, _LEAST)).sum(axis=0)) * last).tolist()
    return found
