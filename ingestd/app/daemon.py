"""The parts of the daemon's process, connected."""

from __future__ import annotations

import os
import random
from collections.abc import Callable

from sqlite_utils import Database

from ingestd.clock import Clock
from ingestd.config import Config
from ingestd.daemon.claims import Claims
from ingestd.daemon.events import JobEvent
from ingestd.daemon.health import Health
from ingestd.daemon.hooks import Hooks
from ingestd.daemon.intake import Intake
from ingestd.daemon.lifecycle import Lifecycle
from ingestd.daemon.loop import Daemon
from ingestd.daemon.metrics import Metrics
from ingestd.daemon.pairs import Pairs
from ingestd.daemon.retry import RetrySchedule
from ingestd.daemon.second_look import SecondLook
from ingestd.daemon.service import Service, Signals
from ingestd.daemon.suspects import Suspects
from ingestd.document import Record
from ingestd.engine import Engine
from ingestd.engine.machines import MachinesFile
from ingestd.engine.rolling import RollingEngine
from ingestd.store.jobs import Jobs
from ingestd.watch.inbox import Inbox
from ingestd.watch.observe import Events


def assemble(
    config: Config,
    db: Database,
    *,
    engine: Engine[Record],
    new_engine: Callable[[], Engine[Record]],
    report: Callable[[JobEvent], None],
    signals: Signals,
    clock: Clock,
    rng: random.Random,
) -> Service:
    """Connect the parts of the daemon's process; starts nothing.

    Args:
        config: as loaded.
        db: open for writing; the caller closes it.
        engine: reads the documents; closed with the service.
        new_engine: starts another engine on SIGHUP; raises ConfigError if the configuration is wrong.
        report: called on every job outcome.
        signals: requests to stop and to reload.
        clock: source of time.
        rng: source of jitter.

    Raises:
        ConfigError: an extra that the configuration needs is not installed.
    """
    jobs = Jobs(db)
    schedule = RetrySchedule(config.ledger, rng)
    inboxes = {inbox.name: inbox for inbox in config.inboxes}
    wake = signals.wake.set
    events = Events(wake)
    daemon = Daemon(
        intake=Intake(_inboxes(config, jobs, events), jobs, schedule),
        jobs=jobs,
        claims=Claims(jobs, inboxes, config.spool.work, config.admit.max_bytes),
        lifecycle=Lifecycle(
            jobs,
            inboxes,
            config.spool,
            config.record,
            config.settle.look_again_s,
            config.hooks,
        ),
        engine=RollingEngine(engine, config.engine.idle_s),
        hooks=Hooks(config.hooks, jobs, config.spool.work / ".hooks", os.environ, schedule, wake),
        schedule=schedule,
        second_look=SecondLook(jobs, config.settle.look_again_s, config.spool.mode, schedule),
        suspects=Suspects(jobs, config.ledger.attempts, schedule.longest, clock.tick()),
        pairs=Pairs(jobs, inboxes, config.spool, schedule.longest),
        attempts=config.ledger.attempts,
        wake=wake,
    )
    health = Health(config.health, config.engine.time_limit_s, clock.tick())
    metrics = Metrics(config, daemon, health, clock) if config.metrics.port is not None else None
    if metrics is not None:
        daemon.subscribe(metrics.note)
    daemon.subscribe(report)
    return Service(
        daemon=daemon,
        health=health,
        metrics=metrics,
        events=events,
        signals=signals,
        clock=clock,
        new_engine=new_engine,
        schedule=schedule,
        fault_pause_s=config.ledger.backoff_s,
        machines=MachinesFile(config.spool.work),
    )


def _inboxes(config: Config, jobs: Jobs, events: Events) -> list[Inbox]:
    inboxes = []
    for section in config.inboxes:
        noted = jobs.remembered(section.name) if section.original == "leave" else {}
        inboxes.append(Inbox(section, config.settle, events, noted))
    return inboxes
