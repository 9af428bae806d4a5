"""Makes probability mean frequency: one temperature, fitted on validation lines (Guo et al. 2017).

Confidence is measured as the product sees it, on the characters that its own decoder emits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from ingestd.document import Char
from ingestd.reading.recognise.ctc import Alphabet, greedy
from lab.train.dataset import Line
from lab.train.onnx_reader import OnnxReader, batches

TEMPERATURES = tuple(np.round(np.geomspace(0.6, 2.4, 22), 3).tolist())
BINS = 10


@dataclass(frozen=True)
class Emitted:
    """Characters that a reader emitted."""

    confidence: NDArray[np.float64]
    """Probability of each, 0 to 1."""
    right: NDArray[np.bool_]
    """The alignment with the truth keeps it."""
    severity: NDArray[np.int64]
    """Of the line it is in; -1 for real lines."""


def compare(found: Sequence[Sequence[Char]], lines: Sequence[Line]) -> Emitted:
    """Align what was read with what the lines say; letter case counts only on drawn lines."""
    rows: list[tuple[float, bool, int]] = []
    for characters, line in zip(found, lines, strict=True):
        fold = str.upper if line.kind == "real" else str
        blocks = Levenshtein.opcodes([fold(char.text) for char in characters], list(map(fold, line.text)))
        right = {place for block in blocks if block.tag == "equal" for place in range(block.src_start, block.src_end)}
        severity = -1 if line.kind == "real" else line.severity
        rows += [
            (char.alternatives[0][1], place in right, severity)
            for place, char in enumerate(characters)
            if not char.text.isspace()
        ]
    confidence, hits, severities = zip(*rows, strict=True)
    return Emitted(np.array(confidence), np.array(hits), np.array(severities))


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
        alphabet = Alphabet(classes, 0, True, temperature)
        seen = compare([greedy(frames, len(frames), alphabet, 1) for frames in scores], lines)
        probable = np.clip(np.where(seen.right, seen.confidence, 1 - seen.confidence), 1e-6, 1)
        return float(-np.log(probable).mean())

    return float(min(TEMPERATURES, key=loss))
