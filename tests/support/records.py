"""Readings and records for tests: one of each kind made by hand, and Hypothesis strategies for any."""

from __future__ import annotations

import hashlib
import math
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import strategies as st
from sqlite_utils import Database

from ingestd.document import (
    Cell,
    Char,
    Code,
    Extraction,
    Field,
    FieldCandidate,
    FieldType,
    Item,
    Level,
    Line,
    PageInfo,
    PageRole,
    Paper,
    Reading,
    Reason,
    ReasonKind,
    Record,
    Source,
    Status,
    Table,
)
from ingestd.layout.geometry import rect_quad
from ingestd.store import documents
from ingestd.store.database import transaction

NOON = datetime(2026, 8, 3, 12, 0, 0, 250_000, tzinfo=UTC)


def line(text: str, page: int = 0, row: int = 0) -> Line:
    """A line of 20 px height with one alternative for each of its characters."""
    chars = tuple(Char((n + 0.5) / len(text), ((char, 0.9), ("?", 0.0625))) for n, char in enumerate(text))
    return Line(page, rect_quad(10, 30 * row, 10 + 12 * len(text), 30 * row + 20), text, 0.9, chars)


def record(
    name: str = "发票 1.pdf",
    *,
    text: tuple[str, ...] = ("永辉超市", "Total 12.50"),
    fields: dict[str, str | None] | None = None,
    rule: str = "en-receipt",
    status: Status = Status.DONE,
    pages: int = 1,
) -> Record:
    """A record of ``pages`` pages, each with these lines; its bytes are its name."""
    values = {"merchant": "永辉超市", "total": "12.50", "date": None} if fields is None else fields
    lines = tuple(line(content, page, row) for page in range(pages) for row, content in enumerate(text))
    page_infos = tuple(PageInfo(n, 1000, 1400, 200.0, 90, -0.5, {"sharpness": 12.5}, ("grey",)) for n in range(pages))
    codes = (Code(0, rect_quad(500, 10, 600, 110), "QR", "01,04,\0"),)
    return Record(
        sha256=hashlib.sha256(os.fsencode(name)).hexdigest(),
        name=name,
        media_type="application/pdf",
        size_bytes=1234,
        reading=Reading(page_infos, lines, codes),
        extraction=Extraction(rule, tuple(field(key, value) for key, value in values.items()), ITEMS, status),
        provenance={"version": "0.1", "config": "c0", "rules": "r0", "models": "m0"},
        timings={"decode": 0.125, "recognise": 0.75},
    )


SUM = Reason(ReasonKind.EQUATION, "net + tax = total", {"check": "sum", "holds": True})
ITEMS = (Item("牛奶", "2", "5.00", "10.00", "13", "1.30"), Item(None))


def field(name: str, value: str | None) -> Field:
    """A field read from the first line, or missing where the value is None."""
    if value is None:
        return Field(name, None, None, Level.MISSING)
    quad = rect_quad(10, 0, 60, 20)
    return Field(name, value, f" {value}", Level.PROVED, 0, quad, ((0, 0),), (SUM,), FieldType.MONEY)


TABLE = Table(
    page_index=0,
    quad=rect_quad(100, 200, 500, 300),
    row_edges=(0.0, 0.5, 1.0),
    column_edges=(0.0, 0.25, 1.0),
    header_rows=1,
    cells=(Cell(0, 0, "Total", column_span=2, lines=(0, 1)), Cell(1, 0, "=1+1", lines=(1,)), Cell(1, 1, "")),
)


def with_table(table: Table = TABLE) -> Record:
    """A record with a table on its page."""
    plain = record()
    return replace(plain, reading=replace(plain.reading, tables=(table,)))


def save(db: Database, saved: Record, *, archive: Path | None = Path("/archive"), at: datetime = NOON) -> int:
    """Save a record in a transaction of its own."""
    with transaction(db):
        return documents.save(
            db,
            saved,
            source_path=Path("/inbox") / saved.name,
            archive_path=None if archive is None else archive / saved.name,
            received_at=at - timedelta(seconds=5),
            recorded_at=at,
        )


file_names = st.binary(min_size=1, max_size=40).filter(lambda raw: not {0, 47} & set(raw)).map(os.fsdecode)
"""Any name a file on Linux can have."""

