"""Check a configuration before any document is touched: folders, database, rules, models, hooks, extras."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
from datetime import UTC, datetime
from pathlib import Path

from ingestd.config import EXTRA_FOR_CLUSTER, EXTRA_FOR_COPIES, EXTRA_FOR_METRICS, Config
from ingestd.engine import tls
from ingestd.errors import ConfigError, TransientError
from ingestd.extract import load_rules
from ingestd.files import durable
from ingestd.files.archive_layout import archive_folder
from ingestd.files.lock import daemon_runs
from ingestd.reading.models import load_manifest
from ingestd.store.database import require_usable


def problems_of(config: Config) -> list[str]:
    """Return all problems that keep ingestd from starting, one line each."""
    return [
        *_overlaps(config),
        *_not_folders(config),
        *_not_writable(config),
        *_layout(config),
        *_database(config),
        *_rules(config),
        *_models(config),
        *_hooks(config),
        *_extras(config),
        *_port(config),
        *_cluster(config),
    ]


def require_sound(config: Config) -> None:
    """Check everything that can be checked before starting.

    Raises:
        ConfigError: with all problems at once.
    """
    problems = problems_of(config)
    if problems:
        raise ConfigError(problems)


def _overlaps(config: Config) -> list[str]:
    """Find folders of ingestd inside an inbox and inboxes inside another: files would go round in circles."""
    places = {
        "spool.work": config.spool.work,
        "spool.archive": config.spool.archive,
        "spool.failed": config.spool.failed,
    }
    inboxes = {f"inboxes.{index}.path": inbox.path for index, inbox in enumerate(config.inboxes)}
    everything = places | inboxes
    return [
        f"{name}: {path} lies in {other} ({root}); expected folders outside of each other; move one of them"
        for name, path in everything.items()
        for other, root in everything.items()
        if name != other and path.resolve().is_relative_to(root.resolve())
    ] + [
        f"{name}: {path} lies in {other} ({root}), from which files are taken; move it to another folder"
        for name, path in _files_of_ours(config).items()
        for other, root in {**inboxes, "spool.work": config.spool.work}.items()
        if path.resolve().is_relative_to(root.resolve())
    ]


def _files_of_ours(config: Config) -> dict[str, Path]:
    named = {
        "record.database": config.record.database,
        "extract.rules": config.extract.rules,
        "models.folder": config.models.folder,
    }
    return {name: path for name, path in named.items() if path is not None}


def _not_folders(config: Config) -> list[str]:
    """Find inboxes that are not folders; a missing one is watched as soon as it appears."""
    return [
        f"inboxes.{index}.path: {inbox.path} is not a folder; expected a folder or an unused path"
        for index, inbox in enumerate(config.inboxes)
        if inbox.path.exists() and not inbox.path.is_dir()
    ]


def _not_writable(config: Config) -> list[str]:
    folders = {
        "spool.work": config.spool.work,
        "spool.archive": config.spool.archive,
        "spool.failed": config.spool.failed,
        "record.database": config.record.database.parent,
    }
    problems = []
    for name, folder in folders.items():
        nearest = durable.nearest_existing(folder)
        if not nearest.is_dir():
            problems.append(f"{name}: {nearest} is not a folder; expected a folder or an unused path")
        elif not os.access(nearest, os.W_OK | os.X_OK, effective_ids=True):
            problems.append(f"{name}: {nearest} cannot be written by this user; {_remedy(nearest)}")
    database = config.record.database
    if database.is_file() and not os.access(database, os.W_OK, effective_ids=True):
        problems.append(f"record.database: {database} cannot be written by this user; {_remedy(database)}")
    return problems


def _remedy(path: Path) -> str:
    if os.statvfs(path).f_flag & os.ST_RDONLY:
        return "its filesystem is read-only: mount it for writing, or add it to ReadWritePaths= of the service"
    return "change its owner or its mode"


_VALUES = {"date": "2026-01-31", "seller_name": "seller", "invoice_no": "1", "total": "1.00"}


def _layout(config: Config) -> list[str]:
    now = datetime.now(UTC)
    try:
        for inbox in config.inboxes:
            facts = {"name": "a.pdf", "inbox": inbox.name, "rule": "rule"}
            for values in (None, _VALUES):  # with no field and with all
                archive_folder(Path("/"), config.spool.layout, received=now, values=values, **facts)
    except ValueError as error:
        return [str(error)]
    return []


def _database(config: Config) -> list[str]:
    try:
        require_usable(config.record.database)
    except ConfigError as error:
        return list(error.problems)
    except TransientError:
        return []  # locked at this moment, so another process uses it
    return []


def _rules(config: Config) -> list[str]:
    try:
        load_rules(config.extract.rules)
    except ConfigError as error:
        return list(error.problems)
    return []


def _models(config: Config) -> list[str]:
    try:
        manifest = load_manifest(config.models.folder)
    except ConfigError as error:
        return list(error.problems)
    named = {
        "detect.model": config.detect.model,
        "reading.careful_detector": config.reading.careful_detector,
        "orient.model": config.orient.model,
        "recognise.model": config.recognise.model,
        "recognise.second_model": config.recognise.second_model,
        "recognise.third_model": config.recognise.third_model,
    }
    unknown = [
        f"{key}: found {name!r}, expected one of {', '.join(manifest.entries)}"
        for key, name in named.items()
        if name is not None and name not in manifest.entries
    ]
    return unknown + manifest.problems()


def _cluster(config: Config) -> list[str]:
    folder = config.engine.certificates
    return [] if folder is None else [f"engine.certificates: {text}" for text in tls.problems_of(folder, "client")]


def _hooks(config: Config) -> list[str]:
    commands = {"hooks.on_success": config.hooks.on_success, "hooks.on_failure": config.hooks.on_failure}
    return [
        f"{name}: found no program {command[0]!r} that this user may execute; correct its path or its mode"
        for name, command in commands.items()
        if command and shutil.which(command[0]) is None
    ]


def _extras(config: Config) -> list[str]:
    needs = [
        (config.metrics.port is not None, "prometheus_client", EXTRA_FOR_METRICS),
        (config.output.searchable_pdf != "off", "pikepdf", EXTRA_FOR_COPIES),
        (config.engine.kind == "dask", "distributed", EXTRA_FOR_CLUSTER),
    ]
    return [text for wanted, module, text in needs if wanted and importlib.util.find_spec(module) is None]


def _port(config: Config) -> list[str]:
    """Find a port that another program has; a daemon that runs here has it itself."""
    options = config.metrics
    if options.port is None or daemon_runs(config.spool.work):
        return []
    try:
        with socket.create_server((options.address, options.port), family=_family(options.address)):
            return []
    except OSError as error:
        return [
            f"metrics.port: {options.address} port {options.port} cannot be served on ({error.strerror or error}),"
            " expected a free port of this machine; correct metrics.port or metrics.address"
        ]


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET
