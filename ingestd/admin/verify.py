"""Verification: compare archive, failed and work folders, sidecars and the database.

Everything is streamed: one document, one folder's names, one chunk of a file at a time. The daemon may run
meanwhile: files on their way are not differences, and an apparent difference is checked again in the newest state.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from sqlite_utils import Database

from ingestd.config import Config
from ingestd.files.encoding import path_from, path_text
from ingestd.files.identity import digest, kind
from ingestd.files.names import is_partial, originals_of, sidecar_path, work_path
from ingestd.output import sidecar
from ingestd.store import corrections
from ingestd.store.job import Job, State
from ingestd.store.jobs import Jobs
from ingestd.store.queries import counts

_CHANGED = "restore the file from a backup, or drop it into an inbox to have it read as it is now"
_BATCH = 500
"""Rows read from the database at a time."""
_MAX_FAULTS = 20
"""Bound on the listed faults of the database file."""
_MAX_EXCESS_BYTES = 1 << 20
"""Excess over twice the expected size beyond which a sidecar is not read."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One disagreement between the files and the database."""

    kind: str
    """Stable name: ``database``, ``missing``, ``changed``, ``sidecar``, ``unknown``, ``leftover``, ``removed``."""
    path: str
    """As ``path_text`` writes it."""
    text: str
    """The fault, and what to do."""

    @property
    def is_fault(self) -> bool:
        """False if the user may have intended it (a failed file that was taken away)."""
        return self.kind != "removed"


