"""One document: its picture with boxes, fields with their reasons, items, text and history."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ingestd.admin.history import explain
from ingestd.document import OF_NO_PAPER, Extraction, Field, Paper, Status
from ingestd.output import sidecar
from ingestd.store.documents import Document, load_document
from ingestd.store.exports import exported
from ingestd.store.jobs import Jobs
from ingestd.store.rows import plain_text
from ingestd.store.same_invoice import same_invoices
from ingestd.store.supersessions import predecessors, successor
from ingestd.web.errors import Problem
from ingestd.web.originals import document_id, no_document
from ingestd.web.pages.counts import counts_of
from ingestd.web.services import services, user_of
from ingestd.web.tokens import Role


def show(request: Request) -> Response:
    """Show a document; ``?page=2`` shows its second page."""
    user_of(request, Role.READ)
    use = services(request)
    with use.database() as db:
        try:
            document = load_document(db, document_id(request))
        except LookupError as error:
            raise no_document() from error
        values: dict[str, Any] = {
            "document": document,
            "events": explain(document.archive_path or document.source_path, use.config, Jobs(db)),
            "counts": counts_of(db),
            "same": same_invoices(db, document.id),
            "exports": exported(db, document.id),
            "successor": successor(db, document.id),
            "predecessors": predecessors(db, document.id),
            "papers": _papers(document.record.extraction),
            "unused": [page for page in document.record.reading.pages if page.role in OF_NO_PAPER],
            **_page_values(document, request.query_params.get("page", "1")),
        }
    return use.renderer.page(request, "document.html", values)


_TELLING = ("invoice_no", "receipt_no", "date", "total")
"""Fields by which a person knows a paper."""


def _papers(extraction: Extraction) -> list[dict[str, Any]]:
    """List the papers of a file that holds several."""
    if not extraction.further:
        return []
    first = _paper(extraction, is_open=False)  # its fields are shown, and the status of the file
    return [first, *(_paper(paper, is_open=paper.status is Status.REVIEW) for paper in extraction.further)]


def _paper(paper: Extraction | Paper, *, is_open: bool) -> dict[str, Any]:
    told = _telling(paper.fields)
    return {"rule": paper.rule, "pages": paper.pages, "area": paper.area, "told": told, "is_open": is_open}


def _telling(fields: tuple[Field, ...]) -> list[str]:
    values = {field.name: field.value for field in fields if field.value is not None}
    return [values[name] for name in _TELLING if name in values]


def _page_values(document: Document, wanted: str) -> dict[str, Any]:
    reading, extraction = document.record.reading, document.record.extraction
    number = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 6 else 0
    if not 1 <= number <= max(1, len(reading.pages)):
        raise Problem(404, f"found page {wanted[:10]!r}, expected 1 to {len(reading.pages)}", fix="choose a page")
    index = number - 1
    return {
        "page": reading.pages[index] if reading.pages else None,
        "lines": [(n, line) for n, line in enumerate(reading.lines) if line.page_index == index],
        "fields_here": [field for field in extraction.fields if field.page_index == index and field.value is not None],
        "tables": [table for table in reading.tables if table.page_index == index],
        "texts": plain_text(reading).split("\f"),
    }


def download(request: Request) -> Response:
    """Send the sidecar of a document."""
    user_of(request, Role.READ)
    number = document_id(request)
    with services(request).database() as db:
        try:
            content = sidecar.render(db, number)
        except LookupError as error:
            raise no_document() from error
    headers = {"Content-Disposition": f'attachment; filename="document-{number}.json"'}
    return Response(content, media_type="application/json", headers=headers)
