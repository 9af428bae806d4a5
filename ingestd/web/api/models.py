"""Forms of the API's bodies; docs/api.md and /v1/openapi.json are about these."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from ingestd.document import Level, Status
from ingestd.extract.confirm.typed import MAX_CHARACTERS
from ingestd.output.sidecar import CodeRow, FieldRow, ItemRow, Probability, Quad
from ingestd.store.job import State
from ingestd.web.bodies import Body

MAX_NUMBER = (1 << 63) - 1
"""Largest id that the database can give."""

Cents = Annotated[str, Field(pattern=r"^-?\d+\.\d\d$", examples=["1234.50"])]
_Pixels = Annotated[float, Field(ge=-1_000_000, le=1_000_000)]
Corner = tuple[_Pixels, _Pixels]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class ProblemAnswer(_Answer):
    """An error."""

    code: str = Field(description="Short stable name, for programs.")
    message: str = Field(description="What was found and expected.")
    fix: str = Field(description="What to do.")


class JobAnswer(_Answer):
    """A file on its way."""

    id: int
    state: State
    name: str = Field(description="Of the file in the inbox.")
    attempt: int = Field(description="Attempts begun so far.")
    document_id: int | None = Field(description="Of the recorded document, or of the one that it repeats.")
    reason: str | None = Field(description="Why it failed or waits.")
    created_at: datetime
    next_at: datetime | None = Field(description="Moment of the next attempt.")


class WaitingAnswer(_Answer):
    """File of an inbox, not read yet."""

    job_id: int
    name: str
    inbox: str
    state: State
    since: datetime = Field(description="Moment of its arrival.")
    reason: str | None = Field(description="Why it waits.")


class BlindSpotAnswer(_Answer):
    """A folder or file that cannot be looked at, so that nothing is taken from it."""

    path: str
    inbox: str
    problem: str = Field(description="Reason, and what to do about it.")
    since: datetime


class StatusAnswer(_Answer):
    """State of queue and inboxes."""

    version: str
    daemon_runs: bool | None = Field(description="Null where that cannot be told.")
    documents: int
    review: int = Field(description="Documents that a person should look at.")
    pages: int
    last_hour: int = Field(description="Documents recorded in the last hour.")
    last_day: int
    jobs: dict[State, int] = Field(description="Files by state; states without files are left out.")
    oldest: WaitingAnswer | None = Field(description="File that has waited for longest.")
    blind: int = Field(description="Number of places that cannot be looked at.")
    blind_spots: list[BlindSpotAnswer] = Field(description="The first of these, oldest first.")


class Summary(_Answer):
    """One document of a list."""

    id: int
    name: str
    kind: str = Field(description="Name of the rule, or kind of paper.")
    status: Status
    seller: str | None
    number: str | None = Field(description="Of the invoice or receipt.")
    date: str | None = Field(description="ISO date.")
    total: Cents | None
    levels: list[Level] = Field(description="That its fields have, best first.")
    page_count: int
    recorded_at: datetime
    superseded_by: int | None = Field(
        default=None, description="Document that was read when the file was whole; then this one is not exported."
    )


class ListAnswer(_Answer):
    """A page of a list."""

    documents: list[Summary] = Field(description="Recorded last first.")
    next: str | None = Field(description="Address of the next page; null on the last.")


class Place(Body):
    """Place of a value on a page."""

    page_index: Annotated[int, Field(ge=0, lt=1 << 31)]
    quad: tuple[Corner, Corner, Corner, Corner] = Field(
        description="Corners [x, y] in pixels of the decoded page, clockwise from the reading direction's top left."
    )


class FieldChange(Body):
    """Correction or confirmation of a field."""

    value: Annotated[str, Field(max_length=MAX_CHARACTERS)] | None = Field(
        description="As typed, short forms will do; null or empty: the document has none."
    )
    place: Place | None = Field(default=None, description="Where the value was taken from; null: not from the page.")
    seconds: Annotated[float, Field(ge=0, le=86_400)] | None = Field(
        default=None, description="Time that the person took."
    )
    anyway: bool = Field(default=False, description="Take the value although a check of its own fails.")


class KindChange(Body):
    """Correction of the kind of a document."""

    value: Annotated[str, Field(max_length=100)] = Field(description="Name of a rule or kind of paper, or 'other'.")


class FieldState(_Answer):
    """A field as it stands."""

    value: str | None
    raw: str | None = Field(description="As read, never corrected.")
    level: Level
    probability: Probability | None
    reasons: list[str]


class StateAnswer(_Answer):
    """A document after a change."""

    document_id: int
    version: str = Field(description="Also sent as ETag.")
    kind: str
    status: Status
    doubts: list[str] = Field(description="Fields that a person still has to settle; @rule: its kind.")
    fields: dict[str, FieldState]


class OcrLine(_Answer):
    """A line of text."""

    page_index: int
    text: str
    confidence: Probability
    quad: Quad


class OcrPage(_Answer):
    """Size of a page."""

    page_index: int
    width_px: int
    height_px: int


class OcrAnswer(_Answer):
    """Answer of POST /ocr; the keys from ``pages`` on only with ``boxes=1``."""

    code: int = Field(description="0, or the status of the error.")
    msg: str
    text: list[str] = Field(description="Lines in reading order.")
    cost_time: float = Field(description="Seconds.")
    pages: list[OcrPage] = []
    lines: list[OcrLine] = []
    codes: list[CodeRow] = []
    rule: str = ""
    status: str = ""
    fields: list[FieldRow] = []
    items: list[ItemRow] = []
