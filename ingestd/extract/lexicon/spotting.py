"""Spotting the words of the lexicon on rows: runs of words looked up whole, with one misread character or in parts."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import regex

from ingestd.extract.lexicon.labels import LabelHit, Scanner, SqueezedDocument, allowed_edits
from ingestd.layout.rows import Row

_WORD = regex.compile(r"[^\W_]+")
_CODE = regex.compile(r"[-/]\d")
MAX_WORDS = 6
"""Words of a phrase."""
MAX_FUZZY_WORDS = 3
"""Words of a phrase that may be misread."""
MIN_FUZZY = 7
"""Letters of a label that may be misread: shorter words of several languages lie too close together."""
MAX_FUZZY_DIGITS = 2
"""Digits of a text that may be a misread label."""
MAX_SEEN = 20_000
"""Texts whose similar label is kept."""
MAX_LETTERS = 40
_TORN = 2.0
"""Text heights between two boxes from which on their words are not one label."""


class Spotter:
    """Finds labels on rows.

    Args:
        labels: squeezed labels.
        compounds: stems and ends of words that are joined without a space, squeezed.
    """

    def __init__(self, labels: Iterable[str], stems: Mapping[str, str], ends: Mapping[str, str]) -> None:
        self._latin = frozenset(label for label in labels if not is_ideographic(label))
        self._scanner = Scanner({label: allowed_edits(label) for label in labels if is_ideographic(label)})
        self._stems = stems
        self._ends = ends
        self._seen: dict[str, str | None] = {}

    @cached_property
    def _deletions(self) -> Mapping[str, tuple[str, ...]]:
        """Text with one character less -> labels it may come from."""
        found: dict[str, list[str]] = defaultdict(list)
        for label in self._latin:
            if len(label) >= MIN_FUZZY:
                for text in _shortened(label):
                    found[text].append(label)
        return {text: tuple(labels) for text, labels in found.items()}

    @cached_property
    def _halves(self) -> tuple[frozenset[str], frozenset[str]]:
        """First and second halves of the labels that may be misread."""
        labels = [label for label in self._latin if len(label) >= MIN_FUZZY]
        heads = frozenset(label[: len(label) // 2] for label in labels)
        return heads, frozenset(label[len(label) // 2 :] for label in labels)

    @cached_property
    def _beginnings(self) -> frozenset[str]:
        """First letters of all labels, one or more, and the labels."""
        return frozenset(label[:size] for label in self._latin for size in range(1, len(label) + 1))

    def spot(self, page: SqueezedDocument) -> list[LabelHit]:
        """List every place where a label is found at word borders, overlapping ones too, row by row."""
        hits = list(self._scanner.scan(page))
        for index, row in enumerate(page.document.rows):
            hits += self._row(index, row, *page.rows[index])
        return hits

    def _row(self, index: int, row: Row, squeezed: str, places: list[int]) -> Iterator[LabelHit]:
        words = _words(row, places)
        covered = 0
        for first, word in enumerate(words):
            longest = 0
            for last in range(first, min(first + MAX_WORDS, word.last + 1)):
                text, end = squeezed[word.begin : words[last].close], words[last].end
                if text not in self._beginnings:
                    break
                if text in self._latin and not _begins_code(row.text, end):
                    yield LabelHit(index, word.start, end, text, 0)
                    longest = end
            if longest:
                covered = max(covered, longest)
            elif word.start >= covered:
                yield from self._misread(index, words, first, squeezed)

    def _misread(self, index: int, words: Sequence[_Word], first: int, squeezed: str) -> Iterator[LabelHit]:
        """Find a compound or a label with one misread character where nothing is found exactly."""
        word = words[first]
        text = squeezed[word.begin : word.close]
        if self.compound(text):
            yield LabelHit(index, word.start, word.end, text, 0)
            return
        for last in range(first, min(first + MAX_FUZZY_WORDS, word.last + 1)):
            text = squeezed[word.begin : words[last].close]
            if len(text) > MAX_LETTERS:
                return
            if len(text) < MIN_FUZZY - 1 or sum(map(str.isdigit, text)) > MAX_FUZZY_DIGITS:
                continue
            label = self._similar(text)
            if label is not None:
                yield LabelHit(index, word.start, words[last].end, label, 1)
                return

    def _similar(self, text: str) -> str | None:
        """Label that a text is with one misread character; kept, because the words of documents recur."""
        if text not in self._seen:
            if len(self._seen) >= MAX_SEEN:
                self._seen.clear()
            self._seen[text] = self._looked_up(text)
        return self._seen[text]

    def _looked_up(self, text: str) -> str | None:
        if not self._has_half(text):
            return None
        for shorter in (text, *_shortened(text)):
            for label in self._deletions.get(shorter, ()):
                if _one_edit(text, label):
                    return label
            if shorter is not text and shorter in self._latin and len(shorter) >= MIN_FUZZY:
                return shorter
        return None

    def _has_half(self, text: str) -> bool:
        """Tell whether one half of a label stands in its place: one misread character leaves the other half whole."""
        heads, tails = self._halves
        sizes = (len(text) - 1, len(text), len(text) + 1)
        return any(text[: size // 2] in heads or text[size // 2 - size :] in tails for size in sizes)

    def compound(self, text: str) -> tuple[str, str] | None:
        """Word classes of the two parts of a compound."""
        for cut in range(3, len(text) - 1):
            end = self._ends.get(text[cut:])
            if end is not None:
                stem = self._stems.get(text[:cut]) or (
                    self._stems.get(text[: cut - 1]) if text[cut - 1] == "S" else None
                )
                if stem is not None:
                    return stem, end
        return None


def words_of(text: str) -> int:
    """Count the words of a text; ideographs side by side are one."""
    return len(_WORD.findall(text))


def is_ideographic(label: str) -> bool:
    """Tell whether a label has Chinese characters."""
    return any("\u3400" <= character <= "\u9fff" for character in label)


def _shortened(text: str) -> Iterator[str]:
    for index in range(len(text)):
        yield text[:index] + text[index + 1 :]


def _one_edit(text: str, label: str) -> bool:
    """Tell whether one character read wrong, added or lost makes one out of the other."""
    if len(text) == len(label):
        return sum(a != b for a, b in zip(text, label, strict=True)) == 1
    longer, shorter = (text, label) if len(text) > len(label) else (label, text)
    return len(longer) - len(shorter) == 1 and any(one == shorter for one in _shortened(longer))


@dataclass(slots=True)
class _Word:
    """A word of a row."""

    start: int
    end: int
    """Characters of the row."""
    begin: int
    close: int
    """Characters of the squeezed row."""
    last: int
    """Index of the last word before a wide gap."""


def _words(row: Row, places: Sequence[int]) -> list[_Word]:
    """Words of a row that squeezing leaves whole.

    Args:
        row: the row.
        places: index in the row of each character of the squeezed row.
    """
    found: list[_Word] = []
    torn = -1
    for start, end in (match.span() for match in _WORD.finditer(row.text)):
        begin, close = bisect_left(places, start), bisect_left(places, end)
        whole = begin < close and places[begin] == start and places[close - 1] == end - 1
        if found and (not whole or _is_torn(row, found[-1].end - 1, start)):
            torn = _close(found, torn)
        if whole:
            found.append(_Word(start, end, begin, close, 0))
    _close(found, torn)
    return found


def _close(words: Sequence[_Word], torn: int) -> int:
    """End the run of words that begins after the index ``torn``; return its last index."""
    last = len(words) - 1
    for word in words[torn + 1 :]:
        word.last = last
    return last


def _is_torn(row: Row, before: int, after: int) -> bool:
    if len(row.boxes) == 1:
        return False
    first, last = row.box_at(before), row.box_at(after)
    return first != last and row.boxes[last].left - row.boxes[first].right > _TORN * row.boxes[first].height


def _begins_code(text: str, end: int) -> bool:
    """Tell whether a word goes on as a code: GST-3425-26, INV-100."""
    return _CODE.match(text, end) is not None
