"""Documents: uploads, what is being read now, and the list with its filters, sums and exports."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, BinaryIO

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse

from ingestd.errors import IngestdError
from ingestd.files.encoding import path_text, time_from, time_text
from ingestd.output.export import FORMATS, writer
from ingestd.output.tables import Choice, Rows, documents
from ingestd.store.job import Job, State
from ingestd.store.jobs import Jobs
from ingestd.store.listing import kinds, listed, sums
from ingestd.web.errors import Problem
from ingestd.web.filters import NAMES, filters_of, query_of
from ingestd.web.incoming import files_of
from ingestd.web.pages.counts import counts_of
from ingestd.web.services import services, user_of
from ingestd.web.tokens import Role
from ingestd.web.uploads import UPLOAD_FIELD, deliver, inbox_of

PAGE = 50
"""Documents per page of the list."""
_READING = (State.CLAIMED, State.RUNNING)
_IN_MEMORY = 1 << 23
"""Bytes of an export that are not written to the disk first."""
_PIECE = 1 << 16
_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/jsonl",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def listing(request: Request) -> Response:
    """Show a page of documents; the filters are the address, so that a search can be bookmarked."""
    user_of(request, Role.READ)
    use = services(request)
    given = request.query_params
    filters = filters_of(given)
    before = _before(given.get("before"))
    with use.database() as db:
        summed = sums(db, filters)
        found = listed(db, filters, PAGE + 1, before, sum(one.documents for one in summed))
        values: dict[str, Any] = {
            "documents": found[:PAGE],
            "sums": summed,
            "kinds": kinds(db),
            "counts": counts_of(db),
            "given": {name: given.get(name, "") for name in NAMES},
            "is_filtered": any(given.get(name, "").strip() for name in NAMES),
            "query": query_of(given),
            "older": query_of(given, before=found[PAGE - 1].id) if len(found) > PAGE else None,
            "newest": query_of(given) if before is not None else None,
            **_now_values(Jobs(db)),
        }
    return use.renderer.page(request, "documents.html", values)


def _before(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Problem(422, f"before: found {text[:20]!r}, expected the id of a document")
    return int(text)


def now(request: Request) -> Response:
    """Show what is being read, as a part of the page that is asked for again and again."""
    user_of(request, Role.READ)
    use = services(request)
    with use.database() as db:
        return use.renderer.page(request, "_now.html", _now_values(Jobs(db)))


def _now_values(ledger: Jobs) -> dict[str, Any]:
    reading = ledger.in_states(_READING)
    return {"reading": [path_text(job.name) for job in reading], "waiting": ledger.count_unsettled() - len(reading)}


def export(request: Request) -> Response:
    """Send the listed documents, all pages of them, as a file."""
    user_of(request, Role.READ)
    use = services(request)
    form = request.path_params["form"]
    if form not in FORMATS:
        raise Problem(404)
    filters = filters_of(request.query_params)
    target = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 (closed when it is sent)
    try:
        with use.database() as db:
            _write(form, documents(db, Choice(filters=filters)), target)  # type: ignore[arg-type]
    except BaseException:
        target.close()
        raise
    target.seek(0)
    headers = {"Content-Disposition": f'attachment; filename="documents-{use.clock.today()}.{form}"'}
    return StreamingResponse(_pieces(target), media_type=_TYPES[form], headers=headers)  # type: ignore[arg-type]


def _write(form: str, rows: Rows, target: BinaryIO) -> None:
    try:
        writer(form, bom=form == "csv")(rows, target)
    except IngestdError as error:
        raise Problem(422, str(error), fix="narrow the filters, or export CSV") from error


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(_PIECE):
            yield piece


async def upload(request: Request) -> Response:
    """Put the files of a form into the inbox; answers a script in JSON, a browser with the list."""
    user_of(request, Role.REVIEW)
    use = services(request)
    since = time_text(use.clock.now() - timedelta(seconds=1))
    inbox = inbox_of(use.config)
    async with files_of(request, UPLOAD_FIELD, use.reader.folder) as files:
        if not files:
            raise Problem(400, "found no file", code="no-file", fix="choose at least one")
        names = [deliver(file, inbox).name for file in files]
    if "application/json" not in request.headers.get("accept", ""):
        return RedirectResponse("/documents", 303)
    return JSONResponse({"files": [{"name": name, "since": since} for name in names]}, 202)


def arrived(request: Request) -> Response:
    """Tell a script what has become of an upload: its state, its document, or why it failed."""
    user_of(request, Role.READ)
    use = services(request)
    name, since = request.query_params.get("name", ""), request.query_params.get("since", "")
    if not name or "/" in name or "\0" in name:
        raise Problem(422, "name: expected the name of an upload")
    try:
        earliest = time_from(since)
    except ValueError as error:
        raise Problem(422, "since: expected the moment of an upload") from error
    with use.database() as db:
        jobs = [job for job in Jobs(db).of_path(inbox_of(use.config).path / name) if job.created_at >= earliest]
    return JSONResponse(_progress(jobs[0]) if jobs else {"state": "unseen"})


def _progress(job: Job) -> dict[str, Any]:
    reason = json.loads(job.error or "{}") if job.state is State.FAILED else {}
    return {
        "state": job.state.value,
        "document_id": job.document_id,
        "reason": f"{reason['found']}; {reason['fix']}" if reason else job.error,
    }
