"""One inbox: scans and hints go in, complete files come out."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ingestd.config import InboxConfig, SettleConfig
from ingestd.files.completeness import complete_on_disk
from ingestd.files.identity import Identity, look
from ingestd.files.writers import has_writer
from ingestd.watch.observe import Events, Seen, Unseen, ignored, problem_of, raises_events, scan
from ingestd.watch.settle import Settler

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Arrival:
    """Complete file, or one that will fail because it is not a regular file."""

    path: Path
    identity: Identity


class Inbox:
    """Watcher of one folder.

    Args:
        config: the inbox's own section.
        settle: conditions under which a file counts as complete.
        events: shared source of native events; None: poll.
        noted: identity of files that were handed over before and may still be there; if originals are left in
            place, of all files that were ever seen.
    """

    def __init__(
        self,
        config: InboxConfig,
        settle: SettleConfig,
        events: Events | None,
        noted: Mapping[Path, Identity],
    ) -> None:
        self.config = config
        self.problem: str | None = None
        """Reason why the folder cannot be watched at present; None if it can."""
        self._events = events if config.watch != "polling" else None
        self._noted = dict(noted)
        self._settler = Settler(settle.quiet_s, settle.incomplete_s, look, complete_on_disk, has_writer)
        self._rescan_s = settle.rescan_s
        self._watched = False
        self._blind_since: float | None = None
        self._armed: tuple[int, int] | None = None
        self._native = False
        self._scan_at: float | None = None
        self._hints: dict[Path, None] = {}
        self._irregular: list[Arrival] = []
        self._unseen: dict[Path, str] = {}
        """Folders that the last scan could not look through."""

    @property
    def native(self) -> bool:
        """True while kernel events arrive for this folder."""
        return self._native

    @property
    def pending(self) -> int:
        """Number of files with content that are not yet complete."""
        return self._settler.unfinished

    @property
    def unseen(self) -> dict[Path, str]:
        """Places from which nothing is taken, because they cannot be looked at -> why."""
        lost = {self.config.path: self.problem} if self.problem else {}
        return {**self._unseen, **self._settler.held_up, **lost}

    def blind_s(self, now: float) -> float:
        """Return the seconds since a watched folder was lost or its events stopped; 0 if all is well."""
        return 0.0 if self._blind_since is None else now - self._blind_since

    def hint(self, path: Path) -> None:
        """Note that something happened at this path; may be called from any thread."""
        self._hints[path] = None

    def taken(self, path: Path) -> None:
        """Note that a file was claimed; another file of its name is a new one."""
        if self.config.original != "leave":
            self._noted.pop(path, None)

    def look_again(self, path: Path) -> None:
        """Note that a file was not claimed, because it changed or could not be noted."""
        self._noted.pop(path, None)
        self.hint(path)

    def next_due(self, now: float) -> float:
        """Return the tick at which :meth:`turn` has something to do at the latest."""
        if self._hints or self._scan_at is None:
            return now
        due = self._settler.next_due()
        return self._scan_at if due is None else min(self._scan_at, due)

    def turn(self, now: float) -> list[Arrival]:
        """Scan if a scan is due, follow the hints, and return the files that became complete."""
        if self._scan_at is None or now >= self._scan_at:
            self._scan(now)
        hints, self._hints = list(self._hints), {}
        for path in hints:
            self._follow(path, now)
        arrivals, self._irregular = self._irregular, []
        arrivals += [Arrival(path, identity) for path, identity in self._settler.settled(now)]
        self._noted.update({arrival.path: arrival.identity for arrival in arrivals})
        return arrivals

    def _scan(self, now: float) -> None:
        deaf = self._deaf()
        if deaf:
            log.warning("inbox %s: its kernel events have stopped; asking for them again", self.config.name)
            self._disarm()
        problem = self._trust() or self._look_through(now)
        deaf = self._deaf()
        self._note_blindness(deaf or (self._watched and problem is not None), now)
        self._watched |= problem is None
        if problem != self.problem:
            self.problem = problem
            if problem:
                log.error("inbox %s: %s", self.config.name, problem)
            else:
                log.info("inbox %s: watching again", self.config.name)
        self._scan_at = now + (self._rescan_s if self._native and not problem and not deaf else self.config.poll_s)

    def _deaf(self) -> bool:
        """Tell whether the threads that bring promised events are dead."""
        return self._events is not None and self._native and not self._events.alive(self.config.path)

    def _note_blindness(self, blind: bool, now: float) -> None:
        if not blind:
            self._blind_since = None
        elif self._blind_since is None:
            self._blind_since = now

    def _trust(self) -> str | None:
        """Arm the watch if the folder exists and is the right one; return the problem, if any."""
        root = self.config.path
        try:
            status = root.stat()
            os.scandir(root).close()
        except OSError as error:
            self._disarm()
            return f"{root} cannot be read: {problem_of(error)}; looking for it every {self.config.poll_s:g} s"
        if self.config.sentinel and not (root / self.config.sentinel).exists():
            self._disarm()
            return f"{root / self.config.sentinel} is missing, so the folder is not trusted; is the share mounted?"
        self._arm((status.st_dev, status.st_ino))
        return None

    def _look_through(self, now: float) -> str | None:
        self._unseen = {}
        try:
            for found in scan(self.config.path, self.config.ignore, recursive=self.config.recursive):
                self._notice(found, now)
        except OSError as error:
            self._disarm()
            return f"{self.config.path} was lost: {error.strerror}"
        return None

    def _arm(self, identity: tuple[int, int]) -> None:
        """Ask for kernel events; a replaced folder is a new one to the kernel."""
        if self._events is None or self._armed == identity:
            return
        self._armed = identity
        root = self.config.path
        if self.config.watch == "auto" and not raises_events(root):
            log.info(
                "inbox %s: polling every %g s, its filesystem raises no events", self.config.name, self.config.poll_s
            )
            return
        problem = self._events.arm(root, self.hint, recursive=self.config.recursive)
        self._native = problem is None
        if problem:
            log.warning("inbox %s: polling every %g s: %s", self.config.name, self.config.poll_s, problem)

    def _disarm(self) -> None:
        if self._events is not None and self._armed is not None:
            self._events.disarm(self.config.path)
        self._armed = None
        self._native = False

    def _follow(self, path: Path, now: float) -> None:
        """Look at a path that an event named: a file, or a folder that was moved in with its files."""
        if self.problem or not path.is_relative_to(self.config.path):
            return
        relative = path.relative_to(self.config.path)
        if ignored(relative, self.config.ignore) or (len(relative.parts) > 1 and not self.config.recursive):
            return
        try:
            status = path.lstat()
        except OSError:
            return
        for found in self._below(path, status):
            self._notice(found, now)

    def _below(self, path: Path, status: os.stat_result) -> Iterator[Seen | Unseen]:
        if not stat.S_ISDIR(status.st_mode):
            yield Seen(path, Identity.of(status), stat.S_ISREG(status.st_mode))
        elif self.config.recursive and path != self.config.path:
            try:
                yield from scan(path, self.config.ignore, recursive=True)
            except OSError as error:
                yield Unseen(path, problem_of(error))

    def _notice(self, seen: Seen | Unseen, now: float) -> None:
        if isinstance(seen, Unseen):
            self._unseen[seen.path] = seen.problem
            return
        if self.config.sentinel and seen.path == self.config.path / self.config.sentinel:
            return
        if seen.identity.is_same(self._noted.get(seen.path)):
            return
        if seen.is_regular:
            self._settler.notice(seen.path, seen.identity, now)
        else:
            self._irregular.append(Arrival(seen.path, seen.identity))
