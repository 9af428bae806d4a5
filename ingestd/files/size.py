"""Size of a file that is to be read: looked at before anything reads the whole of it."""

from __future__ import annotations

import os
import stat

from ingestd.errors import DocumentError


def require_size(status: os.stat_result, max_bytes: int) -> None:
    """Refuse what is not a regular file, or one that is empty or too large.

    Args:
        status: of the file, links not followed.
        max_bytes: ``admit.max_bytes``.

    Raises:
        DocumentError: with code ``unsupported``, ``empty`` or ``too-large``.
    """
    if not stat.S_ISREG(status.st_mode):
        # Opening a FIFO would wait without end, and a link may lead out of the inbox.
        raise DocumentError(
            "something that is not a regular file",
            expected="a file with content",
            fix="drop the document itself, not a link or a pipe",
            code="unsupported",
        )
    if status.st_size == 0:
        raise DocumentError("an empty file", expected="a document", fix="scan, export or copy it again", code="empty")
    if status.st_size > max_bytes:
        raise DocumentError(
            f"a file of {status.st_size} bytes",
            expected=f"at most {max_bytes} bytes (admit.max_bytes)",
            fix="split it or scan at a lower resolution, or raise admit.max_bytes",
            code="too-large",
        )
