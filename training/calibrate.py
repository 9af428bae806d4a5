"""Makes probability mean frequency: one temperature, fitted on validation lines (Guo et al. 2017).

Confidence is measured as the product sees it, on the characters that its own decoder emits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from ingestd.recognise.ctc import Alphabet, greedy, text_of
from training.dataset import Line
from training.onnx_reader import OnnxReader, batches

TEMPERATURES = tuple(np.round(np.geomspace(0.6, 2.4, 22), 3).tolist())
BINS = 10


@dataclass(frozen=True)
class Emitted:
    """Characters that a reader emitted."""

    confidence: NDArray[np.float64]
    """Probability of each, 0 to 1."""
    right: NDArray[np.bool_]
    """Whether the alignment with the truth keeps it."""
    severity: NDArray[np.int64]
    """Of the line it is in; -1 for real lines."""


def _compared(text: str, line: Line) -> str:
    return text.upper() if line.kind == "real" else text


def emitted(
    scores: Sequence[NDArray[np.float32]],
    lines: Sequence[Line],
    classes: Sequence[str],
    *,
    logits: bool,
    temperature: float,
) -> Emitted:
    """Decode as the product does and compare character by character.

    Args:
        scores: output of the network for each line, (time, classes).
        lines: what they say.
        classes: meaning of the classes, empty at the blank (class 0).
        logits: whether scores are logits.
        temperature: divides the logits.
    """
    alphabet = Alphabet(classes, 0, logits, temperature)
    found: list[tuple[float, bool, int]] = []
    for frames, line in zip(scores, lines, strict=True):
        characters = greedy(frames, len(frames), alphabet, 1)
        read, said = _compared(text_of(characters), line), _compared(line.text, line)
        right = [False] * len(characters)
        if len(read) == len(characters):
            for block in Levenshtein.opcodes(read, said):
                if block.tag == "equal":
                    right[block.src_start : block.src_end] = [True] * (block.src_end - block.src_start)
        severity = -1 if line.kind == "real" else line.severity
        found += [
            (c.alternatives[0][1], hit, severity) for c, hit in zip(characters, right, strict=True) if c.text != " "
        ]
    confidence, hits, severity_of = zip(*found, strict=True)
    return Emitted(np.array(confidence), np.array(hits), np.array(severity_of))


def calibration_error(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Expected calibration error over ten bins of equal width.

    >>> calibration_error(np.array([0.95, 0.95]), np.array([True, False]))
    0.45
    """
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = (abs(confidence[bins == one].sum() - right[bins == one].sum()) for one in range(BINS))
    return round(float(sum(gaps)) / len(confidence), 4)


def run(reader: OnnxReader, lines: Sequence[Line]) -> list[NDArray[np.float32]]:
    """Output of the network for each line, cut to the line's own time steps."""
    scores: list[NDArray[np.float32]] = [np.empty(0, np.float32)] * len(lines)
    for group, batch in batches([line.pixels for line in lines], 4):
        for index, frames in zip(group, reader.scores(batch), strict=True):
            scores[index] = frames[: -(-lines[index].pixels.shape[1] // 8)].copy()
    return scores


def fit_temperature(scores: Sequence[NDArray[np.float32]], lines: Sequence[Line], classes: Sequence[str]) -> float:
    """The temperature whose confidences make what was right and wrong most likely."""

    def loss(temperature: float) -> float:
        seen = emitted(scores, lines, classes, logits=True, temperature=temperature)
        probable = np.clip(np.where(seen.right, seen.confidence, 1 - seen.confidence), 1e-6, 1)
        return float(-np.log(probable).mean())

    return float(min(TEMPERATURES, key=loss))
