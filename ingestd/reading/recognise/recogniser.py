"""Read the text of detected lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import regex
from numpy.typing import NDArray

from ingestd.config import RecogniseConfig
from ingestd.document import Char, Line, Page
from ingestd.layout.geometry import Quads, as_quad, sizes, taller, transform, turned
from ingestd.layout.order import reading_order
from ingestd.reading.models import Model
from ingestd.reading.recognise.ctc import mean_char_confidence, text_of
from ingestd.reading.recognise.ensemble import THIRD_SHARE, has_code, merge_readings, wants_another
from ingestd.reading.recognise.known import known_lines
from ingestd.reading.recognise.network import LineReading, Reader


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Limits for text that runs downward and for codes."""

    standing: float = 1.2
    """A box taller than this many times its width may be text that runs downward, or a single character."""
    column: float = 3.0
    """A box taller than this many times its width is text that runs downward."""
    better: float = 0.1
    """A box is read downward where that raises the mean confidence by this much."""
    tail: float = 0.1
    """Share of a code's height by which its box grows above and below for the second reading: a box that is cut close,
    beside a label in other type, cuts off the tail by which Q differs from 0."""


LIMITS = Thresholds()


class Recogniser:
    """Reads lines with a fast CTC network; those it is unsure of, and codes, also with a better one.

    Args:
        model: an open recogniser.
        options: batch size, minimum confidence, alternatives kept, limit of an unsure line.
        second: another open recogniser, asked about unsure lines; None: no second reading.
        third: opens one that is asked about lines that are still unsure; it is opened when the first such line
            comes. None: no third reading.

    Raises:
        ConfigError: a model is of another kind.
    """

    def __init__(
        self,
        model: Model,
        options: RecogniseConfig,
        second: Model | None = None,
        third: Callable[[], Model] | None = None,
    ) -> None:
        self._options = options
        certain = second is not None or third is not None
        self._first = Reader(model, options.batch, options.alternatives, certain=certain)
        self._second = Reader(second, options.batch, options.alternatives, certain=True) if second else None
        self._open_third = third

    @property
    def has_third(self) -> bool:
        """A third network is asked about lines that are still unsure."""
        return self._open_third is not None

    @cached_property
    def _third(self) -> Reader | None:
        opened = self._open_third() if self._open_third else None
        return Reader(opened, self._options.batch, self._options.alternatives, certain=True) if opened else None

    def read(self, page: Page, quads: Quads, earlier: Sequence[Line] = ()) -> tuple[Line, ...]:
        """Read every quad of a page.

        Args:
            page: the page that was searched.
            quads: float32 (N, 4, 2), page pixels, clockwise from the reading direction's top left.
            earlier: lines of another reading of the page. Those that it was sure of are taken over.

        Returns:
            Lines with text in reading order, their quads in decoded pixels; lines below the minimum
            confidence are left out.
        """
        if not len(quads):
            return ()
        known = known_lines(page, quads, earlier)
        asked = [index for index in range(len(quads)) if index not in known]
        ways, read = self._read_both_ways(page, quads[asked])
        self._reconsider(page, ways, read)
        self._ask_third(page, ways, read)
        ways = np.concatenate([ways, quads[list(known)]])
        read += [LineReading(line.chars, 1.0) for line in known.values()]
        wanted = self._options.min_confidence
        kept = [index for index, one in enumerate(read) if one.chars and mean_char_confidence(one.chars) >= wanted]
        order = reading_order(ways[kept])
        return tuple(self._line(page, ways[kept[index]], read[kept[index]].chars) for index in order)

    def _read_both_ways(self, page: Page, quads: Quads) -> tuple[Quads, list[LineReading]]:
        """Read every quad; where one is taller than wide, in the direction that reads better.

        Returns:
            The quads, beginning at the top left of the direction read, and what they say.
        """
        width, height = sizes(quads).T
        downward = turned(quads, 1)
        ways = np.where((height > LIMITS.column * width)[:, np.newaxis, np.newaxis], downward, quads)
        doubtful = np.flatnonzero((height > LIMITS.standing * width) & (height <= LIMITS.column * width))
        read = self._first(page.pixels, np.concatenate([ways, downward[doubtful]]))
        for index, other in zip(doubtful, read[len(quads) :], strict=True):
            if mean_char_confidence(other.chars) > mean_char_confidence(read[index].chars) + LIMITS.better:
                ways[index], read[index] = downward[index], other
        return ways, read[: len(quads)]

    def _reconsider(self, page: Page, quads: Quads, read: list[LineReading]) -> None:
        """Read unsure lines and codes again with the second network; both readings are made into one."""
        if self._second is None:
            return
        again = np.flatnonzero([wants_another(one, self._options.second_below) for one in read])
        with_code = np.array([has_code(read[index]) for index in again], bool)[:, np.newaxis, np.newaxis]
        wider = np.where(with_code, taller(quads[again], LIMITS.tail), quads[again])
        for index, other in zip(again, self._second(page.pixels, wider), strict=True):
            read[index] = merge_readings(read[index], other, self._options.alternatives)

    def _ask_third(self, page: Page, quads: Quads, read: list[LineReading]) -> None:
        """Read lines that are still unsure with the third network; both readings are made into one."""
        again = [index for index, one in enumerate(read) if one.sequence_probability < self._options.third_below]
        if not again or self._third is None:
            return
        for index, other in zip(again, self._third(page.pixels, quads[again]), strict=True):
            read[index] = merge_readings(read[index], other, self._options.alternatives, THIRD_SHARE)

    def mean_char_confidence(self, page: Page, quads: Quads) -> NDArray[np.float32]:
        """Return the mean probability (N,) of the characters read in each quad along its direction; 0 without any."""
        read = self._first(page.pixels, quads, certain=False)
        return np.array([mean_char_confidence(one.chars) for one in read], np.float32)

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
            confidence=mean_char_confidence(chars),
            chars=chars,
        )
