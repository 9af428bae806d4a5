"""Reads line pictures with any recogniser in ONNX form: ours, or a PP-OCR one to compare with or learn from.

One thread, lines of like width together, as the product does it; the decoder is the plain greedy one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Logits = NDArray[np.float32]

NARROWEST = 320
"""Width to which shorter lines are padded, px, as PP-OCR does."""


def pad(batch: Sequence[Pixels], width: int) -> NDArray[np.float32]:
    """Lines 48 px high -> (n, 3, 48, width), -1 to 1, zeros at the right."""
    padded = np.zeros((len(batch), 3, 48, width), np.float32)
    for row, pixels in zip(padded, batch, strict=True):
        row[:, :, : pixels.shape[1]] = pixels.transpose(2, 0, 1).astype(np.float32) / 127.5 - 1
    return padded


def batches(lines: Sequence[Pixels], size: int) -> Iterator[tuple[list[int], NDArray[np.float32]]]:
    """Groups of lines of like width: their indices and the padded input."""
    order = sorted(range(len(lines)), key=lambda index: lines[index].shape[1])
    for start in range(0, len(order), size):
        group = order[start : start + size]
        width = max(NARROWEST, -(-max(lines[index].shape[1] for index in group) // 32) * 32)
        yield group, pad([lines[index] for index in group], width)


def greedy(classes: NDArray[np.intp], characters: Sequence[str]) -> str:
    """Text of the best class a time step: repeats collapse, blanks (0) vanish.

    >>> greedy(np.array([1, 1, 0, 1, 2]), ["a", "b"])
    'aab'
    """
    fresh = np.concatenate([[True], classes[1:] != classes[:-1]]) & (classes != 0)
    return "".join(characters[index - 1] for index in classes[fresh])


class OnnxReader:
    """A recogniser on ONNX Runtime, one thread.

    Args:
        path: the model.
        characters: its classes 1 to N; None takes them from the metadata, space appended.
    """

    def __init__(self, path: Path, characters: Sequence[str] | None = None) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.input = self.session.get_inputs()[0].name
        if characters is None:
            characters = (*self.session.get_modelmeta().custom_metadata_map["character"].split("\n"), " ")
        self.characters = characters

    def scores(self, batch: NDArray[np.float32]) -> Logits:
        """Output for a padded batch (n, time, classes)."""
        return np.asarray(self.session.run(None, {self.input: batch})[0])

    def read(self, lines: Sequence[Pixels], size: int = 8) -> list[str]:
        """Texts of lines 48 px high."""
        texts = [""] * len(lines)
        for group, batch in batches(lines, size):
            for index, classes in zip(group, self.scores(batch).argmax(-1), strict=True):
                texts[index] = greedy(classes, self.characters)
        return texts
