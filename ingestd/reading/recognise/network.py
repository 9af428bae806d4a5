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
from ingestd.reading.recognise.batch import fill, plan_batches
from ingestd.reading.recognise.beam import search
from ingestd.reading.recognise.ctc import (
    Alignments,
    Alphabet,
    Scores,
    alignments,
    equivalents_of,
    greedy,
    sequence_probabilities,
)


@dataclass(frozen=True, slots=True)
class LineReading:
    """Result of one network for one line."""

    chars: tuple[Char, ...]
    sequence_probability: float
    """Probability, 0 to 1, that all of it is right; 0 where nothing is read or it was not asked for."""


NOTHING = LineReading((), 0.0)


def alphabet_of(model: Model) -> Alphabet:
    """Return the meanings of a recogniser's classes, as its entry in the manifest says.

    Raises:
        ConfigError: the model is of another kind.
    """
    entry = model.entry_as(RecogniserEntry)
    return Alphabet(
        model.charset,
        entry.blank % len(model.charset),
        entry.output == "logits",
        entry.temperature,
        equivalents_of(model.charset),
    )


class Reader:
    """Reads lines with one CTC network.

    Args:
        model: an open recogniser.
        batch: maximum lines per batch.
        alternatives: maximum characters kept per position, the emitted one included.
        certain: compute sequence probabilities; they cost a tenth of the time of a small network.

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

    def __call__(self, pixels: Pixels, quads: Quads, *, certain: bool = True) -> list[LineReading]:
        """Read each quad along its direction, in the order given.

        Args:
            pixels: uint8 (H, W, 3) BGR.
            quads: float32 (N, 4, 2), clockwise from the reading direction's top left.
            certain: compute sequence probabilities, if this reader does.
        """
        read = [NOTHING] * len(quads)
        paths: dict[int, Alignments] = {}
        for index, scores, length in self._scores(pixels, quads):
            chars = greedy(scores, length, self._alphabet, self._alternatives)
            read[index] = LineReading(chars, 0.0)
            if chars and certain and self._certain:
                paths[index] = alignments(scores, length, self._alphabet)
        for index, probability in zip(paths, sequence_probabilities(list(paths.values())), strict=True):
            read[index] = LineReading(read[index].chars, probability)
        return read

    def expecting(self, pixels: Pixels, quad: Quads, pattern: regex.Pattern[str]) -> list[tuple[str, float]]:
        """Find texts in one quad (4, 2) that match a pattern as a whole, with their probabilities (see beam.search)."""
        ((_, scores, length),) = self._scores(pixels, quad[np.newaxis])
        return search(scores[: math.ceil(length)], self._alphabet, pattern)

    def _scores(self, pixels: Pixels, quads: Quads) -> Iterator[tuple[int, Scores, float]]:
        """Yield index, scores (T, classes) and number of frames of each line, in any order."""
        entry = self._entry
        widths = [
            min(entry.max_width, math.ceil(width / height * entry.height * entry.condense))
            for width, height in sizes(quads)
        ]
        for batch in plan_batches(
            widths, entry.multiple, min_width=entry.min_width, max_width=entry.max_width, lines=self._batch
        ):
            rows = fill(pixels, quads, batch, entry.height, entry.padding_value)
            scores = self._model.run(entry.normalise(rows))
            for index, width, line in zip(batch.indices, batch.widths, scores, strict=True):
                yield index, line, width / entry.downsampling
