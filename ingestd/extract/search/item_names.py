"""Names of line items: the column with most words in it, and the rows of text in which a name goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import regex

from ingestd.extract.search.item_lists import SUMS, Entry
from ingestd.extract.search.item_numbers import Number
from ingestd.extract.search.item_rows import ItemRow, Text

MAX_NAME = 300
"""Characters of a name."""
MAX_LINES = 6
"""Rows of text of a name."""
MAX_DIGITS = 3
"""Of a number that a name goes on with; a longer one is a code."""
TIGHT = 0.9
"""Space between two rows of a name, in heights."""
_POSITION = regex.compile(r"(?P<number>\d{1,4})[.)]?\s+(?=\p{L})")
_OPEN = ("-", "–", ",", "/", "&", "(", "+")
_WORD = regex.compile(r"\p{L}")


@dataclass(frozen=True, slots=True)
class _Found:
    """Candidate for the name of an item."""

    item: int
    left: float
    right: float
    text: str

    @property
    def letters(self) -> int:
        return len(_WORD.findall(self.text))


def names_of(rows: Sequence[ItemRow], entries: Sequence[Entry]) -> list[str | None]:
    """Return the names of items; None where nothing names them.

    Args:
        rows: of the document, or of its tables.
        entries: the items, from the top.
    """
    found = [one for item, entry in enumerate(entries) for one in _texts(rows[entry.row], entry, item)]
    column = _column(found, [rows[entry.row].slack for entry in entries])
    names: list[str | None] = []
    for item, entry in enumerate(entries):
        own = [one for one in found if one.item == item]
        named = [one for one in own if one in column] or sorted(own, key=lambda one: -one.letters)
        end = entries[item + 1].row if item + 1 < len(entries) else len(rows)
        start = entries[item - 1].row + 1 if item else 0
        if named:
            lines = [named[0], *_going_on(rows, entry, end, named[0], column)]
        else:
            lines = _above(rows, start, entry, column)
        name = joined([line.text for line in lines])[:MAX_NAME]
        names.append(name or None)
    return names


def _texts(row: ItemRow, entry: Entry, item: int) -> list[_Found]:
    """Return the texts of an item's row without its numbers."""
    taken = {entry.index}
    if entry.product is not None:
        taken |= {entry.product.one, entry.product.other}
        taken |= {entry.product.third} if entry.product.third is not None else set()
    factors = {row.numbers[index].text for index in taken}
    found = []
    for index, text in enumerate(row.texts):
        numbers = [
            one.number for n, one in enumerate(row.numbers) if one.text == index and (n in taken or one.number.percent)
        ]
        for start, end in _between(numbers, len(text.text)):
            part = text.text[start:end].strip(" :;|\t")
            left = text.left + (text.right - text.left) * start / max(1, len(text.text))
            right = text.left + (text.right - text.left) * end / max(1, len(text.text))
            position = _POSITION.match(part)
            if position is not None and int(position["number"]) in (item + 1, 10 * (item + 1)):
                part = part[position.end() :]
            one = _Found(item, left, right, part)
            if one.letters and not (index in factors and start and one.letters <= 4):
                found.append(one)
    return found


def _between(numbers: Sequence[Number], length: int) -> list[tuple[int, int]]:
    """Return the stretches of a text between its numbers."""
    ends = [0, *(number.end for number in numbers)]
    starts = [*(number.start for number in numbers), length]
    return [(end, start) for end, start in zip(ends, starts, strict=True) if start > end]


def _column(found: Sequence[_Found], slacks: Sequence[float]) -> list[_Found]:
    """Return the texts of the column with most letters."""
    best: list[_Found] = []
    for one in found:
        alike = [other for other in found if abs(other.left - one.left) <= slacks[one.item]]
        best = max(best, alike, key=lambda column: sum(text.letters for text in column))
    return best


def _going_on(rows: Sequence[ItemRow], entry: Entry, end: int, name: _Found, column: Sequence[_Found]) -> list[_Found]:
    """Return the texts below a name that go on from it."""
    lines: list[_Found] = []
    row, amount = entry.row, rows[entry.row].numbers[entry.index]
    above, right = name, max(one.right for one in column) if column else name.right
    below = rows[row + 1 : min(end, row + 1 + MAX_LINES)]
    texts = [_at(one, name) for one in below]
    right = max([right, *(text.right for text in texts if text is not None)])
    for index, (one, text) in enumerate(zip(below, texts, strict=True)):
        before = rows[row + index]
        height = one.bottom - one.top
        if not height or text is None or next(one.aligned(amount), None) is not None:
            break
        if not text.letters and len(text.text) > MAX_DIGITS:
            break
        if one.page_index != before.page_index or one.top - before.bottom > TIGHT * height:
            break
        if one.roles & SUMS or one.is_header or not _continues(above, text, right):
            break
        above = text
        lines.append(text)
    return lines


def _at(row: ItemRow, name: _Found) -> _Found | None:
    """Return the text of a row that stands where a name does."""
    near = [text for text in row.texts if abs(text.left - name.left) <= row.slack and text.text.strip()]
    return _found(near[0], name.item) if near else None


def _found(text: Text, item: int) -> _Found:
    return _Found(item, text.left, text.right, text.text.strip())


def _continues(above: _Found, text: _Found, right: float) -> bool:
    """Tell whether a text goes on from the one above it, whose line had no room for its first word."""
    if above.text.endswith(_OPEN) or text.text[0].islower() or text.text[0] in "(&/+":
        return True
    word = len(text.text.split()[0]) + 1
    return right - above.right < (text.right - text.left) * word / max(1, len(text.text))


def _above(rows: Sequence[ItemRow], start: int, entry: Entry, column: Sequence[_Found]) -> list[_Found]:
    """Return the text above an item that has none in its own row."""
    own = rows[entry.row]
    for index in range(entry.row - 1, max(start, entry.row - 3) - 1, -1):
        row = rows[index]
        if row.page_index != own.page_index or row.is_header or row.roles & SUMS:
            break
        texts = [_found(text, 0) for text in row.texts if len(_WORD.findall(text.text)) >= 3]
        if texts:
            return texts[:1]
    return []


def joined(lines: Sequence[str]) -> str:
    """Join the lines of a name; a word that a hyphen divides is one.

    >>> joined(["Beamer-", "Deckenhalterung 2 m", "lang"])
    'Beamer-Deckenhalterung 2 m lang'
    """
    text = ""
    for line in filter(None, lines):
        tight = not text or (text.endswith("-") and text[-2:-1].isalpha()) or text[-1] > "⺀" < line[0]
        text += line if tight else f" {line}"
    return text
