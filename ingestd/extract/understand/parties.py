"""Seller and buyer: blocks with headings, names with legal forms, the head of a receipt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import regex

from ingestd.extract.lexicon.labels import squeeze
from ingestd.extract.lexicon.model import Lexicon
from ingestd.extract.understand.mentions import Place, place_of
from ingestd.extract.understand.phrases import Labels, Phrase
from ingestd.layout.rows import LaidOutDocument, Row

MIN_HEADING = 3
"""Letters of a heading that has text beside it in its box."""
BLOCK_ROWS = 7
"""Rows that a block of address reaches below its heading."""
_NO_NAME = regex.compile(
    r"@|WWW\.|HTTPS?:|\bTEL\b|\bFAX\b|\bIBAN\b|\d{4,}|\d{1,2}[:.]\d{2}|^\W*\w{1,2}\W*$|THANK|WELCOME|\bPAGE\b|SEITE|"
    r"^\(|%|STYLESHEET|CODELISTE|VERSION|SUBJECT|E-?MAIL|HELP|SENT:|\bCOPY\b|ORIGINAL|PLEASE|CUSTOMER|\bMERCI\b|DANKE|"
    r"^\W*(?:DEUTSCHLAND|GERMANY|FRANCE|ITALIA|ITALY|ESPAÑA|SPAIN|PORTUGAL|INDIA|NEDERLAND|POLSKA|UNITED KINGDOM|USA|"
    r"ÖSTERREICH|SCHWEIZ|SINGAPORE|MALAYSIA)\W*$",
    regex.IGNORECASE,
)
_PARTING = regex.compile(r"\s+[-–|·•]\s+")
_COLON = regex.compile(r"\s*:\s*")
_COLON_AND_TEXT = regex.compile(r"\s*:\s*\S")
_BETWEEN_WORDS = regex.compile(r"[\s,]+")
_POSTAL_CODE = regex.compile(r"\b\d{4,5}\b")
_ADDRESS = regex.compile(
    r"\b(?:STREET|ST\.?|ROAD|RD\.?|AVE(?:NUE)?\.?|LANE|BLVD|DRIVE|SUITE|FLOOR|STRASSE|STRAßE|STR\.|WEG|PLATZ|ALLEE|RUE|AVENUE|"
    r"CALLE|PLAZA|VIA|PIAZZA|RUA|AVENIDA|ULICA|UL\.|JALAN|JLN|LORONG|TAMAN|BOX|GRACHT|STRAAT|LAAN)\b|(?:STRASSE|STRAßE|STR\.|WEG)\s*\d",
    regex.IGNORECASE,
)


MAX_FORM_GAP = 2.0
"""Between a name and its legal form in a box of its own, in line heights."""
HEAD_ROWS = 12
"""Rows of a letter's head."""
WINDOW_ROWS = 5
"""Rows of an address in an envelope's window."""
MIN_DOMAIN = 4
"""Letters of a domain that tells a name."""
_DOMAIN = regex.compile(r"(?:@|WWW\.|HTTPS?://(?:WWW\.)?)([A-Z0-9-]{3,})\.[A-Z]{2,}", regex.IGNORECASE)
_MAIL_HOSTS = frozenset(
    map(squeeze, ("gmail", "googlemail", "outlook", "hotmail", "yahoo", "gmx", "web", "icloud", "qq"))
)


@dataclass(frozen=True, slots=True)
class NameChoice:
    """A candidate for the name of a party."""

    place: Place
    text: str
    score: float
    how: str


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
        found.append(Block(place.page_index, place.left - 2 * place.height, right, place.row, last))
    return found


def _opens(phrase: Phrase) -> bool:
    """Tell whether a phrase is a heading: alone in its box, or first in its row; a heading announces no number."""
    if phrase.party is None or (phrase.role or "").endswith("_no"):
        return False
    return phrase.alone or (phrase.first_in_row and len(phrase.text) >= MIN_HEADING)


def _value_beside(document: LaidOutDocument, heading: Phrase) -> bool:
    row = document.rows[heading.place.row]
    return _COLON_AND_TEXT.match(row.text[heading.place.end :]) is not None


def seller_names(document: LaidOutDocument, labels: Labels, lexicon: Lexicon) -> list[NameChoice]:
    """List candidates for the name of the seller, best first."""
    senders = list(_sender_lines(document))
    buyers = [*blocks(document, labels, "buyer"), *(_window(place) for place in senders)]
    sellers = blocks(document, labels, "seller")
    domains = _domains(document, buyers)
    rows, usual = len(document.rows), _median_height(document)
    choices: dict[str, NameChoice] = {}
    for place, text in _names(document, labels, lexicon):
        key = squeeze(text)
        score, how = 0.0, "in the head"
        if any(block.has(place) for block in buyers) and not any(block.has(place) for block in sellers):
            score -= 3.0
        if any(block.has(place) and place.row - block.first_row <= 3 for block in sellers):
            score += 2.5
            how = "in the seller's block"
        if any(sender.row == place.row and sender.left <= place.left <= sender.right for sender in senders):
            score += 2.0
            how = "in the sender's line above the address"
        score += 2.5 * any(_is_of_domain(key, domain) for domain in domains)
        score += 2.2 if _legal(text, lexicon) else 0.0
        score += 2.0 * max(0.0, 1 - place.row / 6) if place.page_index == document.first_page else 0.0
        score += 0.4 * max(0.0, 1 - place.row / max(rows, 1))
        score -= 2.5 * (_ADDRESS.search(text) is not None)
        score += min((place.height / usual - 1) * 1.0, 1.5)
        score -= 0.8 * (len(text.split()) > 7)
        known = choices.get(key)
        if known is None or score > known.score:
            choices[key] = NameChoice(place, text, score + (0.6 if known else 0.0), how)
        else:
            choices[key] = NameChoice(known.place, known.text, known.score + 0.6, known.how)
    return sorted(choices.values(), key=lambda choice: -choice.score)


