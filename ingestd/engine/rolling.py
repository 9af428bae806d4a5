"""Rolling replacement of engines, without a document lost in between."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Generic

from ingestd.document import Claim
from ingestd.engine import Engine, Machine, R


class RollingEngine(Generic[R]):
    """Engine that can be replaced: new documents go to the newest one; older ones finish and are closed.

    Args:
        first: the engine to begin with.
        idle_s: seconds without a document after which the newest engine rests; None: never.
    """

    def __init__(self, first: Engine[R], idle_s: float | None = None) -> None:
        self._engine = first
        self._idle_s = idle_s
        self._idle_since: float | None = None
        """Tick of the first turn without a document in work."""
        self._retiring: list[Engine[R]] = []
        self._open: list[tuple[Future[R], Engine[R]]] = []
        self._restarts_of_retired = 0

    @property
    def slots(self) -> int:
        """Number of documents that the newest engine works on at the same time."""
        return self._engine.slots

    @property
    def restarts(self) -> int:
        """Number of worker processes of all engines that died or were killed and had to be replaced."""
        return self._restarts_of_retired + sum(engine.restarts for engine in (self._engine, *self._retiring))

    @property
    def machines(self) -> Sequence[Machine]:
        """Worker machines that the newest engine knows."""
        return self._engine.machines

    def submit(self, claim: Claim) -> Future[R]:
        """Start on a document with the newest engine; see :meth:`ingestd.engine.Engine.submit`."""
        future = self._engine.submit(claim)
        self._open.append((future, self._engine))
        return future

    def replace(self, engine: Engine[R]) -> None:
        """Use another engine from now on."""
        self._retiring.append(self._engine)
        self._engine = engine

    def turn(self, tick: float, expected: bool) -> None:
        """Close engines that have been replaced and have nothing left to do; let an idle one rest.

        Args:
            tick: seconds on a monotonic clock.
            expected: documents are on their way, so that workers are started ahead.
        """
        self._close_retired()
        if expected:
            self._engine.wake()
        if expected or self._open or self._idle_since is None:
            self._idle_since = tick
        elif self._idle_s is not None and tick - self._idle_since >= self._idle_s:
            self._engine.rest()

    def _close_retired(self) -> None:
        self._open = [(future, engine) for future, engine in self._open if not future.done()]
        used = {id(engine) for _, engine in self._open}
        for engine in [engine for engine in self._retiring if id(engine) not in used]:
            self._retiring.remove(engine)
            engine.close(finish=True)
            self._restarts_of_retired += engine.restarts

    def close(self, *, finish: bool) -> None:
        """Close all engines; see :meth:`ingestd.engine.Engine.close`."""
        for engine in (self._engine, *self._retiring):
            engine.close(finish=finish)
