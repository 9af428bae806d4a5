"""Today's rules applied to what was read before; no page is read again.

Worker processes read and extract, this one writes. In each batch the sidecars are written first and
the COMMIT comes last: a run that is cut off in between finds the same differences once more.
"""

from __future__ import annotations

import logging
import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlite_utils import Database

from ingestd.document import Extraction, Field, Level
from ingestd.extract import RuleSet, extract
from ingestd.files import durable
from ingestd.files.encoding import path_from
from ingestd.output import sidecar
from ingestd.store import documents, rows
from ingestd.store.database import connect, transaction

log = logging.getLogger(__name__)

_BATCH = 50
"""Documents in one transaction: long enough to be fast, short enough for the daemon to get its turn."""

Standing = tuple[str | None, Level]
"""Value and level of a field."""


@dataclass(frozen=True, slots=True)
class Change:
    """A document of which today's rules make something else."""

    document_id: int
    name: str
    """As ``path_text`` writes it."""
    before: Extraction
    after: Extraction

    @property
    def fields(self) -> dict[str, tuple[Standing | None, Standing | None]]:
        """Fields whose value or level is new: name -> before and after, None where the rule has no such field."""
        before, after = _standings(self.before.fields), _standings(self.after.fields)
        names = dict.fromkeys((*after, *before))
        pairs = {name: (before.get(name), after.get(name)) for name in names}
        return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A document on which today's rules fail; it keeps what it has."""

    document_id: int
    error: str


def _standings(fields: Sequence[Field]) -> dict[str, Standing]:
    return {field.name: (field.value, field.level) for field in fields}


def changes(
    database: Path, ids: Sequence[int], rules: RuleSet, today: date, processes: int
) -> Iterator[list[Change | Unreadable]]:
    """Compare what is recorded with what today's rules say; yields one list a batch, unchanged documents left out.

    Args:
        database: the file; only read.
        ids: of the documents to look at.
        rules: to apply.
        today: no later date is believed.
        processes: how many to use; one batch is done in this process.
    """
    batches = [ids[start : start + _BATCH] for start in range(0, len(ids), _BATCH)]
    if len(batches) <= 1 or processes == 1:
        with connect(database, "read") as db:
            for batch in batches:
                yield _compare_all(db, batch, rules, today)
        return
    # spawned, because a SQLite connection must not be carried across a fork
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, initializer=_start, initargs=(database, rules, today)) as pool:
        yield from pool.map(_run, batches)


_worker: tuple[Database, RuleSet, date] | None = None
"""What a worker process works with, set by its initializer."""


def _start(database: Path, rules: RuleSet, today: date) -> None:
    global _worker
    _worker = (connect(database, "read"), rules, today)


def _run(ids: Sequence[int]) -> list[Change | Unreadable]:
    assert _worker is not None, "the initializer has run"
    db, rules, today = _worker
    return _compare_all(db, ids, rules, today)


def _compare_all(db: Database, ids: Sequence[int], rules: RuleSet, today: date) -> list[Change | Unreadable]:
    results: list[Change | Unreadable] = []
    for document_id in ids:
        try:
            change = _compare(db, document_id, rules, today)
        except Exception as error:
            log.exception("document %d: today's rules fail", document_id)
            results.append(Unreadable(document_id, f"{type(error).__name__}: {error}"))
        else:
            results += [change] if change is not None else []
    return results


def _compare(db: Database, document_id: int, rules: RuleSet, today: date) -> Change | None:
    before = documents.load_extraction(db, document_id)
    after = extract(documents.load_reading(db, document_id), rules, today)
    if before == after or _stored(before) == _stored(after):
        return None
    [(name,)] = db.execute("SELECT name FROM documents WHERE id = ?", [document_id]).fetchall()
    return Change(document_id, name, before, after)


def _stored(extraction: Extraction) -> tuple[object, ...]:
    """An extraction as its rows say it: what is not stored cannot have changed."""
    fields = [rows.field_row(field) for field in extraction.fields]
    return extraction.rule, extraction.status, fields, extraction.items


def apply(db: Database, batch: Sequence[Change], rules_hash: str, *, with_sidecars: bool) -> list[Path]:
    """Write changes to the sidecars and to the database in one transaction.

    Returns:
        Sidecars that are no longer where they were put; they are not made anew.

    Raises:
        TransientError: a sidecar cannot be written; the database is as before.
    """
    lost = []
    with transaction(db):
        for change in batch:
            documents.replace_extraction(db, change.document_id, change.after, rules_hash=rules_hash)
            path = _sidecar_path(db, change.document_id) if with_sidecars else None
            if path is None:
                continue
            if path.exists():
                durable.write_atomic(path, sidecar.render(db, change.document_id))
            else:
                lost.append(path)
    return lost


def _sidecar_path(db: Database, document_id: int) -> Path | None:
    """Where the daemon put the sidecar: beside the place of the original, even of one that was not kept."""
    row = db.execute(
        "SELECT archive_path FROM jobs WHERE document_id = ? AND state IN ('recorded', 'done')", [document_id]
    ).fetchone()
    if row is None or row[0] is None:
        return None
    return sidecar.path_of(path_from(row[0]))
