from __future__ import annotations

import dataclasses
import hashlib
import io
import itertools
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pikepdf
import pypdfium2
import pypdfium2.raw as pdfium
import pytest
from PIL import Image

from ingestd.config import AdmitConfig, DecodeConfig
from ingestd.document import Char, Line, PageInfo, Quad, Reading, SearchableCopy, Source
from ingestd.files.media_types import PDF
from ingestd.layout.geometry import transform
from ingestd.output.searchable.copy import Copier, srgb_profile
from ingestd.reading.admit import admit
from ingestd.reading.decode import decode
from ingestd.reading.decode.pdf import to_pixels
from lab.corpus.pdf import PdfPage, Text, pdf, scan_page
from tests.support.claims import dropped
from tests.support.documents import encoded, oriented, picture, quadrants, tiff

LIMITS = AdmitConfig()
MAX_BOX_ERROR_PX = 2.0


def copied(
    folder: Path, content: bytes, lines: Sequence[Line], *, only_unsearchable: bool = False
) -> tuple[SearchableCopy | None, Reading]:
    """The copy of a document of which these lines were read, and its reading."""
    admitted = admit(dropped(folder, content), LIMITS)
    pages = list(decode(admitted, DecodeConfig(), LIMITS))
    infos = tuple(PageInfo(page.index, *page.decoded_size, page.dpi, 0, 0.0, {}, ()) for page in pages)
    reading = Reading(infos, tuple(lines), ())
    copier = Copier(lambda again: decode(again, DecodeConfig(), LIMITS), LIMITS.max_pixels, only_unsearchable)
    return copier(admitted, reading), reading


def made(folder: Path, content: bytes, lines: Sequence[Line]) -> bytes:
    copy, _ = copied(folder, content, lines)
    assert copy is not None
    assert not copy.problem
    return copy.content


def line(text: str, quad: Quad, page: int = 0, *, centres: Sequence[float] = (), source: Source = Source.OCR) -> Line:
    chars = tuple(Char(at, ((char, 1.0),)) for at, char in zip(centres, text, strict=False))
    return Line(page, quad, text, 0.9, chars, source)


def text_of(content: bytes, page: int = 0) -> list[str]:
    with pypdfium2.PdfDocument(content) as document, closing(document[page]) as of, closing(of.get_textpage()) as text:
        return str(text.get_text_bounded()).splitlines()


def boxes(content: bytes, size: tuple[int, int]) -> Iterator[tuple[str, tuple[float, float, float, float]]]:
    """Characters of the first page and their boxes in pixels of its picture."""
    with pypdfium2.PdfDocument(content) as document, closing(document[0]) as page, closing(page.get_textpage()) as text:
        matrix = to_pixels(page, *size)
        for index in range(text.count_chars()):
            if pdfium.FPDFText_IsGenerated(text, index):
                continue
            left, bottom, right, top = text.get_charbox(index, loose=True)
            corners = transform(matrix, [(left, bottom), (right, top)])
            (x0, y0), (x1, y1) = corners.min(axis=0), corners.max(axis=0)
            yield chr(pdfium.FPDFText_GetUnicode(text, index)), (x0, y0, x1, y1)


