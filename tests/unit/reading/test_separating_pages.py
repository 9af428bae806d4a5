"""Sheets that separate are found however they are fed, and nothing else is taken for one."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from ingestd.document import Line, Page, frozen
from ingestd.layout.geometry import bounds, rect_quad
from ingestd.layout.stack import SEPARATOR_TEXT
from ingestd.reading.barcodes import find_codes
from ingestd.reading.blank import faint_lines
from ingestd.reading.patch import find_patches
from lab.corpus import stack

RNG_SEEDS = range(4)


def page_of(picture: Image.Image, dpi: float = stack.DPI) -> Page:
    return Page(0, frozen(stack.pixels_of(picture)), dpi, picture.size, frozen(np.eye(3)))


@pytest.mark.parametrize("seed", RNG_SEEDS)
@pytest.mark.parametrize("quarters", range(4))
@pytest.mark.parametrize("scale", [0.9, 1.05])
def test_patch_sheets_are_found_in_every_direction(seed: int, quarters: int, scale: float) -> None:
    sheet = stack.patch_page(np.random.default_rng(seed), quarters=quarters, scale=scale)
    (found,) = find_patches(page_of(sheet))
    left, top, right, bottom = bounds(found.quad)
    assert max(right - left, bottom - top) > 450


@pytest.mark.parametrize("bars", ["wwnn", "wnnw", "nwwn", "nnww", "nwn", "nwnwn", "wwww"])
def test_other_bars_are_no_separator(bars: str) -> None:
    assert find_patches(page_of(stack.patch_page(np.random.default_rng(1), bars))) == ()


def test_text_tables_and_codes_are_no_separator() -> None:
    page = stack.code_page([f"Position {n}  {n},00 EUR" for n in range(20)], "DOC-1")
    draw = ImageDraw.Draw(page)
    for y in range(900, 1100, 20):
        draw.rectangle((80, y, 500, y + 8), fill=0)
    assert find_patches(page_of(page)) == ()
    assert find_patches(page_of(Image.new("L", (40, 40), 255))) == ()
    assert find_patches(page_of(Image.new("L", (1, 1), 0))) == ()


@pytest.mark.parametrize("quarters", range(4))
def test_our_sheet_is_found_by_both_of_its_codes(quarters: int) -> None:
    page = page_of(stack.our_page(np.random.default_rng(3), quarters=quarters))
    assert [code.text for code in find_codes(page)] == [SEPARATOR_TEXT]
    assert len(find_patches(page)) == 1


@pytest.mark.parametrize("size", [(66_000, 40), (40, 66_000), (1, 1)])
def test_pages_of_any_shape_can_be_blank(size: tuple[int, int]) -> None:
    """One side of an overview of the page would have no pixel at all."""
    white = Image.new("L", size, 255)
    assert faint_lines(page_of(white), ()) == []


@pytest.mark.parametrize("seed", range(8))
def test_backs_with_holes_dust_and_shine_through_have_no_ink(seed: int) -> None:
    assert faint_lines(page_of(stack.blank_page(np.random.default_rng(seed))), ()) == []


def test_pages_with_something_on_them_have_ink() -> None:
    blank = stack.blank_page(np.random.default_rng(1))
    signed = blank.copy()
    pen = ImageDraw.Draw(signed)
    pen.line([(300 + 12 * n, 800 + 25 * (-1) ** n) for n in range(16)], fill=40, width=4)
    photo = blank.copy()
    photo.paste(120, (200, 200, 600, 700))
    for page in (signed, photo, stack.text_page(["one row of text"])):
        assert faint_lines(page_of(page), ()) is None


def test_a_number_alone_is_ink_where_it_is_printed_and_not_where_a_hole_is() -> None:
    page = page_of(stack.text_page(["7"]))
    assert faint_lines(page, ()) == []
    assert faint_lines(page, [Line(0, rect_quad(75, 85, 100, 115), "7", 0.9)]) is None
    holes = page_of(stack.blank_page(np.random.default_rng(0)))
    assert faint_lines(holes, [Line(0, rect_quad(38, 416, 64, 440), "0", 0.9)]) == []
