"""Phrases: label words that stand side by side, and the role that they announce."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import regex

from ingestd.extract.lexicon.labels import LabelHit, SqueezedDocument, compete
from ingestd.extract.lexicon.model import Lexicon, Meaning, role_of
from ingestd.extract.lexicon.spotting import is_ideographic
from ingestd.extract.understand.mentions import Place, place_of
from ingestd.layout.rows import LaidOutDocument

_CONNECTORS = frozenset(
    [
        "OF",
        "THE",
        "DE",
        "DU",
        "DES",
        "LA",
        "LE",
        "L",
        "D",
        "DER",
        "DIE",
        "DAS",
        "VON",
        "DI",
        "DEL",
        "DELLA",
        "DA",
        "DO",
        "VAN",
        "HET",
        "EL",
        "LOS",
        "IN",
        "EN",
        "ET",
        "UND",
        "AND",
        "A",
        "AU",
        "UNE",
        "UN",
        "Y",
        "E",
        "POR",
        "PER",
    ]
)
"""Words that may stand between two words of one phrase."""
_WORDS = regex.compile(r"[^\W\d_]+")
_SIGN = regex.compile(r"\w")
_DIGIT_OF_NO_RATE = regex.compile(r"\d(?!\d?[.,]?\d{0,2}\s?%)")
_CLASSES_OF_ROLE: Mapping[str, tuple[str, ...]] = {
    "date": ("invoice", "date"),
    "due_date": ("due", "date"),
    "delivery_date": ("delivery", "date"),
    "order_date": ("order", "date"),
    "tax_no": ("tax", "number"),
    "fiscal_no": ("tax", "number"),
    "register_no": ("register", "number"),
    "invoice_no": ("invoice", "number"),
    "total": ("total",),
    "net": ("net",),
    "tax": ("tax",),
}
_MODIFIERS = frozenset({"excluding", "including"})
MIN_LANGUAGE_SHARE = 0.2
"""A language whose words cover less than this share of the strongest language's letters is not spoken here."""
MIN_TELLING = 4
"""Letters of a label that tells a language."""
_MISREAD = 0.5
"""Share of its letters that a misread label counts for its language: it may be another word of another language."""
MAX_PHRASE_WORDS = 12
MAX_GAP_HEIGHTS = 1.6
"""Text heights between two boxes up to which their words may form one phrase."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Label words side by side."""

    place: Place
    text: str
    role: str | None
    """Role that it announces; None for headings of kinds and parties alone."""
    classes: tuple[str, ...]
    kinds: frozenset[str]
    party: str | None
    exact: bool
    """A whole phrase of the lexicon, or no letter misread and a role of two words or more."""
    first_in_row: bool
    alone: bool
    """Nothing else stands in its box but signs."""


@dataclass(frozen=True)
class Labels:
    """All phrases of a document."""

    phrases: tuple[Phrase, ...]
    languages: tuple[str, ...]
    """Languages spoken on the document, strongest first."""

    @cached_property
    def by_row(self) -> Mapping[int, tuple[Phrase, ...]]:
        """Row -> its phrases from left to right."""
        rows: dict[int, list[Phrase]] = defaultdict(list)
        for phrase in self.phrases:
            rows[phrase.place.row].append(phrase)
        return {row: tuple(found) for row, found in rows.items()}

    @cached_property
    def announcing(self) -> Mapping[int, tuple[Phrase, ...]]:
        """Row -> its phrases that have a role; rows from top to bottom."""
        roles = {row: tuple(phrase for phrase in self.by_row[row] if phrase.role) for row in sorted(self.by_row)}
        return {row: phrases for row, phrases in roles.items() if phrases}

    @cached_property
    def announcing_rows(self) -> Sequence[int]:
        """Rows with a phrase that has a role, from top to bottom."""
        return tuple(self.announcing)


def find_labels(page: SqueezedDocument, lexicon: Lexicon) -> Labels:
    """Find the phrases of a document in the languages that it speaks."""
    hits = [
        hit for hit in lexicon.spotter.spot(page) if _lettered(page.document.rows[hit.row].text[hit.start : hit.end])
    ]
    languages = _languages(compete(hits), lexicon)
    spoken = {hit: _meanings(hit.label, lexicon, languages) for hit in hits}
    kept = compete(hit for hit, (meanings, compound) in spoken.items() if meanings or compound)
    rows: dict[int, list[LabelHit]] = defaultdict(list)
    for hit in kept:
        rows[hit.row].append(hit)
    phrases = [phrase for row in sorted(rows) for phrase in _row_phrases(page.document, rows[row], spoken)]
    return Labels(tuple(phrases), languages)


def _lettered(text: str) -> bool:
    """Tell whether a text has more letters than digits; look-alikes make words out of numbers."""
    return sum(character.isdigit() for character in text) * 2 < sum(character.isalnum() for character in text)


