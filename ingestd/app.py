"""Composition root: builds objects out of a Config; no other module does."""

from __future__ import annotations

import dataclasses
import fcntl
import functools
import logging
import os
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlite_utils import Database
from starlette.applications import Starlette

import ingestd
from ingestd.admin import rename
from ingestd.admin.preflight import problems_of
from ingestd.admin.soundness import BackgroundCheck
from ingestd.clock import Clock, SystemClock
from ingestd.config import Config, reading_hash
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
from ingestd.daemon.systemd import notify
from ingestd.document import Record
from ingestd.engine import Engine, R, Work
from ingestd.engine.local import LocalEngine
from ingestd.engine.machines import MachinesFile
from ingestd.engine.rolling import RollingEngine
from ingestd.errors import ConfigError, TransientError
from ingestd.extract import RuleSet, load_rules
from ingestd.pipeline import AnnotatingPipeline, Copy, LinePipeline, PagePainter, Pipeline, pages_of
from ingestd.reading.detect import Detector
from ingestd.reading.models import Manifest, load_manifest
from ingestd.reading.orient import Classifier
from ingestd.reading.page import PageReader
from ingestd.reading.recognise.recogniser import Recogniser
from ingestd.store import soundness
from ingestd.store.database import connect, faults
from ingestd.store.jobs import Jobs
from ingestd.watch.inbox import Inbox
from ingestd.watch.observe import Events
from ingestd.web.app import create_app, require_closed
from ingestd.web.tokens import TokenStore

if TYPE_CHECKING:
    from ingestd.engine.recipe import Recipe

log = logging.getLogger(__name__)

Build = Callable[[Config, RuleSet, Manifest], Work[R]]
"""Builds the work of one worker process."""


def rules_of(config: Config) -> RuleSet:
    """Load the configured rules, or those that ship with ingestd.

    Raises:
        ConfigError: with all problems of all files.
    """
    rules = load_rules(config.extract.rules)
    return dataclasses.replace(rules, review_below=config.review.below)


def manifest_of(config: Config) -> Manifest:
    """Load the configured model manifest, or the one that ships with ingestd."""
    return load_manifest(config.models.folder)


def worker_count(config: Config) -> int:
    """Return the number of worker processes: as configured, else one per core that this process may use."""
    return config.engine.workers or len(os.sched_getaffinity(0))


def provenance_of(config: Config, rules: RuleSet, manifest: Manifest) -> dict[str, str]:
    """Return what a record says about how it was made: version and hashes."""
    return {
        "version": ingestd.__version__,
        "config": reading_hash(config),
        "rules": rules.hash,
        "models": manifest.hash,
    }


# -- work


def build_pipeline(config: Config, rules: RuleSet, manifest: Manifest) -> Pipeline:
    """Load the models and build the pipeline of one worker; takes about a second.

    Rules and manifest are handed in, because a worker that starts later must not see files that were
    edited, perhaps wrongly, since the daemon checked them.
    """
    fast, careful = _page_readers(config, manifest)
    effort = config.reading.effort
    return Pipeline(
        admit_options=config.admit,
        decode_options=config.decode,
        pages=careful if effort == "careful" else fast,
        rules=rules,
        provenance=provenance_of(config, rules, manifest),
        today=SystemClock().today,
        careful=careful if effort == "auto" else None,
        careful_pages=config.reading.careful_pages,
    )


def _page_readers(config: Config, manifest: Manifest) -> tuple[PageReader, PageReader]:
    """Return the reader of pages as configured, and one that takes more time; both use the same open models."""
    options, detect = config.recognise, config.detect
    first = manifest.open(options.model)
    second = manifest.open(options.second_model) if options.second_model else None
    found = manifest.open(detect.model)
    fast = PageReader(
        enhance_options=config.enhance,
        orient_options=config.orient,
        barcodes_options=config.barcodes,
        detector=Detector(found, detect),
        classify=Classifier(manifest.open(config.orient.model)),
        recogniser=Recogniser(first, options, second),
    )
    side = max(detect.longest_side, config.reading.careful_longest_side)
    finer = Detector(found, detect.model_copy(update={"longest_side": side}))
    return fast, dataclasses.replace(fast, detector=finer, recogniser=Recogniser(second or first, options))


def build_recording(config: Config, rules: RuleSet, manifest: Manifest) -> Pipeline:
    """Build a pipeline of the daemon: it makes searchable copies as configured; see :func:`build_pipeline`."""
    pipeline = build_pipeline(config, rules, manifest)
    return dataclasses.replace(pipeline, copy=_copier(config), attempts=config.ledger.attempts)