def turned_scan(rotate: int, *, user_unit: float = 1, shift: float = 0) -> bytes:
    """A page of one picture with its /Rotate, /UserUnit and origin."""
    with pikepdf.open(io.BytesIO(pdf(scan_page(picture(size=(1240, 1754)))))) as document:
        page = document.pages[0]
        page.obj.Rotate, page.obj.UserUnit = rotate, user_unit
        left, bottom, right, top = (float(edge) for edge in page.mediabox.as_list())
        page.obj.MediaBox = pikepdf.Array([left + shift, bottom - shift, right + shift, top - shift])
        page.contents_add(b"q 1 0 0 1 %d %d cm\n" % (shift, -shift), prepend=True)  # left open on purpose
        target = io.BytesIO()
        document.save(target)
        return target.getvalue()


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("user_unit, shift", [(1, 0), (2, 0), (1, 300)])
def test_characters_lie_where_they_were_read(tmp_path: Path, rotate: int, user_unit: float, shift: float) -> None:
    quad: Quad = ((200, 300), (600, 300), (600, 340), (200, 340))
    read = line("永辉超市 A1", quad, centres=(0.05, 0.15, 0.3, 0.45, 0.6, 0.75, 0.95))
    copy, reading = copied(tmp_path, turned_scan(rotate, user_unit=user_unit, shift=shift), [read])
    assert copy is not None
    assert not copy.problem
    size = (reading.pages[0].width_px, reading.pages[0].height_px)
    found = list(boxes(copy.content, size))
    assert "".join(char for char, _ in found).rstrip() == read.text
    centres = [char.position for char in read.chars]
    borders = [0.0, *((a + b) / 2 for a, b in itertools.pairwise(centres)), 1.0]
    for index, (char, box) in enumerate(found[: len(read.text)]):
        wanted = (200 + 400 * borders[index], 300, 200 + 400 * borders[index + 1], 340)
        assert np.abs(np.subtract(box, wanted)).max() <= MAX_BOX_ERROR_PX, char


