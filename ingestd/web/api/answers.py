"""Answers of the API, out of models."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel
from starlette.responses import Response

JSON = "application/json"


def answer(content: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with a model as JSON."""
    return Response(content.model_dump_json(), status, dict(headers or {}), JSON)


def etag(version: str) -> dict[str, str]:
    """Name the version of a document in a header.

    >>> etag("1f")
    {'ETag': '"1f"'}
    """
    return {"ETag": f'"{version}"'}
