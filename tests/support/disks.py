"""Places without space: a tiny filesystem where this user may mount one, an injected error everywhere."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from tests.support.armed import Faults
from tests.support.nursery import Started


class Disk(Protocol):
    """Something that can be full."""

    faults: Faults
    """To start the daemon with."""
    said: str
    """What the log says when it is full."""

    def fill(self, daemon: Started) -> None:
        """Leave no space."""
        ...

    def free(self, daemon: Started) -> None:
        """Make room again."""
        ...


class InjectedDisk:
    """Every new folder or file below a folder is refused with ENOSPC."""

    said = "No space left on device"

    def __init__(self, folder: Path) -> None:
        self._flag = folder.with_name("full")
        self.faults = Faults(inline=True, full=str(folder), full_while=str(self._flag))

    def fill(self, daemon: Started) -> None:
        self._flag.touch()

    def free(self, daemon: Started) -> None:
        self._flag.unlink()


class LimitedDisk:
    """No file may grow beyond a size that the write-ahead log has reached already (RLIMIT_FSIZE)."""

    faults = Faults(inline=True)
    said = "cannot note"

    def fill(self, daemon: Started) -> None:
        resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (64 << 10, resource.RLIM_INFINITY))

    def free(self, daemon: Started) -> None:
        resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


class TinyDisk:
    """A tmpfs of a few megabytes, mounted on a folder."""

    faults = Faults(inline=True)

    def __init__(self, folder: Path, said: str) -> None:
        self._filler = folder / "filler"
        self.said = said

    def fill(self, daemon: Started) -> None:
        with self._filler.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError as error:
                assert error.errno == errno.ENOSPC

    def free(self, daemon: Started) -> None:
        self._filler.unlink()


def may_mount() -> bool:
    """Tell whether this process may mount a filesystem; root in most containers may not."""
    if os.geteuid() != 0:
        return False
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        mounted = subprocess.run(["mount", "-t", "tmpfs", "none", str(folder)], capture_output=True, check=False)
        if mounted.returncode == 0:
            unmount(folder)
        return mounted.returncode == 0


def mount(folder: Path, size: str = "8m") -> None:
    """Mount a new, empty filesystem on a folder."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)], check=True)


def unmount(folder: Path) -> None:
    """Take it away, whoever uses it."""
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextlib.contextmanager
def mounted(folder: Path) -> Iterator[Path]:
    """A filesystem of its own for the block."""
    mount(folder)
    try:
        yield folder
    finally:
        unmount(folder)


def bind(source: Path, folder: Path) -> None:
    """Show one folder in the place of another."""
    subprocess.run(["mount", "--bind", str(source), str(folder)], check=True)
