from __future__ import annotations

import math
import re
import unicodedata
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pypdfium2
import pytest
from PIL import Image

from ingestd.config import AdmitConfig, DecodeConfig
from ingestd.document import Line, Page, Source
from ingestd.errors import DocumentError
from ingestd.layout.geometry import angles, as_quads, bounds
from ingestd.reading.admit import admit
from ingestd.reading.decode import decode
from ingestd.reading.decode.glyphs import Glyph, Space
from ingestd.reading.decode.text_layer import begins_word
from lab.corpus.pdf import A4, PdfPage, Picture, Text, paragraph, pdf, scan_page
from tests.support.claims import dropped
from tests.support.documents import picture, quadrants

A6 = (298.0, 420.0)


def pages(folder: Path, content: bytes, *, max_pixels: int = 50_000_000, **options: Any) -> list[Page]:
    limits = AdmitConfig(max_pixels=max_pixels)
    admitted = admit(dropped(folder, content), limits)
    return list(decode(admitted, DecodeConfig(**options), limits))


def only(folder: Path, *contents: PdfPage, max_pixels: int = 50_000_000, **options: object) -> Page:
    (page,) = pages(folder, pdf(*contents), max_pixels=max_pixels, **options)
    return page


def texts(page: Page) -> list[str]:
    return [line.text for line in page.text_lines]


def slope(line: Line) -> float:
    """Degrees, positive falls to the right."""
    return math.degrees(angles(as_quads([line.quad]))[0])


def ink_bounds(page: Page, line: Line, margin: int = 12) -> tuple[int, int, int, int]:
    """Edges of what is drawn around a line's quad."""
    left, top, right, bottom = (round(edge) for edge in bounds(line.quad))
    left, top = max(0, left - margin), max(0, top - margin)
    dark = page.pixels[top : bottom + margin, left : right + margin].min(axis=2) < 128
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    return left + columns[0], top + rows[0], left + columns[-1] + 1, top + rows[-1] + 1


def page_of_text(lines: int = 40) -> Image.Image:
    """What a scanner sees of a page full of text."""
    return picture("\n".join(["A line of the scanned paper"] * lines), size=(827, 1169), font_px=16)


def test_a_page_of_text_brings_its_lines(tmp_path: Path) -> None:
    page = only(tmp_path, PdfPage(paragraph(5)))
    assert texts(page) == [f"Line {row} of the paper says what was bought" for row in range(1, 6)]
    assert {(line.source, line.confidence, line.page_index) for line in page.text_lines} == {
        (Source.TEXT_LAYER, 1.0, 0)
    }
    assert (page.pixels.shape, page.dpi) == ((2339, 1653, 3), 200)
    assert not page.pixels.flags.writeable
    assert page.pixels.flags.c_contiguous


def test_the_text_layer_can_be_refused(tmp_path: Path) -> None:
    assert only(tmp_path, PdfPage(paragraph(5)), text_layer="never").text_lines == ()


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("origin", [(0.0, 0.0), (-100.0, 250.0)])
def test_quads_lie_on_the_ink(tmp_path: Path, rotate: int, origin: tuple[float, float]) -> None:
    where = Text(origin[0] + 40, origin[1] + 300, "TOTAL 12.50", size=18)
    page = only(tmp_path, PdfPage([where], size=A6, origin=origin, rotate=rotate), pdf_dpi=144)
    assert page.decoded_size == ((596, 840) if rotate in (0, 180) else (840, 596))
    (line,) = page.text_lines
    assert slope(line) == pytest.approx({0: 0, 90: 90, 180: 180, 270: -90}[rotate], abs=0.5)
    left, top, right, bottom = bounds(line.quad)
    ink_left, ink_top, ink_right, ink_bottom = ink_bounds(page, line)
    assert left - 1 <= ink_left < ink_right <= right + 1
    assert top - 1 <= ink_top < ink_bottom <= bottom + 1
    assert (ink_right - ink_left) * (ink_bottom - ink_top) > 0.4 * (right - left) * (bottom - top)


