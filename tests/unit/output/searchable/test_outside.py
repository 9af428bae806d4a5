"""Searchable copies as other programs see them: poppler and qpdf, where they are installed."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from ingestd.app.pipelines import build_recording, manifest_of, rules_of
from ingestd.config import parse
from ingestd.document import Claim, Line, Record
from ingestd.files.identity import digest
from tests.support.places import ROOT
from tests.unit.output.searchable.test_copy import MAX_BOX_ERROR_PX, copied, turned_scan

needs_poppler = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")
needs_qpdf = pytest.mark.skipif(shutil.which("qpdf") is None, reason="qpdf is not installed")
SAMPLES = ("cn-vat-invoice.jpg", "receipt.png", "tax-invoice.pdf")


@pytest.fixture(scope="module")
def records() -> dict[str, Record]:
    """The samples, read with copies."""
    config = parse("inboxes: [{path: inbox}]\noutput: {searchable_pdf: beside}", Path("/nowhere/config.yaml"))
    pipeline = build_recording(config, rules_of(config), manifest_of(config))
    paths = {name: ROOT / "samples" / name for name in SAMPLES}
    return {
        name: pipeline(Claim(path, path, path.stat().st_size, digest(path), attempt=1)) for name, path in paths.items()
    }


def copy_of(record: Record, folder: Path) -> Path:
    assert record.copy is not None and not record.copy.problem
    path = folder / "copy.pdf"
    path.write_bytes(record.copy.content)
    return path


def sizes_of(lines: Sequence[Line]) -> list[tuple[float, float]]:
    """Width along and height across each line, in pixels of the page as it stands."""
    corners = np.array([line.quad for line in lines])
    spans = corners.max(axis=1) - corners.min(axis=1)
    return [(width, height) for width, height in spans.tolist()]


def printed(*command: str | Path) -> str:
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout


@needs_poppler
@pytest.mark.parametrize("name", SAMPLES)
def test_pdftotext_gives_the_lines_without_added_spaces(records: dict[str, Record], name: str, tmp_path: Path) -> None:
    lines = records[name].reading.lines
    text = printed("pdftotext", "-raw", copy_of(records[name], tmp_path), "-")
    level = [line.text for line, (width, height) in zip(lines, sizes_of(lines), strict=True) if width > height]
    assert [line for line in level if line not in text] == []  # of text that runs downward, each character is a line
    everything = "".join(line.text for line in lines)
    assert sorted("".join(text.split())) == sorted("".join(everything.split()))


@needs_qpdf
@pytest.mark.parametrize("name", SAMPLES)
def test_qpdf_finds_nothing_wrong_and_the_original_stays(records: dict[str, Record], name: str, tmp_path: Path) -> None:
    path = ROOT / "samples" / name
    assert "No syntax or stream encoding errors found" in printed("qpdf", "--check", copy_of(records[name], tmp_path))
    assert hashlib.sha256(path.read_bytes()).hexdigest() == records[name].sha256


@needs_poppler
@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize(("user_unit", "shift"), [(1, 0), (2, 0), (1, 300)])
def test_words_have_their_boxes(tmp_path: Path, rotate: int, user_unit: float, shift: float) -> None:
    words = {"Total": (200, 300, 330, 340), "永辉超市": (420, 900, 640, 950)}
    read = [
        Line(0, ((left, top), (right, top), (right, bottom), (left, bottom)), word, 0.9)
        for word, (left, top, right, bottom) in words.items()
    ]
    copy, reading = copied(tmp_path, turned_scan(rotate, user_unit=user_unit, shift=shift), read)
    assert copy is not None and not copy.problem
    path = tmp_path / "copy.pdf"
    path.write_bytes(copy.content)
    told = printed("pdftotext", "-bbox", path, "-")
    (size,) = re.findall(r'<page width="([\d.]+)" height="([\d.]+)"', told)
    # Of a turned page the size that is told is not turned.
    scale = max(reading.pages[0].width_px, reading.pages[0].height_px) / max(map(float, size))
    found = {
        word: np.array([float(edge) for edge in edges]) * scale
        for *edges, word in re.findall(r'xMin="(.+?)" yMin="(.+?)" xMax="(.+?)" yMax="(.+?)">(.+?)<', told)
    }
    assert found.keys() == words.keys()
    for word, box in words.items():
        assert np.abs(found[word] - box).max() <= MAX_BOX_ERROR_PX, (word, found[word], box)
