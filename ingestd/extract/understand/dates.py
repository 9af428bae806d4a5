"""The day of issue: which date of the page it is, and which day its digits mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import regex

from ingestd.extract.understand.links import Link, Places, column_links, row_links, wrapped_links
from ingestd.extract.understand.mentions import Day, Mentions
from ingestd.extract.understand.phrases import Labels
from ingestd.layout.rows import LaidOutDocument

_STATES = (
    "A[LKZR]|C[AOT]|D[EC]|FL|GA|HI|I[DLNA]|K[SY]|LA|M[EDAINSOT]|N[EVHJMYCD]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[TA]|W[AVIY]"
)
_UNITED_STATES = regex.compile(
    rf"\b(?:{_STATES})\s*,?\s*\d{{5}}(?:-\d{{4}})?\b|,\s*(?:{_STATES})\s*$|\bUSA\b|\bUnited States\b|\bU\.S\.A|"
    r"\b(?:California|Texas|Florida|New York|Illinois|Washington|Ohio|Georgia|Virginia|Arizona|Michigan)\s+\d{5}\b"
)
"""A state and its ZIP code, a state at the end of a line, or the country: the month stands first."""
_COMMONWEALTH = regex.compile(r"[SAC]\$|\b(?:ABN|GST|AUD|SGD|NZD|CAD|Australia|Singapore|Canada|Zealand|UK)\b")
_NUMERIC = regex.compile(r"\d{1,2}\s?[-/.]\s?\d{1,2}\s?[-/.]\s?\d{2,4}")
_TIME = regex.compile(r"\b\d{1,2}[:.h]\d{2}(?::\d{2})?\s?(?:[AP]\.?M)?\b", regex.IGNORECASE)
_ISSUE = frozenset({"date", "any_date", "invoice_no"})
_PAPERS = frozenset({"invoice", "receipt", "credit-note"})
_OTHER = frozenset(
    {
        "due_date",
        "delivery_date",
        "order_date",
        "payment_date",
        "print_date",
        "expiry_date",
        "other_date",
        "due",
        "period",
    }
)


@dataclass(frozen=True, slots=True)
class DayChoice:
    """A candidate for the day of issue."""

    mention: Day
    day: date
    score: float
    settled: bool
    """The order of day and month is known."""
    links: tuple[Link, ...]
    other: date | None = None
    """The other day that the digits mean where the order is not settled."""


def month_first(document: LaidOutDocument, mentions: Mentions, labels: Labels) -> tuple[bool, bool]:
    """Decide whether the month stands first, and whether that is settled by the page itself."""
    votes = [day.month_first[0] for day in mentions.days if len(day.days) == 1 and _numeric(document, day)]
    if votes:
        return sum(votes) * 2 > len(votes), True
    american = any(_UNITED_STATES.search(row.text) for row in document.rows)
    if american:
        return True, True
    if labels.languages[0] == "en" and any("$" in row.text for row in document.rows):
        return not any(_COMMONWEALTH.search(row.text) for row in document.rows), False
    return False, labels.languages[0] != "en"


def _numeric(document: LaidOutDocument, day: Day) -> bool:
    text = document.rows[day.place.row].text[day.place.start : day.place.end]
    return _NUMERIC.fullmatch(text.strip()) is not None


def choose_date(document: LaidOutDocument, mentions: Mentions, labels: Labels, today: date) -> list[DayChoice]:
    """List candidates for the day of issue, best first.

    Args:
        document: the document.
        mentions: of the document.
        labels: of the document.
        today: no later day is a day of issue.
    """
    first, settled = month_first(document, mentions, labels)
    places = Places(day.place for day in mentions.days)
    choices = []
    for mention in mentions.days:
        links = row_links(mention.place, labels, document, places)
        links += wrapped_links(mention.place, labels, document) + column_links(mention.place, labels, places)
        day, other = _meant(mention, today, month_first_order=first)
        if day is None:
            continue
        score = _score(document, mention, links)
        choices.append(DayChoice(mention, day, score, settled or other is None, tuple(links), other))
    choices.sort(key=lambda choice: (-choice.score, choice.mention.place.row, choice.mention.place.start))
    return choices


def _meant(mention: Day, today: date, *, month_first_order: bool) -> tuple[date | None, date | None]:
    past = [(day, order) for day, order in zip(mention.days, mention.month_first, strict=True) if day <= today]
    if not past:
        return None, None
    if len(past) == 1:
        return past[0][0], None
    past.sort(key=lambda pair: pair[1] != month_first_order)
    return past[0][0], past[1][0]


def _score(document: LaidOutDocument, mention: Day, links: Sequence[Link]) -> float:
    score = 0.0
    for rank, link in enumerate(links[:3]):
        role = link.phrase.role
        weight = {"right": 3.0, "below": 2.4, "column": 1.2}[link.relation] * (0.5**rank)
        weight -= 1.0 * min(link.between, 2) + 1.5 * link.dirty
        if role == "date":
            score += max(weight, 0.0) * 1.3
        elif role == "any_date" or (role is None and link.phrase.kinds and link.relation == "right"):
            score += max(weight, 0.0) * 0.7
        elif role == "invoice_no":
            score += max(weight, 0.0) * 0.6
        elif role in _OTHER or (role or "").endswith("_date"):
            score -= max(weight, 0.0) * 1.2
        elif role is not None and link.relation == "right" and not link.dirty and rank == 0:
            score -= 0.3
    text = document.rows[mention.place.row].text
    named = [link for link in links if link.relation == "right" and not link.between]
    if any(link.phrase.role == "invoice_no" or link.phrase.kinds & _PAPERS for link in named):
        score += 2.5  # invoice 4711 of 5 March
    score += 0.8 * (_TIME.search(text[mention.place.end :]) is not None or _TIME.search(text) is not None)
    score -= 1.5 * any(link.phrase.role == "ignore" for link in links if link.relation == "right")
    score += 0.6 * (1 - mention.place.row / max(len(document.rows), 1))
    return score
