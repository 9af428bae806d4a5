"""Documents: uploads, lists, one with all that is known of it, and corrections."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from ingestd.admin.correct import CorrectionError, Wanted
from ingestd.admin.review import State
from ingestd.config import InboxConfig
from ingestd.document import KIND
from ingestd.files.identity import look
from ingestd.output import sidecar
from ingestd.store import corrections
from ingestd.store.database import transaction
from ingestd.store.job import Job
from ingestd.store.jobs import Jobs
from ingestd.store.listing import Listed, listed
from ingestd.web.api.answers import JSON, answer, etag
from ingestd.web.api.jobs import job_answer
from ingestd.web.api.models import MAX_NUMBER, FieldChange, FieldState, KindChange, ListAnswer, StateAnswer, Summary
from ingestd.web.bodies import body_of, versions_of
from ingestd.web.correcting import corrector_of, refusal
from ingestd.web.errors import Problem
from ingestd.web.filters import NAMES, filters_of, query_of
from ingestd.web.incoming import Incoming, files_of
from ingestd.web.originals import document_id, no_document
from ingestd.web.services import Services, services, user_of
from ingestd.web.tokens import Role
from ingestd.web.uploads import UPLOAD_FIELD, deliver, inbox_of

PAGE = 50
"""Documents per page where the request does not say."""
MAX_LIMIT = 100
"""Documents per page at most."""


# -- uploads


async def upload(request: Request) -> Response:
    """Put a file into the inbox; answers with its job."""
    user_of(request, Role.REVIEW)
    use = services(request)
    begun = use.clock.now()
    async with files_of(request, UPLOAD_FIELD, use.reader.folder) as files:
        if len(files) != 1:
            raise Problem(400, f"found {len(files)} files in the field {UPLOAD_FIELD!r}, expected one", code="no-file")
        job = await anyio.to_thread.run_sync(_handed_over, use, files[0], begun)
    return answer(job_answer(job), 202, {"Location": f"/v1/jobs/{job.id}"})


def _handed_over(use: Services, file: Incoming, begun: datetime) -> Job:
    inbox = inbox_of(use.config)
    target = deliver(file, inbox)
    with use.writing() as db:
        return _noted(Jobs(db), inbox, target, begun, use.clock.now())


def _noted(ledger: Jobs, inbox: InboxConfig, target: Path, begun: datetime, now: datetime) -> Job:
    """Note a file that is whole in its inbox, unless the daemon was faster."""
    with transaction(ledger.db):
        identity = look(target)
        jobs = [job for job in ledger.of_path(target) if job.created_at >= begun]
        if jobs:
            return jobs[0]
        if identity is None:
            raise Problem(503, f"{target.name}: found that it was taken out of the inbox", code="taken")
        return ledger.arrive(inbox.name, target, identity, now)


# -- lists


def listing(request: Request) -> Response:
    """Send a page of documents that the filters let through."""
    user_of(request, Role.READ)
    given = request.query_params
    known = (*NAMES, "before", "limit")
    if unknown := sorted(given.keys() - {*known}):
        raise Problem(422, f"found the parameter {unknown[0][:20]!r}, expected one of {', '.join(known)}")
    filters = filters_of(given)
    before = _number("before", given.get("before"), MAX_NUMBER)
    limit = _number("limit", given.get("limit"), MAX_LIMIT) or PAGE
    with services(request).database() as db:
        found = listed(db, filters, limit + 1, before)
    more = {"before": found[limit - 1].id, "limit": limit} if len(found) > limit else None
    following = None if more is None else f"/v1/documents{query_of(given, **more)}"
    return answer(ListAnswer(documents=[_summary(one) for one in found[:limit]], next=following))


def _number(name: str, text: str | None, most: int) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20 and 1 <= int(text) <= most):
        raise Problem(422, f"{name}: found {text[:20]!r}, expected a whole number from 1 to {most}")
    return int(text)


def _summary(one: Listed) -> Summary:
    return Summary.model_validate(one, from_attributes=True)


# -- one document


def document(request: Request) -> Response:
    """Send everything that is known of a document, in the form of the sidecar."""
    user_of(request, Role.READ)
    number = document_id(request)
    with services(request).database() as db:
        try:
            with db.atomic():
                version = etag(corrections.version(db, number))
                content = sidecar.render(db, number)
        except LookupError as error:
            raise no_document() from error
    if request.headers.get("if-none-match") == version["ETag"]:
        return Response(status_code=304, headers=version)
    return Response(content, media_type=JSON, headers=version)


async def change_field(request: Request) -> Response:
    """Correct or confirm a field."""
    user_of(request, Role.REVIEW)
    change = await body_of(request, FieldChange)
    wanted = Wanted(
        request.path_params["name"],
        change.value or "",
        page_index=None if change.place is None else change.place.page_index,
        quad=None if change.place is None else change.place.quad,
        seconds=change.seconds,
    )
    return await _changed(request, wanted, anyway=change.anyway)


async def withdraw_field(request: Request) -> Response:
    """Let what was read of a field hold again."""
    user_of(request, Role.REVIEW)
    return await _changed(request, Wanted(request.path_params["name"], withdrawn=True))


async def change_kind(request: Request) -> Response:
    """Say of which kind a document is; its fields are read again."""
    user_of(request, Role.REVIEW)
    return await _changed(request, Wanted(KIND, (await body_of(request, KindChange)).value))


async def withdraw_kind(request: Request) -> Response:
    """Let the kind that was recognised hold again."""
    user_of(request, Role.REVIEW)
    return await _changed(request, Wanted(KIND, withdrawn=True))


async def _changed(request: Request, wanted: Wanted, *, anyway: bool = False) -> Response:
    use, number, versions = services(request), document_id(request), versions_of(request)
    by = user_of(request, Role.REVIEW).name
    if wanted.field == KIND and "name" in request.path_params:
        raise Problem(422, f"found the field {KIND}, expected a name", fix=f"use /v1/documents/{number}/kind")

    def work() -> State:
        with use.writing() as db:
            expected = _expected(partial(corrections.version, db, number), versions)
            return corrector_of(db, use).correct(number, [wanted], by=by, expected=expected, anyway=anyway)

    try:
        state = await anyio.to_thread.run_sync(work)
    except LookupError as error:
        raise no_document() from error
    except CorrectionError as error:
        raise refusal(error) from error
    return answer(_state(state), headers=etag(state.version))


def _expected(current: Callable[[], str], versions: frozenset[str] | None) -> str | None:
    """Version that the change is meant for; None: any."""
    if versions is None:
        return None
    now = current()
    if now not in versions:
        raise Problem(412)
    return now


def _state(state: State) -> StateAnswer:
    return StateAnswer(
        document_id=state.document_id,
        version=state.version,
        kind=state.extraction.rule,
        status=state.extraction.status,
        doubts=list(state.doubts),
        fields={
            field.name: FieldState(
                value=field.value,
                raw=field.raw,
                level=field.level,
                probability=field.probability,
                reasons=[reason.text for reason in field.reasons],
            )
            for field in state.extraction.fields
        },
    )
