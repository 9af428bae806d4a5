"""The operations of the API: one table, from which the routes and their description are made."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from ingestd.document import Status
from ingestd.files.media_types import NOUNS
from ingestd.output.sidecar import Sidecar
from ingestd.store.desk_schema import LEVEL_BITS
from ingestd.web import ocr, originals
from ingestd.web.api import documents, jobs, status
from ingestd.web.api.models import (
    MAX_NUMBER,
    FieldChange,
    JobAnswer,
    KindChange,
    ListAnswer,
    OcrAnswer,
    ProblemAnswer,
    StateAnswer,
    StatusAnswer,
)
from ingestd.web.bodies import TAGS
from ingestd.web.filters import MAX_LENGTH
from ingestd.web.tokens import Role
from ingestd.web.uploads import UPLOAD_FIELD

Handler = Callable[[Request], Awaitable[Response] | Response]
Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an operation."""

    name: str
    place: str
    """``path``, ``query`` or ``header``."""
    schema: Schema
    told: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Returned:
    """Answer of an operation that went well."""

    told: str
    model: type[BaseModel] | None = None
    media_types: tuple[str, ...] = ("application/json",)
    """Of which the answer is one; empty: it has no body."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Name -> description."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address."""

    method: str
    path: str
    """As the router takes it."""
    handler: Handler
    summary: str
    role: Role | None
    """Least role; None: anyone."""
    answers: Mapping[int, Returned]
    problems: tuple[int, ...] = ()
    """Statuses of errors besides those that every operation has."""
    parameters: tuple[Parameter, ...] = ()
    body: type[BaseModel] | None = None
    file_field: str | None = None
    """Name of the form field with a file."""
    problem: type[BaseModel] = ProblemAnswer


_ID: Schema = {"type": "integer", "minimum": 1, "maximum": MAX_NUMBER}
_WORDS: Schema = {"type": "string", "maxLength": MAX_LENGTH}
_DATE: Schema = {"anyOf": [{"type": "string", "format": "date"}, {"const": ""}]}
_AMOUNT: Schema = {"type": "string", "pattern": r"^(-?[0-9]{1,12}(\.[0-9]{1,2})?)?$"}


def _id(told: str = "Number of the document.") -> Parameter:
    return Parameter("id", "path", _ID, told, required=True)