def test_chinese_gets_no_spaces(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    texts = ["购买方名称：上海某某贸易有限公司", "价税合计（大写）壹佰贰拾叁圆肆角伍分", "𠮷野家 Total 12.50"]
    lines = []
    for row, text in enumerate(texts):
        top = 100 + 60 * row
        centres = sorted(rng.uniform(0.01, 0.99, len(text)))  # unevenly set
        lines.append(line(text, ((50, top), (1100, top), (1100, top + 40), (50, top + 40)), centres=centres))
    content = made(tmp_path, encoded(picture(size=(1240, 1754)), "PNG"), lines)
    assert text_of(content) == texts


def test_a_sloping_line_is_one_line(tmp_path: Path) -> None:
    quad: Quad = ((100, 500), (1100, 570), (1097, 610), (97, 540))
    content = made(tmp_path, encoded(picture(size=(1240, 1754)), "PNG"), [line("Invoice number 4711", quad)])
    assert text_of(content) == ["Invoice number 4711"]


def pixels_of(content: bytes, size: tuple[int, int]) -> np.typing.NDArray[np.uint8]:
    with pypdfium2.PdfDocument(content) as document, closing(document[0]) as page:
        return np.asarray(page.render(scale=size[0] / page.get_width()).to_pil().convert("RGB").resize(size))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_pictures_stand_upright_and_keep_their_bytes(tmp_path: Path, kind: str, orientation: int) -> None:
    stored = oriented(kind, orientation)
    content = made(tmp_path, stored, [])
    assert np.abs(pixels_of(content, (80, 40)).astype(int) - np.asarray(quadrants())).mean() < 6
    with pikepdf.open(io.BytesIO(content)) as document:
        image = document.pages[0].obj.Resources.XObject.Picture
        raw = image.read_raw_bytes()
    assert raw == stored if kind == "JPEG" else raw in stored


@pytest.mark.parametrize(
    "image",
    [
        quadrants(),
        quadrants().convert("L"),
        quadrants().convert("1"),
        quadrants().convert("P"),
        quadrants().convert("RGBA"),
        quadrants().convert("CMYK"),
    ],
    ids=lambda image: image.mode,
)
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_every_kind_of_pixel_is_shown(tmp_path: Path, image: Image.Image, kind: str) -> None:
    if image.mode == "CMYK" and kind == "PNG":
        kind = "JPEG"
    content = made(tmp_path, encoded(image, kind), [])
    assert np.abs(pixels_of(content, (80, 40)).astype(int) - np.asarray(image.convert("RGB"))).mean() < 6


def test_pictures_become_pdf_a(tmp_path: Path) -> None:
    content = made(
        tmp_path, tiff([picture(), picture("page 2")]), [line("page 2", ((0, 0), (90, 0), (90, 20), (0, 20)), 1)]
    )
    with pikepdf.open(io.BytesIO(content)) as document:
        assert not document.check_pdf_syntax()
        assert document.open_metadata().pdfa_status == "2B"
        assert document.Root.OutputIntents[0].DestOutputProfile.read_bytes()[36:40] == b"acsp"
    assert text_of(content, 1) == ["page 2"]


def test_text_of_other_programs_is_replaced(tmp_path: Path) -> None:
    hidden = Text(72, 700, "old ocr", 12.0, render_mode=3)
    content = made(
        tmp_path,
        pdf(scan_page(picture(size=(1240, 1754)), texts=[hidden])),
        [line("new text", ((200, 300), (600, 300), (600, 340), (200, 340)))],
    )
    assert text_of(content) == ["new text"]


def test_pages_with_text_stay_as_they_are(tmp_path: Path) -> None:
    original = pdf(PdfPage(texts=(Text(72, 700, "Printed text"),)))
    read = line("Printed text", ((0, 0), (90, 0), (90, 20), (0, 20)), source=Source.TEXT_LAYER)
    copy, _ = copied(tmp_path, original, [read])
    assert copy is not None
    assert text_of(copy.content) == ["Printed text"]
    assert copied(tmp_path, original, [read], only_unsearchable=True)[0] is None


def test_a_copy_says_so_and_is_not_signed(tmp_path: Path) -> None:
    with pikepdf.open(io.BytesIO(pdf(scan_page(picture(size=(1240, 1754)))))) as document:
        signature = pikepdf.Dictionary(FT=pikepdf.Name.Sig, T="s", V=pikepdf.Dictionary(Type=pikepdf.Name.Sig))
        document.Root.AcroForm = pikepdf.Dictionary(SigFlags=3, Fields=[document.make_indirect(signature)])
        document.attachments["factur-x.xml"] = b"<x/>"
        target = io.BytesIO()
        document.save(target)
    original = target.getvalue()
    content = made(tmp_path, original, [line("text", ((0, 0), (90, 0), (90, 20), (0, 20)))])
    assert hashlib.sha256((tmp_path / "drop.bin").read_bytes()).digest() == hashlib.sha256(original).digest()
    with pikepdf.open(io.BytesIO(content)) as document:
        assert "searchable copy of drop.bin" in str(document.open_metadata()["dc:source"])
        assert "/V" not in document.Root.AcroForm.Fields[0]
        assert "/SigFlags" not in document.Root.AcroForm
        assert document.attachments["factur-x.xml"].get_file().read_bytes() == b"<x/>"
        assert not document.check_pdf_syntax()


def test_a_pdf_that_cannot_be_copied_says_why(tmp_path: Path) -> None:
    admitted = admit(dropped(tmp_path, pdf(scan_page(picture()))), LIMITS)
    broken = dataclasses.replace(admitted, claim=dropped(tmp_path, b"%PDF-1.7 nothing"), media_type=PDF)
    copier = Copier(lambda again: decode(again, DecodeConfig(), LIMITS), LIMITS.max_pixels, False)
    copy = copier(broken, Reading((), (), ()))
    assert copy is not None
    assert copy.content == b""
    assert "PdfError" in copy.problem


def test_a_copy_can_be_copied(tmp_path: Path) -> None:
    scans = pdf(*[scan_page(picture(size=(1240, 1754)))] * 2)
    quad: Quad = ((200, 300), (600, 300), (600, 340), (200, 340))
    once = made(tmp_path, scans, [line("page 1", quad), line("page 2", quad, 1)])
    twice = made(tmp_path, once, [line("other 1", quad), line("other 2", quad, 1)])
    assert [text_of(twice, page) for page in (0, 1)] == [["other 1"], ["other 2"]]


def test_the_same_document_gives_the_same_copy(tmp_path: Path) -> None:
    content = encoded(picture(), "PNG")
    read = [line("text", ((0, 0), (90, 0), (90, 20), (0, 20)))]
    assert made(tmp_path, content, read) == made(tmp_path, content, read)
    assert srgb_profile()[24:36] == bytes((7, 208, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0)), "not the second of its making"
