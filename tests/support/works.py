"""Work for real worker processes, by what the document's name asks for."""

from __future__ import annotations

import ctypes
import json
import os
import platform
import resource
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from ingestd.document import Claim
from ingestd.engine import Work, seccomp
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


def refusals(names: Iterable[str]) -> dict[str, int]:
    """Make each call with arguments that no call accepts; return the errno of each that this machine has."""
    libc = ctypes.CDLL(None, use_errno=True)
    found = {}
    for name in names:
        number = seccomp.CALLS[name].number(platform.machine())
        if number is not None:
            ctypes.set_errno(0)
            libc.syscall(number, *[ctypes.c_long(-1)] * 6)
            found[name] = ctypes.get_errno()
    return found


def _clone_into_user_namespace() -> None:
    number = seccomp.CALLS["clone"].number(platform.machine())
    libc = ctypes.CDLL(None, use_errno=True)
    process = libc.syscall(number, *map(ctypes.c_long, (0x10000000 | signal.SIGCHLD, 0, 0, 0, 0)))
    if process == 0:
        os._exit(0)
    if process < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _in_a_thread() -> str:
    said: list[str] = []
    thread = threading.Thread(target=lambda: said.append("started"))
    thread.start()
    thread.join()
    return said[0]


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
    "signals the group": lambda _: os.kill(0, signal.SIGCONT),
    "limits another": lambda _: resource.prlimit(os.getppid(), resource.RLIMIT_CPU, (1, 1)),
    "changes the mode": lambda claim: (claim.work_path.parent / "precious").chmod(0),
    "changes the time": lambda claim: os.utime(claim.work_path.parent / "precious", (0, 0)),
    "changes the owner": lambda claim: os.chown(claim.work_path.parent / "precious", 65534, 65534),
    "enters a namespace": lambda _: _clone_into_user_namespace(),
    "calls": lambda _: json.dumps(refusals(seccomp.CALLS)),
    "starts a thread": lambda _: _in_a_thread(),
    "status": lambda _: Path("/proc/self/status").read_text(encoding="ascii"),
}


def work(claim: Claim) -> str:
    """Do what the name says; read everything else."""
    deed = DEEDS.get(claim.source_path.name)
    return str(deed(claim)) if deed else f"read {claim.sha256}"
