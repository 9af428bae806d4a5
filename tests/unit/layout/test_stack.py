"""Every page of a file is in exactly one section, or a blank or separator that is told."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestd.document import OF_NO_PAPER, Code, PageInfo, PageRole, Split, Splitting
from ingestd.layout.geometry import rect_quad
from ingestd.layout.stack import PATCH_KIND, PATCH_T, SEPARATOR_TEXT, roles, sections

PAGE = PageInfo(0, 1000, 1400, 100.0, 0, 0.0, {}, ())
BY_CODE = Splitting(Split.CODE, r"DOC-\d+")
SHORT = dict(zip(PageRole, "FBc_|", strict=True))


def codes_of(stack: str) -> list[Code]:
    """Codes of a stack: ``|`` our sheet, ``T`` a patch sheet, ``d`` a page with a code, ``_`` blank, ``t`` text."""
    what = {"|": ("QR", SEPARATOR_TEXT), "T": (PATCH_KIND, PATCH_T), "d": ("CODE128", "DOC-1")}
    return [Code(n, rect_quad(0, 0, 9, 9), *what[kind]) for n, kind in enumerate(stack) if kind in what]


def told(stack: str, splitting: Splitting) -> str:
    blank = [n for n, kind in enumerate(stack) if kind == "_"]
    return "".join(SHORT[role] for role in roles(len(stack), codes_of(stack), blank, splitting))


@pytest.mark.parametrize(
    ("by", "stack", "wanted"),
    [
        (Splitting(Split.NONE), "t|_Ttd", "Bccccc"),
        (Splitting(Split.BLANK), "tt_t__tt", "Bc_B__Bc"),
        (Splitting(Split.BLANK), "_t_", "_B_"),
        (Splitting(Split.BLANK), "t|tTt", "B|Bcc"),
        (Splitting(Split.PATCH), "ttTt_tTT|t", "Bc|B_c|||B"),
        (Splitting(Split.PATCH), "t|_t", "B|_B"),
        (BY_CODE, "ttdtdd", "BcBcBB"),
        (BY_CODE, "d_td", "B_cB"),
        (replace(BY_CODE, code_separates=True), "dttd_td", "|Bc|_B|"),
        (Splitting(), "tt_t", "FF_F"),
        (Splitting(), "tt|t_tTd", "FF|B_FFF"),
        (Splitting(Split.PATCH), "", ""),
        (Splitting(Split.PATCH), "T_|", "Bcc"),
        (Splitting(), "_", "F"),
        (Splitting(), "_|", "FF"),
    ],
)
def test_roles(by: Splitting, stack: str, wanted: str) -> None:
    assert told(stack, by) == wanted


def test_a_code_that_only_contains_the_pattern_does_not_separate() -> None:
    codes = [Code(1, rect_quad(0, 0, 9, 9), "QR", "see DOC-1")]
    assert roles(2, codes, (), BY_CODE) == (PageRole.BEGINS, PageRole.CONTINUES)


@given(stack=st.text("t_|Td", max_size=12), by=st.sampled_from([*map(Splitting, (Split.NONE, Split.BLANK)), BY_CODE]))
def test_each_page_is_in_one_section_or_of_no_paper(stack: str, by: Splitting) -> None:
    blank = [n for n, kind in enumerate(stack) if kind == "_"]
    pages = [replace(PAGE, index=n, role=role) for n, role in enumerate(roles(len(stack), codes_of(stack), blank, by))]
    found = sections(pages)
    left_out = [page.index for page in pages if page.role in OF_NO_PAPER]
    assert sorted([*left_out, *(index for one in found for index in one.pages)]) == list(range(len(stack)))
    assert all(one.pages for one in found)
    assert bool(found) is bool(stack)
    assert [index for one in found for index in one.pages] == sorted(index for one in found for index in one.pages)
