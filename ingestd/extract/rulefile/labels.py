"""Finding printed words on rows, small misreadings and all.

Rows are searched squeezed: upper case, letters and digits only, look-alikes folded into one, so that
``SUB - TOTAL``, ``Subtotal`` and ``5ub Total`` are one word, and so is a label that is split over boxes.
Labels compete for the characters they cover: the longest and least misread one wins, so ``TOTAL`` is not
found inside ``TOTAL EXCLUDING GST`` where somebody asks for that too.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate, pairwise

import regex

from ingestd.layout.rows import LaidOutDocument, Row, fold

TIMEOUT_S = 0.1
"""Longest time for one search of one pattern."""

_LOOKALIKES = str.maketrans(
    "015L8|額貨稅號碼發稱價計購銷單開戶帳規買賣備註電話務應勞項統會識別",
    "OISIBI额货税号码发称价计购销单开户帐规买卖备注电话务应劳项统会识别",
)
"""Signs that readers take for one another, traditional forms of the characters of Chinese forms among them."""

_CURRENCY_NEXT = regex.compile(r"(?:RM|MYR|USD|EUR|GBP)\s*[\d:.-]", regex.IGNORECASE)
_TORN = 2.0
"""Text heights between two boxes from which on their Latin words are not one label."""

_EDIT_COST = 2.5
"""Characters of length that one misread character weighs when labels compete."""


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
        """How much it deserves its characters."""
        return len(self.label) - _EDIT_COST * self.edits


def squeeze(text: str) -> str:
    """The form in which labels are compared.

    >>> squeeze("价税合计（大写）："), squeeze("Sub-Total")
    ('价税合计大写', 'SUBTOTAI')
    """
    return _squeeze(fold(text)[0])[0]


def _squeeze(text: str) -> tuple[str, list[int]]:
    """Squeezed text and, for each of its characters, where it stands in ``text``."""
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
    """The rows of a document in the form in which labels are compared, made once for all scanners."""

    document: LaidOutDocument
    rows: tuple[tuple[str, list[int]], ...]
    """Of each row its squeezed text and where each of its characters stands."""
    starts: tuple[int, ...]
    """Where each row begins in ``whole``."""
    whole: str
    """All rows, a line each."""


def squeeze_rows(document: LaidOutDocument) -> SqueezedDocument:
    """Prepare a document for scanners."""
    rows = tuple(_squeeze(row.text) for row in document.rows)
    starts = accumulate((len(text) + 1 for text, _ in rows), initial=0)
    return SqueezedDocument(document, rows, tuple(starts)[:-1], "\n".join(text for text, _ in rows))


def allowed_edits(squeezed: str) -> int:
    """Misread characters a label may have by default: long words are safe to recognise, short ones are not.

    >>> [allowed_edits(word) for word in ("TOTAI", "INVOICENO", "TOTAISAIESINCGST", "金额", "发票号码")]
    [0, 1, 2, 0, 1]
    """
    short, long = (8, 14) if squeezed.isascii() else (4, 8)
    return (len(squeezed) >= short) + (len(squeezed) >= long)


@dataclass(frozen=True, slots=True)
class _Fuzzy:
    """A label that may be misread; of its pieces at least one must be right."""

    label: str
    edits: int
    characters: frozenset[str]
    pattern: regex.Pattern[str]
    pieces: tuple[tuple[int, str], ...]
    """Where each piece begins in the label, and the piece."""

    def find(self, text: str, begin: int) -> tuple[int, int, str, int] | None:
        """Start, end, label and misread characters of the label near ``begin``, found cheaply where it is not."""
        first, last = max(begin - self.edits, 0), begin + len(self.label) + self.edits
        if len(self.characters.difference(text[first:last])) > self.edits:
            return None
        found = self.pattern.search(text, first, last, timeout=TIMEOUT_S)
        return found and (found.start(), found.end(), self.label, sum(found.fuzzy_counts))


class Scanner:
    """Looks for many labels at once.

    Args:
        labels: squeezed label -> misread characters it may have.
    """

    def __init__(self, labels: Mapping[str, int]) -> None:
        self._labels = tuple(labels)
        self._fuzzy = tuple(_fuzzy(label, edits) for label, edits in labels.items() if edits)

    def scan(self, page: SqueezedDocument) -> tuple[LabelHit, ...]:
        """Every place where a label is found at word borders, overlapping ones too, row by row."""
        hits = []
        for label in self._labels:
            for offset in _occurrences(label, page.whole):
                row = bisect_right(page.starts, offset) - 1
                hits.append((row, offset - page.starts[row], offset - page.starts[row] + len(label), label, 0))
        hits.extend(self._misread(page))
        rows = page.document.rows
        return tuple(
            LabelHit(row, places[start], places[end - 1] + 1, label, edits)
            for row, start, end, label, edits in hits
            if _at_borders(rows[row].text, (places := page.rows[row][1])[start], places[end - 1] + 1)
            and not (label.isascii() and _torn(rows[row], places[start], places[end - 1]))
        )

    def _misread(self, page: SqueezedDocument) -> Iterator[tuple[int, int, int, str, int]]:
        for fuzzy in self._fuzzy:
            tried: set[tuple[int, int]] = set()
            for cut, piece in fuzzy.pieces:
                for offset in _occurrences(piece, page.whole):
                    row = bisect_right(page.starts, offset) - 1
                    begin = offset - page.starts[row] - cut
                    if (row, begin) in tried or fuzzy.label in page.rows[row][0]:
                        continue
                    tried.add((row, begin))
                    found = fuzzy.find(page.rows[row][0], begin)
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
    """No Latin word or code is cut in two; an amount or a number may follow without a space."""
    if start and _latin(text[start]) and _joins(text[start - 1]):
        return False
    if end < len(text) and _latin(text[end]) and _latin(text[end - 1]):
        return _CURRENCY_NEXT.match(text, end) is not None
    return True


def _joins(character: str) -> bool:
    return character.isdecimal() or _latin(character)


def _torn(row: Row, first: int, last: int) -> bool:
    """Whether the words of a Latin label stand so far apart that they are headers of two columns.

    Chinese forms spread the characters of a label instead (名    称), so this is not asked of them.
    """
    boxes = row.boxes[row.box_at(first) : row.box_at(last) + 1]
    return any(right.left - left.right > _TORN * left.height for left, right in pairwise(boxes))


def _latin(character: str) -> bool:
    return character.isalpha() and ord(character) < 0x250


def compete(hits: Iterable[LabelHit]) -> tuple[LabelHit, ...]:
    """Of hits that overlap only the one that deserves its characters most, in order of rows."""
    kept: dict[int, list[LabelHit]] = {}
    for hit in sorted(hits, key=lambda hit: (-hit.score, hit.row, hit.start)):
        others = kept.setdefault(hit.row, [])
        if all(hit.end <= other.start or other.end <= hit.start for other in others):
            others.append(hit)
    return tuple(hit for row in sorted(kept) for hit in sorted(kept[row], key=lambda hit: hit.start))


def overlaps(row: Row, hit: LabelHit, left: float, right: float) -> bool:
    """Whether a hit stands above or below the stretch ``left`` to ``right`` of the page."""
    first, last = row.extent(hit.start, hit.end)
    return first < right and left < last
