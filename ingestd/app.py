"""Builds the parts out of a Config; nothing else does."""

from __future__ import annotations

import fcntl
import functools
import logging
import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import ingestd
from ingestd.admin.preflight import problems_of
from ingestd.config import Config, reading_hash
from ingestd.config.shipped import shipped
from ingestd.daemon.events import Report
from ingestd.daemon.hooks import Hooks
from ingestd.daemon.lifecycle import Custody
from ingestd.daemon.loop import Daemon
from ingestd.engine import R, Work
from ingestd.engine.local import LocalEngine
from ingestd.errors import ConfigError
from ingestd.extract import RuleSet, load_rules
from ingestd.pipeline import AnnotatingPipeline, LinePipeline, Pipeline
from ingestd.reading.detect import Detector
from ingestd.reading.models import Manifest, load_manifest
from ingestd.reading.orient import Classifier
from ingestd.reading.page import PageReader
from ingestd.reading.recognise.recogniser import Recogniser
from ingestd.store.database import connect, faults, require_undamaged
from ingestd.store.jobs import Ledger
from ingestd.watch.inbox import Inbox
from ingestd.watch.observe import Events

log = logging.getLogger(__name__)

Build = Callable[[Config, RuleSet, Manifest], Work[R]]
"""Builds the work of one worker process."""


def rules_of(config: Config) -> RuleSet:
    """Load the configured rules, or those that ship with ingestd.

    Raises:
        ConfigError: with all problems of all files.
    """
    return load_rules(config.extract.rules or shipped("rules"))


def manifest_of(config: Config) -> Manifest:
    """Load the configured model manifest, or the one that ships with ingestd."""
    return load_manifest(config.models.folder)


def build_pipeline(config: Config, rules: RuleSet, manifest: Manifest) -> Pipeline:
    """Load the models; takes about a second.

    Rules and manifest are handed in, because a worker that starts later must not see files that were
    edited, perhaps wrongly, since the daemon checked them.
    """
    second = config.recognise.second_model
    return Pipeline(
        admit_options=config.admit,
        decode_options=config.decode,
        pages=PageReader(
            enhance_options=config.enhance,
            orient_options=config.orient,
            barcodes_options=config.barcodes,
            detector=Detector(manifest.open(config.detect.model), config.detect),
            classify=Classifier(manifest.open(config.orient.model)),
            recogniser=Recogniser(
                manifest.open(config.recognise.model), config.recognise, manifest.open(second) if second else None
            ),
        ),
        rules=rules,
        provenance={
            "version": ingestd.__version__,
            "config": reading_hash(config),
            "rules": rules.hash,
            "models": manifest.hash,
        },
        today=_today,
    )


def build_annotating(config: Config, rules: RuleSet, manifest: Manifest) -> AnnotatingPipeline:
    """Like :func:`build_pipeline`, with pictures."""
    return AnnotatingPipeline(build_pipeline(config, rules, manifest))


def build_expecting(pattern: str, config: Config, rules: RuleSet, manifest: Manifest) -> LinePipeline:
    """Like :func:`build_pipeline`, for pictures of one line that matches a pattern."""
    return LinePipeline(build_pipeline(config, rules, manifest), pattern)


def _today() -> date:
    return datetime.now(UTC).astimezone().date()


def start_engine(config: Config, build: Build[R], workers: int | None = None) -> LocalEngine[R]:
    """Start worker processes with the configured limits; as many as cores unless said otherwise.

    Raises:
        ConfigError: rules or manifest are wrong.
    """
    return LocalEngine(
        functools.partial(build, config, rules_of(config), manifest_of(config)),
        workers=workers or config.engine.workers or len(os.sched_getaffinity(0)),
        time_limit_s=config.engine.time_limit_s,
        memory_limit_mb=config.engine.memory_limit_mb,
    )


@contextmanager
def running_daemon(config: Config, report: Callable[[Report], None], wake: Callable[[], None]) -> Iterator[Daemon]:
    """Build a daemon that has recovered from whatever came before; closes everything at the end.

    Raises:
        ConfigError: something needed is missing, wrong or taken.
    """
    require_sound(config)
    for folder in (config.spool.work, config.spool.archive, config.spool.failed):
        folder.mkdir(parents=True, exist_ok=True)
    with _only_one(config.spool.work), faults(config.record.database):
        db = connect(config.record.database)
        require_undamaged(db, config.record.database)
        ledger = Ledger(db)
        by_root: dict[Path, Inbox] = {}

        def hint(root: Path, path: Path) -> None:
            by_root[root].hint(path)
            wake()

        events = Events(hint)
        try:
            for section in config.inboxes:
                noted = ledger.remembered(section.name) if section.original == "leave" else {}
                by_root[section.path] = Inbox(section, config.settle, events, noted)
            daemon = Daemon(
                inboxes=list(by_root.values()),
                ledger=ledger,
                custody=Custody(
                    ledger, {inbox.name: inbox for inbox in config.inboxes}, config.spool, config.record, config.hooks
                ),
                engine=start_engine(config, build_pipeline),
                idle_s=config.engine.idle_s,
                hooks=Hooks(config.hooks, ledger, config.spool.work / ".hooks", os.environ, wake),
                options=config.ledger,
                report=report,
                wake=wake,
                chance=random.Random(),
            )
            try:
                daemon.recover(datetime.now(UTC))
                yield daemon
            finally:
                daemon.close(datetime.now(UTC))
        finally:
            events.close()
            db.close()


@contextmanager
def _only_one(work: Path) -> Iterator[None]:
    """Hold the lock that keeps a second daemon off the same folders; the kernel lets go of it at any death."""
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
