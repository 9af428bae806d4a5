"""Hooks: user commands that run when a document is recorded or has failed.

A hook becomes due in the transaction that records the document or notes its failure. It runs after everything
else: original and sidecar are where they belong, and no transaction is open. It can neither lose nor fail the
document; its result is only logged. Its end is noted afterwards, so after a kill in between it runs again: at
least once, but never twice at the same time, because its processes hold a lock that outlives the daemon.
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
from ingestd.daemon.retry import Kind, RetrySchedule, Task
from ingestd.files.encoding import escape, path_from, path_text
from ingestd.files.names import error_path, sidecar_path
from ingestd.store.job import Job, State
from ingestd.store.jobs import Jobs

log = logging.getLogger(__name__)

_AGAIN_S = 5.0
"""Pause before a hook that cannot be started is tried again."""
_MAX_ERROR = 2000
"""Characters of an error that a hook receives."""
_NOT_FOR_HOOKS = frozenset({"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID"})
"""Variables by which a hook could speak to systemd in the name of the service."""


@dataclass(slots=True)
class _Call:
    """Command in progress; a thread waits for it."""

    job: Job
    lock: int
    """Descriptor of the locked file, which the command inherits."""
    result: command.CommandResult | None = None
    """Set by the thread at the end."""


class Hooks:
    """Runner of due hooks, a few at a time, each in a thread that only waits.

    Args:
        options: the commands.
        jobs: job states, which say what is due.
        locks: folder for lock files.
        environment: inherited by every command.
        schedule: pauses before hooks that cannot be started.
        wake: called from other threads when a turn is due.
    """

    def __init__(
        self,
        options: HooksConfig,
        jobs: Jobs,
        locks: Path,
        environment: Mapping[str, str],
        schedule: RetrySchedule,
        wake: Callable[[], None],
    ) -> None:
        self._options = options
        self._jobs = jobs
        self._locks = locks
        self._inherited = {name: value for name, value in environment.items() if name not in _NOT_FOR_HOOKS}
        self._schedule = schedule
        self._wake = wake
        self._calls: dict[int, tuple[_Call, threading.Thread]] = {}
        """By job id."""
        self._draining = False
        self._stop = threading.Event()

    @property
    def running(self) -> int:
        """Number of commands that have not ended."""
        return len(self._calls)

    def turn(self, tick: float, excluding: Iterable[int]) -> bool:
        """Note the commands that ended, start those that are due; never waits.

        Args:
            tick: seconds on a monotonic clock.
            excluding: ids of jobs whose files are not yet where they belong.

        Returns:
            True if anything was done.
        """
        ended = self._collect()
        return self._start_due(tick, set(excluding)) or ended

    def _collect(self) -> bool:
        ended = [call for call, _ in self._calls.values() if call.result is not None]
        for call in ended:
            assert call.result is not None, "chosen for it"
            if not call.result.stopped:
                self._jobs.hook_ended(call.job)  # raises if the database cannot be written: tried again
                _log_end(call.job, call.result)
                with contextlib.suppress(OSError):  # an empty file that stays does no harm
                    self._lock_path(call.job).unlink(missing_ok=True)
            os.close(call.lock)
            del self._calls[call.job.id]
        return bool(ended)

    def _start_due(self, tick: float, excluding: set[int]) -> bool:
        free = 0 if self._draining else self._options.parallel - len(self._calls)
        if free <= 0:
            return False
        held = self._schedule.held(Kind.HOOK, tick)
        jobs = self._jobs.hooks_due(free, excluding | self._calls.keys() | held)
        for job in jobs:
            try:
                self._start(job)
            except (OSError, RuntimeError) as error:  # no lock, or no more threads to be had
                self._put_off(job, error, tick)
            else:
                self._schedule.clear(Task(Kind.HOOK, job.id))
        return bool(jobs)

    def _put_off(self, job: Job, error: Exception, tick: float) -> None:
        task = Task(Kind.HOOK, job.id)
        if not self._schedule.faults(task):
            why = "an earlier one still runs" if isinstance(error, BlockingIOError) else str(error)
            log.warning("hook for %s waits: %s", path_text(job.name), why)
        self._schedule.put_off(task, tick, _AGAIN_S)

    def _start(self, job: Job) -> None:
        """Start the command of a job.

        Raises:
            OSError: its lock is held (BlockingIOError) or cannot be made.
            RuntimeError: no thread can be started.
        """
        facts = self._facts(job)
        if not self._command(job) or facts is None:  # no longer configured, or the document was deleted
            self._jobs.hook_ended(job)
            return
        call = _Call(job, self._take_lock(job))
        thread = threading.Thread(target=self._run, args=(call, self._inherited | facts), daemon=True)
        try:
            thread.start()
        except RuntimeError:
            os.close(call.lock)
            raise
        self._calls[job.id] = (call, thread)

    def _run(self, call: _Call, environment: Mapping[str, str]) -> None:
        """Run a command in a thread of its own."""
        limit_s, words = self._options.time_limit_s, self._command(call.job)
        try:
            call.result = command.run(words, environment, limit_s=limit_s, stop=self._stop, inherited=[call.lock])
        except Exception as error:
            log.exception("the hook for %s hit a defect", path_text(call.job.name))
            call.result = command.CommandResult(f"defect: {error}", "")
        self._wake()

    def _command(self, job: Job) -> tuple[str, ...]:
        return self._options.on_success if job.state is State.DONE else self._options.on_failure

    def _lock_path(self, job: Job) -> Path:
        return self._locks / f"{job.id}.lock"

    def _take_lock(self, job: Job) -> int:
        """Lock a file that the command inherits: a daemon started later sees that the command still runs.

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
        """Return the variables that describe document and outcome to a command; paths are exact to the byte.

        None if the document is no longer in the database.
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
        row = self._jobs.db.execute(
            "select status, rule, archive_path from documents where id = ?", [job.document_id]
        ).fetchone()
        if row is None:
            return None
        status, rule, archived = row
        beside = sidecar_path(job.archive_path)
        return {
            "DOCUMENT": str(job.document_id),
            "STATUS": status,
            "RULE": rule,
            "ORIGINAL": str(path_from(archived)) if archived else "",
            "SIDECAR": str(beside) if os.path.lexists(beside) else "",
        }

    def drain(self) -> None:
        """Start nothing new from now on."""
        self._draining = True

    def close(self) -> None:
        """Kill what still runs; it stays due, and is run again by the next start."""
        self._stop.set()
        for _, thread in self._calls.values():
            thread.join()
        self._collect()


def _facts_of_failure(job: Job) -> dict[str, str]:
    assert job.archive_path is not None, "a job that failed has a place"
    reason = json.loads(job.error or "{}")
    beside = error_path(job.archive_path)
    return {
        "DOCUMENT": "",
        "ORIGINAL": str(job.archive_path) if os.path.lexists(job.archive_path) else "",
        "SIDECAR": str(beside) if os.path.lexists(beside) else "",
        "CODE": str(reason.get("code", "")),
        "ERROR": escape(f"{reason.get('found')}; expected {reason.get('expected')}; {reason.get('fix')}")[:_MAX_ERROR],
    }


def _log_end(job: Job, result: command.CommandResult) -> None:
    """Log how a command ended, with the end of what it printed."""
    words = f"hook for {path_text(job.name)} (job {job.id}): {result.problem or 'done'}"
    rows = [f"\n| {row}" for row in escape(result.output).split("\n") if row]
    log.log(logging.WARNING if result.problem else logging.INFO, "%s%s", words, "".join(rows))
