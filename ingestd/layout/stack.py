"""A stack of papers in one file: the role of each page, and the sections that separators leave."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ingestd.document import OF_NO_PAPER, Code, PageInfo, PageRole, Split, Splitting

SEPARATOR_TEXT = "ingestd:separator"
"""Text of the QR code on our separator sheet."""
PATCH_KIND, PATCH_T = "PATCH", "T"
"""Kind and text of the code that stands for a patch code T."""
_MAX_CODE = 1000
"""Characters of a code that are compared with a pattern."""


@dataclass(frozen=True, slots=True)
class Section:
    """Pages between two separators."""

    pages: tuple[int, ...]
    """Indices, ascending; at least one."""
    is_free: bool
    """Its pages may be several papers; else they are one."""


def roles(count: int, codes: Collection[Code], blank: Collection[int], splitting: Splitting) -> tuple[PageRole, ...]:
    """Decide what each page of a file is; at least one belongs to a paper.

    Args:
        count: of pages.
        codes: of all pages.
        blank: indices of blank pages.
        splitting: as the inbox asks for it.
    """
    one_paper = (PageRole.BEGINS, *[PageRole.CONTINUES] * (count - 1))[:count]
    if splitting.by is Split.NONE:
        return one_paper
    separators = {code.page_index for code in codes if _separates(code, splitting)}
    first = {code.page_index for code in codes if splitting.by is Split.CODE and _matches(code, splitting)}
    found: list[PageRole] = []
    after_separator = splitting.by is not Split.CONTENT
    for index in range(count):
        if index in separators:
            found.append(PageRole.SEPARATOR)
        elif index in blank and index not in first:
            found.append(PageRole.BLANK)
        elif after_separator or index in first:
            found.append(PageRole.BEGINS)
        else:
            found.append(PageRole.FREE if splitting.by is Split.CONTENT else PageRole.CONTINUES)
        separated = index in separators or (splitting.by is Split.BLANK and index in blank)
        after_separator = separated or (after_separator and found[-1] in OF_NO_PAPER)
    if any(role not in OF_NO_PAPER for role in found):
        return tuple(found)
    return (PageRole.FREE,) * count if splitting.by is Split.CONTENT else one_paper


def _separates(code: Code, splitting: Splitting) -> bool:
    if code.text == SEPARATOR_TEXT:
        return True
    if splitting.by is Split.PATCH:
        return (code.kind, code.text) == (PATCH_KIND, PATCH_T)
    return splitting.by is Split.CODE and splitting.code_separates and _matches(code, splitting)


def _matches(code: Code, splitting: Splitting) -> bool:
    return re.fullmatch(splitting.code, code.text[:_MAX_CODE]) is not None


def sections(pages: Sequence[PageInfo]) -> tuple[Section, ...]:
    """Put the pages of a file that belong to papers together, in order.

    Sections of pages that are not ``free`` are one paper each. Each page is in one section or of no paper.
    """
    found: list[list[PageInfo]] = []
    for page in pages:
        if page.role in OF_NO_PAPER:
            continue
        if not found or page.role is PageRole.BEGINS:
            found.append([])
        found[-1].append(page)
    return tuple(Section(tuple(page.index for page in part), _is_free(part)) for part in found)


def _is_free(part: Sequence[PageInfo]) -> bool:
    """Tell whether what the pages say divides a section further."""
    return all(page.role is PageRole.FREE for page in (part[1:] or part))
