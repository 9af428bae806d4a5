"""The review desk: the page, and what its script asks for while somebody settles documents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import anyio.to_thread
from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ingestd.admin.correct import CorrectionError, Wanted
from ingestd.admin.review import judge_typed, state_of
from ingestd.document import Field as DocumentField
from ingestd.document import Level, Quad, Status
from ingestd.extract.confirm.doubts import rule_of
from ingestd.extract.confirm.settle import field_type
from ingestd.extract.confirm.taken import text_inside, value_inside
from ingestd.extract.confirm.typed import MAX_CHARACTERS, context_of
from ingestd.store import documents, reviews
from ingestd.web.bodies import Body, body_of
from ingestd.web.correcting import corrector_of, refusal
from ingestd.web.errors import Problem
from ingestd.web.language import Words, language_of, words_of
from ingestd.web.originals import document_id, no_document
from ingestd.web.pages.counts import counts_of
from ingestd.web.services import Services, services, user_of
from ingestd.web.sheet import judged_data, kind_choices, sheet
from ingestd.web.tokens import Role

_MAX_AT_HAND = 100
"""Documents that one browser may have open."""

Name = Annotated[str, Field(min_length=1, max_length=100)]
Text = Annotated[str, Field(max_length=MAX_CHARACTERS)]
Id = Annotated[int, Field(gt=0, lt=1 << 63)]
Corner = tuple[float, float]


class NextBody(Body):
    """Asks for the next document."""

    skip: tuple[Id, ...] = Field(default=(), max_length=_MAX_AT_HAND)
    kind: Name | None = None


class HandBody(Body):
    """Names the documents that the browser has at hand."""

    at_hand: tuple[Id, ...] = Field(max_length=_MAX_AT_HAND)


class JudgeBody(Body):
    """Texts as typed so far."""

    texts: dict[Name, Text] = Field(max_length=100)
    accepted: tuple[Name, ...] = Field(default=(), max_length=100)


class TakeBody(Body):
    """A box on a page, in decoded pixels."""

    field: Name
    page: Annotated[int, Field(ge=0)]
    box: tuple[float, float, float, float]


class TypedValue(Body):
    """Statement of a person about one field."""

    field: Name
    text: Text = ""
    page: Annotated[int, Field(ge=0)] | None = None
    quad: tuple[Corner, Corner, Corner, Corner] | None = None
    seconds: Annotated[float, Field(ge=0, le=86_400)] | None = None

    @property
    def wanted(self) -> Wanted:
        """As the Corrector takes it."""
        has_place = self.page is not None and self.quad is not None
        quad: Quad | None = self.quad if has_place else None
        return Wanted(self.field, self.text, False, self.page if has_place else None, quad, self.seconds)


class SettleBody(Body):
    """Everything that a person says of a document."""

    version: Name
    values: tuple[TypedValue, ...] = Field(min_length=1, max_length=100)
    anyway: bool = False


class LaterBody(Body):
    """Reason for putting a document off."""

    note: Annotated[str, Field(max_length=reviews.MAX_NOTE)] = ""


# -- pages


def desk(request: Request) -> Response:
    """Show the desk; its script asks for the documents."""
    user_of(request, Role.REVIEW)
    use = services(request)
    number = document_id(request) if "id" in request.path_params else None
    with use.database() as db:
        values: dict[str, Any] = {
            "document_id": number,
            "kind": request.query_params.get("kind"),
            "kinds": kind_choices(use, _words(request)),
            "counts": counts_of(db),
            "double_key_above": use.config.web.double_key_above,
            "keep_s": use.config.web.lock_s / 3,
        }
    return use.renderer.page(request, "review.html", values)


# -- what the script asks for


async def take_next(request: Request) -> Response:
    """Open the next document of the queue."""
    user = user_of(request, Role.REVIEW).name
    body = await body_of(request, NextBody)

    def work(use: Services) -> Any:
        now, lock_s = use.clock.now(), use.config.web.lock_s
        with use.writing() as db:
            found = reviews.take(db, user, now, lock_s, body.kind, body.skip)
            return {
                "document": None if found is None else sheet(db, found.id, use, _words(request)),
                "waiting": reviews.depth(db, now).waiting,
            }

    return await _answer(request, work)


async def open_document(request: Request) -> Response:
    """Open one document, unless someone else has it open."""
    user = user_of(request, Role.REVIEW).name
    number = document_id(request)

    def work(use: Services) -> Any:
        now = use.clock.now()
        with use.writing() as db:
            holder = reviews.lock(db, number, user, now, use.config.web.lock_s).by
            if holder != user:
                raise Problem(409, f"{holder} has this document open", code="locked", fix="take the next one")
            return {"document": sheet(db, number, use, _words(request)), "waiting": reviews.depth(db, now).waiting}

    return await _answer(request, work)


async def keep(request: Request) -> Response:
    """Keep the documents open that a browser has at hand; answers with those that are still its own."""
    user = user_of(request, Role.REVIEW).name
    body = await body_of(request, HandBody)

    def work(use: Services) -> Any:
        with use.writing() as db:
            return {"at_hand": reviews.keep(db, body.at_hand, user, use.clock.now(), use.config.web.lock_s)}

    return await _answer(request, work)


async def close(request: Request) -> Response:
    """Give back documents that a browser had at hand."""
    user = user_of(request, Role.REVIEW).name
    body = await body_of(request, HandBody)

    def work(use: Services) -> Any:
        with use.writing() as db:
            reviews.unlock_all(db, body.at_hand, user)
        return {}

    return await _answer(request, work)


async def judge(request: Request) -> Response:
    """Judge what is typed so far; nothing is written."""
    user_of(request, Role.REVIEW)
    number, body, words = document_id(request), await body_of(request, JudgeBody), _words(request)

    def work(use: Services) -> Any:
        with use.database() as db:
            judged = judge_typed(db, number, body.texts, use.rules, use.clock, body.accepted)
        return {"fields": [judged_data(one, words) for one in judged]}

    return await _answer(request, work)


async def take_text(request: Request) -> Response:
    """Read the text inside a box, cut down to a value of the field; ``text`` is null where there is none."""
    user_of(request, Role.REVIEW)
    number, body = document_id(request), await body_of(request, TakeBody)

    def work(use: Services) -> Any:
        with use.database() as db:
            extraction = state_of(db, number, use.rules).extraction
            reading = documents.load_reading(db, number)
        found = text_inside([line for line in reading.lines if line.page_index == body.page], body.box)
        if found is None:
            return {"text": None, "quad": None}
        known = next((one for one in extraction.fields if one.name == body.field), None)
        field = known or DocumentField(body.field, None, None, Level.MISSING)
        plan = rule_of(use.rules, extraction.rule)
        context = context_of(field, use.clock.today(), None if plan is None else plan.spec.dates.order)
        return {"text": value_inside(found[0], field_type(field, plan), context), "quad": found[1]}

    return await _answer(request, work)


async def settle(request: Request) -> Response:
    """Write what a person says of a document, all of it or nothing."""
    user = user_of(request, Role.REVIEW).name
    number, body, words = document_id(request), await body_of(request, SettleBody), _words(request)

    def work(use: Services) -> Any:
        with use.writing() as db:
            wanted = [one.wanted for one in body.values]
            state = corrector_of(db, use).correct(number, wanted, by=user, expected=body.version, anyway=body.anyway)
            is_done = state.extraction.status is Status.DONE
            return {"document": None if is_done else sheet(db, number, use, words)}

    return await _answer(request, work)


async def undo(request: Request) -> Response:
    """Take back what this user last said of a document, or that it was put off, and open it again."""
    user = user_of(request, Role.REVIEW).name
    number, words = document_id(request), _words(request)

    def work(use: Services) -> Any:
        with use.writing() as db:
            if reviews.note(db, number) is None:
                corrector_of(db, use).undo(number, by=user)
            else:
                reviews.resume(db, number)
            reviews.lock(db, number, user, use.clock.now(), use.config.web.lock_s)
            return {"document": sheet(db, number, use, words)}

    return await _answer(request, work)


async def later(request: Request) -> Response:
    """Put a document off to the end of the queue."""
    user = user_of(request, Role.REVIEW).name
    number, body = document_id(request), await body_of(request, LaterBody)

    def work(use: Services) -> Any:
        with use.writing() as db:
            reviews.postpone(db, number, user, body.note, use.clock.now())
        return {}

    return await _answer(request, work)


def _words(request: Request) -> Words:
    return words_of(language_of(request.headers.get("accept-language")))


async def _answer(request: Request, work: Callable[[Services], Any]) -> Response:
    """Do work beside the event loop; a document that is not there, or a correction that is refused, is a problem."""
    try:
        return JSONResponse(await anyio.to_thread.run_sync(work, services(request)))
    except LookupError as error:
        raise no_document() from error
    except CorrectionError as error:
        raise refusal(error) from error
