"""Writers of a file: programs that have it open for writing, where the kernel tells.

A program that pauses leaves a file that is quiet and may even look whole. A lease tells better: the kernel grants one
for reading only while no process of this machine has the file open for writing (fcntl(2), F_SETLEASE). It is asked of
the owner of the file and of root, on local filesystems; elsewhere nothing is known. Writers on other machines reach the
file through a server (smbd, sshd, ftpd), which is a process of this machine.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import signal
from pathlib import Path


def has_writer(path: Path) -> bool:
    """Tell whether a process is known to have the file open for writing; never follows a link."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        # A program that opens the file while the lease lasts makes the kernel send a signal; this one is ignored.
        fcntl.fcntl(handle, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    else:
        with contextlib.suppress(OSError):  # closing ends the lease too
            fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        return False
    finally:
        os.close(handle)
