"""A document as the review desk works on it, written for its script in the language of the browser."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlite_utils import Database

from ingestd.admin.review import Judged, State, proved_rivals, state_of
from ingestd.document import KIND, Field, Level, Line, PageInfo, Quad, Reason
from ingestd.extract.confirm.doubts import kinds_of, rule_of
from ingestd.extract.confirm.settle import correctable, field_type
from ingestd.store import documents, reviews
from ingestd.web.language import Words
from ingestd.web.services import Services

Data = dict[str, Any]


def sheet(db: Database, document_id: int, use: Services, words: Words) -> Data:
    """Write a document with its doubts, fields, rivals, lines and pages.

    Args:
        db: open for reading.
        document_id: of a recorded document.
        use: services of the request.
        words: of the browser's language.

    Raises:
        LookupError: there is no such document.
    """
    state = state_of(db, document_id, use.rules)
    reading = documents.load_reading(db, document_id)
    [(name,)] = db.execute("SELECT name FROM documents WHERE id = ?", [document_id]).fetchall()
    asked = asked_of(state)
    return {
        "id": document_id,
        "name": name,
        "kind": state.extraction.rule,
        "kindLabel": words.name(state.extraction.rule),
        "version": state.version,
        "note": reviews.note(db, document_id),
        "pages": [page_data(document_id, page) for page in reading.pages],
        "unread": [_unread(page, words) for page in reading.pages if page.fault is not None],
        "lines": [_line(line) for line in reading.lines],
        "asked": list(asked),
        "fields": [field_data(state, one, use, words, is_asked=one.name in asked) for one in _all_fields(state, use)],
    }


def asked_of(state: State) -> tuple[str, ...]:
    """Name what a person is asked: the doubts, or, where today's rules have none, what nothing proves."""
    if state.doubts:
        return state.doubts
    sure = (Level.PROVED, Level.CONFIRMED)
    unproved = tuple(one.name for one in state.extraction.fields if one.level not in sure and one.value is not None)
    return unproved or (KIND,)


def field_data(state: State, field: Field, use: Services, words: Words, *, is_asked: bool) -> Data:
    """Write a field; its rivals are judged only where a person is asked."""
    rivals = proved_rivals(state, field.name, use.rules, use.clock) if is_asked and field.candidates else ()
    return {
        "name": field.name,
        "label": words.name(field.name),
        "type": field_type(field, rule_of(use.rules, state.extraction.rule)).value,
        "value": field.value,
        "raw": field.raw,
        "level": field.level.value,
        "reasons": _reasons(field.reasons, words),
        "page": field.page_index,
        "quad": _corners(field.quad),
        "rivals": [
            {
                "value": rival.value,
                "level": rival.level.value,
                "reasons": _reasons(rival.reasons, words),
                "page": rival.page_index,
                "quad": _corners(rival.quad),
            }
            for rival in rivals
        ],
    }


def judged_data(judged: Judged, words: Words) -> Data:
    """Write what the checks say of a value that is being typed."""
    return {
        "name": judged.field,
        "value": judged.value,
        "level": judged.level.value,
        "reasons": [words.sentence(text) for text in judged.reasons],
        "error": None if judged.error is None else words.sentence(judged.error),
        "isRefused": judged.is_refused,
        "inDoubt": judged.in_doubt,
    }


def kind_choices(use: Services, words: Words) -> list[tuple[str, str]]:
    """List the kinds that a person may choose from, with their names."""
    return [(kind, words.name(kind)) for kind in kinds_of(use.rules)]


def _all_fields(state: State, use: Services) -> list[Field]:
    """Fields of a document, and those that a person may add."""
    known = state.fields
    names = correctable(state.extraction, use.rules)
    return [known.get(name) or Field(name, None, None, Level.MISSING) for name in dict.fromkeys((*known, *names))]


def page_data(document_id: int, page: PageInfo) -> Data:
    """Write a page with the address of its picture."""
    return {
        "index": page.index,
        "width": page.width_px,
        "height": page.height_px,
        "turn": page.rotation_deg,
        "picture": f"/v1/documents/{document_id}/pages/{page.index}.png",
    }


def _unread(page: PageInfo, words: Words) -> str:
    """Say that a page could not be read, and why."""
    reasons = "; ".join(words.sentence(part) for part in (page.fault or "").split("; "))
    return f"{words('Page {number} could not be read.', number=page.index + 1)} {reasons}"


def _line(line: Line) -> Data:
    return {"page": line.page_index, "quad": _corners(line.quad), "text": line.text}


def _corners(quad: Quad | None) -> list[float] | None:
    return None if quad is None else [round(number, 1) for corner in quad for number in corner]


def _reasons(reasons: Sequence[Reason], words: Words) -> list[str]:
    return [words.sentence(reason.text) for reason in reasons]
