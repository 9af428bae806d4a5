"""Rows of a table out of rows of text: text that is wrapped inside a cell belongs to the row of that cell. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from ingestd.layout.rows import is_wide
from ingestd.layout.tables.entries import Entry, TextRow, entries_in, is_numeric
from ingestd.layout.tables.ruling import Rule

OVERLAP = 0.35
"""Heights by which two rows of text overlap if they are one row with cells of different numbers of lines."""
TIGHT = 0.75
"""Gap in heights between the lines of one cell of a header."""
TIGHTER = 0.75
"""Share of the usual gap between rows that the lines of one cell have where nothing else tells."""
SHARE_RULED = 0.6
"""Share of a column's width that a rule below it covers."""
ROW_RULES = 0.5
"""Rules per row from which every row counts as ruled."""
MIN_ROW_RULES = 3
FULL = 0.6
"""Share of the columns that a row of its own fills, in a table with a rule below every row."""
BETTER = 0.5
"""Share of its distance from the middle of its own column that a header has from the middle of those it spans."""
MAX_HEADER = 5
"""Rows of text of a header."""
_ENUMERATION = re.compile(r"\(?(?:[a-z]|[ivx]+|\d{1,3})[).、]")
_OPEN = ("-", "–", ",", "/", "&", "(", "，", "、", "（")
_JOINING = frozenset(("and", "of", "the", "for", "in", "with", "to", "or", "und", "der", "de", "et", "des", "von"))


@dataclass(frozen=True, slots=True)
class Bands:
    """Horizontal rules between the rows of text of a table."""

    spans: tuple[tuple[range, ...], ...]
    """Columns that each rule below a row of text covers, for each row of text."""
    columns: int

    def ruled(self, row: int) -> frozenset[int]:
        """Return the columns below which a rule runs."""
        return frozenset(column for span in self.spans[row] for column in span)

    def is_full(self, row: int) -> bool:
        """Tell whether a rule parts a row of text from the next one over nearly all columns."""
        longest = max(map(len, self.spans[row]), default=0)
        return longest >= max(1, self.columns - (self.columns > 2))

    @property
    def full(self) -> list[int]:
        """Rows of text with such a rule below them."""
        return [row for row in range(len(self.spans)) if self.is_full(row)]


def bands_of(rows: Sequence[TextRow], columns: int, flat: Sequence[Rule]) -> Bands:
    """Sort horizontal rules between rows of text; the last row has none below it.

    Args:
        rows: of text, from the top.
        columns: number of columns.
        flat: horizontal rules.
    """
    middles = [(row.top + row.bottom) / 2 for row in rows]
    extents = _extents(rows, columns)
    spans: list[list[range]] = [[] for _ in rows]
    for rule in flat:
        covered = [
            column
            for column, (left, right) in enumerate(extents)
            if right > left and min(right, rule.end) - max(left, rule.start) >= SHARE_RULED * (right - left)
        ]
        for row in range(len(rows) - 1):
            if covered and middles[row] < rule.at < middles[row + 1]:
                spans[row].append(range(covered[0], covered[-1] + 1))
    return Bands(tuple(map(tuple, spans)), columns)


def _extents(rows: Sequence[TextRow], columns: int) -> list[tuple[float, float]]:
    """Return the left and right end of the texts of each column; the same where it has none of its own."""
    found = []
    for column in range(columns):
        own = entries_in(rows, column)
        found.append((min(entry.left for entry in own), max(entry.right for entry in own)) if own else (0.0, 0.0))
    return found


def header_of(rows: Sequence[TextRow], bands: Bands) -> int:
    """Return the number of rows of text that head the columns: above the first rule, or above the first numbers."""
    full = bands.full
    if full and full[0] + 1 <= min(MAX_HEADER, len(rows) - 1):
        end = full[0] + 1
        if _numbers(rows[:end]) < 0.5 or _numbers(rows[:end]) < _numbers(rows[end:]):
            return end
    for end, row in enumerate(rows[: MAX_HEADER + 1]):
        if _numbers([row]) >= 0.5:
            return _without_headings(rows, end) if _numbers(rows[end:]) >= 0.4 else 0
    return 0


