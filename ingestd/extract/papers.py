"""Several papers in one file, told apart before anything is added up: one after the other, or side by side on a page.

A page begins another paper where its own fields say so: a number, date or seller of its own, and a total of its own.
Two parts of a page are papers where nothing crosses the gap between them and each has such fields.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import accumulate
from statistics import median

import regex

from ingestd.document import Code, Extraction, Field, Level, Quad, Reading, ReasonKind
from ingestd.extract.lexicon.model import KINDS
from ingestd.extract.understand.findings import WITHOUT_LABEL
from ingestd.layout.geometry import as_quads, bounds, rect_quad
from ingestd.layout.row_groups import text_edges
from ingestd.layout.stack import Section, sections

MIN_LINES = 5
"""Lines of text of one of two papers side by side."""
MIN_GAP_HEIGHTS = 3.0
"""Text heights between two papers side by side."""
MAX_SIDE_BY_SIDE = 4
_NUMBERS = ("invoice_no", "receipt_no")
_SELLERS = ("seller_tax_no", "tax_no", "seller_name", "merchant")
_WITH_NUMBERS = frozenset(KINDS) - {"receipt"}
_PAGE_OF = regex.compile(
    r"\b(?:PAGE|PAGINA|PÁGINA|PAG\.?|SEITE|BLATT|STRONA|BLAD)\s*:?\s*(\d{1,3})(?!\d)(?:\s*(?:/|OF|VON|DE|DI|SUR|VAN|Z)\s*\d)?"
    r"|第\s*(\d{1,3})\s*[页頁]",
    regex.IGNORECASE,
)
"""Number of a page, as printed on it."""

Reader = Callable[[Reading], Extraction]
"""Extracts the fields of one paper."""


@dataclass(frozen=True, slots=True)
class Part:
    """One paper of a file and what was read of it."""

    pages: tuple[int, ...]
    """Indices, ascending."""
    area: Quad | None
    """Part of its page in decoded pixels; None: whole pages."""
    reading: Reading
    """Of this paper; lines of others have no text."""
    extraction: Extraction


def parts_of(reading: Reading, read: Reader) -> tuple[Part, ...]:
    """Tell the papers of a file apart, in reading order; one where nothing says that there are more.

    Args:
        reading: of the whole file; the papers' line numbers are those of it.
        read: how the fields of one paper are extracted.
    """
    groups = [group for section in _sections(reading) for group in _grouped(reading, section, read)]
    found: list[Part] = []
    for pages, extraction, is_free in groups:
        sides = _side_by_side(reading, pages[0], read) if is_free and len(pages) == 1 else ()
        if sides:
            found += sides
        elif extraction is not None and len(groups) > 1:
            found.append(Part(pages, None, _of_pages(reading, pages), extraction))
        else:
            whole = reading if len(groups) == 1 and _has_all(reading, pages) else _of_pages(reading, pages)
            found.append(Part(pages, None, whole, read(whole)))
    return tuple(found)


def _sections(reading: Reading) -> tuple[Section, ...]:
    """Return the sections of a file; lines of pages that are not listed make one of their own."""
    if reading.pages:
        return sections(reading.pages)
    return (Section(tuple(sorted({line.page_index for line in reading.lines})), is_free=True),)


def _has_all(reading: Reading, pages: Sequence[int]) -> bool:
    return {page.index for page in reading.pages} <= set(pages)


def pages_of_data(codes: Collection[Code]) -> tuple[int, ...]:
    """List the pages that show one stated invoice each; none where the file does not hold several.

    Args:
        codes: those of a reading that hold invoices.
    """
    pages = sorted(code.page_index for code in codes)
    return tuple(pages) if len(pages) > 1 and len(set(pages)) == len(pages) else ()


def parts_on(reading: Reading, pages: Sequence[int], read: Reader) -> tuple[Part, ...]:
    """Take each of these pages, drawn from data, for a paper; no field is read from its lines."""
    found = []
    for page in pages:
        lines = tuple(line for line in reading.lines if line.page_index == page)
        codes = tuple(code for code in reading.codes if code.page_index == page)
        part = dataclasses.replace(reading, lines=lines, codes=codes)
        found.append(Part((page,), None, part, read(part)))
    return tuple(found)


def _grouped(reading: Reading, section: Section, read: Reader) -> list[tuple[tuple[int, ...], Extraction | None, bool]]:
    """Pages of each paper of a section, what was read of a paper of one page, and whether it may be several."""
    with_text = {line.page_index for line in reading.lines}.intersection(section.pages)
    if not section.is_free or len(with_text) < 2:
        return [(section.pages, None, section.is_free)]
    groups: list[tuple[int, ...]] = []
    first: list[Extraction | None] = []
    """Of the first page with text of each group."""
    for index in section.pages:
        is_bare = index not in with_text or _goes_on(reading, index)
        page = None if is_bare else read(_of_pages(reading, (index,)))
        before = first[-1] if first else None
        if groups and (page is None or before is None or not begins_paper(before, page)):
            groups[-1] = (*groups[-1], index)
            # Pages without text before the first one with text are of its paper.
            if before is None and with_text.isdisjoint(groups[-1][:-1]):
                first[-1] = page
            continue
        groups.append((index,))
        first.append(page)
    return [(pages, one if len(pages) == 1 else None, True) for pages, one in zip(groups, first, strict=True)]


def _goes_on(reading: Reading, index: int) -> bool:
    """Tell whether a page says that it is not the first of its paper."""
    for line in reading.lines:
        found = _PAGE_OF.search(line.text) if line.page_index == index else None
        if found is not None and int(found[1] or found[2]) > 1:
            return True
    return False


def begins_paper(before: Extraction, page: Extraction) -> bool:
    """Tell whether a page is another paper than the one that began before it.

    Both have a total, and their numbers differ. A page without a number can be the second of an invoice, whose items
    and due date look like seller and date: it is another paper only where both are receipts.
    """
    numbers = [_numbers(side) for side in (before, page)]
    if not all(numbers):
        is_second = bool(numbers[0]) or before.rule != page.rule or page.rule in _WITH_NUMBERS
        return _differ(before, page) and (bool(numbers[1]) or not is_second)
    return _are_told(before, page) and numbers[0].isdisjoint(numbers[1])


def stand_apart(left: Extraction, right: Extraction) -> bool:
    """Tell whether two parts of a page that nothing joins are two papers: their numbers, or date and seller, differ."""
    numbers = [_numbers(side) for side in (left, right)]
    if all(numbers):
        return _are_told(left, right) and numbers[0].isdisjoint(numbers[1])
    dated = all("date" in _values(side) for side in (left, right))
    return dated and _differ(left, right)


def _are_told(before: Extraction, page: Extraction) -> bool:
    return all(_is_told(side, "total") and any(_is_told(side, n) for n in _NUMBERS) for side in (before, page))


def _differ(before: Extraction, page: Extraction) -> bool:
    """Tell whether two papers of which one has no number differ in their date, or in their seller and total."""
    one, other = _values(before), _values(page)
    if not (_is_told(before, "total") and _is_told(page, "total")):
        return False
    differ = {name for name in one.keys() & other.keys() if one[name] != other[name]}
    sold_apart = not differ.isdisjoint(_SELLERS) and "total" in differ
    return sold_apart if before.rule != page.rule else "date" in differ or sold_apart


def _numbers(extraction: Extraction) -> set[str]:
    values = _values(extraction)
    return {values[name] for name in _NUMBERS if name in values}


def _values(extraction: Extraction) -> dict[str, str]:
    return {field.name: field.value for field in extraction.fields if field.value is not None}


def _is_told(extraction: Extraction, name: str) -> bool:
    """Tell whether a field was found at a label, or is proved or printed twice."""
    return any(field.name == name and _stands_at_label(field) for field in extraction.fields)


def _stands_at_label(field: Field) -> bool:
    if field.value is None:
        return False
    at_label = any(reason.kind is ReasonKind.LABEL and reason.text != WITHOUT_LABEL for reason in field.reasons)
    return at_label or field.level in (Level.PROVED, Level.AGREED)


def _of_pages(reading: Reading, pages: Sequence[int]) -> Reading:
    """Return the reading of some pages; lines of others keep their numbers and lose their texts."""
    kept = frozenset(number for number, line in enumerate(reading.lines) if line.page_index in pages)
    return _of_lines(reading, kept, tuple(code for code in reading.codes if code.page_index in pages))


def _of_lines(reading: Reading, kept: Collection[int], codes: tuple[Code, ...]) -> Reading:
    lines = (
        line if number in kept else dataclasses.replace(line, text="", chars=())
        for number, line in enumerate(reading.lines)
    )
    return dataclasses.replace(reading, lines=tuple(lines), codes=codes)


def _side_by_side(reading: Reading, page: int, read: Reader) -> tuple[Part, ...]:
    """Return the papers that stand beside each other on a page, from the left; none where it is one paper."""
    numbers = [number for number, line in enumerate(reading.lines) if line.page_index == page and line.text]
    sides = [numbers]
    parts: list[Part] = []
    while sides and len(parts) + len(sides) <= MAX_SIDE_BY_SIDE:
        side = sides.pop(0)
        pair = [_part(reading, page, half, read) for half in _halves(reading, side)]
        if pair and stand_apart(pair[0].extraction, pair[1].extraction):
            sides[:0] = _halves(reading, side)
        elif side is not numbers:
            parts.append(_part(reading, page, side, read))
    return tuple(parts)


def _halves(reading: Reading, numbers: Sequence[int]) -> tuple[list[int], ...]:
    """Line numbers on either side of the widest gap that no line of text crosses; none where there is none."""
    if len(numbers) < 2 * MIN_LINES:
        return ()
    boxes = sorted(zip(text_edges(as_quads(reading.lines[number].quad for number in numbers)), numbers, strict=True))
    height = median(bottom - top for (_, top, _, bottom), _ in boxes)
    reach = list(accumulate((right for (_, _, right, _), _ in boxes), max))
    gaps = [boxes[at][0][0] - reach[at - 1] for at in range(1, len(boxes))]
    widest = max(range(len(gaps)), key=gaps.__getitem__)
    halves = [number for _, number in boxes[: widest + 1]], [number for _, number in boxes[widest + 1 :]]
    if gaps[widest] < MIN_GAP_HEIGHTS * height or min(map(len, halves)) < MIN_LINES:
        return ()
    return tuple(sorted(half) for half in halves)


def _part(reading: Reading, page: int, numbers: Sequence[int], read: Reader) -> Part:
    edges = [bounds(reading.lines[number].quad) for number in numbers]
    left, top = min(edge[0] for edge in edges), min(edge[1] for edge in edges)
    right, bottom = max(edge[2] for edge in edges), max(edge[3] for edge in edges)
    codes = tuple(code for code in reading.codes if code.page_index == page and _lies_in(code, left, right))
    part = _of_lines(reading, frozenset(numbers), codes)
    return Part((page,), rect_quad(left, top, right, bottom), part, read(part))


def _lies_in(code: Code, left: float, right: float) -> bool:
    return left <= sum(x for x, _ in code.quad) / 4 <= right
