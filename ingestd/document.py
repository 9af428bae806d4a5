"""Frozen data passed between stages; no I/O.

Coordinates: a *decoded* page is the page of the file with its EXIF orientation applied. Its origin is top left, x
points right, y down, in pixels. Quads of lines, codes and fields are in decoded pixels, whichever enhancement steps the
page went through.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""uint8, HxWx3, BGR."""

Quad = tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]
"""Four corners (x, y) in pixels, clockwise as read, beginning at the reading direction's top left."""

Matrix = NDArray[np.float64]
"""3x3 homography acting on column vectors (x, y, 1)."""


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """Return the array, made not writeable, so that no stage changes another's data."""
    array.flags.writeable = False
    return array


class Split(StrEnum):
    """Sign by which the papers of a file are told apart."""

    NONE = "none"
    """One paper, whatever its pages say."""
    BLANK = "blank"
    """Blank pages separate."""
    PATCH = "patch"
    """Sheets with patch code T separate."""
    CODE = "code"
    """A page with a certain bar code begins a paper."""
    CONTENT = "content"
    """The text of the pages decides: numbers, dates, sellers, totals."""


@dataclass(frozen=True, slots=True)
class Splitting:
    """Division of a file into papers, as its inbox asks for it."""

    by: Split = Split.CONTENT
    code: str = ""
    """Regular expression of the whole text of a code, for ``Split.CODE``."""
    code_separates: bool = False
    """Pages with such a code belong to no paper; else they are the first of theirs."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A file moved into the work folder, ready to be read."""

    work_path: Path
    """Current place of the bytes."""
    source_path: Path
    """Place in the inbox."""
    size_bytes: int
    sha256: str
    """Of the bytes: hex, 64 characters."""
    attempt: int
    """1-based."""
    splitting: Splitting = Splitting()
    backs: Path | None = None
    """Backs of a stack whose fronts are at ``work_path``; both are to be collated, not read."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """Claim after admission: its content may be decoded."""

    claim: Claim
    media_type: str
    """From the content, never from the name: ``image/jpeg``, ``application/pdf`` ..."""
    pages_expected: int
    """At least 1."""


class Source(StrEnum):
    """Origin of a line's text."""

    OCR = "ocr"
    TEXT_LAYER = "text-layer"


@dataclass(frozen=True, slots=True)
class Char:
    """One emitted character with its alternatives."""

    position: float
    """Centre along the line, 0 at its start, 1 at its end."""
    alternatives: tuple[tuple[str, float], ...]
    """(character, probability 0-1), most probable first; the first is the one emitted."""

    @property
    def text(self) -> str:
        """The emitted character."""
        return self.alternatives[0][0]


@dataclass(frozen=True, slots=True)
class Line:
    """A run of text on one row of a page."""

    page_index: int
    """0-based."""
    quad: Quad
    """Decoded pixels."""
    text: str
    """NFC, no line breaks."""
    confidence: float
    """0-1: mean probability of the emitted characters; 1.0 for a text layer."""
    chars: tuple[Char, ...] = ()
    """One per character of ``text``; empty for a text layer."""
    source: Source = Source.OCR


@dataclass(frozen=True, slots=True)
class Code:
    """A QR or one-dimensional code on a page."""

    page_index: int
    quad: Quad
    kind: str
    """``QR``, ``CODE128``, ``EAN13`` ..."""
    text: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table; most have no text of other cells' rows or columns."""

    row: int
    """0-based, its first."""
    column: int
    """0-based, its first."""
    text: str
    """Empty where nothing is printed; wrapped text is joined."""
    row_span: int = 1
    column_span: int = 1
    lines: tuple[int, ...] = ()
    """Indices of the lines it was read from; a line that runs through several cells is in each."""


@dataclass(frozen=True, slots=True)
class Table:
    """Table on a page; each field of its grid belongs to exactly one cell."""

    page_index: int
    quad: Quad
    """Decoded pixels."""
    row_edges: tuple[float, ...]
    """Edges of rows from 0, the top of the quad, to 1, its bottom; one more than there are rows."""
    column_edges: tuple[float, ...]
    """Edges of columns from 0, the left side of the quad, to 1; one more than there are columns."""
    header_rows: int
    """Rows at its top that head its columns; 0 where none evidently do."""
    cells: tuple[Cell, ...]
    """By row, then by column."""

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.row_edges) - 1

    @property
    def columns(self) -> int:
        """Number of columns."""
        return len(self.column_edges) - 1

    def texts(self) -> list[list[str]]:
        """Return the texts by row and column; that of a cell over several stands in the first of them."""
        found = [[""] * self.columns for _ in range(self.rows)]
        for cell in self.cells:
            found[cell.row][cell.column] = cell.text
        return found