def _without_headings(rows: Sequence[TextRow], header: int) -> int:
    """Leave out headings of rows, which stand alone in the first column, below the headers of columns."""
    widths = _right_edges(rows)
    while header > 1 and [entry.first for entry in rows[header - 1].entries] == [0]:
        if _is_wrapped(rows[header - 2].at(0), rows[header - 1].entries[0], widths, tighter=False):
            break
        header -= 1
    return header


def _numbers(rows: Sequence[TextRow]) -> float:
    """Return the share of numbers among the texts beside the first column."""
    texts = [entry.text for row in rows for entry in row.entries if entry.first > 0]
    return sum(map(is_numeric, texts)) / len(texts) if texts else 0.0


def spread(rows: Sequence[TextRow], header: int, bands: Bands) -> list[TextRow]:
    """Let headers of several columns span them: as the rule below says, or so that they stand in the middle."""
    found = list(rows)
    for number in range(header - 2, -1, -1):
        below = {entry.first: entry for entry in found[number + 1].entries if entry.first == entry.last}
        taken = list(rows[number].entries)
        for index, entry in enumerate(taken):
            low = taken[index - 1].last + 1 if index else 0
            high = taken[index + 1].first - 1 if index + 1 < len(taken) else bands.columns - 1
            taken[index] = _spread(entry, range(low, high + 1), below, bands.spans[number])
        found[number] = TextRow(tuple(taken))
    return found


def _spread(entry: Entry, allowed: range, below: Mapping[int, Entry], ruled: Sequence[range]) -> Entry:
    """Return a header over the columns in whose middle it stands.

    Args:
        entry: in the columns that its text reaches.
        allowed: columns up to its neighbours.
        below: entries of the next row by column.
        ruled: columns that rules below it cover.
    """
    for span in ruled:
        if entry.first in span and entry.last in span and span[0] in allowed and span[-1] in allowed:
            return Entry(span[0], span[-1], entry.pieces)

    def off(first: int, last: int) -> float:
        return abs(below[first].left + below[last].right - entry.left - entry.right)

    spans = [
        (first, last)
        for first in allowed
        for last in allowed
        if first <= entry.first and last >= entry.last and all(n in below for n in range(first, last + 1))
    ]
    if not spans:
        return entry
    first, last = min(spans, key=lambda span: (off(*span), span[1] - span[0]))
    own = (entry.first, entry.last)
    if own in spans and off(first, last) >= BETTER * off(*own):
        return entry
    return Entry(first, last, entry.pieces)


def grouped(rows: Sequence[TextRow], header: int, bands: Bands, height: float) -> list[list[int]]:
    """Group rows of text into rows of the table.

    Args:
        rows: of text, from the top.
        header: number of those that head the columns.
        bands: rules between them.
        height: of a line of text, in pixels.

    Returns:
        Indices of rows of text, for each row of the table.
    """
    usual = _usual_gap(rows)
    widths = _right_edges(rows)
    every_row = _is_every_row_ruled(rows, bands)
    found = [[0]]
    for number in range(1, len(rows)):
        group = [rows[index] for index in found[-1]]
        row, gap = rows[number], rows[number].top - rows[number - 1].bottom
        if number == header or bands.ruled(number - 1) & (row.columns | group[-1].columns):
            joins = False
        elif gap < -OVERLAP * height:
            joins = True
        elif number < header:
            joins = gap <= TIGHT * height and not _is_spanned(group, row)
        elif every_row:
            joins = _is_part(group, row)
        else:
            joins = _continues(group, row, widths, tighter=gap <= TIGHTER * usual)
        if joins:
            found[-1].append(number)
        else:
            found.append([number])
    return _with_text_around(found, rows, header, bands)


