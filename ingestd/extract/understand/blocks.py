"""Places of parties on a page: blocks below headings, the window of an envelope, the foot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import regex

from ingestd.extract.understand.mentions import Place, place_of
from ingestd.extract.understand.phrases import Labels, Phrase
from ingestd.layout.rows import LaidOutDocument

MIN_HEADING = 3
"""Letters of a heading that has text beside it in its box."""
BLOCK_ROWS = 7
"""Rows that a block of address reaches below its heading."""
HEAD_ROWS = 12
"""Rows of a letter's head."""
WINDOW_ROWS = 5
"""Rows of an address in an envelope's window."""
FOOT_SHARE = 0.7
"""Share of a page's text height below which its foot begins."""
FOOT_ROWS = 2
"""Rows between a name at the foot and the number of its register."""
MIN_FOOT_DIGITS = 8
"""Digits of a row at the foot that has the number of a register or of a tax office."""
_PARTING = regex.compile(r"\s+[-–|·•]\s+")
_COLON_AND_TEXT = regex.compile(r"\s*:\s*\S")
_POSTAL_CODE = regex.compile(r"\b\d{4,5}\b")


@dataclass(frozen=True, slots=True)
class Block:
    """The part of a page that belongs to a party."""

    page_index: int
    left: float
    right: float
    first_row: int
    last_row: int

    def has(self, place: Place) -> bool:
        """Tell whether a place lies in the block."""
        inside = self.first_row <= place.row <= self.last_row and place.page_index == self.page_index
        return inside and self.left <= place.left < self.right


def blocks(document: LaidOutDocument, labels: Labels, party: str) -> list[Block]:
    """Lay out the blocks that headings of a party open: down to the next heading, as wide as its column."""
    headings = [phrase for phrase in labels.phrases if phrase.party is not None and _opens(phrase)]
    found = []
    for heading in headings:
        if heading.party != party:
            continue
        place = heading.place
        right = min(
            (other.place.left for other in headings if other.place.row == place.row and other.place.left > place.right),
            default=float("inf"),
        )
        boxes = document.rows[place.row].boxes
        neighbour = [box.left for box in boxes if box.left > place.right + 4 * place.height]
        right = min([right, *neighbour]) if neighbour and not _value_beside(document, heading) else right
        following = [
            other.place.row
            for other in headings
            if other.place.row > place.row and abs(other.place.left - place.left) < 6 * place.height
        ]
        last = min([place.row + BLOCK_ROWS, *(row - 1 for row in following)])
        # What stands flush with the next heading may begin a pixel before it.
        found.append(Block(place.page_index, place.left - 2 * place.height, right - place.height, place.row, last))
    return found


def _opens(phrase: Phrase) -> bool:
    """Tell whether a phrase is a heading: alone in its box, or first in its row; a heading announces no number."""
    if phrase.party is None or (phrase.role or "").endswith("_no"):
        return False
    return phrase.alone or (phrase.first_in_row and len(phrase.text) >= MIN_HEADING)


def _value_beside(document: LaidOutDocument, heading: Phrase) -> bool:
    row = document.rows[heading.place.row]
    return _COLON_AND_TEXT.match(row.text[heading.place.end :]) is not None


def sender_lines(document: LaidOutDocument) -> Iterator[Place]:
    """Lines with name, street and town of the sender, as they stand above the address in an envelope's window."""
    for index, row in enumerate(document.rows[:HEAD_ROWS]):
        for box, start in zip(row.boxes, row.starts, strict=True):
            parts = [part for _, part in segments(box.text)]
            if len(parts) > 2 and any(_POSTAL_CODE.search(part) for part in parts[1:]):
                yield place_of(document, index, start, start + len(box.text))


def window(sender: Place) -> Block:
    """The address below a sender's line."""
    left, right = sender.left - 2 * sender.height, sender.right
    return Block(sender.page_index, left, right, sender.row + 1, sender.row + WINDOW_ROWS)


def feet(document: LaidOutDocument, labels: Labels) -> Iterator[range]:
    """Rows at the foot of each page down to the one with the number of a register or tax office."""
    pages: dict[int, list[int]] = {}
    for index, row in enumerate(document.rows):
        pages.setdefault(row.page_index, []).append(index)
    for indices in pages.values():
        top, bottom = document.rows[indices[0]].top, document.rows[indices[-1]].bottom
        for index in indices:
            row = document.rows[index]
            low = row.top > top + FOOT_SHARE * (bottom - top)
            if low and sum(map(str.isdigit, row.text)) >= MIN_FOOT_DIGITS and any(registers(labels, index)):
                yield range(max(index - FOOT_ROWS, indices[0]), index + 1)
                break


def registers(labels: Labels, row: int) -> Iterator[Phrase]:
    """Yield the labels in a row that announce the number of a register or of a tax office."""
    phrases = labels.by_row.get(row, ())
    return (one for one in phrases if "register" in one.classes or one.role in ("tax_no", "fiscal_no"))


def heads_address(document: LaidOutDocument, place: Place) -> bool:
    """Tell whether a postal code stands in the rows below a name, flush with it.

    Where the foot says who the seller is, an address at the head is the buyer's.
    """
    for row in document.rows[place.row + 1 : place.row + WINDOW_ROWS]:
        for box in row.boxes:
            flush = abs(box.left - place.left) < place.height and row.page_index == place.page_index
            if flush and _POSTAL_CODE.search(box.text):
                return True
    return False


def segments(text: str) -> Iterator[tuple[int, str]]:
    """Parts of a line between dashes and bars: name, street and town of a head or foot."""
    start = 0
    for match in (*_PARTING.finditer(text), None):
        piece = text[start : match.start() if match else len(text)]
        stripped = piece.strip(" :;,*-_=|#<>~'\"")
        if stripped:
            yield start + piece.index(stripped), stripped
        start = match.end() if match else len(text)


def seller_scores(choices: Sequence[tuple[Place, float]], document: LaidOutDocument, labels: Labels) -> list[float]:
    """Weigh tax numbers as the seller's: outside of the buyer's block, in the seller's, the best labelled."""
    buyers, sellers = blocks(document, labels, "buyer"), blocks(document, labels, "seller")
    scores = []
    for place, score in choices:
        bought = any(block.has(place) for block in buyers)
        sold = any(block.has(place) for block in sellers)
        scores.append(score - 4.0 * (bought and not sold) + 1.5 * sold)
    return scores