_finite = st.floats(allow_nan=False, allow_infinity=False)
_px = st.floats(-1e9, 1e9)  # far beyond any page; lines are put in order by where they stand
_probability = st.floats(0, 1)
_text = st.text(max_size=12)
_optional = st.none() | _text
_corner = st.tuples(_px, _px)
_quad = st.tuples(_corner, _corner, _corner, _corner)
_char = st.builds(
    Char,
    position=_probability,
    alternatives=st.lists(st.tuples(st.text(min_size=1, max_size=2), _probability), min_size=1, max_size=3).map(tuple),
)
_pages = st.integers(0, 3)
_line = st.builds(
    Line,
    page_index=_pages,
    quad=_quad,
    text=_text,
    confidence=_probability,
    chars=st.lists(_char, max_size=3).map(tuple),
    source=st.sampled_from(Source),
)
_page = st.builds(
    PageInfo,
    index=st.just(0),
    width_px=st.integers(1, 20_000),
    height_px=st.integers(1, 20_000),
    dpi=st.floats(1, 2400),
    rotation_deg=st.sampled_from((0, 90, 180, 270)),
    skew_deg=st.floats(-15, 15),
    quality=st.dictionaries(_text, _finite, max_size=3),
    steps=st.lists(_text, max_size=3).map(tuple),
    role=st.sampled_from(PageRole),
)
_span = st.integers(1, 3)
_cell = st.builds(
    Cell,
    row=_pages,
    column=_pages,
    text=_text,
    row_span=_span,
    column_span=_span,
    lines=st.lists(st.integers(0, 99), max_size=3).map(tuple),
)
_table = st.builds(
    Table,
    page_index=_pages,
    quad=_quad,
    row_edges=st.lists(_probability, min_size=7, max_size=8).map(tuple),
    column_edges=st.lists(_probability, min_size=7, max_size=8).map(tuple),
    header_rows=_pages,
    cells=st.lists(_cell, max_size=4).map(tuple),
)
readings = st.builds(
    Reading,
    pages=st.lists(_page, max_size=4).map(lambda pages: tuple(replace(p, index=n) for n, p in enumerate(pages))),
    lines=st.lists(_line, max_size=5).map(tuple),
    codes=st.lists(st.builds(Code, page_index=_pages, quad=_quad, kind=_text, text=_text), max_size=3).map(tuple),
    tables=st.lists(_table, max_size=2).map(tuple),
)
_reasons = st.lists(
    st.builds(
        Reason,
        kind=st.sampled_from(ReasonKind),
        text=_text,
        data=st.dictionaries(_text, _text | st.booleans() | st.integers(-9, 9) | _finite, max_size=2),
    ),
    max_size=3,
).map(tuple)
_candidate = st.builds(
    FieldCandidate,
    value=_text,
    raw=_text,
    level=st.sampled_from(Level),
    reasons=_reasons,
    page_index=st.none() | _pages,
    quad=st.none() | _quad,
)
_fields = st.lists(
    st.builds(
        Field,
        name=_text,
        value=_optional,
        raw=_optional,
        level=st.sampled_from(Level),
        page_index=st.none() | _pages,
        quad=st.none() | _quad,
        lines=st.lists(st.tuples(_pages, st.integers(0, 99)), max_size=3).map(tuple),
        reasons=_reasons,
        type=st.sampled_from(FieldType),
        probability=st.none() | _probability,
        candidates=st.lists(_candidate, max_size=2).map(tuple),
    ),
    max_size=4,
    unique_by=lambda field: field.name,
)
_item = st.builds(
    Item, name=_optional, quantity=_optional, unit_price=_optional, amount=_optional, rate=_optional, tax=_optional
)
_papers = st.builds(
    Paper,
    pages=st.lists(_pages, min_size=1, max_size=3).map(tuple),
    area=st.none() | _quad,
    rule=_text,
    fields=_fields.map(tuple),
    items=st.lists(_item, max_size=2).map(tuple),
    status=st.sampled_from(Status),
)
extractions = st.builds(
    Extraction,
    rule=_text,
    fields=_fields.map(tuple),
    items=st.lists(_item, max_size=3).map(tuple),
    status=st.sampled_from(Status),
    further=st.lists(_papers, max_size=2).map(tuple),
    pages=st.lists(_pages, max_size=3).map(tuple),
    area=st.none() | _quad,
)
records = st.builds(
    Record,
    sha256=st.binary(min_size=32, max_size=32).map(bytes.hex),
    name=file_names,
    media_type=_text,
    size_bytes=st.integers(0, 1 << 62),
    reading=readings,
    extraction=extractions,
    provenance=st.dictionaries(_text, _text, max_size=3),
    timings=st.dictionaries(_text, st.floats(0, math.nextafter(math.inf, 0)), max_size=3),
)
