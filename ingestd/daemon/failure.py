"""Failures: temporary or not, and the reason of a failed document in the ledger and beside its file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from datetime import datetime

from ingestd.errors import AttemptError, DocumentError, TransientError
from ingestd.files.encoding import path_text, time_text
from ingestd.store.jobs import Job


def is_temporary(error: BaseException) -> bool:
    """Tell whether an error is environmental (disk, permissions, lock), so that no document is to blame."""
    return isinstance(error, TransientError | OSError | sqlite3.OperationalError)


def reason_of(error: AttemptError | DocumentError, attempts: int) -> Mapping[str, str]:
    """Return the reason of a failure under the names of the ledger: ``code``, ``found``, ``expected``, ``fix``.

    Args:
        error: of the last attempt.
        attempts: number of attempts allowed.
    """
    if isinstance(error, DocumentError):
        return {"code": error.code, "found": error.found, "expected": error.expected, "fix": error.fix}
    return {
        "code": "attempts",
        "found": str(error),
        "expected": f"a document that can be read in {attempts} attempts",
        "fix": "see the log; if the file is legitimate, raise the engine limits, then retry",
    }


def reason_file(job: Job, now: datetime) -> bytes:
    """Return the content of the file beside a failed document: UTF-8 JSON."""
    content = {
        "file": path_text(job.name),
        "source_path": path_text(job.source_path),
        "inbox": job.inbox,
        "job": job.id,
        "sha256": job.sha256,
        "size_bytes": job.identity.size,
        "attempts": job.attempt,
        "failed_at": time_text(now),
        **json.loads(job.error or "{}"),
        "again": f"ingestd retry {job.id}",
    }
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()
