"""One document from bytes to record: a straight line; faults are exceptions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from statistics import mean

import cv2
import regex

from ingestd.config import AdmitConfig, DecodeConfig
from ingestd.document import (
    Admitted,
    Claim,
    Code,
    Extraction,
    FieldType,
    Line,
    Page,
    PageInfo,
    Pixels,
    Reading,
    Record,
    SearchableCopy,
    Source,
    Split,
    Splitting,
    Status,
    Table,
)
from ingestd.errors import DocumentError
from ingestd.extract import RuleSet, extract
from ingestd.extract.lexicon.model import UNKNOWN
from ingestd.extract.stated.invoice import is_data
from ingestd.extract.strength import strength
from ingestd.files.encoding import path_text
from ingestd.files.identity import digest
from ingestd.files.media_types import STRUCTURED
from ingestd.layout.stack import roles
from ingestd.layout.tables.find import find_tables
from ingestd.output.annotate import annotate
from ingestd.output.collate import collate
from ingestd.reading.admit import admit
from ingestd.reading.decode import Skip, decode
from ingestd.reading.page import PageReader, Sharing, Stopwatch, page_info, unread_page
from ingestd.reading.ruled_lines import ruled_lines
from ingestd.structured.read import stated_invoices, structured_pages

Copy = Callable[[Admitted, Reading], SearchableCopy | None]
"""Makes a searchable copy of a document; None where it needs none."""

SURE = 0.95
"""Mean confidence of lines from which on another reading finds nothing new."""
_QUICK = (cv2.IMWRITE_PNG_COMPRESSION, 1)
"""Options of a PNG that is soon thrown away."""


def pages_of(
    admitted: Admitted, options: DecodeConfig, limits: AdmitConfig, only: int | None = None, skip: Skip | None = None
) -> Iterator[Page]:
    """Yield the pages of a document of any type; see :func:`~ingestd.reading.decode.decode`."""
    if admitted.media_type in STRUCTURED:
        return structured_pages(admitted, limits, only)
    return decode(admitted, options, limits, only, skip)


def legible(reading: Reading) -> float:
    """Return how many characters of a reading are expected to be right."""
    return sum(line.confidence * len(line.text) for line in reading.lines)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """All parts that read a document, built once per worker."""

    admit_options: AdmitConfig
    decode_options: DecodeConfig
    pages: PageReader
    rules: RuleSet
    provenance: Mapping[str, str]
    today: Callable[[], date]
    careful: PageReader | None = None
    """Reads scans of documents that are not done a second time; None: nothing does."""
    careful_pages: int = 0
    """Documents with more pages are read once."""
    copy: Copy | None = None
    """Makes searchable copies; None: none are wanted."""
    tables: bool = True
    """Find the tables of each page."""
    attempts: int = 1
    """The last one makes no copy, in case that is what killed the worker before."""

    def __call__(self, claim: Claim) -> Record:
        """Read a claimed document.

        Raises:
            DocumentError: the document is bad.
        """
        watch = Stopwatch()
        with watch.time("admit"):
            admitted = admit(claim, self.admit_options)
        if claim.backs is not None:
            return self._collated(admitted, claim.backs, watch)
        reading, extraction = self.understand(admitted, watch)
        copy = None
        if self.copy is not None and claim.attempt < max(2, self.attempts):
            with watch.time("copy"):
                copy = self.copy(admitted, reading)
        return Record(
            sha256=claim.sha256,
            name=path_text(claim.source_path.name),
            media_type=admitted.media_type,
            size_bytes=claim.size_bytes,
            reading=reading,
            extraction=extraction,
            provenance=self.provenance,
            timings=watch.seconds,
            copy=copy,
        )

    def _collated(self, fronts: Admitted, path: Path, watch: Stopwatch) -> Record:
        """Make one file of both sides of a stack."""
        backs = admit(replace(fronts.claim, work_path=path, size_bytes=path.stat().st_size), self.admit_options)
        with watch.time("decode"):
            content = collate(fronts, backs, self.admit_options.max_pixels)
        return Record(
            sha256=fronts.claim.sha256,
            name=path_text(fronts.claim.source_path.name),
            media_type=fronts.media_type,
            size_bytes=len(content),
            reading=Reading((), (), ()),
            extraction=Extraction(UNKNOWN, (), (), Status.REVIEW),
            provenance=self.provenance,
            timings=watch.seconds,
            collated=content,
        )

    def understand(self, admitted: Admitted, watch: Stopwatch) -> tuple[Reading, Extraction]:
        """Read all pages and find the fields; where a second, careful reading says more, that is the result.

        Raises:
            DocumentError: no page can be decoded.
        """
        seen: list[Page] = []
        reading = self.read(admitted, self.pages, watch, seen)
        with watch.time("extract"):
            extraction = extract(reading, self.rules, self.today())
        if self.careful is None or not self._is_worth_care(reading, extraction):
            return reading, extraction
        with watch.time("careful"):
            is_kept = len(reading.pages) == len(seen) == 1
            second = self._again(seen[0], reading, self.careful) if is_kept else self.read(admitted, self.careful)
            found = extract(second, self.rules, self.today())
        both = (reading, extraction), (second, found)
        return max(both, key=lambda one: (strength(one[1]), legible(one[0])))

    def _is_worth_care(self, reading: Reading, extraction: Extraction) -> bool:
        """Tell whether a document is in doubt and its text comes from pixels.

        A letter or a picture that is read with confidence is left alone: it is of no kind that has fields.
        """
        if extraction.status is Status.DONE or len(reading.pages) > self.careful_pages:
            return False
        lines = [line for line in reading.lines if line.source is Source.OCR]
        if (reading.lines and not lines) or any(map(is_data, reading.codes)):
            return False
        amounts = any(field.type is FieldType.MONEY and field.value is not None for field in extraction.fields)
        return extraction.rule != UNKNOWN or amounts or not lines or mean(line.confidence for line in lines) < SURE

    def _again(self, seen: Page, first: Reading, reader: PageReader) -> Reading:
        """Read the only page of a document with another reader: what it looks like and its codes are known."""
        readable, lines = reader.read_again(seen, first.lines, Stopwatch())
        codes = first.codes
        if reader.insists(lines) and not reader.insists(first.lines):
            known = {(code.kind, code.text) for code in codes}
            found = reader.codes(readable, lines, Splitting(Split.NONE))
            codes += tuple(code for code in found if (code.kind, code.text) not in known)
        tables = find_tables(lines, ruled_lines(readable, lines), 0) if self.tables else []
        pages = (replace(page_info(readable), role=first.pages[0].role),)
        return Reading(pages, tuple(map(Sharing().line, lines)), codes, tuple(tables))

    def read(
        self, admitted: Admitted, reader: PageReader, watch: Stopwatch | None = None, seen: list[Page] | None = None
    ) -> Reading:
        """Read all pages, one at a time; those that cannot be decoded are listed with the reason.

        Args:
            admitted: the document.
            reader: of its pages.
            watch: counts the time of each stage.
            seen: takes the page of a document of one page, as it was read, for reading it again.

        Raises:
            DocumentError: no page can be decoded.
        """
        watch = watch or Stopwatch()
        pages: list[PageInfo] = []
        faults: list[DocumentError] = []
        lines: list[Line] = []
        codes: list[Code] = []
        tables: list[Table] = []
        blank: set[int] = set()
        sharing, splitting = Sharing(), admitted.claim.splitting

        def skip(index: int, error: DocumentError) -> None:
            faults.append(error)
            pages.append(unread_page(index, error))

        for page in watch.each("decode", pages_of(admitted, self.decode_options, self.admit_options, skip=skip)):
            readable, page_lines = reader.read(page, watch)
            with watch.time("barcodes"):  # and all else that may separate papers
                codes += reader.codes(page, page_lines, splitting)
                if splitting.by is not Split.NONE and reader.is_blank(page, readable, page_lines):
                    blank.add(page.index)
            if self.tables:
                with watch.time("tables"):
                    tables += find_tables(page_lines, ruled_lines(readable, page_lines), len(lines))
            pages.append(page_info(readable))
            lines += map(sharing.line, page_lines)
            if seen is not None and admitted.pages_expected == len(pages) == 1:
                seen.append(readable)
            del page, readable  # else they would be held while the next page is decoded
        if faults and len(faults) == len(pages):
            raise faults[0]
        with watch.time("structured"):
            codes += stated_invoices(admitted)
        if admitted.media_type not in STRUCTURED:
            of_pages = roles(len(pages), codes, blank, splitting)
            pages = [replace(page, role=of_pages[page.index]) for page in pages]
        return Reading(tuple(pages), tuple(lines), tuple(codes), tuple(tables))


@dataclass(frozen=True, slots=True)
class Annotated:
    """A record with its pages drawn."""

    record: Record
    pictures: tuple[bytes, ...]
    """One PNG per page that could be decoded."""


@dataclass(frozen=True, slots=True)
class AnnotatingPipeline:
    """Pipeline that also draws the pages; it decodes twice, which is acceptable for interactive use."""

    pipeline: Pipeline

    def __call__(self, claim: Claim) -> Annotated:
        """Like :meth:`Pipeline.__call__`, with pictures."""
        record = self.pipeline(claim)
        admitted = admit(claim, self.pipeline.admit_options)
        options, limits = self.pipeline.decode_options, self.pipeline.admit_options
        pages = pages_of(admitted, options, limits, skip=lambda _index, _error: None)
        return Annotated(record, tuple(_drawn(page, record) for page in pages))


@dataclass(frozen=True, slots=True)
class LinePipeline:
    """Pipeline for pictures of a single line whose form is known, such as a field cut out of a form."""

    pipeline: Pipeline
    pattern: str
    """Regular expression that the text matches as a whole."""

    def __call__(self, claim: Claim) -> list[tuple[str, float]]:
        """Find texts that match, with their probabilities, most probable first, on the first page.

        Raises:
            DocumentError: the picture is bad.
        """
        admitted = admit(claim, self.pipeline.admit_options)
        page = next(decode(admitted, self.pipeline.decode_options, self.pipeline.admit_options))
        return self.pipeline.pages.recogniser.expecting(page, regex.compile(self.pattern))


@dataclass(frozen=True, slots=True)
class PagePainter:
    """Pictures of pages as they come out of the file, for showing them."""

    admit_options: AdmitConfig
    decode_options: DecodeConfig
    longest_side: int
    """Larger pages are reduced to it, in px."""

    def __call__(self, claim: Claim, page_index: int) -> bytes:
        """Draw one page as PNG.

        Raises:
            DocumentError: the file is bad, is no longer the one with this hash, or has no such page.
        """
        if digest(claim.work_path) != claim.sha256:
            raise DocumentError(
                "the file has changed since it was recorded",
                expected=f"sha256 {claim.sha256}",
                fix="restore it from a backup",
                code="changed",
            )
        admitted = admit(claim, self.admit_options)
        for page in pages_of(admitted, self.decode_options, self.admit_options, only=page_index):
            return _png(page.pixels, self.longest_side)
        raise DocumentError(
            f"there is no page {page_index}", expected="an index from 0", fix="correct the page", code="no-such-page"
        )


def _png(pixels: Pixels, longest_side: int) -> bytes:
    scale = longest_side / max(pixels.shape[:2])
    if scale < 1:
        reduced = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        return cv2.imencode(".png", reduced, _QUICK)[1].tobytes()
    return cv2.imencode(".png", pixels, _QUICK)[1].tobytes()


def _drawn(page: Page, record: Record) -> bytes:
    reading = record.reading
    picture = annotate(
        page.pixels,
        [line for line in reading.lines if line.page_index == page.index],
        [code for code in reading.codes if code.page_index == page.index],
        [field for field in record.extraction.fields if field.page_index == page.index],
    )
    return cv2.imencode(".png", picture)[1].tobytes()
