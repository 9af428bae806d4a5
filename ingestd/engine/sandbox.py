"""What the kernel lets a worker do: read files and compute, nothing else.

Documents are hostile until proved otherwise, and decoders are written in C. A worker that a document has taken
over cannot write, create, rename or delete a file, open a socket, start a program, look into or signal other
processes, gain privileges, or use more than its share of memory and processor. No privileges are needed for
any of it. What a kernel does not offer is left out: :func:`not_offered` says what.

Sources: prctl(2), setrlimit(2), seccomp(2), landlock(7); numbers from the kernel's uapi headers.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import math
import os
import platform
import resource
import signal
import struct
from pathlib import Path

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

_SECCOMP_SET_MODE_FILTER = 1
_SECCOMP_FILTER_FLAG_TSYNC = 1
_SECCOMP_ALLOW = 0x7FFF0000
_SECCOMP_DENY = 0x00050000 | errno.EPERM
_BPF_LOAD, _BPF_EQUAL, _BPF_AT_LEAST, _BPF_RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER_AT, _ARCHITECTURE_AT = 0, 4
_X32_NUMBERS = 0x40000000

_ARCHITECTURES = {"x86_64": (0xC000003E, 317), "aarch64": (0xC00000B7, 277)}
"""Machine -> AUDIT_ARCH, number of seccomp(2)."""

_DENIED = {
    "socket": (41, 198),
    "execve": (59, 221),
    "execveat": (322, 281),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "io_uring_setup": (425, 425),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "open_by_handle_at": (304, 265),
}
"""Call that is refused -> its number on each of the architectures."""


def enter(memory_limit_mb: int) -> None:
    """Confine this process for good; called before anything else is done in a worker."""
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
    _seccomp(libc)


def limit_cpu(time_limit_s: float) -> None:
    """Give this process processor time for one more document; a worker that uses it up is killed (SIGXCPU).

    It holds even where the daemon, which enforces the time limit, is stopped or gone.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    allowed = math.ceil(used.ru_utime + used.ru_stime + time_limit_s) + _CPU_SLACK_S
    resource.setrlimit(resource.RLIMIT_CPU, (allowed, resource.RLIM_INFINITY))


def not_offered() -> list[str]:
    """What this machine cannot do for the safety of workers, in words; empty on Linux 6.12 and newer."""
    lacks = []
    abi = landlock_version()
    if abi < 1:
        lacks.append(
            "Landlock (Linux 5.13, in the list of lsm=), so a worker taken over by a document could change files"
        )
    elif abi < 3:
        lacks.append(f"Landlock 3 (found {abi}), so a worker that a document takes over could empty files")
    elif abi < 6:
        lacks.append(f"Landlock 6 (found {abi}), so a worker that a document takes over could signal other processes")
    if platform.machine() not in _ARCHITECTURES or not Path("/proc/sys/kernel/seccomp").exists():
        lacks.append("seccomp filters, so a worker that a document takes over could use the network")
    return lacks


def landlock_version() -> int:
    """Version of the kernel's interface (6 is all that is used here); 0 or less where there is none."""
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


def _seccomp(libc: ctypes.CDLL) -> None:
    """Refuse the calls of ``_DENIED`` with EPERM, in all threads and for good."""
    if platform.machine() not in _ARCHITECTURES:
        return
    place = list(_ARCHITECTURES).index(platform.machine())
    architecture, seccomp = _ARCHITECTURES[platform.machine()]
    numbers = [call[place] for call in _DENIED.values()]
    program = [(_BPF_LOAD, 0, 0, _ARCHITECTURE_AT), (_BPF_EQUAL, 0, len(numbers) + 3, architecture)]
    program += [(_BPF_LOAD, 0, 0, _NUMBER_AT), (_BPF_AT_LEAST, len(numbers) + 1, 0, _X32_NUMBERS)]
    program += [(_BPF_EQUAL, len(numbers) - step, 0, number) for step, number in enumerate(numbers)]
    program += [(_BPF_RETURN, 0, 0, _SECCOMP_ALLOW), (_BPF_RETURN, 0, 0, _SECCOMP_DENY)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in program))
    sock_fprog = struct.pack("HxxxxxxP", len(program), ctypes.addressof(code))
    libc.syscall(seccomp, _SECCOMP_SET_MODE_FILTER, _SECCOMP_FILTER_FLAG_TSYNC, sock_fprog)