@dataclass(frozen=True, slots=True)
class Page:
    """One page between decoding and recognition."""

    index: int
    """0-based."""
    pixels: Pixels
    dpi: float
    """Dots per inch of ``pixels``; a guess where the file does not say (see decode)."""
    decoded_size: tuple[int, int]
    """Width and height of the decoded page in pixels."""
    to_source: Matrix
    """Maps these pixels to decoded pixels."""
    quality: Mapping[str, float] = field(default_factory=dict)
    """Measures of the decoded page (see enhance.quality), empty before enhancement."""
    steps: tuple[str, ...] = ()
    """Names of the enhancement steps applied, in order."""
    rotation_deg: int = 0
    """Clockwise turn that was applied to bring the page upright: 0, 90, 180 or 270."""
    skew_deg: float = 0.0
    """Counter-clockwise turn that was applied to level the text lines."""
    text_lines: tuple[Line, ...] = ()
    """The text layer, where it covers the page; then nothing has to be recognised."""


class PageRole(StrEnum):
    """Part of a page in the division of its file into papers."""

    FREE = "free"
    """Its text decides whether a paper begins here."""
    BEGINS = "begins"
    """First page of a paper."""
    CONTINUES = "continues"
    """Page of the paper that began before."""
    BLANK = "blank"
    """Of no paper: nothing is on it."""
    SEPARATOR = "separator"
    """Of no paper: a sheet that stands between two."""


OF_NO_PAPER = (PageRole.BLANK, PageRole.SEPARATOR)


@dataclass(frozen=True, slots=True)
class PageInfo:
    """Facts of a page that are recorded; its pixels are not."""

    index: int
    width_px: int
    height_px: int
    dpi: float
    rotation_deg: int
    skew_deg: float
    quality: Mapping[str, float]
    steps: tuple[str, ...]
    fault: str | None = None
    """Reason why the page could not be read; its other facts are 0 or empty then."""
    role: PageRole = PageRole.FREE


class Level(StrEnum):
    """Strength of the evidence for a field's value, from best to worst."""

    CONFIRMED = "confirmed"
    """A person confirmed or entered it."""
    PROVED = "proved"
    """A checksum, a cross check or a code on the page agrees."""
    AGREED = "agreed"
    """Two independent readings say the same."""
    READ = "read"
    """One reading, nothing against it."""
    CONFLICT = "conflict"
    """Evidence disagrees; the reasons name the other value."""
    MISSING = "missing"
    """Looked for, not found."""


class FieldType(StrEnum):
    """Kind of a field's value, which decides its normalised form; the names are those of rule files."""

    MONEY = "money"
    """Decimal string with a dot and two places."""
    DATE = "date"
    """ISO date."""
    DIGITS = "digits"
    CODE = "code"
    """Letters and digits without spaces, upper case."""
    CAPITAL = "capital"
    """An amount in Chinese financial numerals, normalised like money."""
    PERCENT = "percent"
    """Number without trailing zeros and a percent sign."""
    TEXT = "text"
    """Anything; also the type of fields that were recorded before types were."""
    NAME = "name"


class ReasonKind(StrEnum):
    """Kind of a :class:`Reason`; each lists the facts in its ``data``."""

    LABEL = "label"
    """Stands at a printed label: ``where`` (right, below, left), ``label`` (as read)."""
    PATTERN = "pattern"
    """Found by the form of its type, without a label."""
    ITEMS = "items"
    """Sum of the line items."""
    NOTE = "note"
    """Another meaning that the text allows."""
    CHECKSUM = "checksum"
    """Check of the value alone: ``check``, ``outcome`` (proved, plausible, failed)."""
    EQUATION = "equation"
    """Equation between amounts: ``check``, ``holds``, ``left`` (sum of the terms), ``right``."""
    RELATION = "relation"
    """Relation between other values: ``check``, ``holds``."""
    DATA = "data"
    """The file states the field as data: ``form`` (its format), ``holds`` (the page agrees or not)."""
    QR = "qr"
    """A code on the page states the field: ``code`` (its kind), ``value``, ``holds`` (no text disagrees)."""
    REPEATED = "repeated"
    """Printed twice with the same value."""
    REPAIR = "repair"
    """Corrected from the recogniser's alternatives: ``read``, ``value``, ``by`` (checksum, equation, qr)."""
    SPACING = "spacing"
    """The print has room for one more character: ``after``, the part of the value before it."""
    UNCONFIRMED = "unconfirmed"
    """A doubtful reading that nothing on the document confirms."""
    REJECTED = "rejected"
    """A text of the right form that cannot be a value."""
    MISSING = "missing"
    """Nothing of the right form where a value should stand."""
    CORRECTION = "correction"
    """Said by a person: ``by``, ``at``, ``read`` (value before, where there was one)."""
    OTHER = "other"
    """Recorded before kinds were."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One piece of evidence for or against a field's value."""

    kind: ReasonKind
    text: str
    """Sentence for a person."""
    data: Mapping[str, str | bool | int | float] = field(default_factory=dict, hash=False)
    """Facts behind the sentence; :class:`ReasonKind` names them. Not changed after construction."""