def _with_text_around(
    groups: Sequence[list[int]], rows: Sequence[TextRow], header: int, bands: Bands
) -> list[list[int]]:
    """Join the lines of a text to the row in whose middle they stand: it has nothing in their column."""
    found: list[list[int]] = []
    rest = list(groups)
    while rest:
        if len(rest) >= 3 and rest[0][0] >= header:
            above, row, below = ([rows[index] for index in group] for group in rest[:3])
            columns = {one.columns for one in (*above, *below)}
            filled = _filled(row)
            parted = bands.ruled(rest[0][-1]) or bands.ruled(rest[1][-1])
            if len(columns) == 1 and len(only := columns.pop()) == 1 and not only & filled and filled and not parted:
                found.append([*rest[0], *rest[1], *rest[2]])
                rest = rest[3:]
                continue
        found.append(rest.pop(0))
    return found


def _usual_gap(rows: Sequence[TextRow]) -> float:
    """Return the usual distance between rows with several entries."""
    gaps = [
        below.top - above.bottom for above, below in pairwise(rows) if len(above.entries) > 1 and len(below.entries) > 1
    ]
    return median(gaps) if gaps else 0.0


def _right_edges(rows: Sequence[TextRow]) -> dict[int, float]:
    """Return how far the texts of each column reach to the right."""
    found: dict[int, float] = {}
    for row in rows:
        for entry in row.entries:
            if entry.first == entry.last:
                found[entry.first] = max(found.get(entry.first, entry.right), entry.right)
    return found


def _is_every_row_ruled(rows: Sequence[TextRow], bands: Bands) -> bool:
    fullest = max(len(row.columns) for row in rows)
    own = sum(len(row.columns) >= FULL * fullest for row in rows)
    return len(bands.full) >= max(MIN_ROW_RULES, ROW_RULES * own)


def _is_part(group: Sequence[TextRow], row: TextRow) -> bool:
    """Tell whether a row of text fills fewer columns than those above it between the same two rules, or the reverse."""
    filled = _filled(group)
    both = row.columns & filled
    return len(both) < FULL * max(len(filled), len(row.columns)) or len(filled) == 1


def _is_spanned(group: Sequence[TextRow], row: TextRow) -> bool:
    """Tell whether a row of text stands below a header of several columns."""
    return any(
        entry.last > entry.first and any(column in entry.columns for column in row.columns)
        for above in group
        for entry in above.entries
    )


def _continues(group: Sequence[TextRow], row: TextRow, widths: dict[int, float], *, tighter: bool) -> bool:
    filled = _filled(group)
    if row.columns < filled:
        return all(_is_wrapped(_last(group, entry.first), entry, widths, tighter=tighter) for entry in row.entries)
    if len(filled) == 1 and filled < row.columns and len(group[-1].entries) == 1:
        above, entry = group[-1].entries[0], row.at(min(filled))
        return entry is not None and _is_wrapped(above, entry, widths, tighter=False)
    return False


def _filled(rows: Sequence[TextRow]) -> frozenset[int]:
    """Return the columns that rows of text fill together."""
    return frozenset[int]().union(*(row.columns for row in rows))


def _last(group: Sequence[TextRow], column: int) -> Entry | None:
    return next((entry for row in reversed(group) if (entry := row.at(column)) is not None), None)


def _is_wrapped(above: Entry | None, entry: Entry, widths: dict[int, float], *, tighter: bool) -> bool:
    """Tell whether a text goes on from the one above it in its column."""
    if above is None or entry.first != above.first or above.last > above.first or entry.last > entry.first:
        return False
    before, text = above.text, entry.text
    if _ENUMERATION.match(text):
        return False
    if text[0].islower() or text[0] in "(&%/+±),;（）" or before.endswith(_OPEN) or before.split()[-1] in _JOINING:
        return True
    word = 1 if is_wide(text[0]) else len(text.split()[0])
    room = widths.get(entry.first, above.right) - above.right
    is_full = room < (entry.right - entry.left) * (word + 1) / (len(text) + 1)
    if is_numeric(text) and is_numeric(before):
        return False
    return is_full and (tighter or not text[0].isupper())
