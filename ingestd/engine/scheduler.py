"""The scheduler of a cluster: passes documents from the daemon to worker machines; keeps nothing."""

from __future__ import annotations

import asyncio
import logging
import signal
from pathlib import Path
from typing import Any

from distributed import Scheduler
from distributed.scheduler import DEFAULT_EXTENSIONS

from ingestd.config.operating import address_problem
from ingestd.engine import quiet, tls
from ingestd.errors import ConfigError

log = logging.getLogger(__name__)


_EXTENSIONS = {name: made for name, made in DEFAULT_EXTENSIONS.items() if name != "spans"}
"""Spans would remember every document that ever passed."""


class _Scheduler(Scheduler):
    """Scheduler of Dask that serves no web page."""

    def start_http_server(self, *_: Any, **__: Any) -> None:
        """Open no port that anyone could ask without a certificate."""


def serve(listen: str, certificates: Path | None) -> None:
    """Connect daemon and worker machines until SIGTERM or SIGINT.

    Args:
        listen: address, tls://HOST:PORT.
        certificates: folder with ca.pem, scheduler.pem and scheduler-key.pem; None: loopback only.

    Raises:
        ConfigError: address or certificates are wrong, or the address cannot be had.
    """
    problem = address_problem(listen)
    if problem:
        raise ConfigError([f"--listen: {problem}"])
    if listen.startswith("tls:") and certificates is None:
        raise ConfigError([f"--listen: {listen} needs --certificates, a folder with ca.pem and scheduler.pem"])
    security = tls.security(certificates, "scheduler")
    quiet.settle()
    asyncio.run(_serve(listen, security))


async def _serve(listen: str, security: Any) -> None:
    protocol, _, place = listen.partition("://")
    host, _, port = place.rpartition(":")
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        scheduler = await _Scheduler(
            host=host,
            port=int(port),
            protocol=protocol,
            security=security,
            dashboard=False,
            allowed_failures=0,
            extensions=_EXTENSIONS,
        )
    except (OSError, RuntimeError) as error:
        raise ConfigError(
            [f"--listen: {listen} cannot be served on ({quiet.reason(error)}); expected a free port of this machine"]
        ) from error
    log.info("scheduler at %s", scheduler.address)
    await stop.wait()
    await scheduler.close()
