"""The page as a process beside the daemon, for ``ingestd run --page``."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_END_S = 10.0
"""Seconds the page has to finish its requests."""


@contextmanager
def page_process(config: Path) -> Iterator[Callable[[], None]]:
    """Yield a function that starts ``ingestd web``; the page ends with the block.

    A page that ends by itself, such as one whose port is taken, stops this process as SIGTERM does.
    """
    opened: list[subprocess.Popen[bytes]] = []
    closing = threading.Event()

    def follow(page: subprocess.Popen[bytes]) -> None:
        page.wait()
        if not closing.is_set():
            os.kill(os.getpid(), signal.SIGTERM)

    def start() -> None:
        page = subprocess.Popen([sys.executable, "-m", "ingestd", "web", "-c", str(config)])
        opened.append(page)
        threading.Thread(target=follow, args=(page,), name="page", daemon=True).start()

    try:
        yield start
    finally:
        closing.set()
        for page in opened:
            page.terminate()
            try:
                page.wait(_END_S)
            except subprocess.TimeoutExpired:
                page.kill()
