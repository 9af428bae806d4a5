"""Find printed words on rows, with small misreadings.

Rows are searched squeezed: upper case, letters and digits only, without accents, look-alikes folded into one. ``SUB -
TOTAL``, ``Subtotal`` and ``5ub Total`` are one word, and so is a label that is split over boxes. Labels compete for the
characters that they cover, and the longest and least misread one wins: ``TOTAL`` is not found inside ``TOTAL EXCLUDING
GST`` where a rule has that label too.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise

import regex

from ingestd.extract.values.accents import without_accents
from ingestd.layout.rows import LaidOutDocument, Row, fold

TIMEOUT_S = 0.1
"""Time limit of one search of one pattern."""


def _bare_letters() -> Mapping[str, str]:
    """Capital letters of the Latin alphabet with accents or strokes, each with its bare letter."""
    letters = [chr(code) for code in range(0xC0, 0x250) if chr(code).isupper()]
    bare = {letter: without_accents(letter) for letter in letters}
    return {letter: plain for letter, plain in bare.items() if plain != letter and plain.isascii()}


_ALIKE = dict(
    zip(
        "015L8|額貨稅號碼發稱價計購銷單開戶帳規買賣備註電話務應勞項統會識別",
        "OISIBI额货税号码发称价计购销单开户帐规买卖备注电话务应劳项统会识别",
        strict=True,
    )
)
_LOOKALIKES = str.maketrans({letter: _ALIKE.get(plain, plain) for letter, plain in _bare_letters().items()} | _ALIKE)
"""Characters that recognisers confuse, accents that they lose, and traditional forms of the characters of Chinese
forms."""

_CURRENCY_NEXT = regex.compile(r"(?:RM|MYR|USD|EUR|GBP)\s*[\d:.-]", regex.IGNORECASE)
MAX_GAP_HEIGHTS = 2.0
"""Text heights between two boxes up to which their Latin words are one label."""

_MAX_SQUEEZED = 8192
"""Texts whose squeezed form is kept: labels, and words of documents, which recur."""

_EDIT_COST = 2.5
"""Characters of length that a misread character costs when labels compete."""


@dataclass(frozen=True, slots=True)
class LabelHit:
    """A label found on a row."""

    row: int
    """Index into ``LaidOutDocument.rows``."""
    start: int
    end: int
    """Characters of the row's text that it covers."""
    label: str
    """Squeezed."""
    edits: int
    """Characters misread, missing or added."""

    @property
    def score(self) -> float:
        """Claim to its characters: length less misreadings."""
        return len(self.label) - _EDIT_COST * self.edits


@lru_cache(_MAX_SQUEEZED)
def squeeze(text: str) -> str:
    """Reduce a text to the form in which labels are compared.

    >>> squeeze("价税合计（大写）："), squeeze("Sub-Total"), squeeze("Číslo účtu")
    ('价税合计大写', 'SUBTOTAI', 'CISIOUCTU')
    """
    return _squeeze(fold(text)[0])[0]


def _squeeze(text: str) -> tuple[str, list[int]]:
    """Squeeze a text; return with it the index in ``text`` of each of its characters."""
    places = [index for index, character in enumerate(text) if character.isalnum() or character == "|"]
    upper = text.upper()
    if len(upper) != len(text):  # some characters have no single upper-case form
        upper = "".join(map(_upper, text))
    return "".join([upper[index] for index in places]).translate(_LOOKALIKES), places


def _upper(character: str) -> str:
    upper = character.upper()
    return upper if len(upper) == 1 else character


@dataclass(frozen=True, slots=True)
class SqueezedDocument:
    """Rows of a document in the form in which labels are compared, made once for all scanners."""

    document: LaidOutDocument
    rows: tuple[tuple[str, list[int]], ...]
    """Per row its squeezed text and the index of each of its characters in the row."""
    starts: tuple[int, ...]
    """Offset of each row in ``whole``."""
    whole: str
    """All rows, one per line."""


def squeeze_rows(document: LaidOutDocument) -> SqueezedDocument:
    """Prepare a document for scanners."""
    rows = tuple(_squeeze(row.text) for row in document.rows)
    starts = accumulate((len(text) + 1 for text, _ in rows), initial=0)
    return SqueezedDocument(document, rows, tuple(starts)[:-1], "\n".join(text for text, _ in rows))


def allowed_edits(squeezed: str) -> int:
    """Return the misread characters that a label may have by default: none for short words.

    >>> [allowed_edits(word) for word in ("TOTAI", "INVOICENO", "TOTAISAIESINCGST", "金额", "发票号码")]
    [0, 1, 2, 0, 1]
    """
    short, long = (8, 14) if squeezed.isascii() else (4, 8)
    return (len(squeezed) >= short) + (len(squeezed) >= long)


