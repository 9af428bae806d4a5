"""Confinement of a worker to reading files and computing.

Documents are hostile until proved otherwise, and decoders are written in C. A worker that a document has taken
over cannot write, create, rename or delete a file or change its attributes, open a socket, start a program, look
into or signal other processes, gain privileges, or use more than its share of memory and processor. None of this
needs privileges. Protections that the kernel lacks are left out: :func:`not_offered` names them. The module
``seccomp`` says what its part does not stop.

Sources: prctl(2), setrlimit(2), landlock(7); numbers from the kernel's uapi headers.
"""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
import platform
import resource
import signal
import struct
from pathlib import Path

from ingestd.engine import seccomp

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38

_CPU_SLACK_S = 5
"""Processor time beyond the time limit: where the daemon enforces that, this is never reached."""

_SYS_LANDLOCK_CREATE_RULESET = 444
_SYS_LANDLOCK_RESTRICT_SELF = 446
_LANDLOCK_VERSION = 1
# Per ABI version (see landlock(7)): every right that changes files or executes them, but none that reads.
_FS_RIGHTS = {1: 0b1_1111_1111_0011, 2: 0b11_1111_1111_0011, 3: 0b111_1111_1111_0011, 5: 0b1111_1111_1111_0011}
_NET_RIGHTS = {4: 0b11}
_SCOPES = {6: 0b11}


def enter(memory_limit_mb: int) -> None:
    """Confine this process for good; call it before anything else in a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the daemon decides
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # no worker outlives a killed daemon
    with contextlib.suppress(OSError):  # a container may forbid it; then the kernel picks its victim alone
        Path("/proc/self/oom_score_adj").write_text("500")
    limit = memory_limit_mb << 20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _landlock(libc)
    seccomp.install(libc)


def limit_cpu(time_limit_s: float) -> None:
    """Give this process processor time for one more document; a worker that uses it up is killed (SIGXCPU).

    It holds even where the daemon, which enforces the time limit, is stopped or gone.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    allowed = math.ceil(used.ru_utime + used.ru_stime + time_limit_s) + _CPU_SLACK_S
    resource.setrlimit(resource.RLIMIT_CPU, (allowed, resource.RLIM_INFINITY))


def not_offered() -> list[str]:
    """Describe the protections of workers that this machine lacks; empty on Linux 6.2 and newer with Landlock."""
    lacks = []
    abi = landlock_version()
    if abi < 1:
        lacks.append(
            "Landlock (Linux 5.13, in the list of lsm=), so a worker taken over by a document could change files"
        )
    elif abi < 3:
        lacks.append(f"Landlock 3 (found {abi}), so a worker that a document takes over could empty files")
    if not seccomp.supported(platform.machine()) or not Path("/proc/sys/kernel/seccomp").exists():
        lacks.append("seccomp filters, so a worker that a document takes over could use the network")
    return lacks


def landlock_version() -> int:
    """Return the version of the kernel's interface, 0 or less without Landlock; no more than 6 is used."""
    libc = ctypes.CDLL(None, use_errno=True)
    return int(libc.syscall(_SYS_LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), _LANDLOCK_VERSION))


def _landlock(libc: ctypes.CDLL) -> None:
    """Handle every right that changes files and allow none of them anywhere."""
    abi = landlock_version()
    if abi < 1:
        return
    rights = [_newest(table, abi) for table in (_FS_RIGHTS, _NET_RIGHTS, _SCOPES)]
    # A kernel refuses attributes longer than it knows, unless the rest is zero.
    ruleset = struct.pack("3Q", *rights)
    handle = libc.syscall(_SYS_LANDLOCK_CREATE_RULESET, ruleset, ctypes.c_size_t(len(ruleset)), 0)
    if handle >= 0:
        libc.syscall(_SYS_LANDLOCK_RESTRICT_SELF, handle, 0)
        os.close(handle)


def _newest(table: dict[int, int], abi: int) -> int:
    return max((rights for version, rights in table.items() if version <= abi), default=0)
