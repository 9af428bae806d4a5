"""Links between mentions and the phrases that may announce them: beside, below, or as the heading of a column."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
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
_SIGN = regex.compile(r"\w")
_NEUTRAL = regex.compile(
    r"(?:US\$|RM|MYR|USD|EUROS?|EUR|GBP|CHF|INR|SGD|PLN|ZŁ|ZL|CZK|K[CČĆ]|SEK|NOK|DKK|KR|HUF|FT|RON|LEI|"
    r"TRY|TL|RS|CNY|RMB|TTC|HT|IN|[¥￥$€£₹元圆]|\d{1,2}(?:[.,]\d{1,2})?\s?%|\W|_)+",
    regex.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Link:
    """A phrase seen from a mention."""

    phrase: Phrase
    relation: Literal["right", "below", "column"]
    """Direction of the mention, seen from the phrase."""
    between: int
    """Mentions of the same type between both."""
    dirty: bool
    """Other words stand between both."""
    distance: float
    """In text heights."""


class Places:
    """Places of all mentions of one type, by row.

    Args:
        places: in any order.
    """

    def __init__(self, places: Iterable[Place]) -> None:
        rows: dict[int, list[Place]] = defaultdict(list)
        for place in places:
            rows[place.row].append(place)
        self._rows = rows
        self._last_left = {row: max(place.left for place in beside) for row, beside in rows.items()}

    def beside(self, row: int) -> Sequence[Place]:
        """Places in a row."""
        return self._rows.get(row, ())

    def last_left(self, row: int) -> float:
        """Left edge of the rightmost one of a row, in pixels."""
        return self._last_left.get(row, float("-inf"))

    def between(self, above: int, place: Place) -> int:
        """Count those below the row ``above`` and above a place that lie in its column."""
        return sum(
            other.left < place.right and place.left < other.right
            for row in range(above + 1, place.row)
            for other in self.beside(row)
        )


NOWHERE = Places(())
"""No mentions."""


def row_links(
    place: Place, labels: Labels, document: LaidOutDocument, others: Places, passed: Places = NOWHERE
) -> list[Link]:
    """Phrases to the left in the same row, nearest first.

    Args:
        place: the mention.
        labels: of the document.
        document: the document.
        others: mentions of the same type.
        passed: mentions of another type that may stand between both.
    """
    found: list[Link] = []
    phrases = [phrase for phrase in labels.by_row.get(place.row, ()) if phrase.place.end <= place.start]
    if not phrases:
        return found
    text = document.rows[place.row].text
    before = [other for other in others.beside(place.row) if other.start < place.start]
    skipped = [other for other in passed.beside(place.row) if other.start < place.start]
    skipped = sorted((*before, *skipped), key=lambda other: -other.start)
    for phrase in reversed(phrases):
        between = sum(phrase.place.end <= other.start for other in before)
        stretch = text[phrase.place.end : place.start]
        for other in skipped:
            if phrase.place.end <= other.start:
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
    ends = bool(phrases) and not _SIGN.search(above.text, phrases[-1].place.end)
    if len(above.boxes) > 1 or not ends or above.page_index != place.page_index or len(above.text) < MIN_WRAPPED:
        return []
    last = phrases[-1]
    if abs(above.boxes[0].left - place.left) > MAX_INDENT_HEIGHTS * place.height:
        return []
    return [Link(last, "right", 0, False, 0.0), *(Link(phrase, "right", 0, True, 0.0) for phrase in phrases[-2::-1])]


def column_links(place: Place, labels: Labels, others: Places) -> list[Link]:
    """Phrases above that overlap the mention's column, nearest first, at most two.

    Args:
        place: the mention.
        labels: of the document.
        others: mentions of the same type.
    """
    found: list[Link] = []
    slack = _LOOSE * place.height
    left, right = place.left, place.right + slack
    rows = labels.announcing_rows
    for row in reversed(rows[bisect_left(rows, place.row - MAX_COLUMN_ROWS) : bisect_left(rows, place.row)]):
        phrases = labels.announcing[row]
        if phrases[0].place.page_index != place.page_index:
            break
        last_left = others.last_left(row)
        for phrase in phrases:
            above = phrase.place
            if above.left > right or left > above.right + slack:
                continue
            if last_left >= above.right:
                continue  # it announces what stands beside it
            distance = (place.top - above.bottom) / max(place.height, 1.0)
            between = others.between(above.row, place)
            near = distance <= MAX_BELOW_HEIGHTS and between == 0
            found.append(Link(phrase, "below" if near else "column", between, False, distance))
        if len(found) >= 2:
            break
    return found
