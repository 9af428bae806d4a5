"""Description of the API, OpenAPI 3.1, made from the table of operations and the models."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

import ingestd
from ingestd.web.api.operations import OPERATIONS, Operation, Parameter, Returned
from ingestd.web.errors import DEFAULTS

ADDRESS = "/v1/openapi.json"
_EVERYWHERE = (400, 401, 403, 421, 429, 500)
_REFERENCE = "#/components/schemas/{model}"
_CONVERTER = re.compile(r"\{(\w+):\w+\}")
_TOLD = {
    409: "Somebody else has the document open, or its state is another one.",
    410: "The original is no longer there, or is not what was recorded.",
    421: "The Host is not served here.",
    504: "It takes too long.",
}


def openapi(request: Request) -> Response:
    """Send the description; anyone may read it."""
    return JSONResponse(description())


def description() -> dict[str, Any]:
    """Describe the API."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(plain_path(operation.path), {})[operation.method.lower()] = _operation(operation)
    paths[ADDRESS] = {
        "get": {
            "operationId": "openapi",
            "summary": "Get this description.",
            "responses": {"200": {"description": "OpenAPI 3.1.", "content": {"application/json": {}}}},
        }
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "ingestd", "version": ingestd.__version__},
        "paths": paths,
        "components": {
            "schemas": _schemas(OPERATIONS),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def plain_path(path: str) -> str:
    """Write the address of a route as OpenAPI does.

    >>> plain_path("/v1/jobs/{id:int}/events")
    '/v1/jobs/{id}/events'
    """
    return _CONVERTER.sub(r"{\1}", path)


def _operation(operation: Operation) -> dict[str, Any]:
    told = "" if operation.role is None else f" Needs the role {operation.role.word}."
    described: dict[str, Any] = {
        "operationId": operation.handler.__name__,
        "summary": operation.summary,
        "description": f"{operation.summary}{told}",
        "parameters": [_parameter(one) for one in operation.parameters],
        "responses": {
            **{str(status): _returned(one) for status, one in operation.answers.items()},
            **{str(status): _problem(operation, status) for status in sorted({*_EVERYWHERE, *operation.problems})},
        },
    }
    if operation.role is not None:
        described["security"] = [{"token": []}]
    content = _content(operation)
    if content:
        described["requestBody"] = {"required": True, "content": content}
    return described


def _content(operation: Operation) -> dict[str, Any]:
    if operation.file_field is not None:
        file = {"type": "string", "contentMediaType": "application/octet-stream", "contentEncoding": "binary"}
        schema = {"type": "object", "required": [operation.file_field], "properties": {operation.file_field: file}}
        return {"multipart/form-data": {"schema": schema}}
    if operation.body is not None:
        return {"application/json": {"schema": _reference(operation.body)}}
    return {}


def _parameter(one: Parameter) -> dict[str, Any]:
    return {"name": one.name, "in": one.place, "required": one.required, "description": one.told, "schema": one.schema}


def _returned(one: Returned) -> dict[str, Any]:
    found: dict[str, Any] = {"description": one.told}
    if one.media_types:
        body = {} if one.model is None else {"schema": _reference(one.model)}
        found["content"] = {media_type: body for media_type in one.media_types}
    if one.headers:
        found["headers"] = {
            name: {"description": told, "schema": {"type": "string"}} for name, told in one.headers.items()
        }
    return found


def _problem(operation: Operation, status: int) -> dict[str, Any]:
    told = _TOLD.get(status) or f"{DEFAULTS[status][1].capitalize()}."
    return {"description": told, "content": {"application/json": {"schema": _reference(operation.problem)}}}


def _reference(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REFERENCE.format(model=model.__name__)}


def _schemas(operations: Iterable[Operation]) -> dict[str, Any]:
    wanted: dict[type[BaseModel], Literal["validation", "serialization"]] = {}
    for operation in operations:
        for one in operation.answers.values():
            if one.model is not None:
                wanted[one.model] = "serialization"
        wanted[operation.problem] = "serialization"
        if operation.body is not None:
            wanted[operation.body] = "validation"
    _, schemas = models_json_schema(list(wanted.items()), ref_template=_REFERENCE, by_alias=True)
    found: dict[str, Any] = schemas["$defs"]
    return found