_JOB = _id("Number of the job.")
_NAME = Parameter("name", "path", {"type": "string", "minLength": 1, "maxLength": 100}, "Name of the field.", True)
_IF_MATCH = Parameter(
    "If-Match",
    "header",
    {"type": "string", "pattern": TAGS},
    "ETag that the change is meant for, or *.",
    True,
)
_LIST = (
    Parameter("text", "query", _WORDS, "Words that all occur in name, text or values."),
    Parameter("kind", "query", _WORDS, "Kind of document."),
    Parameter("status", "query", {"enum": [*Status, ""]}, "Status."),
    Parameter("seller", "query", _WORDS, "Part of the name of seller or merchant."),
    Parameter("date_from", "query", _DATE, "First date."),
    Parameter("date_to", "query", _DATE, "Last date."),
    Parameter("total_from", "query", _AMOUNT, "Least total."),
    Parameter("total_to", "query", _AMOUNT, "Largest total."),
    Parameter("level", "query", {"enum": [*LEVEL_BITS, ""]}, "Level that at least one field has."),
    Parameter("before", "query", _ID, "Number of the last document of the page before."),
    Parameter("limit", "query", {"type": "integer", "minimum": 1, "maximum": documents.MAX_LIMIT}, "Documents."),
)
_ETAG = {"ETag": "Version of the document, for If-Match."}
_STATE = {200: Returned("The document after the change.", StateAnswer, headers=_ETAG)}
_CHANGE = (404, 409, 412, 422, 428)
_FIELD, _KIND = "/v1/documents/{id:int}/fields/{name}", "/v1/documents/{id:int}/kind"

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "POST",
        "/ocr",
        ocr.ocr,
        "Read a picture at once; nothing is recorded.",
        Role.READ,
        {200: Returned("The text.", OcrAnswer)},
        (408, 413, 415, 422, 500, 503, 504),
        (Parameter("boxes", "query", {"enum": ["0", "1"]}, "1: with places and fields."),),
        file_field=ocr.FIELD,
        problem=OcrAnswer,
    ),
    Operation(
        "GET",
        "/v1/status",
        status.status,
        "Get counts, the oldest file that waits, and what cannot be looked at.",
        Role.READ,
        {200: Returned("The status.", StatusAnswer)},
    ),
    Operation(
        "POST",
        "/v1/documents",
        documents.upload,
        "Put a file into the inbox.",
        Role.REVIEW,
        {202: Returned("It is on its way.", JobAnswer, headers={"Location": "Address of the job."})},
        (408, 413, 415, 422, 503),
        file_field=UPLOAD_FIELD,
    ),
    Operation(
        "GET",
        "/v1/documents",
        documents.listing,
        "List documents, recorded last first.",
        Role.READ,
        {200: Returned("A page of the list.", ListAnswer)},
        (422,),
        _LIST,
    ),
    Operation(
        "GET",
        "/v1/documents/{id:int}",
        documents.document,
        "Get everything that is known of a document: its sidecar.",
        Role.READ,
        {
            200: Returned("The document.", Sidecar, headers=_ETAG),
            304: Returned("It is the one of If-None-Match.", media_types=(), headers=_ETAG),
        },
        (404,),
        (_id(), Parameter("If-None-Match", "header", {"type": "string"}, "ETag of a known version.")),
    ),
    Operation(
        "GET",
        "/v1/documents/{id:int}/original",
        originals.original,
        "Get the original, as an attachment.",
        Role.READ,
        {200: Returned("The file.", None, (*NOUNS, "application/octet-stream"))},
        (404, 410),
        (_id(),),
    ),
    Operation(
        "GET",
        "/v1/documents/{id:int}/pages/{page:int}.png",
        originals.page,
        "Get the picture of a page.",
        Role.READ,
        {200: Returned("The picture.", None, ("image/png",))},
        (404, 410, 413, 415, 422, 500, 503, 504),
        (_id(), Parameter("page", "path", {"type": "integer", "minimum": 0}, "From 0.", required=True)),
    ),
    Operation(
        "PUT",
        _FIELD,
        documents.change_field,
        "Correct or confirm a field.",
        Role.REVIEW,
        _STATE,
        (*_CHANGE, 415),
        (_id(), _NAME, _IF_MATCH),
        FieldChange,
    ),
    Operation(
        "DELETE",
        _FIELD,
        documents.withdraw_field,
        "Let what was read of a field hold again.",
        Role.REVIEW,
        _STATE,
        _CHANGE,
        (_id(), _NAME, _IF_MATCH),
    ),
    Operation(
        "PUT",
        _KIND,
        documents.change_kind,
        "Say of which kind a document is; its fields are read again.",
        Role.REVIEW,
        _STATE,
        (*_CHANGE, 415),
        (_id(), _IF_MATCH),
        KindChange,
    ),
    Operation(
        "DELETE",
        _KIND,
        documents.withdraw_kind,
        "Let the kind that was recognised hold again.",
        Role.REVIEW,
        _STATE,
        _CHANGE,
        (_id(), _IF_MATCH),
    ),
    Operation(
        "GET",
        "/v1/jobs/{id:int}",
        jobs.job,
        "Get the state of a job.",
        Role.READ,
        {200: Returned("The job.", JobAnswer)},
        (404,),
        (_JOB,),
    ),
    Operation(
        "GET",
        "/v1/jobs/{id:int}/events",
        jobs.events,
        "Follow a job until it is settled: server-sent events named job, with the job as data.",
        Role.READ,
        {200: Returned("Events.", None, ("text/event-stream",))},
        (404, 503),
        (_JOB,),
    ),
    Operation(
        "POST",
        "/v1/jobs/{id:int}/retry",
        jobs.retry,
        "Try a failed job again.",
        Role.ADMIN,
        {202: Returned("It is on its way.", JobAnswer)},
        (404, 409),
        (_JOB,),
    ),
)
