"""Everything about a configuration that can be known to be wrong before a document is touched."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from ingestd import spool
from ingestd.config import Config, InboxConfig
from ingestd.errors import ConfigError
from ingestd.extract import load_rules
from ingestd.models import load_manifest
from ingestd.resources import shipped
from ingestd.watch.observe import raises_events


def problems_of(config: Config) -> list[str]:
    """What keeps ingestd from working at all; one line each, all at once."""
    return [
        *_overlaps(config),
        *_not_writable(config),
        *_layout(config),
        *_rules(config),
        *_models(config),
    ]


def notices_of(config: Config) -> list[str]:
    """What works, but may surprise; one line each."""
    return [notice for inbox in config.inboxes for notice in _inbox_notices(inbox, config)]


def _overlaps(config: Config) -> list[str]:
    """No folder of ours may lie in an inbox, nor an inbox in another: files would go round in circles."""
    places = {
        "spool.work": config.spool.work,
        "spool.archive": config.spool.archive,
        "spool.failed": config.spool.failed,
    }
    inboxes = {f"inboxes.{index}.path": inbox.path for index, inbox in enumerate(config.inboxes)}
    everything = places | inboxes
    return [
        f"{name}: {path} lies in {other} ({root}); expected folders apart from each other"
        for name, path in everything.items()
        for other, root in everything.items()
        if name != other and path.resolve().is_relative_to(root.resolve())
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
        nearest = next(parent for parent in (folder, *folder.parents) if parent.exists())
        if not nearest.is_dir():
            problems.append(f"{name}: {nearest} is not a folder; expected a folder or a path that is free")
        elif not os.access(nearest, os.W_OK | os.X_OK, effective_ids=True):
            problems.append(f"{name}: {nearest} cannot be written by this user; change its owner or its mode")
    return problems


def _layout(config: Config) -> list[str]:
    try:
        spool.archive_folder(
            Path("/"), config.spool.layout, received=datetime.now(UTC), name="a.pdf", inbox="inbox", rule="rule"
        )
    except ValueError as error:
        return [str(error)]
    return []


def _rules(config: Config) -> list[str]:
    try:
        load_rules(config.extract.rules or shipped("rules"))
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
        "orient.model": config.orient.model,
        "recognise.model": config.recognise.model,
        "recognise.second_model": config.recognise.second_model,
    }
    unknown = [
        f"{key}: found {name!r}, expected one of {', '.join(manifest.entries)}"
        for key, name in named.items()
        if name is not None and name not in manifest.entries
    ]
    return unknown + manifest.problems()


def _inbox_notices(inbox: InboxConfig, config: Config) -> list[str]:
    where = f"inbox {inbox.name}"
    if not inbox.path.is_dir():
        return [f"{where}: {inbox.path} does not exist; it is watched as soon as it appears"]
    notices = []
    if inbox.original != "leave" and not os.access(inbox.path, os.W_OK | os.X_OK, effective_ids=True):
        notices.append(f"{where}: {inbox.path} cannot be written, so files cannot be taken; or set original: leave")
    if inbox.watch == "native" and not raises_events(inbox.path):
        notices.append(f"{where}: its filesystem reports no changes of other machines; watch: auto would poll")
    work = next(parent for parent in (config.spool.work, *config.spool.work.parents) if parent.exists())
    if inbox.original != "leave" and inbox.path.stat().st_dev != work.stat().st_dev:
        notices.append(f"{where}: on another filesystem than spool.work, so files are copied instead of renamed")
    if inbox.sentinel and not (inbox.path / inbox.sentinel).exists():
        notices.append(
            f"{where}: the sentinel {inbox.path / inbox.sentinel} is missing; nothing is taken until it is there"
        )
    return notices
