"""The characters that a PDF page brings along: where PDFium says each of them stands."""

from __future__ import annotations

import ctypes
import math
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium

from ingestd.document import Matrix
from ingestd.layout.geometry import transform

_MAX_GARBAGE = 0.1
"""Share of characters without a meaning above which the layer is not believed."""
_GARBAGE = {"Cc", "Cn", "Co", "Cs"}
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_HYPHEN_AT_LINE_END = "\x02"
_INVISIBLE_MODES = {pdfium.FPDF_TEXTRENDERMODE_INVISIBLE, pdfium.FPDF_TEXTRENDERMODE_CLIP}
_WHITE = 250

_Rect = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character; the box is in pixels of the raster turned so that its text runs rightwards."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    white: bool
    after_space: bool


@dataclass(frozen=True, slots=True)
class _Style:
    """What all characters of one text object share."""

    visible: bool
    white: bool
    degrees: int
    """Reading direction in the raster, clockwise from rightwards."""


@dataclass(slots=True)
class _Found:
    """Characters of one direction, in the order of drawing."""

    texts: list[str] = field(default_factory=list)
    rects: list[_Rect] = field(default_factory=list)
    """Left, bottom, right, top in points."""
    white: list[bool] = field(default_factory=list)
    after_space: list[bool] = field(default_factory=list)


def rotation(degrees: int) -> Matrix:
    """The matrix that turns points clockwise (y down) about the origin."""
    sine, cosine = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
    return np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])


def read_glyphs(sheet: pypdfium2.PdfPage, to_pixels: Matrix, size: tuple[int, int]) -> Mapping[int, list[Glyph]]:
    """Read the visible characters of a page.

    Args:
        sheet: the page.
        to_pixels: maps page space to the raster.
        size: width and height of the raster; what lies outside was cropped away.

    Returns:
        Characters by reading direction (degrees clockwise from rightwards, 0-359) in the order of
        drawing; empty where more than a tenth of them have no meaning.
    """
    with closing(sheet.get_textpage()) as page:
        found = _find(page, to_pixels)
    return {degrees: _placed(group, to_pixels, degrees, size) for degrees, group in found.items()}


def _find(page: pypdfium2.PdfTextPage, to_pixels: Matrix) -> dict[int, _Found]:
    styles: dict[int, _Style] = {}
    found: dict[int, _Found] = defaultdict(_Found)
    garbage = total = 0
    after_space = False
    for index, text in _characters(page):
        if text.isspace():
            after_space = True
            continue
        style = _style(page, index, to_pixels, styles)
        if style is None or not style.visible:
            continue
        total += 1
        if text == _REPLACEMENT or unicodedata.category(text) in _GARBAGE:
            garbage += 1
            continue
        rect = pdfium.FS_RECTF()
        if pdfium.FPDFText_GetLooseCharBox(page, index, rect):
            group = found[style.degrees]
            group.texts.append(text)
            group.rects.append((rect.left, rect.bottom, rect.right, rect.top))
            group.white.append(style.white)
            group.after_space.append(after_space)
            after_space = False
    return {} if garbage > _MAX_GARBAGE * total else found


def _characters(page: pypdfium2.PdfTextPage) -> Iterator[tuple[int, str]]:
    """Index and character; halves of a surrogate pair joined, format characters left out."""
    high = 0
    for index in range(page.count_chars()):
        code = pdfium.FPDFText_GetUnicode(page, index)
        if 0xD800 <= code < 0xDC00:
            high = code
            continue
        if high and 0xDC00 <= code < 0xE000:
            code = 0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00)
        high = 0
        text = chr(code) if code <= 0x10FFFF else _REPLACEMENT
        if text == _HYPHEN_AT_LINE_END:
            text = "-"
        if unicodedata.category(text) != "Cf":
            yield index, text


def _style(page: pypdfium2.PdfTextPage, index: int, to_pixels: Matrix, known: dict[int, _Style]) -> _Style | None:
    """Style of the text object that drew a character; None for characters that nothing drew."""
    drawn_by = pdfium.FPDFText_GetTextObject(page, index)
    if not drawn_by:
        return None
    address = ctypes.addressof(drawn_by.contents)
    if address not in known:
        red, green, blue, alpha = (ctypes.c_uint(0) for _ in range(4))
        pdfium.FPDFText_GetFillColor(page, index, red, green, blue, alpha)
        matrix = pdfium.FS_MATRIX()
        pdfium.FPDFText_GetMatrix(page, index, matrix)
        x, y = to_pixels[:2, :2] @ (matrix.a, matrix.b)
        known[address] = _Style(
            visible=pdfium.FPDFTextObj_GetTextRenderMode(drawn_by) not in _INVISIBLE_MODES,
            white=min(red.value, green.value, blue.value) >= _WHITE or alpha.value == 0,
            degrees=round(math.degrees(math.atan2(y, x))) % 360 if math.isfinite(x) and math.isfinite(y) else 0,
        )
    return known[address]


def _placed(found: _Found, to_pixels: Matrix, degrees: int, size: tuple[int, int]) -> list[Glyph]:
    """Characters whose centre lies on the raster, with their boxes there."""
    left, bottom, right, top = np.array(found.rects, dtype=np.float64).T
    corners = np.stack([(left, right, right, left), (top, top, bottom, bottom)], axis=-1).swapaxes(0, 1)
    boxes = transform(rotation(-degrees) @ to_pixels, corners)
    least, most = boxes.min(axis=1), boxes.max(axis=1)
    centres = transform(rotation(degrees), (least + most) / 2)
    inside = np.logical_and(centres >= 0, centres < size).all(axis=1)
    _share_ligatures(least, most)
    # A NaN compares false, so characters without a place are left out too.
    return [
        Glyph(text, left, top, right, bottom, white, space)
        for text, (left, top, right, bottom), white, space, seen in zip(
            found.texts,
            np.hstack([least, most]).tolist(),
            found.white,
            found.after_space,
            np.atleast_1d(inside).tolist(),
            strict=True,
        )
        if seen
    ]


def _share_ligatures(least: Matrix, most: Matrix) -> None:
    """Give each letter of a ligature, for all of which PDFium gives the same box, its share of it."""
    start, count = 0, len(least)
    for end in range(1, count + 1):
        if end < count and (least[end] == least[start]).all() and (most[end] == most[start]).all():
            continue
        letters = end - start
        if letters > 1:
            edges = np.linspace(least[start, 0], most[start, 0], letters + 1)
            least[start:end, 0], most[start:end, 0] = edges[:-1], edges[1:]
        start = end
