"""Where documents are worked on: any engine takes a claim and promises what the work makes of it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol, TypeVar

from ingestd.document import Claim

R = TypeVar("R")

Work = Callable[[Claim, str], R]
"""Reads one claimed document whose SHA-256 (hex) is given; raises DocumentError if it is bad."""


class Engine(Protocol[R]):
    """Runs work out of the daemon's process."""

    @property
    def slots(self) -> int:
        """Documents worked on at the same time."""
        ...

    @property
    def restarts(self) -> int:
        """Worker processes that died or were killed so far, and had to be replaced."""
        ...

    def submit(self, claim: Claim, sha256: str, /) -> Future[R]:
        """Start on a document.

        The future raises DocumentError when the document is bad, AttemptError when its worker died,
        ran out of time or memory, or hit a defect, and TransientError when no worker can start.
        """
        ...

    def rest(self) -> None:
        """Give back the memory of workers that have nothing to do; does nothing while a document is in work."""
        ...

    def wake(self) -> None:
        """Start the workers again after a rest; submitting does so too, but then the document waits for them."""
        ...

    def close(self, *, finish: bool) -> None:
        """Stop all workers, after the documents in work if ``finish``, else at once."""
        ...
