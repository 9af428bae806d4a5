"""Removal of old documents: their rows, archived originals, sidecars and searchable copies.

Files are noted in the transaction that removes the rows, and removed after its COMMIT. What an interruption leaves is
removed by the next run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlite_utils import Database

from ingestd.files import durable
from ingestd.files.encoding import path_from, time_text
from ingestd.files.names import COLLATED, copy_path, sidecar_path
from ingestd.store import long_work
from ingestd.store.database import transaction

BATCH = 100
"""Documents in one transaction."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Documents to remove: all conditions hold."""

    before: datetime
    """Recorded before this moment, UTC."""
    kind: str | None = None
    """Of this kind."""
    with_review: bool = False
    """Also those that wait for a person."""


@dataclass(frozen=True, slots=True)
class Old:
    """One document to remove."""

    id: int
    name: str
    """As ``path_text`` writes it."""
    kind: str
    recorded_at: str
    size_bytes: int
    """Of its original."""
    original: Path | None
    """Path in the archive; None where it was deleted."""

    @property
    def files(self) -> tuple[Path, ...]:
        """Files that go with it, the original last."""
        if self.original is None:
            return ()
        return sidecar_path(self.original), copy_path(self.original), self.original


def old_documents(db: Database, wanted: Wanted) -> Iterator[list[Old]]:
    """Yield the documents to remove, oldest first, in batches.

    Documents that are on their way or being renamed are left out, and those whose original stayed in its inbox: it
    would be read again.
    """
    conditions = ["d.recorded_at < :before", "d.id > :last"]
    conditions += ["d.rule = :kind"] if wanted.kind is not None else []
    conditions += [] if wanted.with_review else ["d.status = 'done'"]
    conditions.append("NOT EXISTS (SELECT 1 FROM jobs WHERE document_id = d.id AND state NOT IN ('done', 'duplicate'))")
    conditions.append("NOT EXISTS (SELECT 1 FROM renames WHERE document_id = d.id)")
    sql = (
        "SELECT d.id, d.name, d.rule, d.recorded_at, d.size_bytes, d.archive_path, d.source_path FROM documents d"
        f" WHERE {' AND '.join(conditions)} ORDER BY d.id LIMIT {BATCH}"
    )
    values = {"before": time_text(wanted.before), "kind": wanted.kind, "last": 0}
    while rows := db.execute(sql, values).fetchall():
        values["last"] = rows[-1][0]
        yield [
            Old(number, name, rule, recorded_at, size, None if archived is None else path_from(archived))
            for number, name, rule, recorded_at, size, archived, source in rows
            if archived is not None or not path_from(source).exists()
        ]


def prune(db: Database, batch: Sequence[Old]) -> None:
    """Remove documents and their files.

    Args:
        db: open for writing.
        batch: of ``old_documents``.

    Raises:
        TransientError: a file cannot be removed; the next run removes it.
    """
    with transaction(db):
        sides = {old.id: _sides(db, old.id) for old in batch}
        long_work.note_removals(db, [path for old in batch for path in (*sides[old.id].values(), *old.files)])
        for old in batch:
            db.execute("DELETE FROM jobs WHERE document_id = ? AND state = 'done'", [old.id])
            for side in sides[old.id]:
                db.execute("DELETE FROM jobs WHERE id = ?", [side])
            db.execute("DELETE FROM documents WHERE id = ?", [old.id])
    finish(db)


def _sides(db: Database, document_id: int) -> dict[int, Path]:
    """Return the files as scanned of which a document was collated, by their jobs; see :mod:`ingestd.daemon.pairs`."""
    rows = db.execute("SELECT source_path FROM jobs WHERE document_id = ? AND state = 'done'", [document_id]).fetchall()
    folders = [path_from(path).parent for (path,) in rows]
    ids = [number for folder in folders if folder.parent.name == COLLATED for number in folder.name.split("-")]
    found = {}
    for number in filter(str.isdecimal, ids):
        row = db.execute("SELECT archive_path FROM jobs WHERE id = ? AND state = 'duplicate'", [int(number)]).fetchone()
        if row is not None and row[0] is not None:
            found[int(number)] = path_from(row[0])
    return found


def finish(db: Database) -> None:
    """Remove files whose documents are removed already.

    Raises:
        TransientError: a file cannot be removed.
    """
    paths = long_work.removals(db)
    for path in paths:
        if path.parent.is_dir():
            durable.remove(path)
    if paths:
        with transaction(db):
            long_work.removed(db, paths)
