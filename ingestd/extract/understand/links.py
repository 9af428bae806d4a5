"""Links between mentions and the phrases that may announce them: beside, below, or as the heading of a column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import regex

from ingestd.extract.understand.mentions import Place
from ingestd.extract.understand.phrases import Labels, Phrase
from ingestd.layout.rows import LaidOutDocument

MAX_BELOW_HEIGHTS = 2.6
"""Text heights from a phrase to what stands directly below it."""
MAX_COLUMN_ROWS = 45
"""Rows that a heading reaches down."""
MIN_WRAPPED = 25
"""Characters of a line that is broken; shorter ones stand alone."""
MAX_INDENT_HEIGHTS = 3.0
"""Text heights by which a line and its continuation may be indented differently."""
_LOOSE = 0.6
"""Text heights by which a heading and its column may miss each other."""
_NEUTRAL = regex.compile(
    r"(?:US\$|RM|MYR|USD|EUROS?|EUR|GBP|CHF|INR|SGD|PLN|ZŁ|ZL|RS|CNY|RMB|TTC|HT|IN|[¥￥$€£₹元圆]|\d{1,2}(?:[.,]\d{1,2})?\s?%|\W|_)+",
    regex.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Link:
    """A phrase seen from a mention."""

    phrase: Phrase
    relation: Literal["right", "below", "column"]
    """Where the mention stands, seen from the phrase."""
    between: int
    """Mentions of the same type between both."""
    dirty: bool
    """Other words stand between both."""
    distance: float
    """In text heights."""


def row_links(
    place: Place, labels: Labels, document: LaidOutDocument, others: Sequence[Place], passed: Sequence[Place] = ()
) -> list[Link]:
    """Phrases to the left in the same row, nearest first.

    Args:
        place: the mention.
        labels: of the document.
        document: the document.
        others: mentions of the same type in this row.
        passed: mentions of another type in this row that may stand between both.
    """
    found = []
    text = document.rows[place.row].text
    for phrase in reversed(labels.by_row.get(place.row, ())):
        if phrase.place.end > place.start:
            continue
        between = sum(phrase.place.end <= other.start < place.start for other in others)
        stretch = text[phrase.place.end : place.start]
        for other in sorted((*others, *passed), key=lambda other: -other.start):
            if phrase.place.end <= other.start < place.start:
                begin = other.start - phrase.place.end
                stretch = stretch[:begin] + " " + stretch[begin + other.end - other.start :]
        dirty = bool(stretch) and _NEUTRAL.fullmatch(stretch) is None
        distance = (place.left - phrase.place.right) / max(place.height, 1.0)
        found.append(Link(phrase, "right", between, dirty, distance))
    return found


def wrapped_links(place: Place, labels: Labels, document: LaidOutDocument) -> list[Link]:
    """Phrases at the end of the row above a mention that begins its row: a sentence that goes on in the next line."""
    if place.start > 0 or place.row == 0:
        return []
    above = document.rows[place.row - 1]
    phrases = labels.by_row.get(place.row - 1, ())
    ends = bool(phrases) and not regex.search(r"\w", above.text[phrases[-1].place.end :])
    if len(above.boxes) > 1 or not ends or above.page_index != place.page_index or len(above.text) < MIN_WRAPPED:
        return []
    last = phrases[-1]
    if abs(above.boxes[0].left - place.left) > MAX_INDENT_HEIGHTS * place.height:
        return []
    return [Link(last, "right", 0, False, 0.0), *(Link(phrase, "right", 0, True, 0.0) for phrase in phrases[-2::-1])]


def column_links(place: Place, labels: Labels, others: Sequence[Place]) -> list[Link]:
    """Phrases above that overlap the mention's column, nearest first, at most two.

    Args:
        place: the mention.
        labels: of the document.
        others: all mentions of the same type.
    """
    found: list[Link] = []
    slack = _LOOSE * place.height
    for row in range(place.row - 1, max(-1, place.row - MAX_COLUMN_ROWS - 1), -1):
        beside = [other for other in others if other.row == row]
        for phrase in labels.by_row.get(row, ()):
            above = phrase.place
            if any(other.left >= above.right for other in beside):
                continue  # it announces what stands beside it
            if above.page_index != place.page_index or phrase.role is None:
                continue
            if above.left > place.right + slack or place.left > above.right + slack:
                continue
            distance = (place.top - above.bottom) / max(place.height, 1.0)
            between = sum(
                above.row < other.row < place.row and other.left < place.right and place.left < other.right
                for other in others
            )
            near = distance <= MAX_BELOW_HEIGHTS and between == 0
            found.append(Link(phrase, "below" if near else "column", between, False, distance))
        if len(found) >= 2:
            break
    return found
