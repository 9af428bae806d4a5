"""Serving the application: sockets, limits on connections, one line that says where it is."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from ingestd.config import WebConfig
from ingestd.errors import ConfigError

_HEADERS_S = 10.0
"""Seconds within which the headers of a request have to arrive."""
_HEADER_BYTES = 16_384
_FINISH_S = 10
"""On SIGTERM, requests get so long; less than TimeoutStopSec in the unit."""
_BACKLOG = 128
_SOCKET_MODE = 0o660
"""The reverse proxy is in the group of the service."""


class _Protocol(H11Protocol):
    """HTTP/1.1 whose headers have to arrive in time: no connection is held by sending nothing, or little."""

    _headers_due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_headers()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._cancel()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.transport.is_closing():
            self._expect_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel()
        super().connection_lost(exc)

    def _expect_headers(self) -> None:
        self._cancel()
        if self.cycle is None or self.cycle.response_complete:
            self._headers_due = self.loop.call_later(_HEADERS_S, self._too_slow)

    def _too_slow(self) -> None:
        if not self.transport.is_closing():
            self.transport.abort()

    def _cancel(self) -> None:
        if self._headers_due is not None:
            self._headers_due.cancel()
            self._headers_due = None


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()


def listen(config: WebConfig) -> socket.socket:
    """Open the socket that requests come to.

    Raises:
        ConfigError: the address, port or path cannot be had.
    """
    try:
        return _unix(config.socket) if config.socket is not None else _tcp(config.address, config.port)
    except (OSError, UnicodeError) as error:
        where, keys = (
            (str(config.socket), "web.socket")
            if config.socket is not None
            else (f"{config.address} port {config.port}", "web.address or web.port")
        )
        raise ConfigError(
            [f"web: found that {where} cannot be served on ({error}), expected one that is free; correct {keys}"]
        ) from error


def _tcp(address: str, port: int) -> socket.socket:
    family, kind, protocol, _, where = socket.getaddrinfo(
        address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    opened = socket.socket(family, kind, protocol)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(where)
    except BaseException:
        opened.close()
        raise
    return opened


def _unix(path: Path) -> socket.socket:
    """Open a Unix socket; one that is no longer served makes place."""
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with contextlib.suppress(FileNotFoundError):
            if stat.S_ISSOCK(path.lstat().st_mode) and opened.connect_ex(str(path)) != 0:
                path.unlink()
        opened.close()
        opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o777 & ~_SOCKET_MODE)
        try:
            opened.bind(str(path))
        finally:
            os.umask(before)
    except BaseException:
        opened.close()
        raise
    return opened


def address_of(config: WebConfig, opened: socket.socket) -> str:
    """Address for a browser, or the path of the Unix socket."""
    if config.socket is not None:
        return f"unix:{config.socket}"
    host = f"[{config.address}]" if ":" in config.address else config.address
    return f"http://{host}:{opened.getsockname()[1]}"


def serve(app: ASGIApp, config: WebConfig, opened: socket.socket, ready: Callable[[], None]) -> None:
    """Answer requests until SIGTERM or SIGINT.

    Args:
        app: the application.
        config: limits.
        opened: from :func:`listen`.
        ready: called once requests are answered.
    """
    options: dict[str, Any] = {
        "http": _Protocol,
        "ws": "none",
        "loop": "asyncio",
        "lifespan": "on",
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,
        "limit_concurrency": config.max_connections,
        "backlog": _BACKLOG,
        "timeout_graceful_shutdown": _FINISH_S,
        "h11_max_incomplete_event_size": _HEADER_BYTES,
    }
    with contextlib.suppress(KeyboardInterrupt):
        _Server(uvicorn.Config(app, **options), ready).run(sockets=[opened])
