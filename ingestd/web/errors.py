"""Errors of the page and the API: one shape, with a code, a message and a fix."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import JSONResponse, Response

DEFAULTS: Mapping[int, tuple[str, str, str]] = {
    400: ("bad-request", "found a request that cannot be read", "correct the request"),
    401: ("sign-in", "this needs a token", "sign in, or send 'Authorization: Bearer TOKEN'"),
    403: ("forbidden", "this is not allowed here", "use the page itself, or a token of a higher role"),
    404: ("not-found", "there is nothing at this address", "look at /v1/openapi.json for what there is"),
    405: ("method", "this address does not take this method", "look at /v1/openapi.json for what it takes"),
    408: ("too-slow", "the request did not arrive in time", "send it again over a faster line"),
    412: ("changed", "somebody changed the document meanwhile", "read it again and repeat the change"),
    413: ("too-large", "the request is larger than allowed", "send a smaller file, or raise admit.max_bytes"),
    415: ("unsupported", "this kind of content is not read", "send a file of a listed type"),
    422: ("invalid", "a value in the request is not valid", "correct the value"),
    428: ("no-version", "this change needs the version it is meant for", "send the ETag of the document as If-Match"),
    429: ("too-many", "too many requests from here", "wait a moment"),
    431: ("headers", "the headers of the request are larger than allowed", "send fewer or shorter headers"),
    500: ("defect", "ingestd hit a defect; its log has the details", "report it"),
    503: ("busy", "everything is busy", "send it again later"),
}
"""Status -> code, message and fix where nothing better is known."""


class Problem(Exception):
    """Ends a request with an error.

    Args:
        status: of HTTP.
        message: what was found and expected; a default for the status otherwise.
        code: short stable name, for programs.
        fix: what to do.
        headers: sent along.
    """

    def __init__(
        self,
        status: int,
        message: str | None = None,
        *,
        code: str | None = None,
        fix: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        usual = DEFAULTS.get(status, ("error", "the request failed", "send it again later"))
        self.status = status
        self.code = code or usual[0]
        self.message = message or usual[1]
        self.fix = fix or usual[2]
        self.headers = dict(headers or {})
        super().__init__(f"{self.status} {self.code}: {self.message}; {self.fix}")

    def as_json(self) -> Response:
        """The answer for programs."""
        content = {"code": self.code, "message": self.message, "fix": self.fix}
        return JSONResponse(content, self.status, self.headers)
