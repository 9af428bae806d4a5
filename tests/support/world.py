"""A daemon without worker processes, on folders of its own, with a clock that the test moves."""

from __future__ import annotations

import dataclasses
import random
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlite_utils import Database

from ingestd.app.daemon import assemble
from ingestd.config import Config, parse
from ingestd.daemon.events import JobEvent
from ingestd.daemon.loop import Daemon
from ingestd.daemon.service import Signals
from ingestd.document import Claim, Record
from ingestd.engine import Machine
from ingestd.errors import DocumentError
from ingestd.store.database import connect
from tests.support import records

PNG_END = b"\0\0\0\0IEND\xae\x42\x60\x82"


def png(content: str) -> bytes:
    """Bytes that end like a PNG, so that they settle at once; no decoder sees them."""
    return b"\x89PNG\r\n\x1a\n" + content.encode() + PNG_END


def read(claim: Claim) -> Record:
    """Stand in for the pipeline: files that say ``bad`` are bad documents."""
    if b"bad" in claim.work_path.read_bytes():
        raise DocumentError("found a bad file", expected="a good one", fix="scan it again", code="damaged")
    return dataclasses.replace(
        records.record(records_name(claim)), sha256=claim.sha256, size_bytes=claim.size_bytes, name=records_name(claim)
    )


def records_name(claim: Claim) -> str:
    """The name a record gets."""
    return claim.source_path.name


class FakeEngine:
    """Does the work when it is asked to, or keeps it until :meth:`go`."""

    slots = 2
    restarts = 0
    machines: Sequence[Machine] = ()

    def __init__(self) -> None:
        self.work: Callable[[Claim], Record] = read
        self.hold = False
        self.held: list[tuple[Claim, Future[Record]]] = []
        self.claims: list[Claim] = []
        self.closed = False
        self.resting = False

    def submit(self, claim: Claim) -> Future[Record]:
        self.resting = False
        self.claims.append(claim)
        future: Future[Record] = Future()
        self.held.append((claim, future))
        if not self.hold:
            self.go()
        return future

    def rest(self) -> None:
        self.resting = True

    def wake(self) -> None:
        self.resting = False

    def go(self) -> None:
        """Finish what is held."""
        for claim, future in self.held:
            try:
                future.set_result(self.work(claim))
            except Exception as error:  # the future carries whatever the work raised
                future.set_exception(error)
        self.held.clear()

    def close(self, *, finish: bool) -> None:
        self.closed = True


class MovedClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self._seconds = 0.0

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self._seconds += seconds

    def now(self) -> datetime:
        return datetime(2026, 8, 3, 12, 0, tzinfo=UTC) + timedelta(seconds=self._seconds)

    def tick(self) -> float:
        return 1000.0 + self._seconds

    def today(self) -> date:
        return self.now().date()


class World:
    """Folders, database and daemon; :meth:`restart` is what happens after a kill."""

    def __init__(
        self,
        root: Path,
        inbox: str = "{path: inbox, watch: polling}",
        more: str = "",
        clock: MovedClock | None = None,
    ) -> None:
        self.root = root
        self.inbox = root / "inbox"
        self.inbox.mkdir(exist_ok=True)
        self.config: Config = parse(f"inboxes: [{inbox}]\n{more}", root / "config.yaml")
        self.clock = clock or MovedClock()
        self.reload: Callable[[], FakeEngine] = FakeEngine
        """What a reload of the configuration does."""
        self.reports: list[JobEvent] = []
        self.engine = FakeEngine()
        self.db: Database
        self.daemon: Daemon
        self.restart()

    def restart(self) -> None:
        """A new process: everything in memory is gone, then recovery runs."""
        if hasattr(self, "db"):
            self.db.close()
        self.engine = FakeEngine()
        self.db = connect(self.config.record.database)
        self.db.execute("PRAGMA synchronous = OFF")  # no test cuts the power; syncing would be most of its time
        self.signals = Signals()
        self.service = assemble(
            self.config,
            self.db,
            engine=self.engine,
            new_engine=lambda: self.reload(),
            report=self.reports.append,
            signals=self.signals,
            clock=self.clock,
            rng=random.Random(1),
        )
        self.daemon = self.service.daemon
        self.daemon.recover(self.now)

    @property
    def now(self) -> datetime:
        """The time of the world."""
        return self.clock.now()

    @property
    def tick(self) -> float:
        """The same on the monotonic clock."""
        return self.clock.tick()

    def drop(self, name: str, content: str | None = None) -> Path:
        """Put a file into the inbox."""
        path = self.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(content if content is not None else name))
        return path

    def step(self) -> bool:
        """One turn now."""
        return self.daemon.step(self.now, self.tick)

    def run(self, seconds: float) -> None:
        """Let time pass, turning every second and whenever there is something to do."""
        for _ in range(int(seconds)):
            for _ in range(1000):
                if not self.step():
                    break
            else:
                raise AssertionError("the daemon never comes to rest")
            self.clock.move(1)

    @property
    def outcomes(self) -> list[tuple[str, str]]:
        """(name, outcome) of every report."""
        return [(report.job.name, str(report.outcome)) for report in self.reports]

    def states(self) -> dict[str, str]:
        """Job states by file name; of several the last."""
        return dict(self.db.execute("select name, state from jobs order by id").fetchall())

    def files(self, folder: str) -> list[str]:
        """Files below a folder of the world, relative."""
        base = self.root / folder
        found = (path for path in base.rglob("*") if not path.is_dir())
        return sorted(str(path.relative_to(base)) for path in found if path.name != ".lock")

    def documents(self) -> list[str]:
        """Names of recorded documents."""
        return [name for (name,) in self.db.execute("select name from documents order by name").fetchall()]

    def other_connection(self) -> sqlite3.Connection:
        """A second process at the database."""
        return sqlite3.connect(self.config.record.database, timeout=0)


__all__ = ["FakeEngine", "World", "png", "read"]
