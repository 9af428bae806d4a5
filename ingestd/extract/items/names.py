"""Names of line items: the column with most words in it, and the rows of text in which a name goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import regex

from ingestd.extract.items.lists import ROLES_OF_SUMS, Entry
from ingestd.extract.items.numbers import Number
from ingestd.extract.items.rows import ItemRow, Text

SAME = 0.4
"""Share of the slack of a column by which the left edges of the lines of a name may differ."""
MAX_NAME = 300
"""Characters of a name."""
MAX_LINES = 6
"""Rows of text of a name."""
MIN_NAME, MIN_WORD = 4, 3
"""Letters of a name, and of one that is none but a code of tax, such as SR."""
CENTS = 2
"""Decimals of an amount."""
MAX_AWAY = 2
"""Rows from an item to a row above or below that names it."""
MAX_UNIT, MAX_CODE = 4, 8
"""Letters of a unit behind a number, and of a code of tax behind a rate; names have more."""
MAX_DIGITS = 3
"""Of a number that a name goes on with; a longer one is a code."""
WIDE, TIGHT = 0.9, 0.65
"""Space between two rows of a name, in heights: where the text itself says that it goes on, and where it was full."""
_POSITION = regex.compile(r"(?P<number>\d{1,4})[.)]?\s+(?=\p{L})")
_HYPHENS = ("-", "–")
_OPEN = (*_HYPHENS, ",", "/", "&", "(", "+")
_BRACKETS = regex.compile(r"\([^()]*\)")
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


def names_of(rows: Sequence[ItemRow], entries: Sequence[Entry], *, beside: bool = False) -> list[str | None]:
    """Return the names of items; None where nothing names them.

    Args:
        rows: of the document, or of its tables.
        entries: the items, from the top.
        beside: take the text above or below items without words in their own rows.
    """
    found = [one for item, entry in enumerate(entries) for one in _texts(rows[entry.row], entry, item)]
    column = _column(found, [rows[entry.row].slack for entry in entries])
    ends = [*(entry.row for entry in entries[1:]), len(rows)]
    lines: list[list[_Found]] = []
    for item, (entry, end) in enumerate(zip(entries, ends, strict=True)):
        own = [one for one in found if one.item == item]
        named = [one for one in own if one in column] or sorted(own, key=lambda one: -one.letters)
        lines.append([named[0], *_going_on(rows, entry, end, named[0], column)] if named else [])
    if beside:
        for item, texts in _beside(rows, entries, [item for item, one in enumerate(lines) if not _is_word(one)]):
            lines[item] = texts
            taken = {(text.left, text.text) for text in texts}
            if item:
                lines[item - 1] = [line for line in lines[item - 1] if (line.left, line.text) not in taken]
    return [joined([line.text for line in one])[:MAX_NAME] or None for one in lines]


def _is_word(texts: Sequence[_Found]) -> bool:
    return sum(text.letters for text in texts) >= MIN_WORD


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
            one.number
            for n, one in enumerate(row.numbers)
            if one.text == index and (n in taken or one.number.percent or one.number.currency)
        ]
        for start, end in _between(numbers, len(text.text)):
            part = text.text[start:end].strip(" :;|\t")
            left = text.left + (text.right - text.left) * start / max(1, len(text.text))
            right = text.left + (text.right - text.left) * end / max(1, len(text.text))
            position = _POSITION.match(part)
            if position is not None and int(position["number"]) in (item + 1, 10 * (item + 1), entry.quantity):
                part = part[position.end() :]
            one = _Found(item, left, right, part)
            if not one.letters and not (part.endswith("-") and part[:-1].isalnum()):
                continue
            ends = [number.end for number in numbers if number.percent]
            is_unit = index in factors and start and one.letters <= MAX_UNIT
            if not is_unit and not (start in ends and one.letters <= MAX_CODE):
                found.append(one)
    return _neighbours_joined(found, row.slack)


def _neighbours_joined(found: Sequence[_Found], space: float) -> list[_Found]:
    """Join texts side by side with no more than a space between them."""
    kept: list[_Found] = []
    for one in found:
        if kept and 0 <= one.left - kept[-1].right <= space:
            before = kept.pop()
            one = replace(before, right=one.right, text=f"{before.text} {one.text}")
        kept.append(one)
    return kept


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
    right = max([right, *(text.right for text in texts if text is not None and _is_same(text, name, rows[row].slack))])
    for before, one, text in zip(rows[row:], below, texts, strict=False):
        is_on = one.page_index == before.page_index or above.text.endswith(_HYPHENS)
        is_row_of_text = one.bottom > one.top and is_on
        if not is_row_of_text or text is None or one.is_header or one.roles & ROLES_OF_SUMS:
            break
        if next(one.aligned(amount), None) is not None or (not text.letters and len(text.text) > MAX_DIGITS):
            break
        space = (one.top - before.bottom) / (one.bottom - one.top)
        is_same = space <= TIGHT and _is_same(text, name, one.slack)
        if space > WIDE or not (_is_open(above, text) or (is_same and _is_full(above, text, right))):
            break
        above = text
        lines.append(text)
    return lines


def _at(row: ItemRow, name: _Found) -> _Found | None:
    """Return the text of a row that stands where a name does."""
    texts = (_found(text, name.item) for text in row.texts if text.text.strip())
    return next(
        (text for text in texts if abs(text.left - name.left) <= row.slack or _is_same(text, name, row.slack)), None
    )


def _is_same(text: _Found, name: _Found, slack: float) -> bool:
    """Tell whether a text begins where a name does, or stands in the middle below it."""
    left, right = text.left - name.left, text.right - name.right
    return min(abs(left), abs(left + right) / 2) <= SAME * slack


def _found(text: Text, item: int) -> _Found:
    return _Found(item, text.left, text.right, text.text.strip())


def _is_open(above: _Found, text: _Found) -> bool:
    """Tell whether a text, or the one above it, says that it goes on."""
    return above.text.endswith(_OPEN) or text.text[0].islower() or text.text[0] in "(&/+"


def _is_full(above: _Found, text: _Found, right: float) -> bool:
    """Tell whether a line had no room for the first word of the one below it."""
    word = len(text.text.split()[0]) + 1
    return right - above.right < (text.right - text.left) * word / max(1, len(text.text))


def _beside(
    rows: Sequence[ItemRow], entries: Sequence[Entry], nameless: Sequence[int]
) -> list[tuple[int, list[_Found]]]:
    """Return the texts above or below items without words in their own rows, if most of these items have any.

    Args:
        rows: that the items are among.
        entries: the items.
        nameless: indices of those without words.
    """
    is_below = entries[0].row > 0 and rows[entries[0].row - 1].is_header
    found = []
    for item in nameless:
        row = entries[item].row
        start = entries[item - 1].row + 1 if item else 0
        end = entries[item + 1].row if item + 1 < len(entries) else len(rows)
        below = range(row + 1, min(end, row + 1 + MAX_AWAY))
        above = range(row - 1, max(start, row - MAX_AWAY) - 1, -1)
        texts = _near(rows, entries[item], below if is_below else above)
        found += [(item, texts)] if texts else []
    return found if 2 * len(found) >= len(nameless) else []


def _near(rows: Sequence[ItemRow], entry: Entry, between: range) -> list[_Found]:
    """Return the texts of the first row with words among those above or below an item, from its own on."""
    own = rows[entry.row]
    for row in (rows[index] for index in between):
        if row.page_index != own.page_index or row.is_header or row.roles & ROLES_OF_SUMS:
            break
        if any(row.numbers[index].number.decimals == CENTS for index in row.aligned(own.numbers[entry.index])):
            break
        texts = [_found(text, 0) for text in row.texts if text.text.strip()]
        if sum(len(_WORD.findall(_BRACKETS.sub("", text.text))) for text in texts) >= MIN_WORD:
            return texts
    return []


def joined(lines: Sequence[str]) -> str:
    """Join the lines of a name; a word that a hyphen divides is one.

    >>> joined(["Beamer-", "Deckenhalterung 2 m", "lang"])
    'Beamer-Deckenhalterung 2 m lang'
    """
    text = ""
    for line in filter(None, lines):
        tight = not text or (text.endswith("-") and text[-2:-1].isalnum()) or text[-1] > "⺀" < line[0]
        text += line if tight else f" {line}"
    return text
