"""The real ``ingestd web`` as a process of its own, and requests to it byte by byte."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ingestd.web.tokens import Role, TokenStore
from tests.support.process import PATIENCE_S, Installation


@dataclass(frozen=True)
class Reply:
    """What came back before the connection was closed."""

    status: int
    """0: nothing that looks like HTTP."""
    head: bytes
    body: bytes


class WebProcess:
    """A folder, and ``ingestd web`` that serves it."""

    def __init__(self, place: Installation, process: subprocess.Popen[bytes], port: int, token: str) -> None:
        self.place = place
        self.port = port
        self.token = token
        self.process = process
        self.host = f"127.0.0.1:{port}"

    @property
    def is_alive(self) -> bool:
        """True while it serves."""
        return self.process.poll() is None

    def memory_mb(self) -> float:
        """Most memory that the process itself ever had, without its workers."""
        rows = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii").splitlines()
        [peak] = [row.split()[1] for row in rows if row.startswith("VmHWM")]
        return int(peak) / 1024

    def send(self, *parts: bytes, patience_s: float = 60) -> Reply:
        """Send bytes as they are and read until the connection is closed; stops sending when refused."""
        with closing(socket.create_connection(("127.0.0.1", self.port), timeout=patience_s)) as connection:
            try:
                for part in parts:
                    connection.sendall(part)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it has answered already
            answer = b""
            try:
                while piece := connection.recv(1 << 16):
                    answer += piece
            except ConnectionResetError:
                pass  # refused while bytes were on their way
        head, _, body = answer.partition(b"\r\n\r\n")
        words = head.split(b" ", 2)
        return Reply(int(words[1]) if words[0].startswith(b"HTTP/") else 0, head, body)


@contextmanager
def serving(root: Path, more: str = "", *, token: bool = True) -> Iterator[WebProcess]:
    """Serve a new folder on a free port until the end of the block.

    Args:
        root: does not exist yet.
        more: of config.yaml.
        token: make one, so that nothing is open without.
    """
    place = Installation(root, more=f"web: {{port: 0}}\n{more}" if "web:" not in more else more)
    secret = ""
    if token:
        secret = TokenStore(root / "web-tokens.json").add("anna", Role.ADMIN, datetime.now(UTC))
    command = [sys.executable, "-m", "ingestd", "web", "-c", str(place.config)]
    with (root / "web.log").open("wb") as log:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, env={**os.environ, "PYTHONUNBUFFERED": "1"}
        )
        assert process.stdout is not None
        try:
            address = process.stdout.readline().decode().strip()
            assert address.startswith("http://127.0.0.1:"), (root / "web.log").read_text(encoding="utf-8")
            yield WebProcess(place, process, int(address.rpartition(":")[2]), secret)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=PATIENCE_S)
            process.stdout.close()
