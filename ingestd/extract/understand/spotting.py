"""Spotting the words of the lexicon on rows: runs of words looked up whole, with one misread character or in parts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

import regex

from ingestd.extract.rulefile.labels import LabelHit, Scanner, SqueezedDocument, allowed_edits
from ingestd.layout.rows import Row

_WORD = regex.compile(r"[^\W_]+")
_CODE = regex.compile(r"[-/]\d")
MAX_WORDS = 6
"""Words of a phrase."""
MAX_FUZZY_WORDS = 3
"""Words of a phrase that may be misread."""
MIN_FUZZY = 7
"""Letters of a label that may be misread: shorter words of several languages lie too close together."""
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
        self._latin = frozenset(label for label in labels if not _ideographic(label))
        self._scanner = Scanner({label: allowed_edits(label) for label in labels if _ideographic(label)})
        self._stems = stems
        self._ends = ends

    @cached_property
    def _deletions(self) -> Mapping[str, tuple[str, ...]]:
        """Text with one character less -> labels it may come from."""
        found: dict[str, list[str]] = defaultdict(list)
        for label in self._latin:
            if len(label) >= MIN_FUZZY:
                for text in _shortened(label):
                    found[text].append(label)
        return {text: tuple(labels) for text, labels in found.items()}

    def spot(self, page: SqueezedDocument) -> list[LabelHit]:
        """List every place where a label is found at word borders, overlapping ones too, row by row."""
        hits = list(self._scanner.scan(page))
        for index, row in enumerate(page.document.rows):
            hits += self._row(index, row, *page.rows[index])
        return hits

    def _row(self, index: int, row: Row, squeezed: str, places: list[int]) -> Iterator[LabelHit]:
        words = [match.span() for match in _WORD.finditer(row.text)]
        position = {place: offset for offset, place in enumerate(places)}
        covered = 0
        for first, (start, _) in enumerate(words):
            longest = 0
            for last in range(first, min(first + MAX_WORDS, len(words))):
                if last > first and _is_torn(row, words[last - 1][1] - 1, words[last][0]):
                    break
                end = words[last][1]
                begin = position.get(start)
                if begin is None or end - 1 not in position:
                    break
                text = squeezed[begin : position[end - 1] + 1]
                if len(text) > MAX_LETTERS:
                    break
                if text in self._latin and not _begins_code(row.text, end):
                    yield LabelHit(index, start, end, text, 0)
                    longest = end
            if longest:
                covered = max(covered, longest)
            elif start >= covered:
                yield from self._misread(index, row, words, first, squeezed, position)

    def _misread(
        self, index: int, row: Row, words: list[tuple[int, int]], first: int, squeezed: str, position: dict[int, int]
    ) -> Iterator[LabelHit]:
        """Find a compound or a label with one misread character where nothing is found exactly."""
        start, end = words[first]
        if start in position and end - 1 in position:
            text = squeezed[position[start] : position[end - 1] + 1]
            if self.compound(text):
                yield LabelHit(index, start, end, text, 0)
                return
        for last in range(first, min(first + MAX_FUZZY_WORDS, len(words))):
            if last > first and _is_torn(row, words[last - 1][1] - 1, words[last][0]):
                return
            end = words[last][1]
            if start not in position or end - 1 not in position:
                return
            text = squeezed[position[start] : position[end - 1] + 1]
            if len(text) < MIN_FUZZY - 1 or sum(map(str.isdigit, text)) > 2:
                continue
            if len(text) > MAX_LETTERS:
                return
            label = self._similar(text)
            if label is not None:
                yield LabelHit(index, start, end, label, 1)
                return

    def _similar(self, text: str) -> str | None:
        for shorter in (text, *_shortened(text)):
            for label in self._deletions.get(shorter, ()):
                if _one_edit(text, label):
                    return label
            if shorter is not text and shorter in self._latin and len(shorter) >= MIN_FUZZY:
                return shorter
        return None

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


def _ideographic(label: str) -> bool:
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


def _is_torn(row: Row, before: int, after: int) -> bool:
    first, last = row.box_at(before), row.box_at(after)
    return first != last and row.boxes[last].left - row.boxes[first].right > _TORN * row.boxes[first].height


def _begins_code(text: str, end: int) -> bool:
    """Tell whether a word goes on as a code: GST-3425-26, INV-100."""
    return _CODE.match(text, end) is not None