def _copier(config: Config) -> Copy | None:
    """Return the maker of searchable copies; its module needs an extra."""
    if config.output.searchable_pdf == "off":
        return None
    from ingestd.output.searchable.copy import Copier

    return Copier(
        functools.partial(pages_of, options=config.decode, limits=config.admit),
        config.admit.max_pixels,
        only_unsearchable=config.output.searchable_pdf == "instead_of_nothing",
    )


def build_annotating(config: Config, rules: RuleSet, manifest: Manifest) -> AnnotatingPipeline:
    """Build a pipeline that draws its pages too; see :func:`build_pipeline`."""
    return AnnotatingPipeline(build_pipeline(config, rules, manifest))


def build_expecting(pattern: str, config: Config, rules: RuleSet, manifest: Manifest) -> LinePipeline:
    """Build a pipeline for pictures of one line that matches a pattern; see :func:`build_pipeline`."""
    return LinePipeline(build_pipeline(config, rules, manifest), pattern)


def start_engine(config: Config, build: Build[R], workers: int | None = None) -> Engine[R]:
    """Start worker processes with the configured limits.

    Args:
        config: limits, and what ``build`` needs.
        build: builds the work inside each worker.
        workers: how many; None: :func:`worker_count`.

    Raises:
        ConfigError: rules or manifest are wrong.
    """
    return LocalEngine(
        functools.partial(build, config, rules_of(config), manifest_of(config)),
        workers=workers or worker_count(config),
        time_limit_s=config.engine.time_limit_s,
        memory_limit_mb=config.engine.memory_limit_mb,
    )


# -- other machines


def start_recording(config: Config) -> Engine[Record]:
    """Start the engine of the daemon: processes on this machine, or what connects it to others.

    Raises:
        ConfigError: rules, manifest or certificates are wrong.
    """
    if config.engine.kind == "local":
        return start_engine(config, build_recording)
    from ingestd.engine.dask import DaskEngine  # needs an extra
    from ingestd.engine.recipe import recipe_of

    provenance = provenance_of(config, rules_of(config), manifest_of(config))
    return DaskEngine(config.engine, recipe_of(config, provenance))


def build_sending(config: Config, rules: RuleSet, manifest: Manifest) -> Work[bytes]:
    """Build a pipeline of a worker machine, whose records travel; see :func:`build_recording`."""
    from ingestd.engine.wire import Sending

    return Sending(build_recording(config, rules, manifest))


def machine_engine(slots: int, memory_limit_mb: int, models: Path | None) -> Callable[[Recipe, Path], Engine[bytes]]:
    """Return what starts the local engine of a worker machine for a recipe, with the rules that are in a folder.

    It raises ConfigError where version, rules, models or reading options are not those of the recipe.
    """

    def start(recipe: Recipe, rules: Path) -> Engine[bytes]:
        limits = {"workers": slots, "memory_limit_mb": memory_limit_mb}
        config = recipe.config(rules, models, **limits)
        found = provenance_of(config, rules_of(config), manifest_of(config))
        recipe.require(found)
        return start_engine(config, build_sending)

    return start


# -- page and API

_PICTURE_PX = 2400
"""Longest side of a page that is shown: the small print of A4 stays readable on a large screen."""


def build_web(config: Config, port: int, clock: Clock) -> Starlette:
    """Build the page and the API for a TCP port; the workers that it starts end with the application.

    Raises:
        ConfigError: something needed is missing or wrong.
    """
    require_sound(config)
    connect(config.record.database).close()  # creates it, or brings it up to date
    tokens = TokenStore(config.web.tokens)
    require_closed(config, tokens)
    reader = start_engine(config, build_pipeline, config.web.workers)
    painter = LocalEngine(
        functools.partial(PagePainter, config.admit, config.decode, _PICTURE_PX),
        workers=1,
        time_limit_s=config.engine.time_limit_s,
        memory_limit_mb=config.engine.memory_limit_mb,
    )
    rules = rules_of(config)
    return create_app(config, port=port, rules=rules, reader=reader, painter=painter, tokens=tokens, clock=clock)


# -- daemon


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
        require_sound(reloaded)
        return start_recording(reloaded)

    signals = Signals()
    with ExitStack() as stack:
        stack.enter_context(signals.handled())
        require_sound(config)
        for folder in (config.spool.work, config.spool.archive, config.spool.failed):
            folder.mkdir(parents=True, exist_ok=True)
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
        lifecycle=Lifecycle(
            jobs,
            inboxes,
            config.spool,
            config.record,
            config.admit.max_bytes,
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


def require_sound(config: Config) -> None:
    """Check everything that can be checked before starting.

    Raises:
        ConfigError: with all problems at once.
    """
    problems = problems_of(config)
    if problems:
        raise ConfigError(problems)
