"""Every system call of a process and its children that changes a filesystem, one after the other (ptrace, seccomp).

A filter in the kernel stops only the calls of interest, so that a traced daemon runs at nearly its usual speed. While
one call is under way all other threads wait: the order of the calls told is the order of their effects. Needs Linux
5.3 on x86-64 or ARM64 and leave to trace one's own children, no compiler and no root.

Sources: ptrace(2), seccomp(2); numbers from the kernel's asm/unistd_64.h and asm-generic/unistd.h.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import platform
import signal
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.support.forks import run_and_exit

_CALLS: dict[str, tuple[int | None, int | None]] = {
    # content
    "write": (1, 64),
    "pwrite64": (18, 68),
    "writev": (20, 66),
    "pwritev": (296, 70),
    "pwritev2": (328, 287),
    "sendfile": (40, 71),
    "copy_file_range": (326, 285),
    "splice": (275, 76),
    "truncate": (76, 45),
    "ftruncate": (77, 46),
    "fallocate": (285, 47),
    # names
    "open": (2, None),
    "openat": (257, 56),
    "openat2": (437, 437),
    "creat": (85, None),
    "rename": (82, None),
    "renameat": (264, 38),
    "renameat2": (316, 276),
    "link": (86, None),
    "linkat": (265, 37),
    "symlink": (88, None),
    "symlinkat": (266, 36),
    "unlink": (87, None),
    "unlinkat": (263, 35),
    "mkdir": (83, None),
    "mkdirat": (258, 34),
    "rmdir": (84, None),
    "mknod": (133, None),
    "mknodat": (259, 33),
    # times
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    # barriers
    "fsync": (74, 82),
    "fdatasync": (75, 83),
    "sync": (162, 81),
    "syncfs": (306, 267),
    # ways around all of these
    "mmap": (9, 222),
    "io_uring_setup": (425, 425),
}
"""Calls that are told of, with their numbers on x86-64 and ARM64."""

_ARCHITECTURES = ("x86_64", "aarch64")
_FLAGS_AT = {"open": 1, "openat": 2}
"""Argument with the flags; only opening for writing is told of."""
_WRITABLE = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_PROT_WRITE, _MAP_SHARED = 2, 1

_TRACEME, _CONT, _SYSCALL, _SETOPTIONS, _GETEVENTMSG, _GET_SYSCALL_INFO = 0, 7, 24, 0x4200, 0x4201, 0x420E
_OPTIONS = 0x1 | 0x2 | 0x4 | 0x8 | 0x10 | 0x80 | 0x100000
"""TRACESYSGOOD, TRACEFORK, TRACEVFORK, TRACECLONE, TRACEEXEC, TRACESECCOMP, EXITKILL."""
_EVENT_SECCOMP = 7
_WALL = 0x40000000
_SYSCALL_STOP = signal.SIGTRAP | 0x80
_NO_NEW_PRIVS, _SET_SECCOMP, _FILTER, _ALLOW, _TRACE = 38, 22, 2, 0x7FFF0000, 0x7FF00000

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


def _numbers() -> dict[int, str]:
    column = _ARCHITECTURES.index(platform.machine())
    return {number: name for name, numbers in _CALLS.items() if (number := numbers[column]) is not None}


@dataclass
class Call:
    """One system call of a traced thread, stopped before it begins."""

    tid: int
    name: str
    arguments: tuple[int, ...]
    _finish: Callable[[], int]
    _result: int | None = None

    def finish(self) -> int:
        """Let it run to its end, which must not depend on other threads; the result, negative for an error."""
        if self._result is None:
            self._result = self._finish()
        return self._result

    def text(self, address: int) -> bytes:
        """A zero-terminated text in the memory of the thread."""
        found = b""
        with Path(f"/proc/{self.tid}/mem").open("rb", buffering=0) as memory:
            while b"\0" not in found:
                at = address + len(found)
                memory.seek(at)
                found += memory.read(4096 - at % 4096)  # the next page may not be there
        return found.split(b"\0", 1)[0]

    def data(self, address: int, length: int) -> bytes:
        """Bytes in the memory of the thread."""
        with Path(f"/proc/{self.tid}/mem").open("rb", buffering=0) as memory:
            memory.seek(address)
            return memory.read(length)


Told = Callable[[Call], None]
"""Called before each call of interest; may let it run with :meth:`Call.finish`, or raise to end everything."""


def _filter() -> bytes:
    """A program for the kernel: tell of the calls above, let all others pass."""
    parts: list[tuple[int, int, int, int]] = [(0x20, 0, 0, 0)]  # load the number
    for number, name in _numbers().items():
        if name in _FLAGS_AT:
            low = 16 + 8 * _FLAGS_AT[name]
            body = [(0x20, 0, 0, low), (0x45, 0, 1, _WRITABLE), (0x06, 0, 0, _TRACE), (0x06, 0, 0, _ALLOW)]
        elif name == "mmap":
            body = [(0x20, 0, 0, 16 + 16), (0x45, 0, 3, _PROT_WRITE), (0x20, 0, 0, 16 + 24)]
            body += [(0x45, 0, 1, _MAP_SHARED), (0x06, 0, 0, _TRACE), (0x06, 0, 0, _ALLOW)]
        else:
            body = [(0x06, 0, 0, _TRACE)]
        parts += [(0x15, 0, len(body), number), *body]
    parts.append((0x06, 0, 0, _ALLOW))
    return b"".join(struct.pack("HBBI", *part) for part in parts)


def _submit_to_tracing() -> None:
    """In the child: stop until the tracer is ready, then have the kernel stop at the calls of interest."""
    _ptrace(_TRACEME, 0)
    os.kill(os.getpid(), signal.SIGSTOP)
    program = ctypes.create_string_buffer(_filter())
    header = struct.pack("HxxxxxxP", (len(program) - 1) // 8, ctypes.addressof(program))
    held = ctypes.create_string_buffer(header)
    if _libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0) or _libc.prctl(_SET_SECCOMP, _FILTER, ctypes.byref(held), 0, 0):
        raise OSError(ctypes.get_errno(), "the filter was refused")


def _ptrace(request: int, tid: int, address: int = 0, data: int | ctypes.Array[ctypes.c_char] = 0) -> int:
    result: int = _libc.ptrace(request, tid, address, data if isinstance(data, int) else ctypes.addressof(data))
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"ptrace {request:#x}: {os.strerror(number)}")
    return result


def may_trace() -> bool:
    """Tell whether this machine lets a process trace its children."""
    if sys.platform != "linux" or platform.machine() not in _ARCHITECTURES:
        return False
    names: list[str] = []
    try:
        status = traced(lambda: os.close(os.open(os.devnull, os.O_WRONLY)), lambda call: names.append(call.name))
    except OSError:
        return False
    return status == 0 and "openat" in names


def traced(work: Callable[[], object], told: Told) -> int:
    """Run a function in a fork, traced, and tell of its calls; its exit status, negative for a signal.

    The process that calls this must have no other children and no other threads.
    """

    def submitting() -> None:
        _submit_to_tracing()
        work()

    pid = os.fork()
    if not pid:
        run_and_exit(submitting)
    tracing = _Tracing(pid, told)
    try:
        return tracing.run()
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            while True:
                os.waitpid(-1, _WALL)
        raise


class _Tracing:
    """The loop that waits for traced threads to stop, and lets them go on."""

    def __init__(self, pid: int, told: Told) -> None:
        self._pid = pid
        self._told = told
        self._names = _numbers()
        self._known = {pid}

    def run(self) -> int:
        _, status = os.waitpid(self._pid, _WALL)
        if not os.WIFSTOPPED(status):
            raise OSError(errno.EPERM, "tracing was refused")
        _ptrace(_SETOPTIONS, self._pid, data=_OPTIONS)
        self._go_on(self._pid)
        result: int | None = None
        while True:
            try:
                tid, status = os.waitpid(-1, _WALL)
            except ChildProcessError:
                assert result is not None, "the first process is waited for like all others"
                return result
            if os.WIFSTOPPED(status):
                self._stopped(tid, status >> 8)
            elif tid == self._pid:
                result = os.waitstatus_to_exitcode(status)

    def _stopped(self, tid: int, reason: int) -> None:
        event, number = reason >> 8, reason & 0xFF
        if event == _EVENT_SECCOMP:
            self._told(self._call(tid))  # the thread waits meanwhile, after its call if that was finished
            self._go_on(tid)
        elif event or number == _SYSCALL_STOP:
            self._go_on(tid)
        elif tid not in self._known and number == signal.SIGSTOP:  # a new thread begins with this stop
            self._known.add(tid)
            self._go_on(tid)
        else:
            self._go_on(tid, number)

    def _go_on(self, tid: int, number: int = 0) -> None:
        with contextlib.suppress(ProcessLookupError):  # killed meanwhile
            _ptrace(_CONT, tid, data=number)

    def _call(self, tid: int) -> Call:
        buffer = ctypes.create_string_buffer(128)
        _ptrace(_GET_SYSCALL_INFO, tid, 128, buffer)
        number, *arguments = struct.unpack_from("<Q6Q", buffer.raw, 24)
        return Call(tid, self._names[number], tuple(arguments), lambda: self._finish(tid))

    def _finish(self, tid: int) -> int:
        _ptrace(_SYSCALL, tid)
        _, status = os.waitpid(tid, _WALL)
        if not os.WIFSTOPPED(status) or status >> 8 != _SYSCALL_STOP:
            raise OSError(errno.EINTR, f"thread {tid} ended within a call: {status:#x}")
        buffer = ctypes.create_string_buffer(128)
        _ptrace(_GET_SYSCALL_INFO, tid, 128, buffer)
        result: int = struct.unpack_from("<q", buffer.raw, 24)[0]
        return result


def descriptor(tid: int, number: int) -> Path:
    """Path by which a descriptor of a thread can be looked at."""
    return Path(f"/proc/{tid}/fd/{number}")


def position(tid: int, number: int) -> int:
    """Offset at which the next read or write of a descriptor happens."""
    text = Path(f"/proc/{tid}/fdinfo/{number}").read_text(encoding="ascii")
    return int(text.split("pos:", 1)[1].split(None, 1)[0])
