"""Corrections, from typed texts to rows: the same for the page, the API and the terminal.

Everything is worked out before the write lock is taken. The transaction only compares the version of the document,
writes, and commits; the sidecar follows, and the daemon makes up for one that a crash left behind.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from ingestd.admin.review import State, field_of, normalised, state_of
from ingestd.clock import Clock
from ingestd.document import KIND, Correction, Extraction, Level, Quad
from ingestd.errors import IngestdError, TransientError
from ingestd.extract import RuleSet, extract
from ingestd.extract.confirm.checks import check_value
from ingestd.extract.confirm.doubts import kinds_of, rule_of
from ingestd.extract.confirm.settle import correctable, field_type, in_force, settle
from ingestd.extract.values.dates import Rejected
from ingestd.output import sidecar
from ingestd.store import corrections, documents, reviews, rows
from ingestd.store.corrections import Entry, NewEntry
from ingestd.store.database import transaction

log = logging.getLogger(__name__)

_TRIES = 5
"""Times that a correction is worked out again because the document changed meanwhile."""


class CorrectionError(IngestdError):
    """Refusal of a correction.

    Args:
        code: ``no-document``, ``no-field``, ``no-kind``, ``form``, ``check``, ``changed``, ``locked`` or ``nothing``.
        message: what was found and expected, and what to do.
        field: that it is about, where it is about one.
    """

    def __init__(self, code: str, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.field = field


TWINS: Mapping[str, str] = {"merchant": "seller_name", "seller_name": "merchant"}
"""Fields that name the same: the merchant of a receipt is the seller of an invoice."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Statement of a person about one field."""

    field: str
    """Name, or ``KIND``."""
    text: str = ""
    """As typed; empty: the document has none."""
    withdrawn: bool = False
    """The reading holds again; ``text`` does not count."""
    page_index: int | None = None
    quad: Quad | None = None
    """Place that the person took the value from; None: not from the page."""
    seconds: float | None = None
    """Time that the person took."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """A correction worked out."""

    version: str
    new: tuple[NewEntry, ...]
    settled: Extraction
    again: bool
    """The rules were applied again, for another kind."""


class Corrector:
    """Makes corrections.

    Args:
        db: open for writing, without a transaction.
        rules: today's.
        clock: source of time.
        sidecars: sidecars are written here.
    """

    def __init__(self, db: Database, rules: RuleSet, clock: Clock, *, sidecars: bool) -> None:
        self._db = db
        self._rules = rules
        self._clock = clock
        self._sidecars = sidecars

    def correct(
        self,
        document_id: int,
        wanted: Sequence[Wanted],
        *,
        by: str,
        expected: str | None = None,
        anyway: bool = False,
    ) -> State:
        """Write what a person says of a document, all of it or nothing.

        Args:
            document_id: of a recorded document.
            wanted: at least one; each field once.
            by: name of the user.
            expected: version of the document that the person saw; None: any.
            anyway: values are taken although a check of their own fails.

        Raises:
            CorrectionError: see there; nothing is written.
        """
        now = self._clock.now()
        for _ in range(_TRIES):
            plan = self._work_out(document_id, wanted, by, now, anyway=anyway)
            if expected is not None and plan.version != expected:
                raise _changed(document_id)
            if self._write(document_id, plan, by, now):
                self._refresh_sidecar(document_id)
                return state_of(self._db, document_id, self._rules)
        raise _changed(document_id)

    def undo(self, document_id: int, *, by: str, expected: str | None = None) -> State:
        """Take back the last corrections of a document that were made together; they stay on record.

        Args:
            document_id: of a recorded document.
            by: name of the user, who must have made them.
            expected: as in :meth:`correct`.

        Raises:
            CorrectionError: ``nothing`` is left to undo, or somebody else has corrected the document since.
        """
        now = self._clock.now()
        for _ in range(_TRIES):
            plan = self._work_out_undo(document_id, by, now)
            if expected is not None and plan.version != expected:
                raise _changed(document_id)
            if self._write(document_id, plan, by, now):
                self._refresh_sidecar(document_id)
                return state_of(self._db, document_id, self._rules)
        raise _changed(document_id)

    # -- working out

    def _look(self, document_id: int) -> tuple[State, Extraction]:
        """The document as it stands, and as it was read."""
        try:
            with self._db.atomic():
                return state_of(self._db, document_id, self._rules), corrections.what_was_read(self._db, document_id)
        except LookupError as error:
            raise CorrectionError("no-document", str(error)) from error

    def _work_out(self, document_id: int, wanted: Sequence[Wanted], by: str, now: datetime, *, anyway: bool) -> _Plan:
        state, read = self._look(document_id)
        wanted = [*wanted, *_twins(wanted, state)]
        said = [one.correction for one in state.history]
        of_kind = [self._kind(one, by, now) for one in wanted if one.field == KIND]
        base, again = self._base(document_id, read, [*said, *of_kind])
        new = []
        for one in wanted:
            correction = of_kind[0] if one.field == KIND else self._typed(one, state, base, by, now, anyway=anyway)
            new.append(_entry(correction, state, seconds=one.seconds))
        if len({entry.correction.field for entry in new}) < max(len(new), 1):
            raise CorrectionError("nothing", "found no field, or one twice; name each field once")
        return self._plan(state, base, said, tuple(new), again=again)

    def _work_out_undo(self, document_id: int, by: str, now: datetime) -> _Plan:
        state, read = self._look(document_id)
        entries = corrections.to_undo(state.history)
        if not entries:
            raise CorrectionError("nothing", f"document {document_id}: found no correction that could be undone")
        if entries[0].correction.by != by:
            raise CorrectionError(
                "nothing",
                f"document {document_id}: its last correction is by {entries[0].correction.by}; correct it instead",
            )
        new = tuple(_entry(_before(state.history, entry, by, now), state, undoes=entry.id) for entry in entries)
        said = [one.correction for one in state.history]
        base, again = self._base(document_id, read, [*said, *(entry.correction for entry in new)])
        return self._plan(state, base, said, new, again=again)

    def _plan(
        self, state: State, base: Extraction, said: Sequence[Correction], new: tuple[NewEntry, ...], *, again: bool
    ) -> _Plan:
        everything = [*said, *(entry.correction for entry in new)]
        settled = settle(base, everything, self._rules, self._clock.today())
        checked = tuple(replace(entry, evidence=_evidence(entry, state, settled)) for entry in new)
        return _Plan(state.version, checked, settled, again)

    def _kind(self, one: Wanted, by: str, now: datetime) -> Correction:
        known = kinds_of(self._rules)
        if not one.withdrawn and one.text not in known:
            message = f"the kind {one.text!r} is not known; expected one of {', '.join(known)}"
            raise CorrectionError("no-kind", message, KIND)
        return Correction(KIND, None if one.withdrawn else one.text, by, now, one.withdrawn)

    def _base(self, document_id: int, read: Extraction, said: Sequence[Correction]) -> tuple[Extraction, bool]:
        """Return the reading, of the kind that a person said; True where the rules were applied again for that."""
        kind = in_force(said).get(KIND)
        if kind is None or kind.value == read.rule:
            return read, False
        reading = documents.load_reading(self._db, document_id)
        return extract(reading, self._rules, self._clock.today(), kind.value), True

    def _typed(
        self, one: Wanted, state: State, base: Extraction, by: str, now: datetime, *, anyway: bool
    ) -> Correction:
        """The correction of one field, normalised and checked."""
        if one.field not in correctable(base, self._rules) and one.field not in state.fields:
            known = ", ".join(correctable(base, self._rules)) or "none: say its kind first"
            message = f"document {state.document_id} has no field {one.field!r}; expected one of {known}"
            raise CorrectionError("no-field", message, one.field)
        if one.withdrawn:
            return Correction(one.field, None, by, now, withdrawn=True)
        try:
            value = normalised(one.field, one.text, base, self._rules, self._clock)
        except Rejected as error:
            raise CorrectionError("form", f"{one.field}: {error}", one.field) from error
        plan = rule_of(self._rules, base.rule)
        field = field_of(one.field, base)
        found = value and check_value(one.field, field_type(field, plan), value, plan, self._clock.today())
        if found and found.level is Level.CONFLICT and not anyway:
            message = f"{one.field}: {value}: {found.reason.text}; correct it, or confirm it all the same"
            raise CorrectionError("check", message, one.field)
        return Correction(one.field, value, by, now, page_index=one.page_index, quad=one.quad)

    # -- writing

    def _write(self, document_id: int, plan: _Plan, by: str, now: datetime) -> bool:
        """Write a correction in one short transaction; False if the document has changed meanwhile."""
        with transaction(self._db):
            if corrections.version(self._db, document_id) != plan.version:
                return False
            holder = reviews.holder(self._db, document_id, now)
            if holder is not None and holder != by:
                message = f"document {document_id}: {holder} has it open; wait until it is settled or the lock ends"
                raise CorrectionError("locked", message)
            rules_hash = self._rules.hash if plan.again else None
            corrections.add(self._db, document_id, plan.new, plan.settled, rules_hash=rules_hash)
            reviews.corrected(self._db, document_id)
        return True

    def _refresh_sidecar(self, document_id: int) -> None:
        try:
            sidecar.refresh(self._db, [document_id], wanted=self._sidecars)
        except TransientError as error:
            log.warning("document %d: the correction is recorded, its sidecar follows: %s", document_id, error)


def _before(history: Sequence[Entry], undone: Entry, by: str, now: datetime) -> Correction:
    """Return the correction that brings back the value of a field before another correction."""
    earlier = in_force([entry.correction for entry in history if entry.id < undone.id])
    held = earlier.get(undone.correction.field)
    if held is None:
        return Correction(undone.correction.field, None, by, now, withdrawn=True)
    return replace(held, by=by, at=now)


def _twins(wanted: Sequence[Wanted], state: State) -> Iterator[Wanted]:
    """Yield what is said of one name of the seller for the other name, where both have the same value."""
    said = {one.field for one in wanted}
    for one in wanted:
        twin = TWINS.get(one.field)
        field, other = state.fields.get(one.field), state.fields.get(twin or "")
        if twin is not None and twin not in said and field and other and field.value == other.value:
            yield replace(one, field=twin)


def _entry(
    correction: Correction, state: State, *, seconds: float | None = None, undoes: int | None = None
) -> NewEntry:
    if correction.field == KIND:
        return NewEntry(correction, state.extraction.rule, None, {}, seconds, undoes)
    field = state.fields.get(correction.field)
    value, level = (None, None) if field is None else (field.value, field.level)
    return NewEntry(correction, value, level, {}, seconds, undoes)


def _evidence(entry: NewEntry, state: State, settled: Extraction) -> dict[str, Any]:
    """Return what was shown to the person, and what the checks say of the new value."""
    name = entry.correction.field
    shown = state.fields.get(name)
    after = next((field for field in settled.fields if field.name == name), None)
    evidence: dict[str, Any] = {"checks": [] if after is None else [reason.text for reason in after.reasons[1:]]}
    if shown is not None:
        row = rows.field_row(shown)
        evidence |= {
            "raw": shown.raw,
            "reasons": [reason.text for reason in shown.reasons],
            "page_index": shown.page_index,
            "quad": None if row["quad"] is None else shown.quad,
        }
    return evidence


def _changed(document_id: int) -> CorrectionError:
    return CorrectionError(
        "changed", f"document {document_id} was changed meanwhile; look at it again and repeat the correction"
    )
