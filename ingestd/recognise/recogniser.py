"""Read the text of detected lines."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ingestd.config import RecogniseConfig
from ingestd.crop import Quads, sizes, turned
from ingestd.document import Char, Line, Page
from ingestd.geometry import as_quad, transform
from ingestd.models import Model, RecogniserEntry
from ingestd.recognise.batch import fill, plan
from ingestd.recognise.ctc import Alphabet, confidence_of, greedy, text_of
from ingestd.recognise.order import reading_order

STANDING = 1.2
"""A box taller than this many times its width may be text that runs downward, or a single character."""
COLUMN = 3.0
"""A box taller than this many times its width is text that runs downward."""
BETTER = 0.1
"""A box is read downward where that is surer by this much."""


class Recogniser:
    """Reads lines with a CTC network.

    Args:
        model: an open recogniser.
        options: batch size, least confidence, alternatives kept.

    Raises:
        ConfigError: the model is of another kind.
    """

    def __init__(self, model: Model, options: RecogniseConfig) -> None:
        self._model = model
        self._entry = model.entry_as(RecogniserEntry)
        self._options = options
        self._alphabet = Alphabet(
            model.charset,
            self._entry.blank % len(model.charset),
            self._entry.output == "logits",
            self._entry.temperature,
        )

    def read(self, page: Page, quads: Quads) -> tuple[Line, ...]:
        """Read every quad of a page.

        Args:
            page: the page that was searched.
            quads: float32 (N, 4, 2), page pixels, clockwise from the reading direction's top left.

        Returns:
            Lines with text in reading order, their quads in decoded pixels; lines below the least
            confidence are left out.
        """
        if not len(quads):
            return ()
        ways, read = self._read_both_ways(page, quads)
        kept = [
            index for index, chars in enumerate(read) if chars and confidence_of(chars) >= self._options.min_confidence
        ]
        order = reading_order(ways[kept])
        return tuple(self._line(page, ways[kept[index]], read[kept[index]]) for index in order)

    def _read_both_ways(self, page: Page, quads: Quads) -> tuple[Quads, list[tuple[Char, ...]]]:
        """Read every quad; where one is taller than wide, in the direction that reads better.

        Returns:
            The quads, beginning at the top left of the direction read, and their characters.
        """
        width, height = sizes(quads).T
        downward = turned(quads, 1)
        ways = np.where((height > COLUMN * width)[:, np.newaxis, np.newaxis], downward, quads)
        doubtful = np.flatnonzero((height > STANDING * width) & (height <= COLUMN * width))
        read = self._decode(page, np.concatenate([ways, downward[doubtful]]))
        for index, other in zip(doubtful, read[len(quads) :], strict=True):
            if confidence_of(other) > confidence_of(read[index]) + BETTER:
                ways[index], read[index] = downward[index], other
        return ways, read[: len(quads)]

    def legibility(self, page: Page, quads: Quads) -> NDArray[np.float32]:
        """Mean probability (N,) of the characters read in each quad along its direction, 0 where there are none."""
        return np.array([confidence_of(chars) for chars in self._decode(page, quads)], np.float32)

    def _line(self, page: Page, quad: Quads, chars: tuple[Char, ...]) -> Line:
        return Line(
            page_index=page.index,
            quad=as_quad(transform(page.to_source, quad)),
            text=text_of(chars),
            confidence=confidence_of(chars),
            chars=chars,
        )

    def _decode(self, page: Page, quads: Quads) -> list[tuple[Char, ...]]:
        """The characters of each quad, in the order given."""
        entry = self._entry
        decoded: list[tuple[Char, ...]] = [()] * len(quads)
        widths = [
            min(entry.max_width, math.ceil(width / height * entry.height * entry.condense))
            for width, height in sizes(quads)
        ]
        for batch in plan(
            widths, entry.multiple, least=entry.min_width, most=entry.max_width, lines=self._options.batch
        ):
            rows = fill(page.pixels, quads, batch, entry.height, entry.padding_value)
            scores = self._model.run(entry.normalise(rows))
            for index, width, line in zip(batch.indices, batch.widths, scores, strict=True):
                decoded[index] = greedy(line, width / entry.downsampling, self._alphabet, self._options.alternatives)
        return decoded
