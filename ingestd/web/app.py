"""The ASGI application: routes, and the middleware in front of them."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from ingestd.clock import Clock
from ingestd.config import Config
from ingestd.document import Record
from ingestd.engine import Engine
from ingestd.errors import ConfigError, TransientError
from ingestd.extract import RuleSet
from ingestd.web.access import Access, Sessions
from ingestd.web.api import openapi
from ingestd.web.api.operations import OPERATIONS
from ingestd.web.assets import Assets
from ingestd.web.errors import Problem
from ingestd.web.guard import AccessLog, Guard, answer_to
from ingestd.web.limits import Places, Rate
from ingestd.web.pages import document, documents, failures, queue, read, review, session, status
from ingestd.web.render import Renderer
from ingestd.web.services import Services, services
from ingestd.web.tokens import TokenStore
from ingestd.web.work import Painter, Pictures, Reader

log = logging.getLogger(__name__)

FILE_PATHS = frozenset({"/ocr", "/v1/documents", "/read", "/documents"})
"""Addresses that take files."""
_FORM_BYTES = 1 << 16
"""Of a request with one file, what is not the file."""
MAX_FOLLOWERS = 32
"""Clients that follow a job at the same time; each holds a connection."""
_RETRY_S = 10
_BURST_S = 4
"""Seconds of requests that a client may send at once."""


def require_closed(config: Config, tokens: TokenStore) -> None:
    """Refuse to serve where anyone could come in, or where uploads would have no inbox.

    Raises:
        ConfigError: with all problems at once.
    """
    problems = []
    if config.web.socket is not None:
        if config.web.user_header is None and not tokens.all():
            problems.append(
                f"web.socket: {config.web.socket} would let everyone in; make a token"
                " ('ingestd web token add NAME --role admin'), or set web.user_header"
            )
        if not config.web.allowed_hosts:
            problems.append("web.allowed_hosts: missing; with web.socket, name the hosts that the proxy passes on")
    elif not config.web.is_loopback and not tokens.all():
        problems.append(
            f"web.address: {config.web.address} would let everyone in; make a token first"
            " ('ingestd web token add NAME --role admin'), or serve on 127.0.0.1"
        )
    names = [inbox.name for inbox in config.inboxes]
    if config.web.inbox and config.web.inbox not in names:
        problems.append(f"web.inbox: found {config.web.inbox!r}, expected one of {', '.join(names)}")
    if problems:
        raise ConfigError(problems)


def create_app(
    config: Config,
    *,
    port: int,
    rules: RuleSet,
    reader: Engine[Record],
    painter: Painter,
    tokens: TokenStore,
    clock: Clock,
) -> Starlette:
    """Build the application.

    Args:
        config: as loaded.
        port: TCP port that is served on, part of the Host that is expected.
        rules: by which typed values are judged.
        reader: reads files that are not recorded; closed with the application.
        painter: draws pages; closed with the application.
        tokens: who may do what.
        clock: source of time.
    """
    access = Access(config.web, port, tokens, Sessions(tokens, config.web.session_h, clock), clock)
    assets = Assets()
    idle_s = config.engine.idle_s
    use = Services(
        config=config,
        rules=rules,
        reader=Reader(reader, config.web.waiting, idle_s),
        pictures=Pictures(painter, config.web.pictures_mb << 20, idle_s),
        access=access,
        assets=assets,
        renderer=Renderer(assets),
        followers=Places(MAX_FOLLOWERS, _RETRY_S, "following jobs"),
        clock=clock,
    )

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        use.reader.close()
        use.pictures.close()

    app = Starlette(
        routes=_routes(assets),
        middleware=_middleware(config, access, clock),
        exception_handlers={
            Problem: _on_problem,
            HTTPException: _on_http,
            TransientError: _on_transient,
            ConfigError: _on_defect,
        },
        lifespan=lifespan,
    )
    app.state.services = use
    return app


def _middleware(config: Config, access: Access, clock: Clock) -> list[Middleware]:
    """Return what every request passes, from outside to inside."""
    rate = Rate(config.web.requests_per_s, config.web.requests_per_s * _BURST_S, clock)
    guard = Middleware(
        Guard,
        access=access,
        rate=rate,
        body_s=config.web.body_s,
        file_bytes=config.admit.max_bytes + _FORM_BYTES,
        file_paths=FILE_PATHS,
    )
    return [Middleware(AccessLog, clock=clock), guard]


def _routes(assets: Assets) -> list[BaseRoute]:
    return [
        Route("/", read.screen, methods=["GET"]),
        Route("/read", read.read, methods=["POST"]),
        Route("/read/{sha256}/{page:int}.png", read.picture, methods=["GET"]),
        Route("/documents", documents.listing, methods=["GET"]),
        Route("/documents", documents.upload, methods=["POST"]),
        Route("/documents/now", documents.now, methods=["GET"]),
        Route("/documents/arrived", documents.arrived, methods=["GET"]),
        Route("/documents/export.{form}", documents.export, methods=["GET"]),
        Route("/documents/{id:int}", document.show, methods=["GET"]),
        Route("/documents/{id:int}/sidecar", document.download, methods=["GET"]),
        Route("/failed", failures.listing, methods=["GET"]),
        Route("/failed/retry", failures.retry, methods=["POST"]),
        Route("/failed/{id:int}/retry", failures.retry, methods=["POST"]),
        Route("/review", review.desk, methods=["GET"]),
        Route("/review/queue", queue.queue, methods=["GET"]),
        Route("/review/group", queue.group, methods=["GET"]),
        Route("/review/next", review.take_next, methods=["POST"]),
        Route("/review/keep", review.keep, methods=["POST"]),
        Route("/review/close", review.close, methods=["POST"]),
        Route("/review/{id:int}", review.desk, methods=["GET"]),
        Route("/review/{id:int}/open", review.open_document, methods=["POST"]),
        Route("/review/{id:int}/judge", review.judge, methods=["POST"]),
        Route("/review/{id:int}/take", review.take_text, methods=["POST"]),
        Route("/review/{id:int}/settle", review.settle, methods=["POST"]),
        Route("/review/{id:int}/undo", review.undo, methods=["POST"]),
        Route("/review/{id:int}/later", review.later, methods=["POST"]),
        Route("/status", status.show, methods=["GET"]),
        Route("/sign-in", session.sign_in_page, methods=["GET"]),
        Route("/sign-in", session.sign_in, methods=["POST"]),
        Route("/sign-out", session.sign_out, methods=["POST"]),
        *(Route(one.path, one.handler, methods=[one.method]) for one in OPERATIONS),
        Route(openapi.ADDRESS, openapi.openapi, methods=["GET"]),
        Route("/static/{name}", assets.send, methods=["GET"]),
    ]


def _is_page(request: Request) -> bool:
    """True where a person waits for the answer, not a program."""
    path = request.url.path
    return "text/html" in request.headers.get("accept", "") and not path.startswith(("/v1/", "/ocr", "/static/"))


async def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    if not _is_page(request):
        return answer_to(error, request.url.path)
    if error.status == 401:
        return RedirectResponse("/sign-in", 303)
    return services(request).renderer.page(request, "problem.html", {"problem": error}, error.status, error.headers)


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return await _on_problem(request, Problem(error.status_code, headers=error.headers))


async def _on_transient(request: Request, error: Exception) -> Response:
    log.warning("%s", error)
    return await _on_problem(request, Problem(503, str(error), code="surroundings", headers={"Retry-After": "10"}))


async def _on_defect(request: Request, error: Exception) -> Response:
    log.error("%s %s hit a defect", request.method, request.url.path, exc_info=error)
    return await _on_problem(request, Problem(500))
