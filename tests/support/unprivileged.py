"""Permissions mean nothing to root; tests that run as root step down for a moment."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

NOBODY = 65534 if os.geteuid() == 0 else None
"""Whom root can become; None for others, who cannot and need not."""


@contextlib.contextmanager
def unprivileged() -> Iterator[None]:
    """Give up root's power over files for the block; without root there is nothing to give up."""
    if NOBODY is None:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@contextlib.contextmanager
def open_folder() -> Iterator[Path]:
    """A new folder that every user may enter and read, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp())
    try:
        folder.chmod(0o755)
        yield folder
    finally:
        shutil.rmtree(folder)
