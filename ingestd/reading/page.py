"""Read one decoded page: enhance, detect, orient, recognise, find codes."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np

from ingestd.config import BarcodesConfig, EnhanceConfig, OrientConfig
from ingestd.document import Char, Code, Line, Page, PageInfo, Split, Splitting
from ingestd.errors import DocumentError
from ingestd.layout.geometry import Quads, transform
from ingestd.reading.barcodes import find_codes
from ingestd.reading.blank import faint_lines
from ingestd.reading.bridge import bridged
from ingestd.reading.crop import MeanCharConfidence
from ingestd.reading.detect import Detector
from ingestd.reading.enhance import enhance, without_specks
from ingestd.reading.enhance.bleed_through import is_other_side, without_bleed_through
from ingestd.reading.enhance.deblur import deblurred
from ingestd.reading.orient import Classify, upright
from ingestd.reading.patch import find_patches
from ingestd.reading.recognise.recogniser import Recogniser

PLACES = 4
"""Decimal places of positions and probabilities of characters."""


class Stopwatch:
    """Adds up seconds by stage."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = defaultdict(float)

    @contextmanager
    def time(self, stage: str) -> Iterator[None]:
        """Count the block's time to a stage."""
        begun = time.perf_counter()
        try:
            yield
        finally:
            self._seconds[stage] += time.perf_counter() - begun

    def each(self, stage: str, items: Iterator[Page]) -> Iterator[Page]:
        """Count the time that the next page takes to a stage."""
        while True:
            with self.time(stage):
                item = next(items, None)
            if item is None:
                return
            yield item
            del item  # else it would be held while the next one is made

    @property
    def seconds(self) -> Mapping[str, float]:
        """Seconds so far, rounded to 0.1 ms."""
        return {stage: round(seconds, 4) for stage, seconds in self._seconds.items()}


class Sharing:
    """Keeps what recurs in a document once: on a page of print nearly every character is as sure as the next.

    Positions and probabilities are rounded to four places, which is more than they are worth; that makes a page of a
    long document a fifth as large in memory.
    """

    def __init__(self) -> None:
        self._alternatives: dict[tuple[tuple[str, float], ...], tuple[tuple[str, float], ...]] = {}
        self._positions: dict[float, float] = {}

    def line(self, line: Line) -> Line:
        """Share the values of a line's characters."""
        confidence = round(line.confidence, 3)
        return replace(line, confidence=confidence, chars=tuple([self._char(char) for char in line.chars]))

    def _char(self, char: Char) -> Char:
        alternatives = tuple([(text, round(probability, PLACES)) for text, probability in char.alternatives])
        position = round(char.position, PLACES)
        return Char(
            self._positions.setdefault(position, position), self._alternatives.setdefault(alternatives, alternatives)
        )


@dataclass(frozen=True, slots=True)
class PageReader:
    """The stages from a decoded page to its lines and codes."""

    enhance_options: EnhanceConfig
    orient_options: OrientConfig
    barcodes_options: BarcodesConfig
    detector: Detector
    classify: Classify
    recogniser: Recogniser
    judge: MeanCharConfidence
    """Tells how well lines can be read where one look at a page is compared with another."""
    deblur: bool = False
    """Look for blur where lines read badly; a second or two on such a page."""

    def read(self, page: Page, watch: Stopwatch) -> tuple[Page, tuple[Line, ...]]:
        """Read a decoded page.

        Returns:
            The page as it was read, enhanced and upright, and its lines.
        """
        if page.text_lines:
            return page, page.text_lines
        with watch.time("enhance"):
            readable = enhance(page, self.enhance_options)
        with watch.time("detect"):
            quads = self._detect(readable)
        if self.orient_options.enabled:
            with watch.time("orient"):
                readable, quads = upright(readable, quads, self.classify, self.judge)
        return self._read_upright(readable, quads, watch)

    def read_again(self, readable: Page, earlier: Sequence[Line], watch: Stopwatch) -> tuple[Page, tuple[Line, ...]]:
        """Read a page that another reader has read; it is enhanced and upright already.

        Args:
            readable: what that reader returned.
            earlier: and its lines.
            watch: counts the time of each stage.
        """
        with watch.time("detect"):
            quads = self._detect(readable)
        return self._read_upright(readable, quads, watch, earlier)

    def _read_upright(
        self, readable: Page, quads: Quads, watch: Stopwatch, earlier: Sequence[Line] = ()
    ) -> tuple[Page, tuple[Line, ...]]:
        is_planned = self.enhance_options.plan == "auto"
        if is_planned and self.deblur:
            with watch.time("enhance"):
                sharper = deblurred(readable, quads, self.judge)
            quads = self._found_again(sharper, readable, quads, watch)
            earlier = earlier if sharper is readable else ()
            readable = sharper
        if is_planned and "bleed_through" not in readable.quality:
            with watch.time("bleed_through"):
                faded = without_bleed_through(readable, quads, self.judge)
            quads = self._found_again(faded, readable, quads, watch)
            readable = faded
        with watch.time("recognise"):
            quads = bridged(readable, quads, self.judge)
            return readable, self.recogniser.read(readable, quads, earlier)

    def _detect(self, page: Page) -> Quads:
        return self.detector.detect(without_specks(page))

    def _found_again(self, changed: Page, before: Page, quads: Quads, watch: Stopwatch) -> Quads:
        """Return the lines of a page, detected again where its pixels changed."""
        if changed.pixels is before.pixels:
            return quads
        with watch.time("detect"):
            return self._detect(changed)

    def is_blank(self, page: Page, readable: Page, lines: tuple[Line, ...]) -> bool:
        """Tell whether nothing is on a page but, perhaps, what shines through from its other side.

        Args:
            page: as decoded.
            readable: as it was read.
            lines: read on it.
        """
        for view in (page,) if readable.pixels is page.pixels else (page, readable):
            faint = faint_lines(view, lines)
            if faint is not None:
                back = np.asarray(np.linalg.inv(readable.to_source), np.float64)
                quads = np.array([transform(back, line.quad) for line in faint], np.float32)
                return not faint or is_other_side(readable, quads, self.judge)
        return False

    def codes(self, page: Page, lines: tuple[Line, ...], splitting: Splitting) -> tuple[Code, ...]:
        """Read the codes on a page; pages with a text of ``barcodes.insist_on`` are searched harder."""
        patches = find_patches(page) if splitting.by is Split.PATCH else ()
        if not self.barcodes_options.enabled:
            return patches
        return (*find_codes(page, insist=self.insists(lines)), *patches)

    def insists(self, lines: tuple[Line, ...]) -> bool:
        """Tell whether a text says that its page ought to carry a QR code."""
        return any(mark in line.text for mark in self.barcodes_options.insist_on for line in lines)


def unread_page(index: int, error: DocumentError) -> PageInfo:
    """Return what is recorded of a page that could not be read."""
    return PageInfo(index, 0, 0, 0.0, 0, 0.0, {}, (), fault=str(error))


def page_info(page: Page) -> PageInfo:
    """Return what is recorded of a page."""
    width, height = page.decoded_size
    return PageInfo(page.index, width, height, page.dpi, page.rotation_deg, page.skew_deg, page.quality, page.steps)