class Verification:
    """One comparison: iterate :meth:`differences` to its end, then read the counts.

    Args:
        db: opened for reading.
        config: names the folders.
        progress: told the number of documents compared, and of all.
    """

    def __init__(
        self, db: Database, config: Config, progress: Callable[[int, int | None], None] = lambda _done, _total: None
    ) -> None:
        self._db = db
        self._ledger = Jobs(db)
        self._config = config
        self._progress = progress
        self.documents = 0
        self.files = 0
        """Files in archive and failed that were looked at."""
        self.bytes_hashed = 0

    def differences(self) -> Iterator[Difference]:
        """Yield every difference: first those of the database, then those of the folders.

        Raises:
            OSError: a folder cannot be read.
        """
        yield from self._database()
        yield from self._documents()
        yield from self._kept_jobs()
        yield from self._jobs_on_their_way()
        for folder in (self._config.spool.archive, self._config.spool.failed):
            yield from self._strangers(folder)
        yield from self._work()

    # -- the database alone

    def _database(self) -> Iterator[Difference]:
        path = path_text(self._config.record.database)
        for (found,) in self._db.execute(f"PRAGMA integrity_check({_MAX_FAULTS})").fetchall():
            if found != "ok":
                yield Difference("database", path, f"the database is damaged: {found}; restore a backup")
        for table, row, parent, _ in self._db.execute("PRAGMA foreign_key_check").fetchmany(_MAX_FAULTS):
            yield Difference("database", path, f"row {row} of {table} has no {parent}; restore a backup")
        for document_id, field in corrections.contradictions(self._db, _MAX_FAULTS):
            text = f"document {document_id}: {field} is not as people corrected it; 'ingestd extract {document_id}'"
            yield Difference("database", path, f"{text} restores it")

    # -- from the database to the files

    def _documents(self) -> Iterator[Difference]:
        last, total = 0, sum(counts(self._db, "documents").values())
        while rows := self._db.execute(
            "SELECT d.id, d.sha256, d.archive_path, j.id, r.new_path FROM documents d LEFT JOIN jobs j"
            " ON j.document_id = d.id AND j.state IN ('recorded', 'done') LEFT JOIN renames r ON r.document_id = d.id"
            " WHERE d.id > ? ORDER BY d.id LIMIT ?",
            [last, _BATCH],
        ).fetchall():
            for document_id, sha256, archived, job_id, new_path in rows:
                last = document_id
                self.documents += 1
                self._progress(self.documents, total)
                if new_path is not None:
                    text = f"document {document_id}: a rename was cut off; 'ingestd rename {document_id}' finishes it"
                    yield Difference("leftover", new_path, text)
                    continue
                job = None if job_id is None else self._ledger.job(job_id)
                if job is not None and job.state is State.RECORDED:
                    continue  # its file and its sidecar are on their way
                where = f"document {document_id}"
                original = None if archived is None else path_from(archived)
                if original is not None:
                    yield from self._original(original, sha256, where)
                place = job.archive_path if job is not None else original
                if place is not None:
                    yield from self._sidecar(sidecar_path(place), document_id)

    def _original(self, path: Path, sha256: str | None, where: str) -> Iterator[Difference]:
        if not os.path.lexists(path):
            text = f"{where}: its original is missing; restore the file from a backup"
            yield Difference("missing", path_text(path), text)
            return
        found = self._content_problem(path, sha256)
        if found:
            yield Difference("changed", path_text(path), f"{where}: {found}; {_CHANGED}")

    def _content_problem(self, path: Path, sha256: str | None) -> str | None:
        """Describe how an existing file differs from its record; None if it does not."""
        irregular = kind(path.lstat().st_mode)
        if irregular:
            return f"found {irregular} in the place of the original"
        if sha256 is None:
            return None
        found = digest(path)
        self.bytes_hashed += path.stat().st_size
        return None if found == sha256 else f"its bytes have changed: sha256 {found}, recorded {sha256}"

    def _sidecar(self, path: Path, document_id: int) -> Iterator[Difference]:
        found = self._sidecar_problem(path, document_id) and self._sidecar_problem(path, document_id)
        if found:  # twice: the rules may have been applied again between reading the one and the other
            fix = f"write it again with 'ingestd show {document_id} --json'"
            yield Difference("sidecar", path_text(path), f"document {document_id}: its sidecar {found}; {fix}")

    def _sidecar_problem(self, path: Path, document_id: int) -> str | None:
        if not os.path.lexists(path):
            return "is missing" if self._config.record.sidecar else None
        irregular = kind(path.lstat().st_mode)
        if irregular:
            return f"is {irregular}"
        wanted = sidecar.render(self._db, document_id)
        if corrections.is_sidecar_due(self._db, document_id):
            return None  # it follows a correction
        if path.stat().st_size > 2 * len(wanted) + _MAX_EXCESS_BYTES:
            return f"has {path.stat().st_size} bytes, expected {len(wanted)}"
        found = path.read_bytes()
        if sidecar.is_slim(found):
            wanted = sidecar.render(self._db, document_id, slim=True)
        return None if found == wanted else disagreement(found, wanted)

    def _kept_jobs(self) -> Iterator[Difference]:
        """Yield failed files and duplicates that have changed or are gone; a user may take them away."""
        for job in self._jobs((State.FAILED, State.DUPLICATE)):
            place, where = job.archive_path, f"job {job.id} ({job.state})"
            if place is None or os.path.lexists(self._work_path(job)):
                continue
            if os.path.lexists(place):
                found = self._content_problem(place, job.sha256)
                # A job without a hash failed because its file is not a regular file.
                if found and not (job.state is State.FAILED and job.sha256 is None):
                    yield Difference("changed", path_text(place), f"{where}: {found}; {_CHANGED}")
            elif self._should_be_kept(job) and self._unchanged(job):
                text = f"{where}: its file is no longer there; it was taken away, or it is lost"
                yield Difference("removed", path_text(place), text)

    def _should_be_kept(self, job: Job) -> bool:
        inbox = next((inbox for inbox in self._config.inboxes if inbox.name == job.inbox), None)
        if inbox is None:
            return True
        if job.state is State.FAILED:
            return inbox.original != "leave"
        return inbox.original == "move" and inbox.duplicates == "move"

    def _jobs_on_their_way(self) -> Iterator[Difference]:
        for job in self._jobs((State.CLAIMED, State.RUNNING, State.RECORDED)):
            places = [self._work_path(job), job.source_path, *([job.archive_path] if job.archive_path else [])]
            if not any(map(os.path.lexists, places)) and self._unchanged(job):
                text = f"job {job.id} ({job.state}): its file is gone; drop it again"
                yield Difference("missing", path_text(places[0]), text)

    def _jobs(self, states: tuple[State, ...]) -> Iterator[Job]:
        marks, last = ", ".join("?" for _ in states), 0
        sql = f"SELECT id FROM jobs WHERE state IN ({marks}) AND id > ? ORDER BY id LIMIT ?"
        while rows := self._db.execute(sql, [*states, last, _BATCH]).fetchall():
            for (last,) in rows:
                job = self._ledger.job(last)
                if job is not None and job.state in states:
                    yield job

    def _unchanged(self, job: Job) -> bool:
        """Tell whether a job is still as it was read; False if the daemon went on with it."""
        return self._ledger.job(job.id) == job

    def _work_path(self, job: Job) -> Path:
        return work_path(self._config.spool.work, job.id, job.name)

    # -- from the files to the database

    def _strangers(self, root: Path) -> Iterator[Difference]:
        for path in _files_below(root):
            self.files += 1
            if not self._is_known(path) and os.path.lexists(path):
                yield self._stranger(path)

    def _is_known(self, path: Path) -> bool:
        """Tell whether a job has this path, or the path beside which this file belongs."""
        return any(
            job.archive_path == place for place in (path, *originals_of(path)) for job in self._ledger.of_path(place)
        )

    def _stranger(self, path: Path) -> Difference:
        if is_partial(path.name):
            return Difference("leftover", path_text(path), "is left over from an interrupted write; remove it")
        irregular = kind(path.lstat().st_mode)
        what = irregular or "a file"
        fix = "remove it" if irregular else "drop it into an inbox to have it read, or remove it"
        return Difference("unknown", path_text(path), f"is {what} that the database does not know; {fix}")

    def _work(self) -> Iterator[Difference]:
        work = self._config.spool.work
        for path in _files_below(work):
            relative = path.relative_to(work).parts
            if relative[0].startswith("."):
                continue  # the daemon's own locks
            job = self._ledger.job(int(relative[0])) if relative[0].isdecimal() else None
            own = job is not None and relative[1:] == (job.name,) and job.state is not State.DONE
            if not own and os.path.lexists(path):
                text = "is left over from an interrupted run; the next 'ingestd run' takes it up"
                yield Difference("leftover", path_text(path), text)


def _files_below(root: Path) -> Iterator[Path]:
    """Yield all paths that are not folders, folder by folder; links are not followed."""
    folders = [root] if root.is_dir() else []
    while folders:
        folder = folders.pop()
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                folders.append(Path(entry.path))
            else:
                yield Path(entry.path)


def disagreement(found: bytes, wanted: bytes) -> str | None:
    """Describe how a sidecar differs from its rows; None if only its layout does."""
    rows = json.loads(wanted)
    try:
        read = json.loads(found)
    except (ValueError, RecursionError) as error:  # not JSON, not UTF-8, or endless numbers
        return f"is damaged or cut short ({error})"
    if not isinstance(read, dict):
        return "is not a sidecar"
    keys = [key for key in chain(rows, read.keys() - rows.keys()) if read.get(key, _ABSENT) != rows.get(key, _ABSENT)]
    return f"disagrees with the database about {', '.join(map(ascii, keys[:5]))}" if keys else None


_ABSENT = object()