def _sender_lines(document: LaidOutDocument) -> Iterator[Place]:
    """Lines with name, street and town of the sender, as they stand above the address in an envelope's window."""
    for index, row in enumerate(document.rows[:HEAD_ROWS]):
        for box, start in zip(row.boxes, row.starts, strict=True):
            parts = [part for _, part in _segments(box.text)]
            if len(parts) > 2 and any(_POSTAL_CODE.search(part) for part in parts[1:]):
                yield place_of(document, index, start, start + len(box.text))


def _window(sender: Place) -> Block:
    """The address below a sender's line."""
    left, right = sender.left - 2 * sender.height, sender.right
    return Block(sender.page_index, left, right, sender.row + 1, sender.row + WINDOW_ROWS)


def _domains(document: LaidOutDocument, buyers: Sequence[Block]) -> frozenset[str]:
    """Names of domains of addresses on the web and of mail that stand outside of the buyer's block."""
    found = set()
    for index, row in enumerate(document.rows):
        for match in _DOMAIN.finditer(row.text):
            place = place_of(document, index, match.start(), match.end())
            if not any(block.has(place) for block in buyers):
                found.add(squeeze(match[1]))
    return frozenset(found - _MAIL_HOSTS)


def _is_of_domain(key: str, domain: str) -> bool:
    return len(domain) >= MIN_DOMAIN and (key.startswith(domain[:12]) or (len(key) >= MIN_DOMAIN and key in domain))


def _names(document: LaidOutDocument, labels: Labels, lexicon: Lexicon) -> Iterator[tuple[Place, str]]:
    """Boxes that may be a name."""
    for index, row in enumerate(document.rows):
        phrases = labels.by_row.get(index, ())
        for begin, end in _pieces(row, lexicon):
            heading = next((p for p in phrases if p.party and begin <= p.place.start < end), None)
            if heading is not None:
                cut = _COLON.match(row.text[heading.place.end : end])
                if cut is not None or heading.alone:
                    begin = heading.place.end + (cut.end() if cut else 0)
            for offset, part in _segments(row.text[begin:end]):
                if _is_name(row.text, begin + offset, part, phrases, lexicon):
                    place = place_of(document, index, begin + offset, begin + offset + len(part))
                    yield place, " ".join(part.split())


def _pieces(row: Row, lexicon: Lexicon) -> Iterator[tuple[int, int]]:
    """Yield begin and end of each box of a row.

    A legal form in a box of its own belongs to the name to its left.
    """
    first = 0
    for index, (box, start) in enumerate(zip(row.boxes, row.starts, strict=True)):
        following = row.boxes[index + 1] if index + 1 < len(row.boxes) else None
        if (
            following is not None
            and squeeze(following.text) in lexicon.legal_forms
            and following.left - box.right <= MAX_FORM_GAP * box.height
        ):
            continue
        yield row.starts[first], start + len(box.text)
        first = index + 1


def _segments(text: str) -> Iterator[tuple[int, str]]:
    """Parts of a line between dashes and bars: name, street and town of a head or foot."""
    start = 0
    for match in (*_PARTING.finditer(text), None):
        piece = text[start : match.start() if match else len(text)]
        stripped = piece.strip(" :;,*-_=|#<>~'\"")
        if stripped:
            yield start + piece.index(stripped), stripped
        start = match.end() if match else len(text)


def _is_name(text: str, begin: int, part: str, phrases: Sequence[Phrase], lexicon: Lexicon) -> bool:
    inside = [p for p in phrases if begin <= p.place.start and p.place.end <= begin + len(part)]
    covered = sum(p.place.end - p.place.start for p in inside if p.role or p.kinds or p.party)
    letters = sum(character.isalpha() for character in part)
    if letters < 2 or ":" in part or _NO_NAME.search(part):
        return False
    return covered * 2 <= len(part) or _legal(part, lexicon)


def _legal(text: str, lexicon: Lexicon) -> bool:
    words = [squeeze(word) for word in _BETWEEN_WORDS.split(text) if word]
    tails = {"".join(words[-size:]) for size in (1, 2, 3)} | {word for word in words[1:]}
    spaced = len(words) > 1 and not tails.isdisjoint(lexicon.legal_forms)
    return spaced or squeeze(text).endswith(lexicon.unspaced_forms)


def _median_height(document: LaidOutDocument) -> float:
    heights = sorted(box.height for row in document.rows for box in row.boxes)
    return heights[len(heights) // 2] if heights else 1.0


def seller_scores(choices: Sequence[tuple[Place, float]], document: LaidOutDocument, labels: Labels) -> list[float]:
    """Weigh tax numbers as the seller's: outside of the buyer's block, in the seller's, the best labelled."""
    buyers, sellers = blocks(document, labels, "buyer"), blocks(document, labels, "seller")
    scores = []
    for place, score in choices:
        bought = any(block.has(place) for block in buyers)
        sold = any(block.has(place) for block in sellers)
        scores.append(score - 4.0 * (bought and not sold) + 1.5 * sold)
    return scores
