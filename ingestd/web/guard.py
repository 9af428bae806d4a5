"""Middleware that every request passes before anything of it is parsed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ingestd.clock import Clock
from ingestd.files.encoding import escape
from ingestd.web.access import Access, User, client_of
from ingestd.web.errors import Problem
from ingestd.web.limits import Rate
from ingestd.web.ocr import problem_answer

log = logging.getLogger(__name__)

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob:; object-src 'none'; base-uri 'none';"
    " form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
"""Sent with every answer."""
MAX_BODY = 1 << 20
"""Bytes of a request that carries no file."""
MAX_HEADERS = 16_384
"""Bytes of all names and values together."""
_MAX_PATH = 512
"""Bytes; the longest address of ours has less than a hundred."""
_MAX_QUERY = 4096
_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE")


def answer_to(problem: Problem, path: str) -> Response:
    """The answer for programs, in the shape of the address that they asked."""
    return problem_answer(problem) if path == "/ocr" else problem.as_json()


class AccessLog:
    """Logs each request without its contents: no query, no body, no names of files.

    Args:
        app: to be logged.
        clock: source of time.
    """

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self._app = app
        self._tick = clock.tick

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and log it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status = self._tick(), 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            user: User | None = scope.get("user")
            name = user.name if user is not None else "-"
            path = escape(scope["path"])[:_MAX_PATH].replace("\n", " ")
            seconds = self._tick() - begun
            log.info("%s %s %s %d %.3f s", escape(name), scope["method"], path, status, seconds)


class Guard:
    """Refuses what may not come in, and puts the security headers on every answer.

    Args:
        app: what is guarded.
        access: decides about hosts, users and origins.
        rate: counts requests.
        body_s: seconds within which a request has to arrive whole.
        file_bytes: largest request to one of ``file_paths``.
        file_paths: addresses that take files.
    """

    def __init__(
        self,
        app: ASGIApp,
        access: Access,
        rate: Rate,
        *,
        body_s: float,
        file_bytes: int,
        file_paths: Collection[str],
    ) -> None:
        self._app = app
        self._access = access
        self._rate = rate
        self._body_s = body_s
        self._file_bytes = file_bytes
        self._file_paths = file_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check a request; pass it on with ``scope["user"]``."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        started = False

        async def secured(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            limit = self._check(scope)
            await self._app(scope, _Body(receive, self._body_s, limit), secured)
        except Problem as problem:
            await answer_to(problem, scope["path"])(scope, receive, secured)
        except Exception:
            log.exception("%s %s hit a defect", scope["method"], escape(scope["path"]))
            if started:
                raise  # the connection is closed, so that what was sent does not pass for the whole answer
            await answer_to(Problem(500), scope["path"])(scope, receive, secured)

    def _check(self, scope: Scope) -> int:
        """Look at everything but the body; returns how large that may be."""
        headers = Headers(scope=scope)
        if sum(len(name) + len(value) for name, value in scope["headers"]) > MAX_HEADERS:
            raise Problem(431, headers={"Connection": "close"})
        self._access.check_host(headers)
        self._rate.take(client_of(scope))
        if scope["method"] not in _METHODS:
            raise Problem(405)
        path = scope.get("raw_path") or scope["path"].encode()
        if not path.startswith(b"/") or len(path) > _MAX_PATH or len(scope["query_string"]) > _MAX_QUERY:
            raise Problem(400, "found an address that is too long or not a path", fix="use an address of this page")
        user = self._access.user_of(scope, headers)
        self._access.check_origin(scope, headers, user)
        scope["user"] = user
        limit = self._file_bytes if scope["path"] in self._file_paths else MAX_BODY
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > limit:
            raise Problem(413, headers={"Connection": "close"})
        return limit


class _Body:
    """Receives a request's body: not more than allowed, and within its time."""

    def __init__(self, receive: Receive, seconds: float, limit: int) -> None:
        self._receive = receive
        self._seconds = seconds
        self._limit = limit
        self._until: float | None = None
        self._whole = False

    async def __call__(self) -> Message:
        if self._whole:
            return await self._receive()  # waits for the client to go away, which may take long
        if self._until is None:
            self._until = asyncio.get_running_loop().time() + self._seconds
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError as error:
            raise Problem(408, headers={"Connection": "close"}) from error
        self._limit -= len(message.get("body", b""))
        if self._limit < 0:
            raise Problem(413, headers={"Connection": "close"})
        self._whole = message["type"] == "http.request" and not message.get("more_body", False)
        return message
