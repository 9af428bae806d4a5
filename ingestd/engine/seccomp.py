"""Refuse the system calls that a worker has no use for: a deny-list, one table for all architectures.

Refused are network sockets, programs, access to other processes, changes of file attributes, which Landlock does not
cover, new namespaces and mounts, and kernel interfaces that exploits often use. Not refused is every other call.
A worker can therefore still read what its user may read, use up its own share of memory and time, create child
processes under the same confinement, lock files that it can read, and reach kernel defects behind ordinary calls.

An allow-list would be tighter. It is not used, because the calls that Python, NumPy, OpenCV, PDFium and ONNX Runtime
make vary with version, C library and processor: a call that is missing would fail honest documents on machines that
were never tested. The maintained library for filters, libseccomp, is a system library; packages of the Python index
either need it or have no record of maintenance.

Sources: seccomp(2), clone(2), kill(2); numbers from the kernel's asm/unistd_64.h and asm-generic/unistd.h.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from dataclasses import dataclass
from enum import Enum, auto


class Rule(Enum):
    """Condition under which a call is refused."""

    ALWAYS = auto()
    OTHER_PROCESS = auto()
    """The first argument is not this process; 0 and negative numbers mean groups of processes."""
    OTHER_LIMITS = auto()
    """The first argument is neither this process nor 0, which means the same to prlimit64."""
    NEW_NAMESPACE = auto()
    """The first argument has a CLONE_NEW* flag."""
    UNKNOWN = auto()
    """Always, with ENOSYS: the C library then uses an older call, whose arguments a filter can see."""


@dataclass(frozen=True, slots=True)
class Call:
    """A system call with its number per architecture, None where the architecture does not have it."""

    x86_64: int | None
    aarch64: int | None
    rule: Rule = Rule.ALWAYS

    def number(self, machine: str) -> int | None:
        """Return the number on a machine of ARCHITECTURES."""
        return self.x86_64 if machine == "x86_64" else self.aarch64


CALLS = {
    # network
    "socket": Call(41, 198),
    # programs
    "execve": Call(59, 221),
    "execveat": Call(322, 281),
    # other processes
    "ptrace": Call(101, 117),
    "process_vm_readv": Call(310, 270),
    "process_vm_writev": Call(311, 271),
    "pidfd_getfd": Call(438, 438),
    "pidfd_send_signal": Call(424, 424),
    "kill": Call(62, 129, Rule.OTHER_PROCESS),
    "tgkill": Call(234, 131, Rule.OTHER_PROCESS),
    "tkill": Call(200, 130),
    "rt_sigqueueinfo": Call(129, 138),
    "rt_tgsigqueueinfo": Call(297, 240),
    "prlimit64": Call(302, 261, Rule.OTHER_LIMITS),
    # attributes of files
    "chmod": Call(90, None),
    "fchmod": Call(91, 52),
    "fchmodat": Call(268, 53),
    "fchmodat2": Call(452, 452),
    "chown": Call(92, None),
    "lchown": Call(94, None),
    "fchown": Call(93, 55),
    "fchownat": Call(260, 54),
    "utime": Call(132, None),
    "utimes": Call(235, None),
    "futimesat": Call(261, None),
    "utimensat": Call(280, 88),
    "setxattr": Call(188, 5),
    "lsetxattr": Call(189, 6),
    "fsetxattr": Call(190, 7),
    "setxattrat": Call(463, 463),
    "removexattr": Call(197, 14),
    "lremovexattr": Call(198, 15),
    "fremovexattr": Call(199, 16),
    "removexattrat": Call(466, 466),
    "file_setattr": Call(469, 469),
    "open_by_handle_at": Call(304, 265),
    # namespaces and mounts
    "unshare": Call(272, 97),
    "setns": Call(308, 268),
    "clone": Call(56, 220, Rule.NEW_NAMESPACE),
    "clone3": Call(435, 435, Rule.UNKNOWN),
    "mount": Call(165, 40),
    "umount2": Call(166, 39),
    "fsopen": Call(430, 430),
    "fsmount": Call(432, 432),
    "move_mount": Call(429, 429),
    "open_tree": Call(428, 428),
    "mount_setattr": Call(442, 442),
    "pivot_root": Call(155, 41),
    "chroot": Call(161, 51),
    # interfaces of the kernel that exploits often use
    "io_uring_setup": Call(425, 425),
    "bpf": Call(321, 280),
    "perf_event_open": Call(298, 241),
    "userfaultfd": Call(323, 282),
    "add_key": Call(248, 217),
    "request_key": Call(249, 218),
    "keyctl": Call(250, 219),
}
"""Refused calls by name."""

ARCHITECTURES = {"x86_64": (0xC000003E, 317), "aarch64": (0xC00000B7, 277)}
"""Machine -> its AUDIT_ARCH number, its number of seccomp(2)."""

_CLONE_NEW = 0x7E020000
"""CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET."""
_SET_MODE_FILTER = 1
_FLAG_TSYNC = 1
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
"""Opcodes of classic BPF: load a word, three jumps, return."""
_NUMBER_AT, _ARCHITECTURE_AT, _FIRST_ARGUMENT_AT = 0, 4, 16
"""Offsets in struct seccomp_data; of the argument its lower half, as both architectures are little-endian."""
_X32_NUMBERS = 0x40000000
"""First number of the x32 calls, which would go round the numbers of x86_64."""

_Step = tuple[int, int, int, int]
"""Opcode, steps to skip if true, steps to skip if false, operand."""
_ALLOW: _Step = (_RETURN, 0, 0, 0x7FFF0000)
_REFUSE: _Step = (_RETURN, 0, 0, 0x00050000 | errno.EPERM)
_PRETEND_UNKNOWN: _Step = (_RETURN, 0, 0, 0x00050000 | errno.ENOSYS)


def supported(machine: str) -> bool:
    """Tell whether the numbers of a machine are known."""
    return machine in ARCHITECTURES


def install(libc: ctypes.CDLL) -> None:
    """Refuse the calls of CALLS, in all threads and for good; does nothing where numbers or kernel are missing.

    The process must have set PR_SET_NO_NEW_PRIVS.
    """
    machine = platform.machine()
    if not supported(machine):
        return
    steps = _program(machine, os.getpid())
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    sock_fprog = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(code))
    libc.syscall(ARCHITECTURES[machine][1], _SET_MODE_FILTER, _FLAG_TSYNC, sock_fprog)


def _program(machine: str, process: int) -> list[_Step]:
    steps: list[_Step] = [
        (_LOAD, 0, 0, _ARCHITECTURE_AT),
        (_EQUAL, 1, 0, ARCHITECTURES[machine][0]),
        _REFUSE,
        (_LOAD, 0, 0, _NUMBER_AT),
        (_AT_LEAST, 0, 1, _X32_NUMBERS),
        _REFUSE,
    ]
    for call in CALLS.values():
        number = call.number(machine)
        if number is not None:
            verdict = _verdict(call.rule, process)
            steps += [(_EQUAL, 0, len(verdict), number), *verdict]
    return [*steps, _ALLOW]


def _verdict(rule: Rule, process: int) -> list[_Step]:
    """Return the steps that decide about a call whose number matches; each way through them ends with a return."""
    first_argument: _Step = (_LOAD, 0, 0, _FIRST_ARGUMENT_AT)
    match rule:
        case Rule.ALWAYS:
            return [_REFUSE]
        case Rule.UNKNOWN:
            return [_PRETEND_UNKNOWN]
        case Rule.OTHER_PROCESS:
            return [first_argument, (_EQUAL, 1, 0, process), _REFUSE, _ALLOW]
        case Rule.OTHER_LIMITS:
            return [first_argument, (_EQUAL, 2, 0, 0), (_EQUAL, 1, 0, process), _REFUSE, _ALLOW]
        case Rule.NEW_NAMESPACE:
            return [first_argument, (_ANY_BIT, 0, 1, _CLONE_NEW), _REFUSE, _ALLOW]
