"""One network that reads lines: cut, batched, run, decoded."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import regex

from ingestd.document import Char, Pixels
from ingestd.layout.geometry import Quads, sizes
from ingestd.reading.models import Model, RecogniserEntry
from ingestd.reading.recognise.batch import fill, plan
from ingestd.reading.recognise.beam import search
from ingestd.reading.recognise.ctc import Alphabet, Scores, greedy, likelihood, twins_of


@dataclass(frozen=True, slots=True)
class Reading:
    """What a network reads in one line."""

    chars: tuple[Char, ...]
    certainty: float
    """Probability, 0 to 1, that all of it is right; 0 where nothing is read or nobody asked."""


NOTHING = Reading((), 0.0)


def alphabet_of(model: Model) -> Alphabet:
    """What the classes of a recogniser mean, as its entry in the manifest says.

    Raises:
        ConfigError: the model is of another kind.
    """
    entry = model.entry_as(RecogniserEntry)
    return Alphabet(
        model.charset,
        entry.blank % len(model.charset),
        entry.output == "logits",
        entry.temperature,
        twins_of(model.charset),
    )


class Reader:
    """Reads lines with one CTC network.

    Args:
        model: an open recogniser.
        batch: most lines of one batch.
        alternatives: most characters kept per position, the emitted one included.
        certain: whether certainties are asked for; they cost a tenth of the time of a small network.

    Raises:
        ConfigError: the model is of another kind.
    """

    def __init__(self, model: Model, batch: int, alternatives: int, *, certain: bool) -> None:
        self._model = model
        self._entry = model.entry_as(RecogniserEntry)
        self._batch = batch
        self._alternatives = alternatives
        self._certain = certain
        self._alphabet = alphabet_of(model)

    def __call__(self, pixels: Pixels, quads: Quads) -> list[Reading]:
        """What each quad says along its direction, in the order given.

        Args:
            pixels: uint8 (H, W, 3) BGR.
            quads: float32 (N, 4, 2), clockwise from the reading direction's top left.
        """
        read = [NOTHING] * len(quads)
        for index, scores, length in self._scores(pixels, quads):
            chars = greedy(scores, length, self._alphabet, self._alternatives)
            certainty = likelihood(scores, length, self._alphabet) if chars and self._certain else 0.0
            read[index] = Reading(chars, certainty)
        return read

    def expecting(self, pixels: Pixels, quad: Quads, pattern: regex.Pattern[str]) -> list[tuple[str, float]]:
        """Texts in one quad (4, 2) that match a pattern as a whole, with their probabilities (see beam.search)."""
        ((_, scores, length),) = self._scores(pixels, quad[np.newaxis])
        return search(scores[: math.ceil(length)], self._alphabet, pattern)

    def _scores(self, pixels: Pixels, quads: Quads) -> Iterator[tuple[int, Scores, float]]:
        """Of each line its index, scores (T, classes) and how many frames it takes up, in any order."""
        entry = self._entry
        widths = [
            min(entry.max_width, math.ceil(width / height * entry.height * entry.condense))
            for width, height in sizes(quads)
        ]
        for batch in plan(widths, entry.multiple, least=entry.min_width, most=entry.max_width, lines=self._batch):
            rows = fill(pixels, quads, batch, entry.height, entry.padding_value)
            scores = self._model.run(entry.normalise(rows))
            for index, width, line in zip(batch.indices, batch.widths, scores, strict=True):
                yield index, line, width / entry.downsampling
