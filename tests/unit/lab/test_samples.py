from __future__ import annotations

import io
import json

import numpy as np
import pypdfium2
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ingestd.document import Page, frozen
from ingestd.layout.geometry import bounds, rect_quad
from ingestd.reading.barcodes import find_codes
from lab.corpus import Features, Raster, composed
from lab.corpus.fonts import FACES, BuiltinFonts, FontMissingError, InstalledFonts
from lab.corpus.pdf import pdf, sheet_page
from lab.corpus.photo import photograph, scan
from lab.corpus.samples import INVOICE, RECEIPT, TAX_INVOICE, draw_samples
from lab.corpus.sheet import Ellipse, Ink, Sheet, Text
from tests.support.places import ROOT

SAMPLES = ROOT / "samples"
CHOSEN = (INVOICE, RECEIPT, TAX_INVOICE)


def picture(data: bytes) -> NDArray[np.float32]:
    """Grey values of the picture, or of the PDF's last page."""
    if data.startswith(b"%PDF"):
        with pypdfium2.PdfDocument(data) as document:
            return np.asarray(document[len(document) - 1].render(scale=1, grayscale=True).to_numpy(), np.float32)
    return np.asarray(Image.open(io.BytesIO(data)).convert("L"), np.float32)


def test_truth_is_what_the_renderer_printed() -> None:
    truth = json.loads((SAMPLES / "truth.json").read_text(encoding="utf-8"))
    assert truth == {name: dict(composed(kind, seed, Features()).truth) for kind, seed, name in CHOSEN}


def test_samples_are_what_the_renderer_draws() -> None:
    """To the byte on one machine; vector units of other processors round differently, so not to the bit here."""
    try:
        drawn = draw_samples(InstalledFonts())
    except FontMissingError as error:
        assert any(file.package in str(error) for file in FACES.values())
        return
    assert set(drawn) == {path.name for path in SAMPLES.iterdir()} - {"README.md"}
    for _, _, name in CHOSEN:
        here, there = picture((SAMPLES / name).read_bytes()), picture(drawn[name])
        assert here.shape == there.shape, f"{name}: make samples"
        assert np.abs(here - there).mean() < 1.0, f"{name} is not what the renderer draws now: make samples"


def test_the_photographed_invoice_still_carries_its_code() -> None:
    kind, seed, name = INVOICE
    pixels = frozen(np.asarray(Image.open(SAMPLES / name))[..., ::-1].copy())
    height, width = pixels.shape[:2]
    assert width == 1600
    codes = find_codes(Page(0, pixels, 150.0, (width, height), np.eye(3)), insist=True)
    assert [code.text for code in codes] == list(composed(kind, seed, Features()).codes)


def test_the_tax_invoice_has_text_on_page_1_and_a_scan_on_page_2() -> None:
    kind, seed, name = TAX_INVOICE
    with pypdfium2.PdfDocument(SAMPLES / name) as document:
        first, second = (page.get_textpage().get_text_bounded() for page in document)
        assert composed(kind, seed).truth["receipt_no"] in first
        assert "Carried forward" in first
        assert second == ""


def test_samples_are_small() -> None:
    for path in SAMPLES.iterdir():
        assert path.stat().st_size < 600_000, path.name


def marked(where: tuple[float, float, float, float]) -> Raster:
    """A white page with one black line of text at these edges."""
    image = Image.new("RGB", (900, 520), (250, 250, 246))
    ImageDraw.Draw(image).rectangle(where, fill=(0, 0, 0))
    return Raster(image, ((rect_quad(*where), "text"),))


@pytest.mark.parametrize("spoil", [photograph, scan])
@pytest.mark.parametrize("where", [(60, 60, 300, 90), (600, 430, 860, 460), (400, 240, 520, 270)])
def test_lines_move_with_the_paper(spoil: object, where: tuple[float, float, float, float]) -> None:
    assert callable(spoil)
    made = spoil(marked(where), np.random.default_rng(7))
    grey = np.asarray(made.image.convert("L"), np.float32)
    left, top, right, bottom = (round(edge) for edge in bounds(made.lines[0][0]))
    x, y = (left + right) // 2, (top + bottom) // 2
    inside = grey[top + 6 : bottom - 6, left + 12 : right - 12].mean()
    around = [grey[y, left - 16], grey[y, right + 16], grey[top - 16, x], grey[bottom + 16, x]]
    assert inside < 0.5 * min(around)


def test_scans_are_grey_and_keep_their_size() -> None:
    made = scan(marked((60, 60, 300, 90)), np.random.default_rng(1))
    assert made.image.mode == "L" and made.image.size == (900, 520)


def test_pdf_text_stands_where_the_sheet_says() -> None:
    sheet = Sheet(210.0, 297.0, {"print": Ink((0, 0, 0))})
    sheet.add(Text("print", 20, 40, "left (£5)", "sans", 5), Text("print", 190, 40, "right", "sans-bold", 5, "right"))
    sheet.line("print", 20, 45, 190, 45, 2.0)
    data = pdf(sheet_page(sheet, BuiltinFonts()))
    assert data == pdf(sheet_page(sheet, BuiltinFonts()))
    with pypdfium2.PdfDocument(data) as document:
        width, height = document[0].get_size()
        assert (round(width), round(height)) == (595, 842)
        text = document[0].get_textpage()
        assert text.get_text_bounded(right=width / 2).strip() == "left (£5)"
        assert text.get_text_bounded(left=width / 2) == "right"
        grey = document[0].render(scale=1, grayscale=True).to_numpy()
    assert grey[round(45 / 25.4 * 72), 300] < 128, "the stroke"


def test_pdf_refuses_what_helvetica_cannot_show() -> None:
    sheet = Sheet(100.0, 100.0, {"seal": Ink((200, 0, 0))})
    sheet.add(Ellipse("seal", (50, 50), (20, 10), 0.5))
    with pytest.raises(ValueError, match="rasterise the sheet"):
        sheet_page(sheet, BuiltinFonts())
