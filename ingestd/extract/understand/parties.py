"""Seller and buyer: blocks with headings, names with legal forms, the head of a receipt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import regex

from ingestd.extract.lexicon.labels import squeeze
from ingestd.extract.lexicon.model import Lexicon
from ingestd.extract.understand.blocks import (
    Block,
    blocks,
    feet,
    heads_address,
    registers,
    segments,
    sender_lines,
    window,
)
from ingestd.extract.understand.mentions import Place, place_of
from ingestd.extract.understand.phrases import Labels, Phrase
from ingestd.layout.rows import LaidOutDocument, Row

_NO_NAME = regex.compile(
    r"@|WWW\.|HTTPS?:|\bTEL\b|\bFAX\b|\bIBAN\b|\d{4,}|\d{1,2}[:.]\d{2}|^\W*\w{1,2}\W*$|THANK|WELCOME|\bPAGE\b|SEITE|"
    r"^\(|%|^NET \d+|STYLESHEET|CODELISTE|VERSION|SUBJECT|E-?MAIL|HELP|SENT:|\bCOPY\b|ORIGINAL|PLEASE|CUSTOMER|"
    r"\bMERCI\b|DANKE|"
    r"^\W*(?:DEUTSCHLAND|GERMANY|FRANCE|ITALIA|ITALY|ESPAÑA|SPAIN|PORTUGAL|INDIA|NEDERLAND|POLSKA|UNITED KINGDOM|USA|"
    r"ÖSTERREICH|SCHWEIZ|SINGAPORE|MALAYSIA|ČESK[AÁ] REPUBLIKA|ČESKO|SLOVENSK[OÁ](?: REPUBLIKA)?|SVERIGE|DANMARK|NORGE|"
    r"SUOMI|FINLAND|MAGYARORSZ[AÁ]G|ROM[AÂ]NIA|HRVATSKA|SLOVENIJA|EESTI|T[UÜ]RK[Iİ]YE)\W*$",
    regex.IGNORECASE,
)
_COLON = regex.compile(r"\s*:\s*")
_BETWEEN_WORDS = regex.compile(r"[\s,]+")
_ADDRESS = regex.compile(
    r"\b(?:STREET|ST\.?|ROAD|RD\.?|AVE(?:NUE)?\.?|LANE|BLVD|DRIVE|SUITE|FLOOR|STRASSE|STRAßE|STR\.|WEG|PLATZ|ALLEE|RUE|AVENUE|"
    r"CALLE|PLAZA|VIA|PIAZZA|RUA|AVENIDA|ULICA|UL\.|JALAN|JLN|LORONG|TAMAN|BOX|GRACHT|STRAAT|LAAN|STRADA|ULICE|NÁM\.|TŘÍDA|"
    r"TRG|UTCA|CADDESI|SOKAK)\b|"
    r"(?:STRASSE|STRAßE|STR\.|WEG|GATAN|VÄGEN|VEIEN|VEJ|GADE|GATE|KATU|TIE|UTCA|\bÚT|\bTÉR|CESTA|MNT)\s*\d",
    regex.IGNORECASE,
)


_SUMS = frozenset(("total", "net", "tax", "sub", "due"))
"""Roles of labels that are never a name, whatever legal form they seem to have: ``Total inc. VAT``."""
MAX_FORM_GAP = 2.0
"""Between a name and its legal form in a box of its own, in line heights."""
MAX_FOOT_WORDS = 5
"""Words of a name at the foot; more are a sentence."""
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


def seller_names(document: LaidOutDocument, labels: Labels, lexicon: Lexicon) -> list[NameChoice]:
    """List candidates for the name of the seller, best first."""
    page = _Page.of(document, labels, lexicon)
    choices: dict[str, NameChoice] = {}
    for place, text in _names(document, labels, lexicon):
        key = squeeze(text)
        where, how = page.standing(place, text)
        score = where + page.likeness(place, text, key)
        known = choices.get(key)
        if known is None or score > known.score:
            choices[key] = NameChoice(place, text, score + (0.6 if known else 0.0), how)
        else:
            choices[key] = NameChoice(known.place, known.text, known.score + 0.6, known.how)
    return sorted(choices.values(), key=lambda choice: -choice.score)


@dataclass(frozen=True, slots=True)
class _Page:
    """A document with the places that speak for or against names there."""

    document: LaidOutDocument
    labels: Labels
    lexicon: Lexicon
    senders: tuple[Place, ...]
    buyers: tuple[Block, ...]
    sellers: tuple[Block, ...]
    domains: frozenset[str]
    signed: bool
    """A foot says by a register or tax number whose paper it is."""
    feet: list[range]
    """Rows of those feet whose name has not been met; further names there are those of banks and managers."""
    usual: float
    """Height of a text line, in pixels."""

    @classmethod
    def of(cls, document: LaidOutDocument, labels: Labels, lexicon: Lexicon) -> _Page:
        senders = tuple(sender_lines(document))
        buyers = (*blocks(document, labels, "buyer"), *(window(place) for place in senders))
        sellers = tuple(blocks(document, labels, "seller"))
        signed = list(feet(document, labels))
        domains, usual = _domains(document, buyers), _median_height(document)
        return cls(document, labels, lexicon, senders, buyers, sellers, domains, bool(signed), signed, usual)

    def standing(self, place: Place, text: str) -> tuple[float, str]:
        """Weigh where a name stands, and say so. Names come in reading order."""
        score, how = 0.0, "in the head"
        foot = next((foot for foot in self.feet if place.row in foot), None)
        if foot is not None and _is_first(self.document, place) and not self._is_sentence(text):
            self.feet.remove(foot)
            score += 2.5
            how = "at the foot, with its register number"
        sold = [block for block in self.sellers if block.has(place)]
        if not sold and any(block.has(place) for block in self.buyers):
            score -= 3.0
        if any(place.row - block.first_row <= 3 for block in sold):
            score += 2.5
            how = "in the seller's block"
        if any(one.row == place.row and one.left <= place.left <= one.right for one in self.senders):
            score += 2.0
            how = "in the sender's line above the address"
        if place.page_index == self.document.first_page:
            score += 2.0 * max(0.0, 1 - place.row / 6)
        score += 0.4 * max(0.0, 1 - place.row / max(len(self.document.rows), 1))
        return score - 1.5 * (self.signed and heads_address(self.document, place)), how

    def _is_sentence(self, text: str) -> bool:
        return len(text.split()) > MAX_FOOT_WORDS or (text.endswith(".") and not _legal(text, self.lexicon))

    def likeness(self, place: Place, text: str, key: str) -> float:
        """Weigh whether a text looks like the name of a company."""
        titles = (one.place for one in self.labels.by_row.get(place.row, ()) if one.kinds)
        score = 2.5 * any(_is_of_domain(key, domain) for domain in self.domains)
        score += 2.2 * _legal(text, self.lexicon)
        score -= 2.5 * (_ADDRESS.search(text) is not None)
        score -= 1.5 * any(place.start <= title.start and title.end <= place.end for title in titles)
        score += min((place.height / self.usual - 1) * 1.0, 1.5)
        return score - 0.8 * (len(text.split()) > 7)


def _is_first(document: LaidOutDocument, place: Place) -> bool:
    return place.start == 0 or not document.rows[place.row].text[: place.start].strip(" *•-")


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
            after = (p.place.start for p in registers(labels, index) if begin < p.place.start < end)
            for offset, part in segments(row.text[begin : min(after, default=end)]):
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


def _is_name(text: str, begin: int, part: str, phrases: Sequence[Phrase], lexicon: Lexicon) -> bool:
    inside = [p for p in phrases if begin <= p.place.start and p.place.end <= begin + len(part)]
    covered = sum(p.place.end - p.place.start for p in inside if p.role or p.kinds or p.party)
    letters = sum(character.isalpha() for character in part)
    if letters < 2 or ":" in part or _NO_NAME.search(part):
        return False
    return covered * 2 <= len(part) or (_legal(part, lexicon) and not any(p.role in _SUMS for p in inside))


def _legal(text: str, lexicon: Lexicon) -> bool:
    words = [squeeze(word) for word in _BETWEEN_WORDS.split(text) if word]
    tails = {"".join(words[-size:]) for size in (1, 2, 3)} | {word for word in words[1:]}
    spaced = len(words) > 1 and not tails.isdisjoint(lexicon.legal_forms)
    return spaced or squeeze(text).endswith(lexicon.unspaced_forms)


def _median_height(document: LaidOutDocument) -> float:
    heights = sorted(box.height for row in document.rows for box in row.boxes)
    return heights[len(heights) // 2] if heights else 1.0
