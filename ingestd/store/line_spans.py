"""Lines of a document as places in its text: ``readings.lines``, from which the view ``lines`` cuts them.

The text of a document has all lines in their order. Between two of them stands one blank or line break, or a form
feed for each page that begins. ``readings.lines`` is JSON with an entry per line. Usually it is one number::

    length * 1001 + 1000 - confidence

``length`` in characters, ``confidence`` in thousandths; the line is read by OCR and on the page of the line before.
Otherwise it is a list, whose end is left out where it says nothing::

    [length, confidence, pages, source, text]

``confidence`` from 0 to 1. ``pages`` from the line before to this one. ``source`` 1 for ``text-layer``, else ``ocr``.
``text`` where the document's text is another at this place.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ingestd.document import Source
from ingestd.store.short import to_json

_PER_UNIT = 1000
_LENGTH = _PER_UNIT + 1

_PARTS = f"""
    CASE e.type WHEN 'integer' THEN e.value / {_LENGTH} ELSE e.value ->> 0 END AS length,
    CASE e.type WHEN 'integer' THEN 0 ELSE coalesce(e.value ->> 2, 0) END AS pages,
    CASE WHEN e.type <> 'integer' THEN e.value ->> 4 END AS own_text"""

LINES_VIEW = f"""
CREATE VIEW lines AS
SELECT document_id, page_index, line_index,
    coalesce(own_text, substr((SELECT text FROM documents WHERE id = document_id), start + 1, length)) AS text,
    confidence, source
FROM (
    SELECT document_id, line_index, length, confidence, source, own_text,
        sum(pages) OVER line AS page_index,
        sum(length + max(pages, line_index > 0)) OVER line - length AS start
    FROM (
        SELECT r.document_id AS document_id, e.key AS line_index,{_PARTS},
            CASE e.type WHEN 'integer' THEN ({_PER_UNIT} - e.value % {_LENGTH}) / {_PER_UNIT}.0
                ELSE e.value ->> 1 END AS confidence,
            CASE WHEN e.type <> 'integer' AND e.value ->> 3 THEN '{Source.TEXT_LAYER.value}'
                ELSE '{Source.OCR.value}' END AS source
        FROM readings r, json_each(r.lines) e
    )
    WINDOW line AS (PARTITION BY document_id ORDER BY line_index)
)
"""
"""A condition on ``document_id`` reaches the inner query, since lines of other documents do not count."""


def text_of_line(document_id: str, index: str) -> str:
    """Return SQL for the text of one line, which costs less than to ask the view: it makes all lines of the document.

    Args:
        document_id: SQL, with the name of its table: ``readings`` has such a column too.
        index: of the line, SQL, with the name of its table.
    """
    of_line = f"max(CASE k WHEN {index} THEN %s END)"
    length, end = of_line % "length", "sum(length + max(pages, k > 0))"
    return f"""(
        SELECT coalesce({of_line % "own_text"}, substr(
            (SELECT text FROM documents WHERE id = {document_id}), 1 + {end} - {length}, {length}))
        FROM (
            SELECT e.key AS k,{_PARTS}
            FROM readings r, json_each(r.lines) e WHERE r.document_id = {document_id} AND e.key <= {index}
        ))"""


def spans(lines: Iterable[dict[str, Any]], text: str) -> str:
    """Write lines as places in the text of their document.

    Args:
        lines: rows with ``page_index``, ``text``, ``confidence`` and ``source``, in order.
        text: of the document.
    """
    entries: list[int | list[Any]] = []
    at = page = 0
    for line in lines:
        own, pages = line["text"], line["page_index"] - page
        at += max(pages, 1 if entries else 0)
        is_layer = line["source"] == Source.TEXT_LAYER
        differs = text[at : at + len(own)] != own
        units = round(line["confidence"] * _PER_UNIT)
        if units / _PER_UNIT == line["confidence"] and not (pages or is_layer or differs):
            entries.append(len(own) * _LENGTH + _PER_UNIT - units)
        else:
            more = [pages, int(is_layer), own] if differs else [pages, int(is_layer)] if is_layer else [pages]
            entries.append([len(own), line["confidence"], *more])
        at += len(own)
        page = line["page_index"]
    return to_json(entries)


def lines_of(stored: str, text: str) -> list[dict[str, Any]]:
    """Return the rows that ``spans`` wrote, numbered from 0: as the view ``lines``, with NUL in texts too."""
    rows: list[dict[str, Any]] = []
    at = page = 0
    for index, entry in enumerate(json.loads(stored)):
        if isinstance(entry, int):
            length, short = divmod(entry, _LENGTH)
            confidence, pages, source, own = (_PER_UNIT - short) / _PER_UNIT, 0, 0, None
        else:
            length, confidence, pages, source, own = entry + [0, None][len(entry) - 3 :]
        at += max(pages, 1 if index else 0)
        page += pages
        rows.append(
            {
                "page_index": page,
                "line_index": index,
                "text": text[at : at + length] if own is None else own,
                "confidence": confidence,
                "source": (Source.TEXT_LAYER if source else Source.OCR).value,
            }
        )
        at += length
    return rows