def test_positions_are_where_the_characters_stand(tmp_path: Path) -> None:
    (line,) = only(tmp_path, PdfPage([Text(40, 300, "iiiiiWWWWW", size=20)], size=A6)).text_lines
    positions = [char.position for char in line.chars]
    assert [char.text for char in line.chars] == list(line.text)
    assert all(char.alternatives == ((char.text, 1.0),) for char in line.chars)
    assert positions == sorted(positions)
    assert positions[4] < 0.25 < positions[5]
    assert 0 < positions[0] < positions[-1] < 1


def test_columns_on_one_row_are_lines_of_their_own(tmp_path: Path) -> None:
    row = [Text(40, 300, "Coffee"), Text(160, 300, "2"), Text(220, 300, "7.00")]
    page = only(tmp_path, PdfPage([*row, Text(40, 280, "Tea")], size=A6))
    assert texts(page) == ["Coffee", "2", "7.00", "Tea"]


def test_words_drawn_one_by_one_and_out_of_order_are_one_line(tmp_path: Path) -> None:
    words = [Text(84, 300, "number"), Text(40, 320, "above"), Text(40, 300, "Invoice"), Text(131, 300, "4711")]
    assert texts(only(tmp_path, PdfPage(words, size=A6))) == ["above", "Invoice number 4711"]


def test_text_printed_twice_to_look_bold_is_told_once(tmp_path: Path) -> None:
    page = only(tmp_path, PdfPage([Text(40, 300, "TOTAL"), Text(40.3, 300, "TOTAL")], size=A6))
    assert texts(page) == ["TOTAL"]


def test_a_heading_does_not_swallow_the_small_print_beside_it(tmp_path: Path) -> None:
    small = [Text(200, 300 + 9 * row, f"small {row}", size=7) for row in range(4)]
    page = only(tmp_path, PdfPage([Text(40, 302, "BIG", size=40), *small], size=A6))
    assert sorted(texts(page)) == ["BIG", "small 0", "small 1", "small 2", "small 3"]


@pytest.mark.parametrize("tracking", [2.0, 4.5, -2.0])
def test_letters_of_one_text_object_stay_one_word_however_they_are_spaced(tmp_path: Path, tracking: float) -> None:
    texts_drawn = [Text(40, 300, "0123-1998", tracking=tracking), Text(40, 280, "MILLENNIUM", tracking=tracking)]
    assert texts(only(tmp_path, PdfPage(texts_drawn, size=A6))) == ["0123-1998", "MILLENNIUM"]


def test_words_of_one_text_object_keep_the_spaces_that_it_draws(tmp_path: Path) -> None:
    page = only(tmp_path, PdfPage([Text(40, 300, "due on 28 Oct", tracking=-1.0)], size=A6))
    assert texts(page) == ["due on 28 Oct"]


@pytest.mark.parametrize("tracking", [0.0, 5.0, 16.0])
def test_widely_spaced_ideographs_are_one_word(tmp_path: Path, tracking: float) -> None:
    page = only(tmp_path, PdfPage([Text(40, 300, "纳税人识别号", font="Chinese", tracking=tracking)], size=A6))
    assert texts(page) == ["纳税人识别号"]


def test_ideographs_of_two_text_objects_have_no_space_between_them(tmp_path: Path) -> None:
    drawn = [Text(40, 300, "中日", font="Chinese"), Text(70, 300, "战争", font="Chinese")]
    assert texts(only(tmp_path, PdfPage(drawn, size=A6))) == ["中日战争"]


def test_words_of_two_text_objects_have_a_space_between_them(tmp_path: Path) -> None:
    drawn = [Text(40, 300, "中日", font="Chinese"), Text(70, 300, "USD")]
    assert texts(only(tmp_path, PdfPage(drawn, size=A6))) == ["中日 USD"]


def test_words_drawn_letter_by_letter_stay_words_on_a_page_that_stands_on_its_head(tmp_path: Path) -> None:
    def letters(text: str, baseline: float) -> bytes:
        placed = [f"1 0 0 1 {20 + 13 * index} {baseline} Tm ({letter}) Tj" for index, letter in enumerate(text)]
        return "\n".join(["BT /F1 20 Tf", *(show for show in placed if "( )" not in show), "ET"]).encode()

    content = letters("CORNER GROCERY", 100) + b"\n" + letters("TOTAL 1166", 60)
    page = only(tmp_path, PdfPage(operators=content, size=(298.0, 160.0), rotate=180))
    assert texts(page) == ["CORNER GROCERY", "TOTAL 1166"]


