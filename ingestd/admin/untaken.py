"""Places in the inboxes from which nothing is taken, as ``ingestd check`` tells them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from ingestd.config import Config, InboxConfig
from ingestd.errors import ConfigError, TransientError
from ingestd.files.encoding import path_text
from ingestd.store import blind_spots
from ingestd.store.database import connect, faults
from ingestd.watch.observe import Unseen, problem_of, scan

_MAX_PLACES = 100
"""Places of a database that are named."""


def untaken(config: Config) -> list[str]:
    """Return one line for each place from which nothing is taken: as this user sees it, or as the daemon did.

    Args:
        config: as loaded; need not be free of problems.
    """
    places = {path: problem for inbox in config.inboxes for path, problem in _seen_here(inbox)}
    for path, problem in _seen_by_daemon(config):
        places.setdefault(path, problem)
    return [f"nothing is taken from {path}: {problem}" for path, problem in places.items()]


def _seen_here(inbox: InboxConfig) -> Iterator[tuple[str, str]]:
    if not inbox.path.is_dir():
        yield path_text(inbox.path), "it does not exist; it is watched as soon as it appears"
        return
    if inbox.sentinel and not (inbox.path / inbox.sentinel).exists():
        yield path_text(inbox.path), f"its sentinel {inbox.sentinel} is missing; is the share mounted?"
        return
    if inbox.original != "leave" and not os.access(inbox.path, os.W_OK | os.X_OK, effective_ids=True):
        yield path_text(inbox.path), "it cannot be written; allow writing, or set original: leave"
    try:
        for found in scan(inbox.path, inbox.ignore, recursive=inbox.recursive):
            if isinstance(found, Unseen):
                yield path_text(found.path), found.problem
            elif found.is_regular and not _is_readable(found.path):
                yield path_text(found.path), problem_of(PermissionError(13, "Permission denied"))
    except OSError as error:
        yield path_text(inbox.path), problem_of(error)


def _is_readable(path: Path) -> bool:
    return os.access(path, os.R_OK, effective_ids=True) or not os.path.lexists(path)


def _seen_by_daemon(config: Config) -> Iterator[tuple[str, str]]:
    """Yield what the daemon noted last; nothing where there is no database that can be read."""
    path = config.record.database
    with contextlib.suppress(ConfigError, TransientError):
        if path.is_file():
            with faults(path), contextlib.closing(connect(path, "read")) as db:
                for spot in blind_spots.listed(db, _MAX_PLACES):
                    yield spot.path, f"{spot.problem} (seen by ingestd)"
