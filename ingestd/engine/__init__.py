"""Where documents are worked on: any engine takes a claim and promises a record."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol

from ingestd.document import Claim, Record

Work = Callable[[Claim, str], Record]
"""Reads one claimed document whose SHA-256 (hex) is given; raises DocumentError if it is bad."""


class Engine(Protocol):
    """Runs work out of the daemon's process."""

    slots: int
    """Documents worked on at the same time."""

    def submit(self, claim: Claim, sha256: str) -> Future[Record]:
        """Start on a document.

        The future raises DocumentError when the document is bad, and AttemptError when its worker
        died, ran out of time or memory, or hit a defect.
        """
        ...

    def close(self, *, finish: bool) -> None:
        """Stop all workers, after the documents in work if ``finish``, else at once."""
        ...
