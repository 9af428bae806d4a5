"""Read the text of detected lines."""

from __future__ import annotations

import numpy as np
import regex
from numpy.typing import NDArray

from ingestd.config import RecogniseConfig
from ingestd.document import Char, Line, Page
from ingestd.layout.geometry import Quads, as_quad, sizes, taller, transform, turned
from ingestd.layout.order import reading_order
from ingestd.reading.models import Model
from ingestd.reading.recognise.ctc import confidence_of, text_of
from ingestd.reading.recognise.ensemble import has_code, united, wants_another
from ingestd.reading.recognise.network import Reader, Reading

STANDING = 1.2
"""A box taller than this many times its width may be text that runs downward, or a single character."""
COLUMN = 3.0
"""A box taller than this many times its width is text that runs downward."""
BETTER = 0.1
"""A box is read downward where that is surer by this much."""
TAIL = 0.1
"""Codes are read again from boxes so much taller above and below, as a share of their height: a box that is cut close,
beside a label in other type, takes away the tail by which Q differs from 0."""


class Recogniser:
    """Reads lines with a fast CTC network; those it is unsure of, and codes, also with a better one.

    Args:
        model: an open recogniser.
        options: batch size, least confidence, alternatives kept, what counts as unsure.
        second: another open recogniser, asked about unsure lines; None asks nobody.

    Raises:
        ConfigError: a model is of another kind.
    """

    def __init__(self, model: Model, options: RecogniseConfig, second: Model | None = None) -> None:
        self._options = options
        certain = second is not None
        self._first = Reader(model, options.batch, options.alternatives, certain=certain)
        self._second = Reader(second, options.batch, options.alternatives, certain=True) if second else None

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
        self._reconsider(page, ways, read)
        least = self._options.min_confidence
        kept = [index for index, one in enumerate(read) if one.chars and confidence_of(one.chars) >= least]
        order = reading_order(ways[kept])
        return tuple(self._line(page, ways[kept[index]], read[kept[index]].chars) for index in order)

    def _read_both_ways(self, page: Page, quads: Quads) -> tuple[Quads, list[Reading]]:
        """Read every quad; where one is taller than wide, in the direction that reads better.

        Returns:
            The quads, beginning at the top left of the direction read, and what they say.
        """
        width, height = sizes(quads).T
        downward = turned(quads, 1)
        ways = np.where((height > COLUMN * width)[:, np.newaxis, np.newaxis], downward, quads)
        doubtful = np.flatnonzero((height > STANDING * width) & (height <= COLUMN * width))
        read = self._first(page.pixels, np.concatenate([ways, downward[doubtful]]))
        for index, other in zip(doubtful, read[len(quads) :], strict=True):
            if confidence_of(other.chars) > confidence_of(read[index].chars) + BETTER:
                ways[index], read[index] = downward[index], other
        return ways, read[: len(quads)]

    def _reconsider(self, page: Page, quads: Quads, read: list[Reading]) -> None:
        """Read unsure lines and codes again with the second network; both readings are made into one."""
        if self._second is None:
            return
        again = np.flatnonzero([wants_another(one, self._options.second_below) for one in read])
        with_code = np.array([has_code(read[index]) for index in again], bool)[:, np.newaxis, np.newaxis]
        wider = np.where(with_code, taller(quads[again], TAIL), quads[again])
        for index, other in zip(again, self._second(page.pixels, wider), strict=True):
            read[index] = united(read[index], other, self._options.alternatives)

    def legibility(self, page: Page, quads: Quads) -> NDArray[np.float32]:
        """Mean probability (N,) of the characters read in each quad along its direction, 0 where there are none."""
        return np.array([confidence_of(one.chars) for one in self._first(page.pixels, quads)], np.float32)

    def expecting(self, page: Page, pattern: regex.Pattern[str]) -> list[tuple[str, float]]:
        """Read a page that is a single line whose form is known, with the better network.

        Returns:
            (text, probability that the line says exactly this) of texts that match the pattern as a
            whole, most probable first.
        """
        height, width = page.pixels.shape[:2]
        whole = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
        return (self._second or self._first).expecting(page.pixels, whole, pattern)

    def _line(self, page: Page, quad: Quads, chars: tuple[Char, ...]) -> Line:
        return Line(
            page_index=page.index,
            quad=as_quad(transform(page.to_source, quad)),
            text=text_of(chars),
            confidence=confidence_of(chars),
            chars=chars,
        )