def test_words_that_end_with_their_space_stay_words_upside_down(tmp_path: Path) -> None:
    """PDFium lists such words from right to left, each with the space behind it."""
    places = (("Lorem ", 250), ("ipsum ", 205), ("dolor ", 161), ("sit", 124))
    shown = [f"-1 0 0 -1 {left} 100 Tm ({word}) Tj" for word, left in places]
    content = "\n".join(["BT /F1 14 Tf", *shown, "ET"]).encode()
    assert texts(only(tmp_path, PdfPage(operators=content, size=(298.0, 160.0)))) == ["Lorem ipsum dolor sit"]


def test_a_narrow_gap_after_a_word_is_a_space_and_one_between_letters_is_not(tmp_path: Path) -> None:
    words = [Text(40, 300, "Samuel", size=12), Text(40 + 40.7 + 1.6, 300, "Cleveland", size=12)]
    letters = [
        Text(40 + place, 260, letter, size=12) for letter, place in zip("HOME", (0, 10.2, 21.1, 32.6), strict=True)
    ]
    assert texts(only(tmp_path, PdfPage([*words, *letters], size=A6))) == ["Samuel Cleveland", "HOME"]


@pytest.mark.parametrize(("gap", "is_word"), [(0.5, False), (2.0, True)])
def test_spaces_that_pdfium_infers_between_letters_need_room(gap: float, is_word: bool) -> None:
    """The widths of a font may be wrong, so that PDFium sees a space behind every letter."""
    last = Glyph("a", 0, 0, 5, 10, 0, white=False, space=Space.NONE, joined=False)
    glyph = Glyph("b", 5 + gap, 0, 11, 10, 5, white=False, space=Space.GENERATED, joined=False)
    assert begins_word(last, glyph) is is_word


@pytest.mark.parametrize("angle", [3, 30, 45, 60, 135, 315])
def test_slanted_text_is_one_line_on_its_ink(tmp_path: Path, angle: int) -> None:
    stamp = Text(300, 300, "DRAFT copy 12", size=30, angle=angle)
    page = only(tmp_path, PdfPage([*paragraph(5), stamp]))
    line = page.text_lines[-1]
    assert line.text == "DRAFT copy 12"
    assert (slope(line) + angle + 180) % 360 - 180 == pytest.approx(0, abs=0.6)
    alone = only(tmp_path, PdfPage([stamp]), text_layer="never")
    inside = cv2.fillConvexPoly(np.zeros(alone.pixels.shape[:2], np.uint8), np.round(line.quad).astype(np.int32), 1)
    ink = alone.pixels.min(axis=2) < 128
    assert ink.any()
    assert not (ink & (inside == 0)).sum() > 0.005 * ink.sum()
    assert ink.sum() > 0.1 * inside.sum()


def test_positions_along_slanted_text_go_up(tmp_path: Path) -> None:
    page = only(tmp_path, PdfPage([*paragraph(5), Text(300, 300, "iiiiiWWWWW", size=30, angle=45)]))
    positions = [char.position for char in page.text_lines[-1].chars]
    assert positions == sorted(positions)
    assert positions[4] < 0.25 < positions[5]


def test_text_that_runs_otherwise_comes_last(tmp_path: Path) -> None:
    page = only(tmp_path, PdfPage([Text(20, 60, "margin", angle=90), *paragraph(3)]))
    assert texts(page)[-1] == "margin"
    assert slope(page.text_lines[-1]) == pytest.approx(-90, abs=0.5)


def test_chinese_without_an_embedded_font(tmp_path: Path) -> None:
    page = only(tmp_path, PdfPage([Text(40, 300, "纳税人识别号：", font="Chinese")], size=A6))
    assert texts(page) == ["纳税人识别号："]


def test_characters_beyond_the_first_plane(tmp_path: Path) -> None:
    assert texts(only(tmp_path, PdfPage([Text(40, 300, "ab", font="Rare")], size=A6))) == ["𠀀𠀁"]


