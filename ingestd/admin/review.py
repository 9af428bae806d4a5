"""A document as a person settles it: how it stands, what is in doubt, what each keystroke proves."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from sqlite_utils import Database

from ingestd.clock import Clock
from ingestd.document import KIND, Extraction, Field, FieldCandidate, Level
from ingestd.extract import RuleSet
from ingestd.extract.confirm.checks import check_value
from ingestd.extract.confirm.doubts import doubts, rule_of
from ingestd.extract.confirm.settle import Said, correctable, field_type, in_force, prove
from ingestd.extract.confirm.typed import context_of, read_typed
from ingestd.extract.values.dates import Rejected
from ingestd.store import corrections, documents
from ingestd.store.corrections import Entry

MAX_RIVALS = 5
"""Of one field, that a person is shown."""


@dataclass(frozen=True, slots=True)
class State:
    """A document as it stands: for a person to settle, and after a correction."""

    document_id: int
    version: str
    extraction: Extraction
    """In force."""
    doubts: tuple[str, ...]
    """Fields that a person has to settle; ``KIND`` where the kind is open."""
    history: tuple[Entry, ...]
    """Corrections, oldest first."""

    @property
    def kind_confirmed(self) -> bool:
        """True where a person said of which kind it is."""
        return KIND in in_force([entry.correction for entry in self.history])

    @property
    def fields(self) -> Mapping[str, Field]:
        """Fields by name."""
        return {field.name: field for field in self.extraction.fields}


@dataclass(frozen=True, slots=True)
class Judged:
    """A typed text, normalised and judged."""

    field: str
    value: str | None
    level: Level
    reasons: tuple[str, ...]
    error: str | None = None
    """Reason why the text cannot be a value at all."""
    is_refused: bool = False
    """A check of the value alone fails: it is only taken where the person insists."""
    in_doubt: bool = False
    """A person still has to settle it once all typed values are accepted."""


def state_of(db: Database, document_id: int, rules: RuleSet) -> State:
    """A document as it stands, all of one moment.

    Raises:
        LookupError: there is no such document.
    """
    with db.atomic():
        extraction = documents.load_extraction(db, document_id)
        version = corrections.version(db, document_id)
        history = corrections.history(db, document_id)
    state = State(document_id, version, extraction, (), history)
    left = doubts(
        extraction.rule,
        extraction.fields,
        rules,
        kind_confirmed=state.kind_confirmed,
        further=extraction.further,
        unread=extraction.unread,
    )
    return replace(state, doubts=left)


def judge_typed(
    db: Database,
    document_id: int,
    texts: Mapping[str, str],
    rules: RuleSet,
    clock: Clock,
    accepted: Collection[str] = (),
) -> tuple[Judged, ...]:
    """Judge what is typed so far, and every other field with it: for each keystroke; nothing is written.

    Args:
        db: open for reading.
        document_id: of a recorded document.
        texts: field -> text as typed.
        rules: today's.
        clock: source of time.
        accepted: of the typed fields, those that the person is sure of.

    Returns:
        Every field of the document, typed ones with their normal form; unknown fields are left out.

    Raises:
        LookupError: there is no such document.
    """
    state = state_of(db, document_id, rules)
    read = state.extraction
    said: dict[str, Said] = {}
    wrong: dict[str, str] = {}
    for name in texts.keys() & set(correctable(read, rules)):
        try:
            said[name] = Said(normalised(name, texts[name], read, rules, clock), is_confirmed=name in accepted)
        except Rejected as error:
            wrong[name] = str(error)
    proved = prove(read, said, rules, clock.today())
    settled = [replace(field, level=Level.CONFIRMED) if field.name in said else field for field in proved]
    open_fields = doubts(
        read.rule,
        settled,
        rules,
        kind_confirmed=state.kind_confirmed,
        further=read.further,
        unread=read.unread,
    )
    left = set(open_fields) | wrong.keys()
    plan = rule_of(rules, read.rule)

    def judged(field: Field) -> Judged:
        if field.name in wrong:
            return Judged(field.name, None, Level.CONFLICT, (wrong[field.name],), wrong[field.name], in_doubt=True)
        reasons = tuple(reason.text for reason in field.reasons)
        refused = False
        if field.name in said and field.value is not None:
            finding = check_value(field.name, field.type, field.value, plan, clock.today())
            refused = finding is not None and finding.level is Level.CONFLICT
        return Judged(field.name, field.value, field.level, reasons, None, refused, field.name in left)

    return tuple(map(judged, proved))


def proved_rivals(state: State, name: str, rules: RuleSet, clock: Clock) -> tuple[FieldCandidate, ...]:
    """Judge the rivals of a field as if each were its value: those that prove something come first.

    Args:
        state: of a document.
        name: of one of its fields.
        rules: today's.
        clock: source of time.
    """
    found = []
    for rival in state.fields[name].candidates[:MAX_RIVALS]:
        proved = prove(state.extraction, {name: Said(rival.value)}, rules, clock.today())
        field = next(one for one in proved if one.name == name)
        told = rival.reasons if field.level is Level.CONFLICT else (*field.reasons, *rival.reasons)
        reasons = tuple(dict.fromkeys(told or field.reasons))
        found.append(replace(rival, level=field.level, reasons=reasons))
    return tuple(sorted(found, key=lambda rival: rival.level is not Level.PROVED))


def normalised(name: str, text: str, read: Extraction, rules: RuleSet, clock: Clock) -> str | None:
    """Normalise a typed text for a field of a document; None: the document has none.

    Raises:
        Rejected: the text cannot be a value.
    """
    plan = rule_of(rules, read.rule)
    field = field_of(name, read)
    field = replace(field, type=field_type(field, plan))
    order = plan.spec.dates.order if plan is not None and "dates" in plan.spec.model_fields_set else None
    return read_typed(text, field.type, context_of(field, clock.today(), order))


def field_of(name: str, extraction: Extraction) -> Field:
    """Return a field of a document; one that it lacks is missing."""
    found = next((field for field in extraction.fields if field.name == name), None)
    return found or Field(name, None, None, Level.MISSING)
