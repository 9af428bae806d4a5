"""Settling: wait until files are complete. Pure: time and the state of files are handed in.

A file is complete when it has not changed for the quiet time and its format's own end is there. A file
without a proper end, or of an unknown format, is taken after a much longer quiet time: it then fails with
a reason instead of staying unexplained. A file that is empty, that may not be read, or that a program has open for
writing waits without end.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ingestd.files.identity import Identity
from ingestd.watch.observe import problem_of

_MAX_SETTLED = 200
"""Files handed over at a time: with 20,000 in an inbox, workers begin with the first, not after the last."""

_WRITTEN = "a program has it open for writing; it is taken once that is closed"


@dataclass(slots=True)
class _Candidate:
    identity: Identity
    changed_at: float
    due_at: float
    problem: str | None = None
    """Reason why it cannot be taken, perhaps without end; None if it can, or was not tried."""


class Settler:
    """Follower of the files of one inbox until they are complete.

    Args:
        quiet_s: seconds without a change that a complete file needs.
        incomplete_s: seconds without a change after which an incomplete file is taken too.
        look: returns the present identity of a file, None if it is gone or cannot be reached.
        is_complete: tells from the file's structure whether its end is there; raises OSError if it cannot be read.
        has_writer: tells whether a program is known to have the file open for writing.
    """

    def __init__(
        self,
        quiet_s: float,
        incomplete_s: float,
        look: Callable[[Path], Identity | None],
        is_complete: Callable[[Path], bool],
        has_writer: Callable[[Path], bool],
    ) -> None:
        self._quiet_s = quiet_s
        self._incomplete_s = incomplete_s
        self._look = look
        self._is_complete = is_complete
        self._has_writer = has_writer
        self._candidates: dict[Path, _Candidate] = {}
        self._due: list[tuple[float, Path]] = []

    def __len__(self) -> int:
        """Return the number of files being followed, empty ones included."""
        return len(self._candidates)

    @property
    def unfinished(self) -> int:
        """Number of files being followed that have content and can be taken sooner or later."""
        return sum(one.identity.size > 0 and one.problem is None for one in self._candidates.values())

    @property
    def held_up(self) -> dict[Path, str]:
        """Files that cannot be read, or stay open for writing -> why."""
        return {path: one.problem for path, one in self._candidates.items() if one.problem is not None}

    def notice(self, path: Path, identity: Identity, now: float) -> None:
        """Note the state of a file; a new state restarts its quiet time."""
        known = self._candidates.get(path)
        if known is not None and known.identity == identity:
            return
        self._schedule(path, _Candidate(identity, now, now + self._quiet_s))

    def next_due(self) -> float | None:
        """Return the tick at which to look again; None if no file is followed."""
        self._drop_stale()
        return self._due[0][0] if self._due else None

    def settled(self, now: float, limit: int = _MAX_SETTLED) -> list[tuple[Path, Identity]]:
        """Return the files that are complete now, not more than ``limit``; they are followed no longer."""
        whole: list[tuple[Path, Identity]] = []
        while True:
            self._drop_stale()
            if not self._due or self._due[0][0] > now or len(whole) == limit:
                return whole
            _, path = heapq.heappop(self._due)
            identity = self._judge(path, self._candidates[path], now)
            if identity is not None:
                whole.append((path, identity))
                del self._candidates[path]

    def _judge(self, path: Path, candidate: _Candidate, now: float) -> Identity | None:
        identity = self._look(path)
        if identity is None:
            del self._candidates[path]
            return None
        if identity != candidate.identity:
            self._schedule(path, _Candidate(identity, now, now + self._quiet_s))
            return None
        quiet = now - candidate.changed_at
        # If the end is still missing, look again after the quiet time, then ever later.
        longest = self._incomplete_s - quiet if identity.size else self._incomplete_s
        wait, problem = max(self._quiet_s, min(quiet, longest)), None
        try:
            if identity.size > 0 and (self._is_complete(path) or quiet >= self._incomplete_s):
                if not self._has_writer(path):
                    return identity
                wait, problem = self._quiet_s, _WRITTEN if quiet >= self._incomplete_s else None
        except OSError as error:
            wait, problem = max(self._quiet_s, min(quiet, self._incomplete_s)), problem_of(error)
        self._schedule(path, _Candidate(identity, candidate.changed_at, now + wait, problem))
        return None

    def _schedule(self, path: Path, candidate: _Candidate) -> None:
        self._candidates[path] = candidate
        heapq.heappush(self._due, (candidate.due_at, path))

    def _drop_stale(self) -> None:
        """Drop entries of files that are no longer followed or were rescheduled."""
        while self._due:
            due_at, path = self._due[0]
            candidate = self._candidates.get(path)
            if candidate is not None and candidate.due_at == due_at:
                return
            heapq.heappop(self._due)
