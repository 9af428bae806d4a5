"""Check of the whole database beside the work of the daemon, or at once on request."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from ingestd.clock import Clock
from ingestd.errors import IngestdError
from ingestd.store import soundness
from ingestd.store.database import connect, damaged, faults
from ingestd.store.soundness import Checked, Reason

log = logging.getLogger(__name__)

_NICENESS = 19
"""Lowest priority of the processor, from which Linux derives that of the disk."""


def check_whole(
    path: Path,
    clock: Clock,
    reason: Reason,
    stop: threading.Event | None = None,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Checked | None:
    """Check the whole file and keep the result in it; None if the check was stopped.

    Raises:
        ConfigError, TransientError: the file cannot be opened, or the result cannot be written.
    """
    begun_at = clock.now()
    with faults(path):
        found = soundness.check_whole(path, stop or threading.Event(), progress)
        if found is None:
            return None
        checked = Checked(begun_at, clock.now(), reason, found)
        with closing(connect(path, "write")) as db:
            soundness.note_check(db, checked)
    return checked


class BackgroundCheck:
    """Thread of the lowest priority that checks the whole file once.

    Args:
        path: the database.
        clock: source of time.
        reason: why it is due.
    """

    def __init__(self, path: Path, clock: Clock, reason: Reason) -> None:
        self._path = path
        self._clock = clock
        self._reason = reason
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="database check", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """Stop; a check that has not ended is begun again at the next start."""
        self._stop.set()
        self._thread.join()

    def join(self) -> None:
        """Wait for the end of the check."""
        self._thread.join()

    def _run(self) -> None:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
        log.info("%s: checking the whole file in the background (%s)", self._path, self._reason)
        try:
            checked = check_whole(self._path, self._clock, self._reason, self._stop)
        except IngestdError as error:
            log.error("the check of the whole database did not end: %s", error)
            return
        if checked is not None and checked.sound:
            log.info("%s: sound, checked whole", self._path)
        elif checked is not None:
            log.error("%s", damaged(self._path, checked.found))
