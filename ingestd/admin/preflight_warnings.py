"""Non-fatal configuration warnings, printed by ``ingestd check``."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from ingestd.admin.space import little_space
from ingestd.config import Config, InboxConfig
from ingestd.engine import sandbox
from ingestd.files import durable
from ingestd.watch.observe import ignored, raises_events

_TYPICAL_NAMES = ("scan.pdf", "IMG_0001.jpg", "receipt.png", "fax.tif")
_MIN_HANDLES = 512
"""The daemon has some fifty files open, each worker a dozen; kernel events and metrics need more."""
_MIN_YEAR = 2026
"""Year of this program: a clock that shows an earlier one has lost its battery."""
_WATCHES_LIMIT = Path("/proc/sys/fs/inotify/max_user_watches")
_MAX_WATCHES_SHARE = 0.8
"""Share of the kernel's watches that the folders of the inboxes may take."""


def warnings_of(config: Config, now: datetime) -> list[str]:
    """Return one line for each setting or condition that works, but may surprise.

    Args:
        config: as loaded; need not be free of problems.
        now: with a timezone.
    """
    return [
        *(warning for inbox in config.inboxes for warning in _inbox(inbox, config)),
        *_watches(config.inboxes),
        *little_space(config),
        *_filesystems(config),
        *_times(config),
        *_process(),
        *_clock(now),
        *_exposure(config),
        *(f"this kernel does not offer {lack}" for lack in sandbox.not_offered()),
    ]


def _inbox(inbox: InboxConfig, config: Config) -> list[str]:
    where = f"inbox {inbox.name}"
    if not inbox.path.is_dir():
        return []
    warnings = []
    if inbox.watch == "native" and not raises_events(inbox.path):
        warnings.append(
            f"{where}: its filesystem does not report changes made by other machines; set watch: auto, which polls"
        )
    work = durable.nearest_existing(config.spool.work)
    if inbox.original != "leave" and inbox.path.stat().st_dev != work.stat().st_dev:
        warnings.append(f"{where}: on another filesystem than spool.work, so files are copied instead of renamed")
    pattern = next((found for name in _TYPICAL_NAMES if (found := ignored(Path(name), inbox.ignore))), None)
    if pattern:
        warnings.append(f"{where}: ignores names like {pattern!r}, so ordinary documents are never taken")
    return warnings


def _watches(inboxes: Iterable[InboxConfig]) -> Iterator[str]:
    """Warn of too many folders: each takes one inotify watch, and the kernel limits watches per user."""
    try:
        limit = int(_WATCHES_LIMIT.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    max_folders, folders = int(limit * _MAX_WATCHES_SHARE), 0
    for inbox in inboxes:
        if not _is_native(inbox):
            continue
        for _ in os.walk(inbox.path) if inbox.recursive else [inbox.path]:
            folders += 1
            if folders > max_folders:
                yield (
                    f"inboxes have more than {max_folders} folders, and the kernel allows {limit} watches per user;"
                    " raise fs.inotify.max_user_watches with sysctl, or set watch: polling"
                )
                return


def _is_native(inbox: InboxConfig) -> bool:
    return inbox.path.is_dir() and (inbox.watch == "native" or (inbox.watch == "auto" and raises_events(inbox.path)))


def _filesystems(config: Config) -> Iterator[str]:
    work = durable.nearest_existing(config.spool.work).stat().st_dev
    for name, place in (("spool.archive", config.spool.archive), ("spool.failed", config.spool.failed)):
        if durable.nearest_existing(place).stat().st_dev != work:
            yield f"{name}: on another filesystem than spool.work, so files are copied instead of renamed"
    if not raises_events(durable.nearest_existing(config.record.database)):
        yield "record.database: on a network filesystem, where SQLite's locks and its WAL cannot be relied on"


def _times(config: Config) -> Iterator[str]:
    if config.settle.incomplete_s < config.settle.quiet_s:
        yield (
            f"settle.incomplete_s ({config.settle.incomplete_s:g}) is less than settle.quiet_s"
            f" ({config.settle.quiet_s:g}), so incomplete files are not waited for"
        )


def _process() -> Iterator[str]:
    handles, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if handles != resource.RLIM_INFINITY and handles < _MIN_HANDLES:
        yield (
            f"this process may open {handles} files, expected {_MIN_HANDLES} or more; raise it with 'ulimit -n',"
            " or with LimitNOFILE= in the service"
        )


def _clock(now: datetime) -> Iterator[str]:
    if now.year < _MIN_YEAR:
        yield (
            f"the clock shows {now:%Y-%m-%d}; set it: documents are archived under that date, and their own later"
            " dates are not believed"
        )


def _exposure(config: Config) -> Iterator[str]:
    if config.metrics.port is not None and not config.metrics.address.startswith(("127.", "::1", "localhost")):
        yield f"metrics.address: {config.metrics.address} lets other machines read the metrics without a password"