def test_text_is_nfc_with_a_position_for_each_character(tmp_path: Path) -> None:
    drawn = "e\N{COMBINING ACUTE ACCENT}\N{KANGXI RADICAL ONE}\N{LATIN SMALL LIGATURE FI}"
    (line,) = only(tmp_path, PdfPage([Text(40, 300, drawn, font="Chinese")], size=A6)).text_lines
    assert line.text == "é一fi"
    assert unicodedata.is_normalized("NFC", line.text)
    assert [char.text for char in line.chars] == list(line.text)


@pytest.mark.parametrize(("width", "dpi"), [(300, 150), (621, 150), (828, 200), (1242, 300), (2400, 400)])
def test_a_scan_is_rastered_at_its_own_resolution(tmp_path: Path, width: int, dpi: float) -> None:
    scan = Image.new("L", (width, round(width * A6[1] / A6[0])), 255)
    page = only(tmp_path, scan_page(scan, size=A6), pdf_dpi=250)
    assert page.dpi == pytest.approx(dpi, abs=1)
    assert page.text_lines == ()


def test_a_sharp_scan_on_a_huge_page_is_not_enlarged(tmp_path: Path) -> None:
    page = only(tmp_path, scan_page(Image.new("L", (1700, 2200), 255), size=(1700, 2200)))
    assert page.decoded_size == (1700, 2200)


@pytest.mark.parametrize("render_mode", [0, 3])
def test_text_on_a_scan_is_not_believed(tmp_path: Path, render_mode: int) -> None:
    hidden = [Text(60, 780 - 22 * row, "What the OCR program thought", render_mode=render_mode) for row in range(30)]
    assert only(tmp_path, scan_page(page_of_text(), texts=hidden)).text_lines == ()


def test_a_stamp_on_a_scan_that_fills_less_than_the_page(tmp_path: Path) -> None:
    scan = Picture(page_of_text(), 100, 150, 380, 540)
    page = only(tmp_path, PdfPage([Text(60, 800, "Received 2026-01-02")], [scan]))
    assert page.text_lines == ()


def test_a_logo_leaves_the_text_layer_alone(tmp_path: Path) -> None:
    logo = Picture(picture("LOGO"), 60, 790, 100, 37)
    assert len(only(tmp_path, PdfPage(paragraph(20), [logo])).text_lines) == 20


def test_letters_drawn_as_outlines_are_read_from_the_raster(tmp_path: Path) -> None:
    marks = b"".join(
        f"{60 + 7 * column} {700 - 14 * row} 4 7 re f\n".encode() for row in range(20) for column in range(40)
    )
    page = only(tmp_path, PdfPage([Text(500, 20, "Page 1")], operators=marks))
    assert page.text_lines == ()


def test_an_image_inside_a_form_counts_where_it_lies(tmp_path: Path) -> None:
    scan = Picture(page_of_text(), 0, 0, *A4)
    page = only(tmp_path, PdfPage([Text(60, 20, "stamp")], [scan], nested=True), pdf_dpi=300)
    assert page.text_lines == ()
    assert page.dpi == 150


def test_characters_without_meaning_are_not_believed(tmp_path: Path) -> None:
    garbled = [Text(60, 700 - 20 * row, "unreadable glyphs", font="Broken") for row in range(5)]
    assert only(tmp_path, PdfPage([*garbled, Text(60, 400, "ok")])).text_lines == ()


def test_hidden_white_and_cropped_text_is_not_told(tmp_path: Path) -> None:
    unseen = [
        Text(60, 300, "white", colour=(1, 1, 1)),
        Text(60, 280, "invisible", render_mode=3),
        Text(900, 260, "beyond the edge"),
    ]
    page = only(tmp_path, PdfPage([*paragraph(3), *unseen]))
    assert len(page.text_lines) == 3


def test_white_text_on_a_dark_band_is_told(tmp_path: Path) -> None:
    band = Picture(Image.new("RGB", (50, 5), "navy"), 0, 690, 595, 30)
    page = only(tmp_path, PdfPage([Text(60, 700, "Invoice", colour=(1, 1, 1)), *paragraph(3)], [band]))
    assert "Invoice" in texts(page)


def test_filled_in_forms_are_read_and_drawn(tmp_path: Path) -> None:
    page = only(tmp_path, PdfPage(paragraph(3), fields=[(60, 300, "filled in 12.50")]))
    line = page.text_lines[-1]
    assert line.text == "filled in 12.50"
    assert ink_bounds(page, line)


