"""Work for real worker processes, by what the document's name asks for."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
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
    "writes": lambda claim: claim.work_path.write_bytes(b"x"),
    "core limit": lambda _: resource.getrlimit(resource.RLIMIT_CORE),
    "status": lambda _: Path("/proc/self/status").read_text(encoding="ascii"),
}


def work(claim: Claim, sha256: str) -> str:
    """Do what the name says; read everything else."""
    deed = DEEDS.get(claim.source_path.name)
    return str(deed(claim)) if deed else f"read {sha256}"
