"""Notes in the ledger what became whole in the inboxes, and tells the inboxes what came of it."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from datetime import datetime

from ingestd.daemon.lifecycle import is_temporary
from ingestd.daemon.retry import Patience
from ingestd.store.jobs import Job, Ledger
from ingestd.watch.inbox import Arrival, Inbox

log = logging.getLogger(__name__)

_ALL = 0
"""What stands for all arrivals in Patience, where jobs go by their ids, which begin at 1."""


class Reception:
    """The inboxes, as one.

    Args:
        inboxes: watched folders.
        ledger: where arrivals are noted.
        patience: while the database cannot be written, arrivals wait together: to try each of thousands
            would flood the log, and wait for the lock as often.
    """

    def __init__(self, inboxes: Sequence[Inbox], ledger: Ledger, patience: Patience) -> None:
        self._inboxes = {inbox.config.name: inbox for inbox in inboxes}
        self._ledger = ledger
        self._patience = patience

    def turn(self, now: datetime, tick: float) -> bool:
        """Look into the inboxes and note what is whole; True if anything was noted."""
        if not self._patience.may_go_on(_ALL, tick):
            return False
        arrivals = [(inbox, arrival) for inbox in self._inboxes.values() for arrival in inbox.turn(tick)]
        for count, (inbox, arrival) in enumerate(arrivals):
            try:
                self._ledger.arrive(inbox.config.name, arrival.path, arrival.identity, now)
            except Exception as error:
                if not is_temporary(error):
                    raise
                self._put_off(arrivals[count:], error, tick)
                return count > 0
        if arrivals or not self._any_pending():
            self._patience.forgive(_ALL)
        return bool(arrivals)

    def _put_off(self, arrivals: list[tuple[Inbox, Arrival]], error: Exception, tick: float) -> None:
        wait = self._patience.put_off(_ALL, tick)
        log.warning("cannot note %d arrivals: %s; next try in %.0f s", len(arrivals), error, wait.total_seconds())
        for inbox, arrival in arrivals:
            inbox.look_again(arrival.path)

    def next_due(self, tick: float) -> float:
        """When :meth:`turn` has something to do at the latest."""
        soonest = min((inbox.next_due(tick) for inbox in self._inboxes.values()), default=math.inf)
        return max(soonest, self._patience.not_before(_ALL))

    @property
    def pending(self) -> bool:
        """Tell whether there are files with content that are not noted yet."""
        return self._patience.not_before(_ALL) > -math.inf or self._any_pending()

    def _any_pending(self) -> bool:
        return any(inbox.pending for inbox in self._inboxes.values())

    def claimed(self, job: Job, taken: bool) -> None:
        """The file of a job was taken, or turned out to be gone or another one."""
        inbox = self._inboxes.get(job.inbox)
        if inbox is not None:
            (inbox.taken if taken else inbox.look_again)(job.source_path)
