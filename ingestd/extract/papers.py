"""Several papers in one file, told apart before anything is added up: one after the other, or together on a page.

A page begins another paper where its own fields say so: a number, date or seller of its own, and a total of its own.
Two parts of a page are papers where nothing crosses the gap between them and each has such fields.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence

import regex

from ingestd.document import Code, Extraction, Reading
from ingestd.extract.apart import begins_paper, is_complete
from ingestd.extract.page_parts import Part, Reader, of_lines, parts_of_page
from ingestd.layout.stack import Section, sections

_PAGE_OF = regex.compile(
    r"\b(?:PAGE|PAGINA|PÁGINA|PAG\.?|SEITE|BLATT|STRONA|BLAD)\s*:?\s*(\d{1,3})(?!\d)(?:\s*(?:/|OF|VON|DE|DI|SUR|VAN|Z)\s*\d)?"
    r"|第\s*(\d{1,3})\s*[页頁]",
    regex.IGNORECASE,
)
"""Number of a page, as printed on it."""


def parts_of(reading: Reading, read: Reader) -> tuple[Part, ...]:
    """Tell the papers of a file apart, in reading order; one where nothing says that there are more.

    Args:
        reading: of the whole file; the papers' line numbers are those of it.
        read: how the fields of one paper are extracted.
    """
    groups = [group for section in _sections(reading) for group in _grouped(reading, section, read)]
    found: list[Part] = []
    for pages, extraction, is_free in groups:
        own = reading if len(groups) == 1 and _has_all(reading, pages) else _of_pages(reading, pages)
        whole = read(own) if extraction is None or len(groups) == 1 else extraction
        parts = parts_of_page(reading, pages[0], read, whole) if is_free and len(pages) == 1 else ()
        found += parts or [Part(pages, None, own, whole)]
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
    """Of each group's first page with number and total, or of the first with text."""
    for index in section.pages:
        is_bare = index not in with_text or _goes_on(reading, index)
        page = None if is_bare else read(_of_pages(reading, (index,)))
        before = first[-1] if first else None
        if groups and not (before and page and begins_paper(before, page)):
            groups[-1] = (*groups[-1], index)
            # Pages without text before the first one with text are of its paper.
            is_bare_so_far = before is None and with_text.isdisjoint(groups[-1][:-1])
            # A summary or a cover tells no paper from another; nor does an invoice's page without its total.
            is_only_now_told = before and page and is_complete(page) and not is_complete(before)
            if is_bare_so_far or is_only_now_told:
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


def _of_pages(reading: Reading, pages: Sequence[int]) -> Reading:
    """Return the reading of some pages; lines of others keep their numbers and lose their texts."""
    kept = frozenset(number for number, line in enumerate(reading.lines) if line.page_index in pages)
    return of_lines(reading, kept, tuple(code for code in reading.codes if code.page_index in pages))
