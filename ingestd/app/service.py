"""The start of the daemon's process: lock, database, checks, engine."""

from __future__ import annotations

import fcntl
import logging
import os
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from sqlite_utils import Database

from ingestd.admin import preflight, rename
from ingestd.admin.soundness import BackgroundCheck
from ingestd.app.daemon import assemble
from ingestd.app.engines import start_recording
from ingestd.clock import Clock, SystemClock
from ingestd.config import Config
from ingestd.daemon.events import JobEvent
from ingestd.daemon.service import Service, Signals
from ingestd.daemon.systemd import notify
from ingestd.document import Record
from ingestd.engine import Engine
from ingestd.errors import ConfigError, TransientError
from ingestd.files import durable
from ingestd.store import soundness
from ingestd.store.database import connect, faults

log = logging.getLogger(__name__)


@contextmanager
def running_service(
    config: Config, reload: Callable[[], Config], report: Callable[[JobEvent], None]
) -> Iterator[Service]:
    """Build the service of a configuration, ready to run; close everything at the end.

    Args:
        config: as loaded.
        reload: loads the configuration again on SIGHUP; raises ConfigError if it is wrong.
        report: called on every job outcome.

    Raises:
        ConfigError: something needed is missing, wrong or taken.
    """

    def new_engine() -> Engine[Record]:
        reloaded = reload()
        preflight.require_sound(reloaded)
        return start_recording(reloaded)

    signals = Signals()
    with ExitStack() as stack:
        stack.enter_context(signals.handled())
        preflight.require_sound(config)
        for folder in (config.spool.work, config.spool.archive, config.spool.failed):
            durable.make_folder(folder)
        stack.enter_context(_only_one(config.spool.work))
        stack.enter_context(faults(config.record.database))
        clock, database = SystemClock(), config.record.database
        killed = soundness.was_killed(database)
        db = stack.enter_context(closing(connect(database, progress=_Converting(database, clock))))
        soundness.require_plausible(db, database)
        _finish_renames(db)
        _check_beside(database, db, clock, stack, killed=killed)
        engine = start_recording(config)
        service = assemble(
            config,
            db,
            engine=engine,
            new_engine=new_engine,
            report=report,
            signals=signals,
            clock=clock,
            rng=random.Random(),
        )
        yield stack.enter_context(closing(service))


def _finish_renames(db: Database) -> None:
    """Finish what an interrupted 'ingestd rename' has begun."""
    try:
        rename.resume(db)
    except TransientError as error:
        log.warning("renames that were cut off: %s", error)


_TOLD_EVERY_S = 10.0
"""Pause between two words on the progress of a conversion."""


class _Converting:
    """Tells log and systemd how far the conversion of an older database is."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._next_tick = clock.tick()

    def __call__(self, done: int, total: int) -> None:
        if self._clock.tick() < self._next_tick:
            return
        self._next_tick = self._clock.tick() + _TOLD_EVERY_S
        notify(f"EXTEND_TIMEOUT_USEC={int(6e6 * _TOLD_EVERY_S)}")
        log.info("%s: converting what an older version recorded: %d of %d documents", self._path, done, total)


def _check_beside(path: Path, db: Database, clock: Clock, stack: ExitStack, *, killed: bool) -> None:
    """Start the check of the whole database where it is due; it ends with the stack."""
    reason = soundness.due(path, soundness.last_check(db), clock.now(), killed=killed)
    if reason is not None:
        check = BackgroundCheck(path, clock, reason)
        stack.callback(check.close)
        check.start()


@contextmanager
def _only_one(work: Path) -> Iterator[None]:
    """Hold the lock that keeps a second daemon off the same folders; the kernel releases it on any death."""
    with (work / ".lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            owner = lock.read().strip() or "unknown"
            raise ConfigError(
                [f"{work}: another ingestd (process {owner}) works here; stop it, or give spool.work another folder"]
            ) from error
        lock.seek(0)
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
        yield
