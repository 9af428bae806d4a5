"""The way of one document: bytes in, record out. A straight line; faults are exceptions."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date

import cv2
import regex

from ingestd.admit import admit
from ingestd.annotate import annotate
from ingestd.barcodes import find_codes
from ingestd.config import AdmitConfig, BarcodesConfig, DecodeConfig, EnhanceConfig, OrientConfig
from ingestd.crop import Quads
from ingestd.decode import decode
from ingestd.detect import Detector
from ingestd.document import Admitted, Char, Claim, Code, Line, Page, PageInfo, Reading, Record
from ingestd.enhance import enhance
from ingestd.enhance.showthrough import without_other_side
from ingestd.extract import RuleSet, extract
from ingestd.orient import Classify, upright
from ingestd.recognise.recogniser import Recogniser
from ingestd.record.encoding import path_text

_INVOICE_MARK = "发票"
"""A page that says this should carry a QR code, so it is looked for harder."""
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
        """The line with its characters' values shared."""
        return replace(line, chars=tuple([self._char(char) for char in line.chars]))

    def _char(self, char: Char) -> Char:
        alternatives = tuple([(text, round(probability, PLACES)) for text, probability in char.alternatives])
        position = round(char.position, PLACES)
        return Char(
            self._positions.setdefault(position, position), self._alternatives.setdefault(alternatives, alternatives)
        )


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Everything that reading a document takes, built once for each worker."""

    admit_options: AdmitConfig
    decode_options: DecodeConfig
    enhance_options: EnhanceConfig
    orient_options: OrientConfig
    barcodes_options: BarcodesConfig
    detector: Detector
    classify: Classify
    recogniser: Recogniser
    rules: RuleSet
    provenance: Mapping[str, str]
    today: Callable[[], date]

    def __call__(self, claim: Claim, sha256: str) -> Record:
        """Read a claimed document whose SHA-256 (hex) is known.

        Raises:
            DocumentError: the document is bad.
        """
        watch = Stopwatch()
        with watch.time("admit"):
            admitted = admit(claim, sha256, self.admit_options)
        reading = self.read(admitted, watch)
        with watch.time("extract"):
            extraction = extract(reading, self.rules, self.today())
        return Record(
            sha256=sha256,
            name=path_text(claim.source_path.name),
            media_type=admitted.media_type,
            size_bytes=claim.size_bytes,
            reading=reading,
            extraction=extraction,
            provenance=self.provenance,
            timings=watch.seconds,
        )

    def read(self, admitted: Admitted, watch: Stopwatch) -> Reading:
        """Read all pages, one at a time."""
        pages: list[PageInfo] = []
        lines: list[Line] = []
        codes: list[Code] = []
        sharing = Sharing()
        for page in watch.each("decode", decode(admitted, self.decode_options, self.admit_options)):
            readable, page_lines = self.read_page(page, watch)
            with watch.time("barcodes"):
                codes += self._codes(page, page_lines)
            pages.append(_info(readable))
            lines += map(sharing.line, page_lines)
            del page, readable  # else they would be held while the next page is decoded
        return Reading(tuple(pages), tuple(lines), tuple(codes))

    def read_page(self, page: Page, watch: Stopwatch) -> tuple[Page, tuple[Line, ...]]:
        """Read a decoded page.

        Returns:
            The page as it was read, enhanced and upright, and its lines.
        """
        if page.text_lines:
            return page, page.text_lines
        with watch.time("enhance"):
            readable = enhance(page, self.enhance_options)
        with watch.time("detect"):
            quads = self.detector.detect(readable)
        if self.orient_options.enabled:
            with watch.time("orient"):
                readable, quads = upright(readable, quads, self.classify, self.recogniser.legibility)
        if self.enhance_options.plan == "auto":
            readable, quads = self._one_sided(readable, quads, watch)
        with watch.time("recognise"):
            return readable, self.recogniser.read(readable, quads)

    def _one_sided(self, page: Page, quads: Quads, watch: Stopwatch) -> tuple[Page, Quads]:
        """The page without what shines through from its other side, and the lines that are left."""
        with watch.time("enhance"):
            faded = without_other_side(page, quads, self.recogniser.legibility)
        if faded.pixels is page.pixels:
            return faded, quads
        with watch.time("detect"):
            return faded, self.detector.detect(faded)

    def _codes(self, page: Page, lines: tuple[Line, ...]) -> tuple[Code, ...]:
        if not self.barcodes_options.enabled:
            return ()
        return find_codes(page, insist=any(_INVOICE_MARK in line.text for line in lines))


@dataclass(frozen=True, slots=True)
class Annotated:
    """A record with its pages drawn."""

    record: Record
    pictures: tuple[bytes, ...]
    """One PNG a page."""


@dataclass(frozen=True, slots=True)
class AnnotatingPipeline:
    """A pipeline that also draws what it found; decodes a second time, which a person waits for gladly."""

    pipeline: Pipeline

    def __call__(self, claim: Claim, sha256: str) -> Annotated:
        """Like :meth:`Pipeline.__call__`, with pictures."""
        record = self.pipeline(claim, sha256)
        admitted = admit(claim, sha256, self.pipeline.admit_options)
        pages = decode(admitted, self.pipeline.decode_options, self.pipeline.admit_options)
        return Annotated(record, tuple(_drawn(page, record) for page in pages))


@dataclass(frozen=True, slots=True)
class LinePipeline:
    """Reads pictures of a single line whose form is known, such as a field cut out of a form."""

    pipeline: Pipeline
    pattern: str
    """What the text matches as a whole."""

    def __call__(self, claim: Claim, sha256: str) -> list[tuple[str, float]]:
        """Texts that match with their probabilities, most probable first; of several pages the first is read.

        Raises:
            DocumentError: the picture is bad.
        """
        admitted = admit(claim, sha256, self.pipeline.admit_options)
        page = next(decode(admitted, self.pipeline.decode_options, self.pipeline.admit_options))
        return self.pipeline.recogniser.expecting(page, regex.compile(self.pattern))


def _drawn(page: Page, record: Record) -> bytes:
    reading = record.reading
    picture = annotate(
        page.pixels,
        [line for line in reading.lines if line.page_index == page.index],
        [code for code in reading.codes if code.page_index == page.index],
        [field for field in record.extraction.fields if field.page_index == page.index],
    )
    return cv2.imencode(".png", picture)[1].tobytes()


def _info(page: Page) -> PageInfo:
    width, height = page.decoded_size
    return PageInfo(page.index, width, height, page.dpi, page.rotation_deg, page.skew_deg, page.quality, page.steps)