@dataclass(frozen=True, slots=True)
class _Fuzzy:
    """Label with misread characters; at least one of its pieces must be right."""

    label: str
    edits: int
    characters: frozenset[str]
    pattern: regex.Pattern[str]
    pieces: tuple[tuple[int, str], ...]
    """Offset of each piece in the label, and the piece."""

    def find(self, text: str, begin: int) -> tuple[int, int, str, int] | None:
        """Find the label near ``begin``: start, end, label and misread characters."""
        first, last = max(begin - self.edits, 0), begin + len(self.label) + self.edits
        if len(self.characters.difference(text[first:last])) > self.edits:
            return None
        found = self.pattern.search(text, first, last, timeout=TIMEOUT_S)
        return found and (found.start(), found.end(), self.label, sum(found.fuzzy_counts))


class Scanner:
    """Searcher for many labels at once.

    Args:
        labels: squeezed label -> misread characters it may have.
    """

    def __init__(self, labels: Mapping[str, int]) -> None:
        self._labels = tuple(labels)
        self._fuzzy = tuple(_fuzzy(label, edits) for label, edits in labels.items() if edits)

    def scan(self, squeezed: SqueezedDocument) -> tuple[LabelHit, ...]:
        """Find every place of a label at word borders, overlapping ones included, row by row."""
        hits = []
        for label in self._labels:
            if label not in squeezed.whole:
                continue
            for offset in _occurrences(label, squeezed.whole):
                row = bisect_right(squeezed.starts, offset) - 1
                hits.append((row, offset - squeezed.starts[row], offset - squeezed.starts[row] + len(label), label, 0))
        hits.extend(self._misread(squeezed))
        rows = squeezed.document.rows
        return tuple(
            LabelHit(row, places[start], places[end - 1] + 1, label, edits)
            for row, start, end, label, edits in hits
            if _at_borders(rows[row].text, (places := squeezed.rows[row][1])[start], places[end - 1] + 1)
            and not (label.isascii() and _torn(rows[row], places[start], places[end - 1]))
        )

    def _misread(self, squeezed: SqueezedDocument) -> Iterator[tuple[int, int, int, str, int]]:
        for fuzzy in self._fuzzy:
            tried: set[tuple[int, int]] = set()
            for cut, piece in fuzzy.pieces:
                if piece not in squeezed.whole:
                    continue
                for offset in _occurrences(piece, squeezed.whole):
                    row = bisect_right(squeezed.starts, offset) - 1
                    begin = offset - squeezed.starts[row] - cut
                    if (row, begin) in tried or fuzzy.label in squeezed.rows[row][0]:
                        continue
                    tried.add((row, begin))
                    found = fuzzy.find(squeezed.rows[row][0], begin)
                    if found is not None:
                        yield row, *found


def _fuzzy(label: str, edits: int) -> _Fuzzy:
    cuts = [len(label) * part // (edits + 1) for part in range(edits + 2)]
    return _Fuzzy(
        label,
        edits,
        frozenset(label),
        regex.compile(f"(?b)(?:{regex.escape(label)}){{e<={edits}}}"),
        tuple((start, label[start:end]) for start, end in pairwise(cuts) if end > start),
    )


def _occurrences(text: str, whole: str) -> Iterator[int]:
    offset = whole.find(text)
    while offset >= 0:
        yield offset
        offset = whole.find(text, offset + 1)


def _at_borders(text: str, start: int, end: int) -> bool:
    """Return True where no Latin word or code is cut in two; an amount may follow without a space."""
    if start and _latin(text[start]) and _joins(text[start - 1]):
        return False
    if end < len(text) and _latin(text[end]) and _latin(text[end - 1]):
        return _CURRENCY_NEXT.match(text, end) is not None
    return True


def _joins(character: str) -> bool:
    return character.isdecimal() or _latin(character)


def _torn(row: Row, first: int, last: int) -> bool:
    """Return True where the words of a Latin label stand so far apart that they are headers of two columns.

    Chinese forms spread the characters of a label (名    称), so this does not apply to them.
    """
    boxes = row.boxes[row.box_at(first) : row.box_at(last) + 1]
    return any(right.left - left.right > MAX_GAP_HEIGHTS * left.height for left, right in pairwise(boxes))


def _latin(character: str) -> bool:
    return character.isalpha() and ord(character) < 0x250


def compete(hits: Iterable[LabelHit]) -> tuple[LabelHit, ...]:
    """Keep the best-scored one of hits that overlap, in order of rows."""
    kept: dict[int, list[LabelHit]] = {}
    for hit in sorted(hits, key=lambda hit: (-hit.score, hit.row, hit.start)):
        others = kept.setdefault(hit.row, [])  # from left to right
        index = bisect_left(others, hit.end, key=_start_of)
        if index == 0 or others[index - 1].end <= hit.start:
            others.insert(index, hit)
    return tuple(hit for row in sorted(kept) for hit in kept[row])


def _start_of(hit: LabelHit) -> int:
    return hit.start
