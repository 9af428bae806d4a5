"""JSON bodies and versions of requests."""

from __future__ import annotations

import re
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import Request

from ingestd.web.errors import Problem

_ENTRY = r'(?:W/)?"[^"]*"'
TAGS = rf"^\s*(?:\*|{_ENTRY}(?:\s*,\s*{_ENTRY})*)\s*$"
"""Form of If-Match: ETags, or a star for any."""
_TAG = re.compile(r'(?P<weak>W/)?"(?P<tag>[^"]*)"')


class Body(BaseModel):
    """Base of all bodies: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


B = TypeVar("B", bound=Body)


async def body_of(request: Request, model: type[B]) -> B:
    """Read the body of a request.

    Raises:
        Problem: 415, it is not JSON; 422, it is not as the model says.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Problem(415, "found no application/json", code="not-json", fix="send JSON")
    try:
        return model.model_validate_json(await request.body())
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"])) or "body"
        raise Problem(422, f"{where}: {first['msg']}") from error


def versions_of(request: Request) -> frozenset[str] | None:
    """Read the versions that a change is meant for, from If-Match; None: any version.

    Raises:
        Problem: 428, there is no If-Match; 400, it cannot be read.
    """
    headers = request.headers.getlist("if-match")
    if not headers:
        raise Problem(428)
    text = ",".join(headers)
    if not re.match(TAGS, text):
        raise Problem(400, "If-Match: found no list of ETags", fix="send the ETag of the document as it was answered")
    if text.strip() == "*":
        return None
    return frozenset(found["tag"] for found in _TAG.finditer(text) if not found["weak"])
