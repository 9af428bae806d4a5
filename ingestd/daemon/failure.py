"""Failures: temporary or not, and the reason of a failed document in the ledger and beside its file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime

from ingestd.errors import AttemptError, DefectError, DocumentError, TransientError
from ingestd.files.encoding import path_text, time_text
from ingestd.store.job import Job


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
    fix = "see the log; if the file is legitimate, raise the engine limits, then retry"
    if isinstance(error, DefectError):
        fix = "convert the file, such as to PNG or PDF, and report the defect with what the log says of it"
    return {
        "code": "attempts",
        "found": str(error),
        "expected": f"a document that can be read in {attempts} attempts",
        "fix": fix,
    }


def deadly(deaths: int, lived_s: Sequence[float]) -> DocumentError:
    """Return the failure of a document that ingestd never outlived.

    Args:
        deaths: number of times that ingestd died while this document alone was in work.
        lived_s: seconds that ingestd had run before each of these attempts.
    """
    lived = " and ".join(", ".join(f"{seconds:g}" for seconds in lived_s).rsplit(", ", 1))
    return DocumentError(
        f"ingestd died {deaths} times while this document alone was in work, each time after {lived} s without it",
        expected="a document that ingestd outlives",
        fix="look for the cause in the log of the system (memory, power), then retry",
        code="deadly",
    )


def reason_file(job: Job, now: datetime) -> bytes:
    """Return the content of the file beside a failed document: UTF-8 JSON."""
    content = {
        "file": path_text(job.name),
        "source_path": path_text(job.source_path),
        "inbox": job.inbox,
        "job": job.id,
        "sha256": job.sha256,
        "size_bytes": job.identity.size,
        "attempts": job.attempt + job.deaths_alone,
        "failed_at": time_text(now),
        **json.loads(job.error or "{}"),
        "again": f"ingestd retry {job.id}",
    }
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()