def _languages(hits: Sequence[LabelHit], lexicon: Lexicon) -> tuple[str, ...]:
    letters: dict[str, float] = defaultdict(float)
    for hit in hits:
        if len(hit.label) >= MIN_TELLING or is_ideographic(hit.label):
            known = {meaning.language for meaning in lexicon.meanings.get(hit.label, ())}
            if not known:
                known = {file.language for file in lexicon.files if file.compounds}
            weight = (2 if is_ideographic(hit.label) else 1) * (_MISREAD if hit.edits else 1)
            for language in known:
                letters[language] += weight * len(hit.label) / len(known)
    if not letters:
        return ("en",)
    most = max(letters.values())
    return tuple(
        language
        for language, count in sorted(letters.items(), key=lambda item: -item[1])
        if count >= MIN_LANGUAGE_SHARE * most
    )


def _meanings(label: str, lexicon: Lexicon, languages: Sequence[str]) -> tuple[tuple[Meaning, ...], tuple[str, ...]]:
    known = [meaning for meaning in lexicon.meanings.get(label, ()) if meaning.language in languages]
    known.sort(key=lambda meaning: languages.index(meaning.language))
    compound = () if label in lexicon.meanings else lexicon.spotter.compound(label) or ()
    return tuple(known), compound


def _row_phrases(
    document: LaidOutDocument,
    hits: Sequence[LabelHit],
    spoken: Mapping[LabelHit, tuple[tuple[Meaning, ...], tuple[str, ...]]],
) -> Iterator[Phrase]:
    group: list[LabelHit] = []
    for hit in hits:
        if group and (len(group) == MAX_PHRASE_WORDS or not _joins(document, group, hit, spoken)):
            yield _phrase(document, group, spoken)
            group = []
        group.append(hit)
    if group:
        yield _phrase(document, group, spoken)


def _joins(
    document: LaidOutDocument,
    group: Sequence[LabelHit],
    after: LabelHit,
    spoken: Mapping[LabelHit, tuple[tuple[Meaning, ...], tuple[str, ...]]],
) -> bool:
    """Tell whether a hit goes on with the phrase of the hits before it."""
    before = group[-1]
    row = document.rows[before.row]
    between = row.text[before.end : after.start]
    words = [word for word in _WORDS.findall(between.upper()) if word not in _CONNECTORS]
    if words or _DIGIT_OF_NO_RATE.search(between) or ":" in between:
        return False
    if not _classes(spoken[before]) or not _classes(spoken[after]):
        return False
    first, last = row.box_at(before.end - 1), row.box_at(after.start)
    if last == first:
        return True
    if any(meaning.role for meaning in spoken[after][0]):
        return False  # a heading of its own
    begun = [word for hit in group for word in _classes(spoken[hit])]
    going_on = _classes(spoken[after])
    if role_of(begun) is not None and role_of(going_on) is not None and not {*going_on} & _MODIFIERS:
        return False  # headings of two columns
    gap = row.boxes[last].left - row.boxes[first].right
    return gap <= MAX_GAP_HEIGHTS * row.boxes[first].height


def _classes(known: tuple[tuple[Meaning, ...], tuple[str, ...]]) -> tuple[str, ...]:
    """Word classes of one hit."""
    meanings, compound = known
    for meaning in meanings:
        if meaning.role is not None:
            return _CLASSES_OF_ROLE.get(meaning.role, ())
    for meaning in meanings:
        if meaning.word_class is not None:
            return (meaning.word_class,)
    return compound


def _phrase(
    document: LaidOutDocument,
    hits: Sequence[LabelHit],
    spoken: Mapping[LabelHit, tuple[tuple[Meaning, ...], tuple[str, ...]]],
) -> Phrase:
    first, last = hits[0], hits[-1]
    row = document.rows[first.row]
    place = place_of(document, first.row, first.start, last.end)
    classes = tuple(word for hit in hits for word in _classes(spoken[hit]))
    meanings = [meaning for hit in hits for meaning in spoken[hit][0]]
    whole = next((meaning.role for meaning in meanings if meaning.role), None) if len(hits) == 1 else None
    role = whole or (role_of(classes) if classes else None)
    if any(meaning.role == "ignore" for meaning in meanings):
        role = "ignore"
    box = row.boxes[row.box_at(first.start)]
    offset = row.starts[row.box_at(first.start)]
    rest = (box.text[: max(first.start - offset, 0)] + box.text[max(last.end - offset, 0) :]).strip(" .:#-*()°º/")
    return Phrase(
        place,
        row.text[first.start : last.end],
        role,
        classes,
        frozenset(meaning.kind for meaning in meanings if meaning.kind) if len(hits) <= 2 else frozenset(),
        next((meaning.party for meaning in meanings if meaning.party), None),
        exact=whole is not None or (sum(hit.edits for hit in hits) == 0 and len(classes) > 1),
        first_in_row=not _SIGN.search(row.text, 0, first.start),
        alone=not _SIGN.search(rest),
    )
