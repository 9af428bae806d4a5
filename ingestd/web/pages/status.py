"""Status: queue, throughput, disks, watched folders, and if the daemon runs."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

import ingestd
from ingestd.config import Config, InboxConfig
from ingestd.engine.machines import machines_of
from ingestd.files.durable import nearest_existing
from ingestd.files.lock import daemon_runs
from ingestd.store import queries
from ingestd.store.corrections import alike
from ingestd.web.pages.counts import counts_of
from ingestd.web.services import services, user_of
from ingestd.web.tokens import Role


@dataclass(frozen=True, slots=True)
class Disk:
    """A filesystem in use."""

    path: str
    free_bytes: int
    total_bytes: int

    @property
    def used(self) -> float:
        """Share in use, 0 to 1."""
        return 1 - self.free_bytes / self.total_bytes if self.total_bytes else 1.0


@dataclass(frozen=True, slots=True)
class Watched:
    """An inbox and how it is now."""

    inbox: InboxConfig
    problem: str
    """Reason why nothing is taken from it; empty where nothing stands against it."""


def show(request: Request) -> Response:
    """Show the status."""
    user_of(request, Role.READ)
    use = services(request)
    is_running = daemon_runs(use.config.spool.work)
    with use.database() as db:
        values = {
            "now": queries.status(db, use.clock.now(), 0),
            "counts": counts_of(db),
            "is_running": is_running,
            "machines": () if is_running is False else machines_of(use.config.spool.work),
            "disks": disks_of(use.config),
            "inboxes": [Watched(inbox, _problem_of(inbox)) for inbox in use.config.inboxes],
            "alike": list(alike(db)),
            "version": ingestd.__version__,
        }
    return use.renderer.page(request, "status.html", values)


def _problem_of(inbox: InboxConfig) -> str:
    if not inbox.path.is_dir():
        return "the folder is not there"
    if inbox.sentinel and not (inbox.path / inbox.sentinel).exists():
        return "its sentinel is missing"
    return "" if os.access(inbox.path, os.R_OK | os.X_OK) else "the folder cannot be read"


def disks_of(config: Config) -> list[Disk]:
    """List the filesystems of inboxes, spool and database, each once."""
    places = [config.spool.archive, config.record.database.parent, config.spool.work, config.spool.failed]
    found: dict[int, Disk] = {}
    for place in [*places, *(inbox.path for inbox in config.inboxes)]:
        there = nearest_existing(place.absolute())
        usage = shutil.disk_usage(there)
        found.setdefault(there.stat().st_dev, Disk(str(place), usage.free, usage.total))
    return list(found.values())