@dataclass(frozen=True, slots=True)
class FieldCandidate:
    """A rival of a field's value: found on the document, considered and not chosen."""

    value: str
    """Normalised like the field's."""
    raw: str
    """As read."""
    level: Level
    """Proved, read or conflict, from the evidence for it alone."""
    reasons: tuple[Reason, ...] = ()
    page_index: int | None = None
    quad: Quad | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """One extracted fact with its proof."""

    name: str
    value: str | None
    """Normalised as its type says; None where missing."""
    raw: str | None
    """As read, never corrected."""
    level: Level
    page_index: int | None = None
    quad: Quad | None = None
    lines: tuple[tuple[int, int], ...] = ()
    """(page_index, line_index) of the lines it was read from."""
    reasons: tuple[Reason, ...] = ()
    type: FieldType = FieldType.TEXT
    probability: float | None = None
    """0-1: calibrated probability that the value is right; None where nothing estimated it."""
    candidates: tuple[FieldCandidate, ...] = ()
    """Rivals with other values, best first; the chosen value is not among them."""


@dataclass(frozen=True, slots=True)
class Item:
    """One line item; every value is normalised text or None."""

    name: str | None
    quantity: str | None = None
    unit_price: str | None = None
    amount: str | None = None
    rate: str | None = None
    tax: str | None = None


class Status(StrEnum):
    """State of a recorded document for its users."""

    DONE = "done"
    """Every required field has the level it needs, and no field is in conflict."""
    REVIEW = "review"
    """A person has to look at it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Lines and codes of all pages before any rule is applied; the input of extraction."""

    pages: tuple[PageInfo, ...]
    lines: tuple[Line, ...]
    """In reading order, pages in order."""
    codes: tuple[Code, ...]
    tables: tuple[Table, ...] = ()
    """Pages in order, each from the top; cells name lines by their index in ``lines``."""


@dataclass(frozen=True, slots=True)
class Paper:
    """Paper after the first in the same file, with a record of its own."""

    pages: tuple[int, ...]
    """Indices of its pages, ascending."""
    area: Quad | None
    """Its part of the page in decoded pixels; None: the whole pages are its own."""
    rule: str
    fields: tuple[Field, ...]
    items: tuple[Item, ...]
    status: Status


@dataclass(frozen=True, slots=True)
class Extraction:
    """Fields, line items and status that extraction derives from a reading."""

    rule: str
    """Name of the chosen rule, ``unknown`` where none matched."""
    fields: tuple[Field, ...]
    """Of the only or first paper."""
    items: tuple[Item, ...]
    status: Status
    """``done`` where every paper is."""
    further: tuple[Paper, ...] = ()
    """Papers after the first, in reading order."""
    unread: tuple[int, ...] = ()
    """Indices of pages that could not be read; a person decides whether the document is complete without them."""
    pages: tuple[int, ...] = ()
    """Indices of the pages of the only or first paper, ascending; empty: all pages of the file."""
    area: Quad | None = None
    """Part of its page in decoded pixels; None: whole pages."""


KIND = "@rule"
"""Field of a correction that is about the kind of a document."""


@dataclass(frozen=True, slots=True)
class Correction:
    """Statement of a person about one field of a document, or about its kind."""

    field: str
    """Name, or ``KIND``."""
    value: str | None
    """Normalised like the field's; None: the document has none, or, where withdrawn, as read."""
    by: str
    at: datetime
    """UTC."""
    withdrawn: bool = False
    """The reading holds again."""
    page_index: int | None = None
    """Page of the value; None: not taken from the page."""
    quad: Quad | None = None


@dataclass(frozen=True, slots=True)
class SearchableCopy:
    """PDF with the recognised text, on its way from the worker to the archive."""

    content: bytes
    """Empty where none could be made."""
    problem: str = ""
    """Reason why there is none."""


@dataclass(frozen=True, slots=True)
class Record:
    """One document as the database and the sidecar store it."""

    sha256: str
    name: str
    media_type: str
    size_bytes: int
    reading: Reading
    extraction: Extraction
    provenance: Mapping[str, str]
    """version, config, rules and models (hashes)."""
    timings: Mapping[str, float]
    """Seconds by stage."""
    copy: SearchableCopy | None = field(default=None, compare=False, repr=False)
    """Not stored with the record; None where none is wanted."""
    collated: bytes | None = field(default=None, compare=False, repr=False)
    """File of both sides of a stack; it is to be recorded, and this record is not."""
