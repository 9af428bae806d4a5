"""Engine of processes on this machine, each with a limit on time, memory and system calls.

Documents are untrusted: decoders and models run only here. Processes are spawned, not forked,
because the daemon has threads.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import lzma
import os
import pickle
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, resource_tracker
from typing import Any, Generic, ParamSpec

import cv2
from pebble import ProcessExpired, ProcessPool

from ingestd.engine import Machine, R, sandbox
from ingestd.errors import AttemptError, DefectError, DocumentError, TimeLimitError, TransientError

log = logging.getLogger(__name__)

_BROKEN = "idle workers died, perhaps out of memory; starting new ones"

P = ParamSpec("P")
"""Arguments of the work; they are pickled on their way into a worker process."""

_packed: bytes = b""
_work: Callable[..., Any] | None = None
_time_limit_s = 0.0
"""Maker of the work of this worker process, pickled; the work; its time limit per call."""


def pack(make_work: Callable[[], Callable[..., Any]]) -> bytes:
    """Pickle what makes the work, small: more than a pipe holds would let the start wait for the worker to listen."""
    return lzma.compress(pickle.dumps(make_work))


def _start(packed: bytes, memory_limit_mb: int, time_limit_s: float) -> None:
    """Prepare a worker process: limits first, then models and rules."""
    global _packed, _time_limit_s
    sandbox.enter(memory_limit_mb)
    cv2.setNumThreads(1)
    _packed, _time_limit_s = packed, time_limit_s
    with contextlib.suppress(Exception):  # the first document tries again, and reports it
        _ready()


def _ready() -> Callable[..., Any]:
    global _work
    if _work is None:
        _work = pickle.loads(lzma.decompress(_packed))()
    return _work


def _run(*args: Any, **kwargs: Any) -> Any:
    try:
        work = _ready()
    except Exception as error:
        raise TransientError(f"a worker cannot start: {error}") from error
    sandbox.limit_cpu(_time_limit_s)
    return work(*args, **kwargs)


@contextlib.contextmanager
def _without_interrupts() -> Iterator[None]:
    """Let threads and processes that begin in the block never see Ctrl-C, which reaches the whole process group.

    They inherit the mask of signals: the threads of the pool, and from them the processes, also while they still load
    their libraries. What a worker does at a Ctrl-C is for the daemon to decide.
    """
    resource_tracker.ensure_running()  # unblocks the signal where it is started
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _awake() -> int:
    return os.getpid()


class LocalEngine(Generic[P, R]):
    """Pool of worker processes; for work on claims it is an :class:`ingestd.engine.Engine`.

    Args:
        make_work: builds the work inside each worker; must be picklable.
        workers: number of processes.
        time_limit_s: a worker that takes longer for one call is killed.
        memory_limit_mb: address space of each worker.
    """

    def __init__(
        self, make_work: Callable[[], Callable[P, R]], *, workers: int, time_limit_s: float, memory_limit_mb: int
    ) -> None:
        self.slots = workers
        self.restarts = 0
        self.machines: tuple[Machine, ...] = ()
        self._time_limit_s = time_limit_s
        self._running: set[Future[R]] = set()
        self._new_pool = functools.partial(
            ProcessPool,
            max_workers=workers,
            context=get_context("spawn"),
            initializer=_start,
            initargs=(pack(make_work), memory_limit_mb, time_limit_s),
        )
        self._resting = True
        self.wake()

    def submit(self, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """See :class:`ingestd.engine.Engine`."""
        outcome: Future[R] = Future()
        self.wake()
        if not self._pool.active:
            self._replace_pool()
        try:
            running = self._pool.schedule(_run, args=args, kwargs=kwargs, timeout=self._time_limit_s)
        except RuntimeError:  # the pool broke a moment ago
            outcome.set_exception(TransientError(_BROKEN))
            return outcome
        self._running.add(running)
        running.add_done_callback(lambda finished: self._settle(finished, outcome))
        return outcome

    def rest(self) -> None:
        """See :class:`ingestd.engine.Engine`."""
        if self._resting or self._running:
            return
        self._pool.stop()
        self._pool.join()
        self._resting = True

    def wake(self) -> None:
        """See :class:`ingestd.engine.Engine`."""
        if not self._resting:
            return
        self._pool = self._started_pool()
        self._resting = False

    def _started_pool(self) -> ProcessPool:
        """Make a pool and start its processes now, so that a document does not wait for models to load."""
        pool = self._new_pool()
        try:
            with _without_interrupts():
                pool.schedule(_awake)
        except BaseException:  # Ctrl-C that came meanwhile: processes that still load would complain of their parent
            pool.stop()
            pool.join()
            raise
        return pool

    def _replace_pool(self) -> None:
        """Replace a pool that Pebble gave up because an idle worker died: no document is to blame."""
        log.warning(_BROKEN)
        self._pool.stop()
        self._pool.join()
        self._pool = self._started_pool()
        self.restarts += self.slots

    def _settle(self, finished: Future[R], outcome: Future[R]) -> None:
        """Translate the end of the process into the result of the document."""
        self._running.discard(finished)
        if finished.cancelled():
            outcome.set_exception(AttemptError("the engine was closed before the document was read"))
            return
        error = finished.exception()
        match error:
            case None:
                outcome.set_result(finished.result())
            case DocumentError() | AttemptError() | TransientError():
                outcome.set_exception(error)
            case TimeoutError():
                self.restarts += 1
                limit = f"{self._time_limit_s:g} s (engine.time_limit_s)"
                outcome.set_exception(TimeLimitError(f"reading took longer than {limit}"))
            case ProcessExpired():
                self.restarts += 1
                outcome.set_exception(AttemptError(f"the worker died ({_death(error.exitcode)})"))
            case BrokenProcessPool():
                outcome.set_exception(TransientError(_BROKEN))
            case MemoryError():
                outcome.set_exception(AttemptError("the worker ran out of memory (engine.memory_limit_mb)"))
            case _:
                log.error("a worker hit a defect", exc_info=error)
                outcome.set_exception(DefectError(error))

    def close(self, *, finish: bool) -> None:
        """See :class:`ingestd.engine.Engine`."""
        if self._resting:
            return
        if finish:
            self._pool.close()
        else:
            for running in list(self._running):  # stopping the pool alone would leave them without a result
                running.cancel()
            self._pool.stop()
        self._pool.join()


def _death(exitcode: int) -> str:
    """Describe how a process ended.

    >>> _death(-9)
    'SIGKILL, perhaps out of memory'
    >>> _death(3)
    'exit status 3'
    """
    if exitcode >= 0:
        return f"exit status {exitcode}"
    name = signal.Signals(-exitcode).name
    return f"{name}, perhaps out of memory" if name == "SIGKILL" else name
