"""The real models, opened once a test session, and a network that needs no file."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingestd.config import DetectConfig, OrientConfig, RecogniseConfig
from ingestd.reading.detect import Detector
from ingestd.reading.models import Manifest, Model, RecogniserEntry, load_manifest
from ingestd.reading.orient import Classifier
from ingestd.reading.recognise.recogniser import Recogniser


@functools.cache
def manifest() -> Manifest:
    return load_manifest()


@functools.cache
def opened(name: str) -> Model:
    return manifest().open(name)


def detector(**options: Any) -> Detector:
    config = DetectConfig(**options)
    return Detector(opened(config.model), config)


def recogniser(**options: Any) -> Recogniser:
    config = RecogniseConfig(**options)
    return Recogniser(opened(config.model), config, opened(config.second_model) if config.second_model else None)


def classifier() -> Classifier:
    return Classifier(opened(OrientConfig().model))


class GreyReader:
    """A network that reads grey: level 0 is the first class, 10 the second and so on, white the blank.

    Args:
        classes: number of classes with the blank.
        blank: index of the blank.
        frame: columns of the input that make a frame.
        surely: score of the class that is read; the others share the rest or, in logits, get 0.
    """

    STEP = 10

    def __init__(self, classes: int, blank: int, frame: int, surely: float, logits: bool) -> None:
        self._classes = classes
        self._blank = blank
        self._frame = frame
        self._surely = surely
        self._rest = 0.0 if logits else (1 - surely) / (classes - 1)
        self.shapes: list[tuple[int, ...]] = []

    def get_inputs(self) -> list[Any]:
        return [SimpleNamespace(name="x")]

    def run(self, _outputs: None, feeds: dict[str, NDArray[np.float32]], _options: object) -> list[NDArray[np.float32]]:
        (batch,) = feeds.values()
        self.shapes.append(batch.shape)
        count, _, _, width = batch.shape
        grey = batch.mean(axis=(1, 2)).reshape(count, width // self._frame, self._frame).mean(axis=2)
        levels = np.round(grey * 255 / self.STEP).astype(int)
        readable = [index for index in range(self._classes) if index != self._blank]
        scores = np.full((*levels.shape, self._classes), self._rest, np.float32)
        for line, row in zip(scores, levels, strict=True):
            for frame, level in zip(line, row, strict=True):
                frame[readable[level] if level < len(readable) else self._blank] = self._surely
        return [scores]


def grey_model(charset: Sequence[str], surely: float = 0.9, **fields: Any) -> tuple[Model, GreyReader]:
    """A recogniser of grey bars, its entry changed by ``fields``; and its network, which notes the shapes it saw.

    ``surely`` is the probability of each bar it reads, where its output is probabilities.
    """
    values: dict[str, Any] = {
        "kind": "recogniser",
        "name": "grey",
        "file": "grey.onnx",
        "sha256": "0" * 64,
        "mean": (0, 0, 0),
        "std": (1, 1, 1),
        "height": 16,
        "multiple": 8,
        "downsampling": 8,
        "padding": 1.0,
        "charset": {"metadata": "charset"},
        "output": "probabilities",
        "licence": "none",
        "origin": "test",
    }
    entry = RecogniserEntry.model_validate(values | fields)
    classes = list(charset)
    blank = entry.blank % (len(classes) + 1)
    classes.insert(blank, "")
    logits = entry.output == "logits"
    network = GreyReader(len(classes), blank, entry.downsampling, 5.0 if logits else surely, logits)
    return Model(entry, network, tuple(classes)), network
