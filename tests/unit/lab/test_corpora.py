"""Comparison of what was recorded with what other programs read."""

import shutil
from pathlib import Path

import pytest
from PIL import Image

from lab.bench.corpora import readers_of, recall_of, words
from lab.corpus.pdf import PdfPage, paragraph, pdf


def test_words_know_neither_case_nor_width() -> None:
    assert words("Ｔotal, 合计 12.50") == words("total 合 计 12 50")


def test_files_are_tried_by_other_decoders(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.png", tmp_path / "bad.png"
    Image.new("L", (8, 8)).save(good)
    bad.write_bytes(good.read_bytes()[:40])
    assert readers_of(good) == ["Pillow", "OpenCV"]
    assert readers_of(bad) == []


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="needs pdftotext (Debian: poppler-utils)")
def test_recall_counts_the_words_that_are_missing(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf(PdfPage(texts=paragraph(10))))
    rows = [text.text for text in paragraph(10)]
    assert recall_of(path, [(row, "text-layer") for row in rows]) == 1
    assert recall_of(path, [(row, "text-layer") for row in rows[:5]]) == pytest.approx(0.5)
    assert recall_of(path, [(row, "ocr") for row in rows]) is None