def test_a_page_that_flattening_garbles_is_read_as_it_is(tmp_path: Path) -> None:
    """PDFium forgets the fonts that a page inherits when it makes annotations part of the page."""
    said = [Text(60, 780 - 22 * row, f"发票号码{row}", font="Chinese") for row in range(9)]
    page = only(tmp_path, PdfPage(said, fields=[(200, 300, "filled in 12.50")], inherits=True))
    assert texts(page) == [text.text for text in said]


def test_mixed_documents_are_decided_page_by_page(tmp_path: Path) -> None:
    content = pdf(PdfPage(paragraph(3)), scan_page(page_of_text()), PdfPage(paragraph(2)), PdfPage())
    found = pages(tmp_path, content)
    assert [page.index for page in found] == [0, 1, 2, 3]
    assert [len(page.text_lines) for page in found] == [3, 0, 2, 0]
    assert {line.page_index for line in found[2].text_lines} == {2}


def test_an_empty_user_password_opens(tmp_path: Path) -> None:
    (page,) = pages(tmp_path, pdf(PdfPage(paragraph(2)), user_password=""))
    assert len(page.text_lines) == 2


def test_colours_are_bgr(tmp_path: Path) -> None:
    page = only(tmp_path, scan_page(quadrants(800, 400), size=(400, 200)))
    height, width = page.pixels.shape[:2]
    assert np.abs(page.pixels[height // 4, width // 4].astype(int) - (0, 0, 255)).max() < 40


@pytest.mark.parametrize("size", [(5000.0, 7000.0), (14_400.0, 14_400.0), (200_000.0, 3.0), (0.5, 0.5)])
def test_absurd_sizes_stay_within_the_limit(tmp_path: Path, size: tuple[float, float]) -> None:
    page = only(tmp_path, PdfPage(size=size), max_pixels=3_000_000)
    width, height = page.decoded_size
    assert 0 < width * height <= 3_000_000
    assert max(width, height) <= 30_000


def test_an_image_with_too_many_pixels(tmp_path: Path) -> None:
    with pytest.raises(DocumentError) as caught:
        only(tmp_path, scan_page(Image.new("L", (3000, 3000))), max_pixels=8_000_000)
    assert caught.value.code == "too-many-pixels"


def test_pages_that_are_not_there_are_a_fault_when_reached(tmp_path: Path) -> None:
    claim = dropped(tmp_path, pdf(PdfPage(paragraph(2)), claimed_pages=3))
    found = decode(admit(claim, AdmitConfig()), DecodeConfig(), AdmitConfig())
    assert len(next(found).text_lines) == 2
    with pytest.raises(DocumentError, match="page 2 of 3"):
        next(found)


def test_pages_that_cannot_be_decoded_are_told_and_the_others_yielded(tmp_path: Path) -> None:
    content = pdf(PdfPage(paragraph(1)), PdfPage(size=(301, 301)), PdfPage(paragraph(2)), claimed_pages=4)
    box = re.search(rb"/MediaBox *\[[^]]*301[^]]*\]", content)
    assert box is not None
    claim = dropped(tmp_path, content.replace(box[0], box[0] + b"/CropBox[900 900 950 950]"))
    told: list[tuple[int, str]] = []
    found = decode(
        admit(claim, AdmitConfig()),
        DecodeConfig(),
        AdmitConfig(),
        skip=lambda index, error: told.append((index, str(error))),
    )
    assert [(page.index, len(page.text_lines)) for page in found] == [(0, 1), (2, 2)]
    assert [index for index, _ in told] == [1, 3]
    assert "page 4 of 4 cannot be found" in told[1][1]


def test_pages_are_rastered_when_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rendered = []
    render = pypdfium2.PdfPage.render

    def counted(*args: Any, **kwargs: Any) -> Any:
        rendered.append(1)
        return render(*args, **kwargs)

    monkeypatch.setattr(pypdfium2.PdfPage, "render", counted)
    claim = dropped(tmp_path, pdf(*[PdfPage(paragraph(1), size=A6)] * 30))
    found = decode(admit(claim, AdmitConfig()), DecodeConfig(), AdmitConfig())
    next(found)
    next(found)
    assert len(rendered) == 2
