"""Conversion between the nouns of ``ingestd.document`` and rows of the database. Pure functions.

JSON columns are compact and exact: a float is written with the digits that give the same float back.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from ingestd.document import (
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
    Quad,
    Reading,
    Reason,
    ReasonKind,
    Source,
    Status,
)
from ingestd.layout.geometry import as_quads
from ingestd.layout.row_groups import group_rows, text_edges
from ingestd.store.short import MEASURES, to_json, values_only

Row = dict[str, Any]
"""Column name -> value."""


def text_rows(lines: Sequence[Line], gap: str = " ") -> list[str]:
    """Join the text of lines of one page that follow each other on one row; ``gap`` stands between them."""
    rows = group_rows(text_edges(as_quads(line.quad for line in lines)))
    row_of = {index: number for number, row in enumerate(rows) for index in row}
    return [
        gap.join(lines[index].text for index in row) for _, row in groupby(range(len(lines)), key=row_of.__getitem__)
    ]


def plain_text(reading: Reading) -> str:
    """Return the text of a document for searching and showing: one line per row, a form feed between pages.

    NUL, which ends a text for SQLite's full-text search, becomes a space.
    """
    pages: dict[int, list[Line]] = {page.index: [] for page in reading.pages}
    for line in reading.lines:
        pages.setdefault(line.page_index, []).append(line)
    return "\f".join("\n".join(text_rows(lines)) for lines in pages.values()).replace("\0", " ")


def field_values(extraction: Extraction, text: str) -> str:
    """Return the distinct normalised values that the text does not contain, one per line, for searching."""
    fields = (*extraction.fields, *(field for paper in extraction.further for field in paper.fields))
    return "\n".join(without_text(dict.fromkeys(field.value or "" for field in fields), text))


def without_text(values: Iterable[str], text: str) -> Iterator[str]:
    """Yield the values that are not in a text, which are found there otherwise."""
    for value in values:
        searched = value.replace("\0", " ")
        if searched not in text:
            yield searched


def page_row(page: PageInfo) -> Row:
    """Return a row of ``pages``; a measure that is not a number is stored as null."""
    measures = {name: value if math.isfinite(value) else None for name, value in page.quality.items()}
    return {
        "page_index": page.index,
        "width_px": page.width_px,
        "height_px": page.height_px,
        "dpi": page.dpi,
        "rotation_deg": page.rotation_deg,
        "skew_deg": page.skew_deg,
        "measures": values_only(measures, MEASURES),
        "steps": to_json(page.steps),
        "fault": page.fault,
        "role": page.role.value,
    }


def page_from(row: Mapping[str, Any]) -> PageInfo:
    """Return the page of a row of ``pages``, in which ``quality`` is made of the measures."""
    quality = json.loads(row["quality"])
    return PageInfo(
        index=row["page_index"],
        width_px=row["width_px"],
        height_px=row["height_px"],
        dpi=row["dpi"],
        rotation_deg=row["rotation_deg"],
        skew_deg=row["skew_deg"],
        quality={name: math.nan if value is None else value for name, value in quality.items()},
        steps=tuple(json.loads(row["steps"])),
        fault=row["fault"],
        role=PageRole(row["role"]),
    )


def line_rows(lines: Iterable[Line]) -> Iterator[Row]:
    """Yield lines as the sidecar writes them, numbered from 0 through the document, like ``Reading.lines``.

    The database keeps ``quad`` and ``chars`` packed, in ``readings``.
    """
    for index, line in enumerate(lines):
        yield {
            "page_index": line.page_index,
            "line_index": index,
            "text": line.text,
            "confidence": line.confidence,
            "quad": to_json(line.quad),
            "source": line.source.value,
            "chars": chars_json(line.chars),
        }


def line_from(row: Mapping[str, Any], quad: Quad, chars: tuple[Char, ...]) -> Line:
    """Return the line of a row of ``lines``, with what ``readings`` holds of it."""
    return Line(
        page_index=row["page_index"],
        quad=quad,
        text=row["text"],
        confidence=row["confidence"],
        chars=chars,
        source=Source(row["source"]),
    )


def chars_json(chars: Iterable[Char]) -> str:
    """Write a flat list per character: position, then character and probability of each alternative.

    >>> chars_json([Char(0.25, (("0", 0.9), ("O", 0.1)))])
    '[[0.25,"0",0.9,"O",0.1]]'
    """
    return to_json([[char.position, *(part for pair in char.alternatives for part in pair)] for char in chars])


def chars_from(text: str) -> tuple[Char, ...]:
    """Read the characters that ``chars_json`` wrote."""
    # Most characters have one alternative; a document has thousands of characters.
    return tuple(
        [
            Char(flat[0], ((flat[1], flat[2]),) if len(flat) == 3 else tuple(zip(flat[1::2], flat[2::2], strict=True)))
            for flat in json.loads(text)
        ]
    )


def code_row(code: Code) -> Row:
    """Return a row of ``codes``."""
    return {"page_index": code.page_index, "kind": code.kind, "text": code.text, "quad": to_json(code.quad)}


def code_from(row: Mapping[str, Any]) -> Code:
    """Return the code of a row that ``code_row`` wrote."""
    return Code(page_index=row["page_index"], quad=quad_from(row["quad"]), kind=row["kind"], text=row["text"])


def field_row(field: Field) -> Row:
    """Return a row of ``fields``."""
    return {
        "name": field.name,
        "value": field.value,
        "raw": field.raw,
        "level": field.level.value,
        "page_index": field.page_index,
        "quad": None if field.quad is None else to_json(field.quad),
        "lines": to_json(field.lines),
        "reasons": to_json([reason.text for reason in field.reasons]),
        "evidence": to_json([{"kind": reason.kind.value, "data": dict(reason.data)} for reason in field.reasons]),
        "type": field.type.value,
        "probability": field.probability,
        "candidates": to_json([_candidate_json(candidate) for candidate in field.candidates]),
    }


def field_from(row: Mapping[str, Any]) -> Field:
    """Return the field of a row that ``field_row`` wrote; without ``evidence`` (0.1.0) reasons are ``other``."""
    texts, evidence = json.loads(row["reasons"]), json.loads(row["evidence"])
    if not evidence:
        evidence = [{"kind": ReasonKind.OTHER.value, "data": {}}] * len(texts)
    return Field(
        name=row["name"],
        value=row["value"],
        raw=row["raw"],
        level=Level(row["level"]),
        page_index=row["page_index"],
        quad=None if row["quad"] is None else quad_from(row["quad"]),
        lines=tuple((page, line) for page, line in json.loads(row["lines"])),
        reasons=tuple(_reason({"text": text, **entry}) for text, entry in zip(texts, evidence, strict=True)),
        type=FieldType(row["type"]),
        probability=row["probability"],
        candidates=tuple(map(_candidate, json.loads(row["candidates"]))),
    )


def _candidate_json(candidate: FieldCandidate) -> Row:
    return {
        "value": candidate.value,
        "raw": candidate.raw,
        "level": candidate.level.value,
        "reasons": [
            {"kind": reason.kind.value, "text": reason.text, "data": dict(reason.data)} for reason in candidate.reasons
        ],
        "page_index": candidate.page_index,
        "quad": candidate.quad,
    }


def _candidate(data: Mapping[str, Any]) -> FieldCandidate:
    return FieldCandidate(
        value=data["value"],
        raw=data["raw"],
        level=Level(data["level"]),
        reasons=tuple(map(_reason, data["reasons"])),
        page_index=data["page_index"],
        quad=None if data["quad"] is None else _quad(data["quad"]),
    )


def _reason(data: Mapping[str, Any]) -> Reason:
    return Reason(ReasonKind(data["kind"]), data["text"], data["data"])


def item_rows(items: Iterable[Item]) -> Iterator[Row]:
    """Yield rows of ``items``, numbered from 0."""
    for index, item in enumerate(items):
        yield {
            "item_index": index,
            "name": item.name,
            "quantity": item.quantity,
            "unit_price": item.unit_price,
            "amount": item.amount,
            "rate": item.rate,
            "tax": item.tax,
        }


def item_from(row: Mapping[str, Any]) -> Item:
    """Return the item of a row that ``item_rows`` wrote."""
    return Item(
        name=row["name"],
        quantity=row["quantity"],
        unit_price=row["unit_price"],
        amount=row["amount"],
        rate=row["rate"],
        tax=row["tax"],
    )


def paper_row(paper: Paper, index: int) -> Row:
    """Return a row of ``papers``.

    Args:
        paper: after the first.
        index: of the paper in its file, at least 1.
    """
    return {
        "paper_index": index,
        "pages": to_json(paper.pages),
        "area": None if paper.area is None else to_json(paper.area),
        "rule": paper.rule,
        "status": paper.status.value,
        "items": to_json(list(item_rows(paper.items))),
    }


def paper_from(row: Mapping[str, Any], fields: Iterable[Mapping[str, Any]]) -> Paper:
    """Return the paper of a row that ``paper_row`` wrote and of the rows of its fields."""
    return Paper(
        pages=tuple(json.loads(row["pages"])),
        area=None if row["area"] is None else quad_from(row["area"]),
        rule=row["rule"],
        fields=tuple(map(field_from, fields)),
        items=tuple(map(item_from, json.loads(row["items"]))),
        status=Status(row["status"]),
    )


def place_row(extraction: Extraction) -> Row:
    """Return the columns of ``documents`` that say where the first paper is in its file."""
    area = None if extraction.area is None else to_json(extraction.area)
    return {"paper_pages": to_json(extraction.pages), "paper_area": area}


def extraction_json(extraction: Extraction) -> str:
    """Write a whole extraction as JSON text."""
    further = [
        {**paper_row(paper, index), "fields": [field_row(field) for field in paper.fields]}
        for index, paper in enumerate(extraction.further, 1)
    ]
    return to_json(
        {
            "rule": extraction.rule,
            "status": extraction.status.value,
            "fields": [field_row(field) for field in extraction.fields],
            "items": list(item_rows(extraction.items)),
            **({"further": further} if further else {}),
            **({"unread": extraction.unread} if extraction.unread else {}),
            **({"pages": extraction.pages} if extraction.pages else {}),
            **({"area": extraction.area} if extraction.area is not None else {}),
        }
    )


def extraction_from(text: str) -> Extraction:
    """Read what ``extraction_json`` wrote."""
    data = json.loads(text)
    return Extraction(
        rule=data["rule"],
        fields=tuple(map(field_from, data["fields"])),
        items=tuple(map(item_from, data["items"])),
        status=Status(data["status"]),
        further=tuple(paper_from(paper, paper["fields"]) for paper in data.get("further", ())),
        unread=tuple(data.get("unread", ())),
        pages=tuple(data.get("pages", ())),
        area=_quad(data["area"]) if "area" in data else None,
    )


def quad_from(text: str) -> Quad:
    """Read the four corners of a JSON quad."""
    return _quad(json.loads(text))


def _quad(corners: Sequence[tuple[float, float]]) -> Quad:
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = corners
    return (ax, ay), (bx, by), (cx, cy), (dx, dy)
