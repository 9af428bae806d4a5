"""Jobs: files on their way, asked for once or followed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from ingestd.files.encoding import path_text
from ingestd.store.job import UNSETTLED, Job, State
from ingestd.store.jobs import Jobs
from ingestd.web.api.answers import answer
from ingestd.web.api.models import MAX_NUMBER, JobAnswer
from ingestd.web.errors import Problem
from ingestd.web.limits import Places
from ingestd.web.services import Services, services, user_of
from ingestd.web.tokens import Role

_LOOK_S = 0.5
"""Seconds between two looks at a job that is followed."""
_LOOKS_IN_SILENCE = 30
"""After so many looks without a change a comment is sent, so that proxies keep the connection."""
_MAX_LOOKS = 7200
"""Then the stream ends; a browser asks again by itself."""


def job(request: Request) -> Response:
    """Send the state of a job."""
    user_of(request, Role.READ)
    return answer(job_answer(_found(services(request), request)))


def retry(request: Request) -> Response:
    """Try a failed job again."""
    user_of(request, Role.ADMIN)
    use = services(request)
    failed = _found(use, request)
    with use.writing() as db:
        again = Jobs(db).retry(failed, use.clock.now()) if failed.state is State.FAILED else None
    if not isinstance(again, Job):
        raise Problem(409, "this job has not failed", code="moved", fix="look at its state")
    return answer(job_answer(again), 202)


async def events(request: Request) -> Response:
    """Follow a job: an event whenever its state changes, until it is settled."""
    user_of(request, Role.READ)
    use = services(request)
    first = await anyio.to_thread.run_sync(_found, use, request)
    return _Events(use.followers, _changes(use, first))


class _Events(StreamingResponse):
    """A stream of events that holds a place for as long as it is sent."""

    media_type = "text/event-stream"

    def __init__(self, places: Places, content: AsyncIterator[str]) -> None:
        super().__init__(content, headers={"X-Accel-Buffering": "no"})
        self._places = places

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._places.one():
            await super().__call__(scope, receive, send)


async def _changes(use: Services, first: Job) -> AsyncIterator[str]:
    shown, silence = "", 0
    now: Job | None = first
    for _ in range(_MAX_LOOKS):
        if now is None:
            yield "event: gone\ndata: {}\n\n"
            return
        text = job_answer(now).model_dump_json()
        if text != shown:
            shown, silence = text, 0
            yield f"event: job\ndata: {text}\n\n"
        if now.state not in UNSETTLED:
            return
        silence += 1
        if silence % _LOOKS_IN_SILENCE == 0:
            yield ": still there\n\n"
        await asyncio.sleep(_LOOK_S)
        now = await anyio.to_thread.run_sync(_job, use, first.id)


def _found(use: Services, request: Request) -> Job:
    number: int = request.path_params["id"]
    found = _job(use, number) if number <= MAX_NUMBER else None
    if found is None:
        raise Problem(404, "there is no job of this number", fix="take the number from the answer to the upload")
    return found


def _job(use: Services, number: int) -> Job | None:
    with use.database() as db:
        return Jobs(db).job(number)


def job_answer(one: Job) -> JobAnswer:
    """Form of a job in the API."""
    return JobAnswer(
        id=one.id,
        state=one.state,
        name=path_text(one.name),
        attempt=one.attempt,
        document_id=one.document_id,
        reason=_reason(one),
        created_at=one.created_at,
        next_at=one.next_at,
    )


def _reason(one: Job) -> str | None:
    if one.state is not State.FAILED or one.error is None:
        return one.error
    failure = json.loads(one.error)
    return f"{failure['found']}; {failure['fix']}"
