"""History of a file, in words: the outcome of its jobs, and its state now."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from ingestd.config import Config, InboxConfig
from ingestd.files.completeness import complete_on_disk
from ingestd.files.encoding import path_text, time_text
from ingestd.files.identity import kind
from ingestd.files.writers import has_writer
from ingestd.store.blind_spots import covering
from ingestd.store.job import Job, State
from ingestd.store.jobs import Jobs
from ingestd.watch.observe import ignored, problem_of


@dataclass(frozen=True, slots=True)
class Event:
    """One known fact about a file."""

    at: str | None
    """ISO time; None for the present."""
    what: str


def explain(path: Path, config: Config, ledger: Jobs | None) -> list[Event]:
    """Return the history of a file, oldest first, then its present state.

    Args:
        path: absolute; in the inbox, or in archive or failed.
        config: with the inboxes.
        ledger: None if there is no database yet.
    """
    jobs = ledger.of_path(path) if ledger else []
    story = [Event(time_text(job.created_at), _of_job(job)) for job in reversed(jobs)]
    blind = [
        Event(time_text(spot.since), f"ingestd cannot look at {spot.path}: {spot.problem}")
        for spot in (covering(ledger.db, path) if ledger else [])
    ]
    return story + (blind or [Event(None, what) for what in _now(path, config, jobs)])


def _of_job(job: Job) -> str:
    head = f"job {job.id}: {path_text(job.source_path)} ({job.identity.size} bytes) "
    match job.state:
        case State.ARRIVED:
            return head + "is complete and waits for a worker"
        case State.CLAIMED if job.suspect:
            return head + (
                "was in work when ingestd died; it is tried alone, behind all others, once ingestd has run for"
                f" {job.control_s:g} s"
            )
        case State.CLAIMED | State.RUNNING:
            return head + f"is being read (attempt {max(job.attempt, 1)})"
        case State.WAITING:
            due = time_text(job.next_at) if job.next_at else "now"
            return head + f"waits until {due}: {job.error or 'a retry was requested'}"
        case State.RECORDED | State.DONE:
            return head + f"was recorded as document {job.document_id}; see 'ingestd show {job.document_id}'"
        case State.DUPLICATE if job.document_id is None:
            return head + f"is {job.error}; kept as {job.archive_path}"
        case State.DUPLICATE:
            return head + f"has the same bytes as document {job.document_id}; kept as {job.archive_path}"
        case State.FAILED:
            reason = json.loads(job.error or "{}")
            return head + (
                f"failed ({reason.get('code')}): {reason.get('found')}; expected {reason.get('expected')};"
                f" {reason.get('fix')}; kept as {job.archive_path}; to try again: 'ingestd retry {job.id}'"
            )


def _now(path: Path, config: Config, jobs: list[Job]) -> list[str]:
    inbox = next((inbox for inbox in config.inboxes if path.is_relative_to(inbox.path)), None)
    if inbox is None:
        if jobs:
            return []
        known = ", ".join(str(inbox.path) for inbox in config.inboxes)
        return [f"{path_text(path)} is not in an inbox and was never seen; inboxes are {known}"]
    try:
        status = path.lstat()
    except (FileNotFoundError, NotADirectoryError) as error:
        gone = "it is no longer in the inbox" if jobs else f"it is not there ({error.strerror}) and was never seen"
        return [gone]
    except OSError as error:
        return [f"it cannot be looked at: {problem_of(error)}"]
    return [_in_inbox(path, inbox, config, status.st_size, kind(status.st_mode))]


def _in_inbox(path: Path, inbox: InboxConfig, config: Config, size: int, irregular: str | None) -> str:
    relative = path.relative_to(inbox.path)
    pattern = ignored(relative, inbox.ignore)
    if pattern:
        return f"it is ignored: inbox {inbox.name} ignores names like {pattern!r}"
    if len(relative.parts) > 1 and not inbox.recursive:
        return f"it is ignored: inbox {inbox.name} does not take files from subfolders (recursive: false)"
    if inbox.sentinel and not (inbox.path / inbox.sentinel).exists():
        return f"the inbox is not trusted: its sentinel {inbox.sentinel} is missing"
    if irregular == "a folder":
        return "it is a folder; files in it are taken one by one"
    if irregular:
        return f"it is {irregular}; it will be moved to failed"
    if size == 0:
        return "it is empty; it is taken once it has content and no longer changes"
    try:
        is_complete = complete_on_disk(path)
    except OSError as error:
        return f"it cannot be read by this user: {problem_of(error)}"
    if not is_complete:
        wait_s = config.settle.incomplete_s
        return f"its end is missing, so it may still grow; it is taken {wait_s:g} s after its last change"
    if has_writer(path):
        return "a program has it open for writing; it is taken once that is closed"
    return f"it is complete; it is taken {config.settle.quiet_s:g} s after its last change, if ingestd runs"
