"""Commands of the user's that are told what became of a document.

A hook becomes due in the transaction that records the document or notes its failure, and is run once
everything else is done: original and sidecar are where they belong, no transaction is open. It can neither
lose nor fail the document; how it ended is only logged. That it came to its end is noted afterwards: after a
kill in between it is run again (at least once), never twice at the same moment, because its processes hold a
lock that outlives the daemon.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ingestd.config import HooksConfig
from ingestd.daemon import command
from ingestd.daemon.failure import reason_path
from ingestd.files.encoding import escape, path_from, path_text
from ingestd.output import sidecar
from ingestd.store.jobs import Job, Ledger, State

log = logging.getLogger(__name__)

_AGAIN_S = 5.0
"""Pause before a hook that cannot be begun is tried again."""
_MOST_ERROR = 2000
"""Characters of an error that a hook is told."""
_NOT_FOR_HOOKS = frozenset({"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID"})
"""A hook must not speak to systemd in the name of the service."""


@dataclass(slots=True)
class _Call:
    job: Job
    lock: int
    thread: threading.Thread
    ended: command.Ended | None = None


class Hooks:
    """Runs what is due, a few at a time, in threads that only wait.

    Args:
        options: the commands.
        ledger: knows what is due.
        locks: folder for lock files.
        environment: what every command inherits.
        wake: called from other threads when a turn is due.
    """

    def __init__(
        self,
        options: HooksConfig,
        ledger: Ledger,
        locks: Path,
        environment: Mapping[str, str],
        wake: Callable[[], None],
    ) -> None:
        self._options = options
        self._ledger = ledger
        self._locks = locks
        self._inherited = {name: value for name, value in environment.items() if name not in _NOT_FOR_HOOKS}
        self._wake = wake
        self._calls: dict[int, _Call] = {}
        self._held: dict[int, float] = {}
        """Jobs whose hook cannot be begun at the moment, and when to try again (tick)."""
        self._draining = False
        self._stop: tuple[int, int] | None = None
        """A pipe, made with the first command: closing its second end stops them all."""

    @property
    def running(self) -> int:
        """Commands that have not come to their end."""
        return len(self._calls)

    def turn(self, tick: float, excluding: Iterable[int]) -> bool:
        """Note what ended, begin what is due; never waits.

        Args:
            tick: seconds on a monotonic clock.
            excluding: jobs whose files are not yet where they belong.

        Returns:
            True if anything was done.
        """
        ended = self._collect()
        return self._begin_due(tick, set(excluding)) or ended

    def _collect(self) -> bool:
        ended = [call for call in self._calls.values() if call.ended is not None]
        for call in ended:
            assert call.ended is not None, "chosen for it"
            if not call.ended.stopped:
                self._ledger.hook_ended(call.job)  # raises if the database cannot be written: tried again
                self._say(call.job, call.ended)
                with contextlib.suppress(OSError):  # an empty file that stays does no harm
                    self._lock_path(call.job).unlink(missing_ok=True)
            os.close(call.lock)
            del self._calls[call.job.id]
        return bool(ended)

    def _begin_due(self, tick: float, excluding: set[int]) -> bool:
        free = 0 if self._draining else self._options.parallel - len(self._calls)
        if free <= 0:
            return False
        held = {job_id for job_id, at in self._held.items() if at > tick}
        jobs = self._ledger.hooks_due(free, excluding | self._calls.keys() | held)
        for job in jobs:
            if self._begin(job):
                self._held.pop(job.id, None)
            else:
                self._held[job.id] = tick + _AGAIN_S
        return bool(jobs)

    def _begin(self, job: Job) -> bool:
        """Start the command of a job; False if that is not possible now."""
        facts = self._facts(job)
        if not self._command(job) or facts is None:  # no longer configured, or the document was deleted
            self._ledger.hook_ended(job)
            return True
        try:
            lock = self._take_lock(job)
        except OSError as error:
            if job.id not in self._held:
                why = "an earlier one still runs" if isinstance(error, BlockingIOError) else str(error)
                log.warning("hook for %s waits: %s", path_text(job.name), why)
            return False
        self._stop = self._stop or os.pipe()
        stop, environment = self._stop[0], self._inherited | facts
        call = _Call(job, lock, threading.Thread(target=lambda: self._run(call, environment, stop), daemon=True))
        try:
            call.thread.start()
        except RuntimeError as error:  # no more threads to be had
            log.warning("hook for %s waits: %s", path_text(job.name), error)
            os.close(lock)
            return False
        self._calls[job.id] = call
        return True

    def _run(self, call: _Call, environment: Mapping[str, str], stop: int) -> None:
        """What a thread does."""
        limit_s, words = self._options.time_limit_s, self._command(call.job)
        try:
            call.ended = command.run(words, environment, limit_s=limit_s, stop=stop, inherited=[call.lock])
        except Exception as error:
            log.exception("the hook for %s hit a defect", path_text(call.job.name))
            call.ended = command.Ended(f"defect: {error}", "")
        self._wake()

    def _command(self, job: Job) -> tuple[str, ...]:
        return self._options.on_success if job.state is State.DONE else self._options.on_failure

    def _lock_path(self, job: Job) -> Path:
        return self._locks / f"{job.id}.lock"

    def _take_lock(self, job: Job) -> int:
        """Lock a file that the command inherits: a daemon started anew sees that it still runs.

        Raises:
            OSError: the lock is held (BlockingIOError) or its file cannot be made.
        """
        self._locks.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._lock_path(job), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            raise
        return handle

    def _facts(self, job: Job) -> dict[str, str] | None:
        """The variables that tell a command what became of which document; paths are exact to the byte.

        None where the document is no longer in the database.
        """
        more = self._facts_of_document(job) if job.state is State.DONE else _facts_of_failure(job)
        if more is None:
            return None
        facts = {
            "OUTCOME": "success" if job.state is State.DONE else "failure",
            "STATE": job.state.value,
            "JOB": str(job.id),
            "NAME": job.name,
            "INBOX": job.inbox,
            "SOURCE": str(job.source_path),
            "SHA256": job.sha256 or "",
        }
        return {f"INGESTD_{name}": value.replace("\0", "") for name, value in (facts | more).items()}

    def _facts_of_document(self, job: Job) -> dict[str, str] | None:
        assert job.archive_path is not None, "a job that is done has a place"
        row = self._ledger.db.execute(
            "select status, rule, archive_path from documents where id = ?", [job.document_id]
        ).fetchone()
        if row is None:
            return None
        status, rule, archived = row
        beside = sidecar.path_of(job.archive_path)
        return {
            "DOCUMENT": str(job.document_id),
            "STATUS": status,
            "RULE": rule,
            "ORIGINAL": str(path_from(archived)) if archived else "",
            "SIDECAR": str(beside) if os.path.lexists(beside) else "",
        }

    def _say(self, job: Job, ended: command.Ended) -> None:
        """Log how a command ended, with the end of what it printed."""
        words = f"hook for {path_text(job.name)} (job {job.id}): {ended.problem or 'done'}"
        rows = [f"\n| {row}" for row in escape(ended.output).split("\n") if row]
        log.log(logging.WARNING if ended.problem else logging.INFO, "%s%s", words, "".join(rows))

    def drain(self) -> None:
        """Begin nothing new from now on."""
        self._draining = True

    def close(self) -> None:
        """Kill what still runs; it stays due, and is run again by the next start."""
        if self._stop is None:
            return
        stopped, stop = self._stop
        self._stop = None
        os.close(stop)
        for call in self._calls.values():
            call.thread.join()
        os.close(stopped)
        self._collect()


def _facts_of_failure(job: Job) -> dict[str, str]:
    assert job.archive_path is not None, "a job that failed has a place"
    reason = json.loads(job.error or "{}")
    beside = reason_path(job.archive_path)
    return {
        "DOCUMENT": "",
        "ORIGINAL": str(job.archive_path) if os.path.lexists(job.archive_path) else "",
        "SIDECAR": str(beside) if os.path.lexists(beside) else "",
        "CODE": str(reason.get("code", "")),
        "ERROR": escape(f"{reason.get('found')}; expected {reason.get('expected')}; {reason.get('fix')}")[:_MOST_ERROR],
    }
