"""Two passes of a stack as one file, page after page, whatever was scanned."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from PIL import Image

from ingestd.config import AdmitConfig
from ingestd.document import Admitted
from ingestd.errors import DocumentError
from ingestd.output.collate import collate
from ingestd.reading.admit import admit
from lab.corpus.pdf import PdfPage, Text, pdf
from tests.support.claims import dropped
from tests.support.documents import encoded, picture, tiff

LIMITS = AdmitConfig()


def side(folder: Path, content: bytes) -> Admitted:
    folder.mkdir(exist_ok=True)
    return admit(dropped(folder, content), LIMITS)


def collated(folder: Path, fronts: bytes, backs: bytes) -> bytes:
    return collate(side(folder / "a", fronts), side(folder / "b", backs), LIMITS.max_pixels)


def pdf_of(*texts: str) -> bytes:
    return pdf(*(PdfPage([Text(60, 700, text)]) for text in texts))


@pytest.mark.parametrize("count", [1, 2, 5])
def test_fronts_and_reversed_backs_alternate(tmp_path: Path, count: int) -> None:
    fronts = [f"front {n}" for n in range(count)]
    backs = [f"back {n}" for n in range(count)]
    content = collated(tmp_path, pdf_of(*fronts), pdf_of(*reversed(backs)))
    with pypdfium2.PdfDocument(content) as document:
        texts = [page.get_textpage().get_text_bounded() for page in document]
    assert texts == [text for pair in zip(fronts, backs, strict=True) for text in pair]


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    sides = pdf_of("front"), pdf_of("back")
    assert collated(tmp_path, *sides) == collated(tmp_path, *sides)
    assert collated(tmp_path, *sides) != collated(tmp_path, *reversed(sides))


def test_pictures_of_a_tiff_keep_their_pixels_and_resolution(tmp_path: Path) -> None:
    pages = [picture(f"page {n}", size=(200, 100)).convert(mode) for n, mode in enumerate(("1", "L", "RGB", "1"))]
    fronts = tiff([pages[0], pages[2]], dpi=(300, 300))
    backs = tiff([pages[3], pages[1]], dpi=(300, 300))
    content = collated(tmp_path, fronts, backs)
    assert content == collated(tmp_path, fronts, backs)
    with Image.open(io.BytesIO(content)) as image:
        for index, page in enumerate(pages):
            image.seek(index)
            assert image.info["dpi"] == (300, 300)
            assert np.array_equal(np.asarray(image.convert("RGB")), np.asarray(page.convert("RGB")))
        assert image.tell() == 3
    assert side(tmp_path / "c", content).pages_expected == 4


@pytest.mark.parametrize(
    ("fronts", "backs", "found"),
    [
        (pdf_of("a", "b"), pdf_of("c"), "2 fronts and 1 backs"),
        (pdf_of("a"), tiff([picture()]), "a PDF and a TIFF"),
        (encoded(picture(), "PNG"), encoded(picture(), "PNG"), "PNG"),
    ],
)
def test_sides_that_do_not_fit_are_told(tmp_path: Path, fronts: bytes, backs: bytes, found: str) -> None:
    with pytest.raises(DocumentError, match=found) as caught:
        collated(tmp_path, fronts, backs)
    assert caught.value.code == "no-pair"
