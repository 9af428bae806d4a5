"""Engines: the work on documents, outside of the daemon's process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol, TypeVar

from ingestd.document import Claim

R = TypeVar("R")

Work = Callable[[Claim], R]
"""Function that reads one claimed document; raises DocumentError if it is bad."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Worker machine of an engine that has others than this one."""

    name: str
    address: str
    slots: int
    """Number of documents that it works on at the same time; 0 while it takes none."""
    in_work: int
    """Number of documents that it has now."""
    documents: int = 0
    """Number of replies so far."""
    sent_bytes: int = 0
    """Of documents."""
    restarts: int = 0
    """Number of its worker processes that died or were killed."""
    problem: str = ""
    """Reason why it takes no documents; empty where nothing stands against it."""


class Engine(Protocol[R]):
    """Runner of work on several documents at the same time.

    The daemon needs only these seven members. Methods are called from one thread, properties from any.
    An engine without processes of its own does nothing in ``rest`` and ``wake``.
    """

    @property
    def slots(self) -> int:
        """Number of documents worked on at the same time."""
        ...

    @property
    def restarts(self) -> int:
        """Number of worker processes that died or were killed so far, and had to be replaced."""
        ...

    @property
    def machines(self) -> Sequence[Machine]:
        """Worker machines that are known now; none where all work is done on this one."""
        ...

    def submit(self, claim: Claim, /) -> Future[R]:
        """Start on a document; the work paths of claims must be readable where the work runs.

        The future raises DocumentError when the document is bad, AttemptError when its worker died,
        ran out of time or memory, or hit a defect, and TransientError when no worker can start.
        """
        ...

    def rest(self) -> None:
        """Free the memory of idle workers; do nothing while a document is in work."""
        ...

    def wake(self) -> None:
        """Start the workers again after a rest; submitting does so too, but then the document waits for them."""
        ...

    def close(self, *, finish: bool) -> None:
        """Stop all workers: after the documents in work if ``finish``, else at once."""
        ...
