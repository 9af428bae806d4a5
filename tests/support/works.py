"""Work for real worker processes, by what the document's name asks for."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from ingestd.document import Claim
from ingestd.engine import Work
from ingestd.errors import DocumentError


def make() -> Work[str]:
    """What the initializer of a worker calls."""
    return work


def make_if_there(flag: Path) -> Work[str]:
    """A worker that cannot start until a file is there."""
    if not flag.exists():
        raise FileNotFoundError(f"{flag} is missing")
    return work


def _bad(_: Claim) -> str:
    raise DocumentError("found a bad file", expected="a good one", fix="scan it again", code="damaged")


def _defect(_: Claim) -> str:
    raise ValueError("a defect in the code")


DEEDS: dict[str, Callable[[Claim], object]] = {
    "bad": _bad,
    "defect": _defect,
    "crash": lambda _: ctypes.string_at(0),
    "killed": lambda _: os.kill(os.getpid(), signal.SIGKILL),
    "exit": lambda _: os._exit(3),
    "endless": lambda _: time.sleep(3600),
    "greedy": lambda _: bytearray(8 << 30),
    "core limit": lambda _: resource.getrlimit(resource.RLIMIT_CORE),
    "cpu limit": lambda _: resource.getrlimit(resource.RLIMIT_CPU)[0],
    "creates": lambda claim: claim.work_path.write_bytes(b"x"),
    "truncates": lambda claim: os.truncate(claim.work_path.parent / "precious", 0),
    "overwrites": lambda claim: (claim.work_path.parent / "precious").open("r+b"),
    "deletes": lambda claim: (claim.work_path.parent / "precious").unlink(),
    "renames": lambda claim: (claim.work_path.parent / "precious").rename(claim.work_path),
    "links": lambda claim: claim.work_path.symlink_to("/etc"),
    "makes a folder": lambda claim: claim.work_path.mkdir(),
    "connects": lambda _: socket.create_connection(("127.0.0.1", 9), timeout=5),
    "listens": lambda _: socket.socket(socket.AF_UNIX),
    "executes": lambda _: subprocess.run(["/bin/true"], check=True),
    "becomes": lambda _: os.execv("/bin/true", ["true"]),
    "signals": lambda _: os.kill(os.getppid(), signal.SIGTERM),
    "status": lambda _: Path("/proc/self/status").read_text(encoding="ascii"),
}


def work(claim: Claim) -> str:
    """Do what the name says; read everything else."""
    deed = DEEDS.get(claim.source_path.name)
    return str(deed(claim)) if deed else f"read {claim.sha256}"
