"""Uploads: files go into an inbox like any others, written beside their name and renamed when whole."""

from __future__ import annotations

from pathlib import Path

from ingestd.config import Config, InboxConfig
from ingestd.errors import TransientError
from ingestd.files import durable
from ingestd.files.names import free_target
from ingestd.watch.observe import ignored
from ingestd.web.errors import Problem
from ingestd.web.incoming import Incoming

UPLOAD_FIELD = "document"
"""Name of the form field with files."""


def inbox_of(config: Config) -> InboxConfig:
    """Return the inbox that takes uploads."""
    return next(inbox for inbox in config.inboxes if config.web.inbox in ("", inbox.name))


def deliver(file: Incoming, inbox: InboxConfig) -> Path:
    """Move a received file into the inbox; returns its place, by which its job is found.

    Raises:
        Problem: 422, the inbox takes no file of this name, or it is empty; 503, the inbox is not there or not writable.
    """
    if not file.size_bytes:
        raise Problem(422, f"{file.name}: found no bytes, expected a document", code="empty", fix="send another file")
    if pattern := ignored(Path(file.name), inbox.ignore):
        raise Problem(
            422,
            f"{file.name}: found a name like {pattern!r}, which inbox {inbox.name} ignores",
            code="ignored",
            fix="rename the file",
        )
    if not inbox.path.is_dir() or (inbox.sentinel and not (inbox.path / inbox.sentinel).exists()):
        raise Problem(
            503,
            f"inbox {inbox.name}: found that its folder is not there",
            code="no-inbox",
            fix="mount it; 'ingestd check' says more",
        )
    target = free_target(inbox.path, file.name, file.sha256, lambda path: False)
    try:
        durable.move(file.path, target)
    except TransientError as error:
        raise Problem(503, str(error), code="surroundings", headers={"Retry-After": "10"}) from error
    return target
