"""Two passes of a stack: fronts in one file, backs in another, known by their names and collated to one file.

Both files wait in the ledger for each other. When both are in work, a worker makes one file of them; it *arrives* as
a job of its own in the transaction in which the two end as ``duplicate``. A crash before it collates again, one after
it finds a file that is to be claimed like any other.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from ingestd.config import InboxConfig, SpoolConfig
from ingestd.daemon.outcomes import Overtaken
from ingestd.document import Claim, Record
from ingestd.files import durable
from ingestd.files.encoding import path_text
from ingestd.files.identity import digest, look
from ingestd.files.names import COLLATED, work_path
from ingestd.store.database import transaction
from ingestd.store.job import UNSETTLED, Job, Moved, State
from ingestd.store.jobs import Jobs

_LOOK_AGAIN = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Waits:
    """The other side is not there yet, or has both in work."""

    reason: str


@dataclass(frozen=True, slots=True)
class Paired:
    """The other side is there."""

    mate: Job


class Pairs:
    """Fronts and backs of the inboxes with ``duplex``.

    Args:
        jobs: job states.
        inboxes: by name.
        places: work and archive folders.
        longest: longest pause of a job.
    """

    def __init__(self, jobs: Jobs, inboxes: Mapping[str, InboxConfig], places: SpoolConfig, longest: timedelta) -> None:
        self._jobs = jobs
        self._inboxes = inboxes
        self._places = places
        self._pause = min(_LOOK_AGAIN, longest)

    def look(self, job: Job, now: datetime) -> Waits | Paired | None:
        """Decide what to do with a job that is due; None: it is read alone."""
        beside = self._beside(job)
        if beside is None:
            return None
        mate = self.mate(job)
        if mate is None:
            inbox = self._inboxes[job.inbox]
            if now - job.created_at >= timedelta(seconds=inbox.duplex_wait_s):
                return None
            return Waits(f"waits for {path_text(beside.name)}, the other side of the stack")
        if mate.state is State.RUNNING or (mate.suspect and not job.suspect):
            return Waits(f"is being read with {path_text(mate.name)}, the other side of the stack")
        return Paired(mate)

    def mate(self, job: Job) -> Job | None:
        """Return the other side of a stack where it is on its way; None where it is not."""
        beside = self._beside(job)
        if beside is None:
            return None
        states = (State.ARRIVED, State.CLAIMED, State.WAITING, State.RUNNING)
        found = [one for one in self._jobs.of_path(beside) if one.inbox == job.inbox and one.state in states]
        return found[-1] if found else None

    def lent(self, job: Job) -> Job | None:
        """Return the other side where its file is in work with that of a job."""
        mate = self.mate(job)
        return mate if mate is not None and mate.state is State.WAITING and self._work(mate).exists() else None

    def wait(self, job: Job, reason: str, now: datetime) -> Job | Moved:
        """Put a side off until it is looked for again."""
        until, work = now + self._pause, self._work(job)
        if job.state is State.CLAIMED and work.exists():
            return self._jobs.lend(job, digest(work), until, reason, now)
        return self._jobs.wait(job, until, reason, now, refund=False)

    def claim_of(self, claim: Claim, job: Job, mate: Job) -> Claim:
        """Return the claim of both sides; both files are in work."""
        front, back = (job, mate) if self._is_front(job) else (mate, job)
        return replace(claim, work_path=self._work(front), source_path=front.source_path, backs=self._work(back))

    def collated(self, job: Job, record: Record, now: datetime) -> tuple[Job, ...] | Moved | None:
        """Let the collated file arrive, and end both sides.

        Returns:
            Both sides, to be disposed of; None where one of them has changed meanwhile.

        Raises:
            TransientError: the file cannot be written.
        """
        assert record.collated is not None, "the worker had both sides"
        mate = self.lent(job)
        if mate is None or any(digest(self._work(one)) != one.sha256 for one in (job, mate)):
            return None
        front = job if self._is_front(job) else mate
        path = self._places.work / COLLATED / f"{min(job.id, mate.id)}-{max(job.id, mate.id)}" / self._name(front)
        durable.write_atomic(path, record.collated)
        identity = look(path)
        assert identity is not None, "it was written a moment ago, and no other program works here"
        try:
            with transaction(self._jobs.db):
                self._jobs.arrive(job.inbox, path, identity, now)
                return tuple(self._end(one, path.name, now) for one in (job, mate))
        except Overtaken:
            latest = self._jobs.job(job.id)
            return Moved(job.id, None if latest is None else latest.state)

    def _end(self, side: Job, name: str, now: datetime) -> Job:
        assert side.sha256 is not None, "both were hashed when they came into work"
        target = self._jobs.free_target(self._places.archive / "sides", side.name, side.sha256, side.id)
        ended = self._jobs.collate(side, target, f"one side of the stack {path_text(name)}", now)
        if isinstance(ended, Moved):
            raise Overtaken(ended)
        return ended

    def tidy(self) -> None:
        """Remove, after a start, collated files that a crash left behind before their job was noted."""
        folder = self._places.work / COLLATED
        for pair in folder.iterdir() if folder.is_dir() else ():
            for path in pair.iterdir():
                if not any(job.state in UNSETTLED for job in self._jobs.of_path(path)):
                    durable.remove(path)
            if not any(pair.iterdir()):
                durable.remove_folder(pair)

    # -- names

    def _work(self, job: Job) -> Path:
        return work_path(self._places.work, job.id, job.name)

    def _side(self, job: Job) -> tuple[bool, str] | None:
        """Tell whether a file is the fronts of its stack, and the part of its name that both share; None: no side."""
        inbox = self._inboxes.get(job.inbox)
        if inbox is None or inbox.duplex is None or job.source_path.is_relative_to(self._places.work):
            return None
        found = [(pattern, part_of(job.name, pattern)) for pattern in inbox.duplex]
        sides = [(len(pattern), index == 0, part) for index, (pattern, part) in enumerate(found) if part is not None]
        return max(sides)[1:] if sides else None  # of two patterns the longer one says more

    def _is_front(self, job: Job) -> bool:
        side = self._side(job)
        return side is not None and side[0]

    def _beside(self, job: Job) -> Path | None:
        """Return the path of the other side; None for a file that is not one."""
        side, inbox = self._side(job), self._inboxes.get(job.inbox)
        if side is None or inbox is None or inbox.duplex is None:
            return None
        return job.source_path.with_name(inbox.duplex[1 if side[0] else 0].replace("*", side[1]))

    def _name(self, front: Job) -> str:
        """Return the name of the collated file: the part that both share, with the suffix."""
        side = self._side(front)
        part = front.name if side is None else side[1]
        suffix = os.path.splitext(front.name)[1]  # noqa: PTH122 (a name may be nothing but a suffix)
        return part if part.endswith(suffix) else part + suffix


def part_of(name: str, pattern: str) -> str | None:
    """Return what the star of a pattern stands for in a name; None where it does not match.

    >>> part_of("scan7-front.pdf", "*-front.pdf"), part_of("scan7.pdf", "*-front.pdf")
    ('scan7', None)
    """
    head, tail = pattern.split("*")
    if name.startswith(head) and name.endswith(tail) and len(name) > len(head) + len(tail):
        return name[len(head) : len(name) - len(tail)]
    return None
