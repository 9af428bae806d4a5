"""``POST /ocr``: reads one picture at once and records nothing."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ingestd.document import Record
from ingestd.store import rows
from ingestd.store.table_rows import shown_tables
from ingestd.web.errors import Problem
from ingestd.web.incoming import files_of
from ingestd.web.services import services, user_of
from ingestd.web.tokens import Role

FIELD = "image"
"""Name of the form field."""
_JSON_COLUMNS = ("quad", "lines", "reasons", "candidates")


async def ocr(request: Request) -> Response:
    """Read the picture in the form field ``image``; ``?boxes=1`` adds boxes, confidence and fields."""
    user_of(request, Role.READ)
    use = services(request)
    boxes = request.query_params.get("boxes", "0")
    if boxes not in ("0", "1"):
        raise Problem(400, f"boxes: found {boxes[:20]!r}, expected 0 or 1")
    begun = use.clock.tick()
    with use.reader.places.one():
        async with files_of(request, FIELD, use.reader.folder) as files:
            if len(files) != 1:
                raise Problem(400, f"found {len(files)} files in the field {FIELD!r}, expected one", code="no-image")
            record = await use.reader.read(files[0].path, files[0].sha256, files[0].name)
    answer: dict[str, Any] = {
        "code": 0,
        "msg": "success",
        "text": [line.text for line in record.reading.lines],
        "cost_time": round(use.clock.tick() - begun, 3),
    }
    return JSONResponse(answer | (_details(record) if boxes == "1" else {}))


def problem_answer(problem: Problem) -> Response:
    """An error in the shape of the answer."""
    content = {"code": problem.status, "msg": f"{problem.message}; {problem.fix}", "text": [], "cost_time": 0.0}
    return JSONResponse(content, problem.status, problem.headers)


def _details(record: Record) -> dict[str, Any]:
    """Lines, codes and fields with their places, under the names of the sidecar."""
    reading, extraction = record.reading, record.extraction
    lines = [{name: row[name] for name in ("page_index", "text", "confidence", "quad")} for row in _line_rows(record)]
    return {
        "pages": [
            {"page_index": page.index, "width_px": page.width_px, "height_px": page.height_px} for page in reading.pages
        ],
        "lines": lines,
        "codes": [_plain(rows.code_row(code)) for code in reading.codes],
        "rule": extraction.rule,
        "status": extraction.status.value,
        "fields": [_plain(rows.field_row(field)) for field in extraction.fields],
        "items": list(rows.item_rows(extraction.items)),
        "tables": list(shown_tables(reading.tables)),
    }


def _line_rows(record: Record) -> list[dict[str, Any]]:
    return [_plain(row) for row in rows.line_rows(record.reading.lines)]


def _plain(row: rows.Row) -> dict[str, Any]:
    """A row with its JSON columns as what they say."""
    return {
        name: json.loads(value) if name in _JSON_COLUMNS and value is not None else value for name, value in row.items()
    }
