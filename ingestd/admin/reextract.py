"""Re-extraction: apply the present rules to stored readings; no page is read again.

Worker processes parse and extract; this one reads rows and writes. Each batch is committed first; its sidecars follow.
The daemon makes up for those that a run which is cut off leaves behind, as it does after corrections.
"""

from __future__ import annotations

import functools
import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path

from sqlite_utils import Database

from ingestd.config import EngineConfig
from ingestd.document import KIND, Extraction, Field, Level
from ingestd.engine import R
from ingestd.engine.local import LocalEngine
from ingestd.errors import AttemptError
from ingestd.extract import RuleSet, extract
from ingestd.extract.confirm.settle import in_force, settle
from ingestd.output import sidecar
from ingestd.store import corrections, documents, rows
from ingestd.store.database import connect, transaction

log = logging.getLogger(__name__)

BATCH = 50
"""Documents in one transaction: long enough to be fast, short enough for the daemon to get its turn."""
_MAX_AHEAD = 2 * BATCH
"""Documents handed to the workers before their results are asked for."""

Standing = tuple[str | None, Level]
"""Value and level of a field."""


@dataclass(frozen=True, slots=True)
class Change:
    """Document with a different result under the present rules."""

    document_id: int
    name: str
    """As ``path_text`` writes it."""
    before: Extraction
    after: Extraction
    """With the corrections of people, which stay."""
    read: Extraction
    """Without them."""
    last_correction: int
    """Id of the last correction that ``after`` holds, 0 for none."""

    @property
    def fields(self) -> dict[str, tuple[Standing | None, Standing | None]]:
        """Fields whose value or level differs: name -> before and after, None where the rule has no such field."""
        before, after = _standings(self.before.fields), _standings(self.after.fields)
        names = dict.fromkeys((*after, *before))
        pairs = {name: (before.get(name), after.get(name)) for name in names}
        return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Document on which the present rules fail; it keeps its fields."""

    document_id: int
    error: str


def _standings(fields: Sequence[Field]) -> dict[str, Standing]:
    return {field.name: (field.value, field.level) for field in fields}


def changes(
    database: Path, ids: Sequence[int], rules: RuleSet, today: date, workers: int, options: EngineConfig
) -> Iterator[list[Change | Unreadable]]:
    """Compare recorded fields with those of the present rules; yield one list per batch, without unchanged documents.

    Args:
        database: the file; only read.
        ids: of the documents to look at.
        rules: to apply.
        today: later dates are not believed.
        workers: number of processes; a single batch is done in this one, which is faster than starting any.
        options: their limits.

    Raises:
        TransientError: no worker can start.
    """
    batches = [ids[start : start + BATCH] for start in range(0, len(ids), BATCH)]
    apply_rules = Reapply(rules, today)
    with (
        connect(database, "read") as db,
        _submitting(apply_rules, workers if len(batches) > 1 else 0, options) as submit,
    ):
        applied = _ahead(
            ids,
            lambda document_id: submit(
                document_id, documents.stored_reading(db, document_id), _said_kind(db, document_id)
            ),
        )
        for batch in batches:
            results = [
                _compare(db, document_id, future, apply_rules) for document_id, future in islice(applied, len(batch))
            ]
            yield [result for result in results if result is not None]


def _said_kind(db: Database, document_id: int) -> str | None:
    """Return the kind of a document as a person said it; None if no one did."""
    said = in_force([entry.correction for entry in corrections.history(db, document_id)])
    return said[KIND].value if KIND in said else None


@dataclass(frozen=True, slots=True)
class Reread:
    """Result of the present rules for one document."""

    read: Extraction
    base: Extraction
    """The same for the kind that a person said; ``read`` if no one did."""


@dataclass(frozen=True, slots=True)
class Reapply:
    """Present rules, to be applied to stored readings in any process."""

    rules: RuleSet
    today: date

    def __call__(self, document_id: int, stored: documents.StoredReading, kind: str | None) -> Reread:
        """Extract the fields of one document.

        Raises:
            AttemptError: the rules fail on this document.
        """
        try:
            reading = stored.parsed()
            read = extract(reading, self.rules, self.today)
            return Reread(read, read if kind is None else extract(reading, self.rules, self.today, kind))
        except Exception as error:
            log.exception("document %d: the rules fail", document_id)
            raise AttemptError(f"{type(error).__name__}: {error}") from error


Submit = Callable[[int, documents.StoredReading, str | None], "Future[Reread]"]


@contextmanager
def _submitting(apply_rules: Reapply, workers: int, options: EngineConfig) -> Iterator[Submit]:
    """Start worker processes, or work in this one for 0 workers."""
    if not workers:
        yield lambda document_id, stored, kind: _at_once(apply_rules, document_id, stored, kind)
        return
    engine = LocalEngine(
        functools.partial(Reapply, apply_rules.rules, apply_rules.today),
        workers=workers,
        time_limit_s=options.time_limit_s,
        memory_limit_mb=options.memory_limit_mb,
    )
    try:
        yield engine.submit
    finally:
        engine.close(finish=False)


def _at_once(
    apply_rules: Reapply, document_id: int, stored: documents.StoredReading, kind: str | None
) -> Future[Reread]:
    future: Future[Reread] = Future()
    try:
        future.set_result(apply_rules(document_id, stored, kind))
    except AttemptError as error:
        future.set_exception(error)
    return future


def _ahead(ids: Iterable[int], start: Callable[[int], Future[R]]) -> Iterator[tuple[int, Future[R]]]:
    """Yield futures in order, started before they are asked for, so that no worker waits for this process."""
    pending: deque[tuple[int, Future[R]]] = deque()
    for document_id in ids:
        pending.append((document_id, start(document_id)))
        if len(pending) > _MAX_AHEAD:
            yield pending.popleft()
    yield from pending


def _compare(
    db: Database, document_id: int, future: Future[Reread], apply_rules: Reapply
) -> Change | Unreadable | None:
    try:
        reread = future.result()
    except AttemptError as error:
        return Unreadable(document_id, str(error))
    with db.atomic():
        before = documents.load_extraction(db, document_id)
        read_before = corrections.what_was_read(db, document_id)
        history = corrections.history(db, document_id)
        [(name,)] = db.execute("SELECT name FROM documents WHERE id = ?", [document_id]).fetchall()
    said = [entry.correction for entry in history]
    after = settle(reread.base, said, apply_rules.rules, apply_rules.today)
    if _same(before, after) and _same(read_before, reread.read):
        return None
    return Change(document_id, name, before, after, reread.read, history[-1].id if history else 0)


def _same(one: Extraction, other: Extraction) -> bool:
    return one == other or _stored(one) == _stored(other)


def _stored(extraction: Extraction) -> str:
    """Return an extraction as its rows hold it; parts that are not stored do not count as changed."""
    return rows.extraction_json(extraction)


def apply(db: Database, batch: Sequence[Change], rules_hash: str, *, with_sidecars: bool) -> list[Path]:
    """Write changes to the database in one transaction, then to the sidecars.

    Documents that a person has corrected since they were looked at are left as they are.

    Returns:
        Sidecars that are no longer where they were put; they are not written again.

    Raises:
        TransientError: a sidecar cannot be written; those of the batch stay due, and the daemon writes them.
    """
    changed = []
    with transaction(db):
        for change in batch:
            if corrections.last_id(db, change.document_id) != change.last_correction:
                log.warning("document %d was corrected meanwhile; extract it again", change.document_id)
                continue
            documents.replace_extraction(db, change.document_id, change.after, rules_hash=rules_hash)
            corrections.replace_reading(db, change.document_id, change.read, sidecar_due=with_sidecars)
            changed.append(change.document_id)
    return sidecar.refresh(db, changed, wanted=True) if with_sidecars else []
