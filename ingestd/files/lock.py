"""Locks of files as others see them."""

from __future__ import annotations

import os
from pathlib import Path

_LOCKS = Path("/proc/locks")


def is_locked(path: Path) -> bool | None:
    """Tell whether a process holds a lock (flock) on a file; None where the kernel does not show it.

    Trying the lock would keep its owner from taking it at the same moment.
    """
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return None
    try:
        locks = _LOCKS.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    place = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    return any(row.split()[1] == "FLOCK" and place in row.split() for row in locks)


def daemon_runs(work: Path) -> bool | None:
    """Tell whether a daemon works in this work folder; None where that cannot be told."""
    return is_locked(work / ".lock")
