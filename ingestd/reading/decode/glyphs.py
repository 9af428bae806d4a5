"""Characters of a PDF page's own text, placed in pixels of its raster as PDFium reports them."""

from __future__ import annotations

import ctypes
import math
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from enum import Enum

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
_USUAL_ASCENT, _USUAL_DESCENT = 0.9, 0.25
"""Of an em, for fonts that state none."""


class Space(Enum):
    """White space between a character and the one drawn before it."""

    NONE = 0
    GENERATED = 1
    """PDFium infers it from the place of the characters."""
    TYPED = 2
    """The page draws it."""


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character; the box is in pixels of the raster turned so that its text runs rightwards."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    pen: float
    """Position of the pen along the line before it drew the character."""
    white: bool
    space: Space
    joined: bool
    """The same text object drew the character before, and PDFium sees no white space between the two."""
    ends_word: bool = False
    """The page draws a space to the right of it."""


@dataclass(frozen=True, slots=True)
class _Style:
    """Properties of one text object, shared by its characters."""

    address: int
    visible: bool
    white: bool
    degrees: int
    """Reading direction in the raster, clockwise from rightwards."""
    ascent: float
    """Above the baseline, in pixels of the raster."""
    descent: float
    """Below it."""


@dataclass(slots=True)
class _Found:
    """Characters of one direction, in the order of drawing."""

    texts: list[str] = field(default_factory=list)
    rects: list[tuple[float, float, float, float]] = field(default_factory=list)
    """Left, bottom, right, top in points."""
    origins: list[tuple[float, float]] = field(default_factory=list)
    """Of the pen, in points."""
    styles: list[_Style] = field(default_factory=list)
    spaces: list[tuple[Space, float, float]] = field(default_factory=list)
    """White space that PDFium lists before each character, and where it begins, in points."""


def rotation(degrees: int) -> Matrix:
    """Return the matrix that turns points clockwise (y down) about the origin."""
    sine, cosine = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
    return np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])


def read_glyphs(pdf_page: pypdfium2.PdfPage, to_pixels: Matrix, size: tuple[int, int]) -> Mapping[int, list[Glyph]]:
    """Read the visible characters of a page.

    Args:
        pdf_page: the page.
        to_pixels: maps page space to the raster.
        size: width and height of the raster; what lies outside was cropped away.

    Returns:
        Characters by reading direction (degrees clockwise from rightwards, 0-359) in the order of
        drawing; empty where more than a tenth of them have no meaning.
    """
    with closing(pdf_page.get_textpage()) as page:
        found = _find(page, to_pixels)
    return {degrees: _placed(group, to_pixels, degrees, size) for degrees, group in found.items()}


def _find(page: pypdfium2.PdfTextPage, to_pixels: Matrix) -> dict[int, _Found]:
    styles: dict[int, _Style] = {}
    found: dict[int, _Found] = defaultdict(_Found)
    garbage = total = 0
    space, space_x, space_y = Space.NONE, 0.0, 0.0
    rect, x, y = pdfium.FS_RECTF(), ctypes.c_double(), ctypes.c_double()
    for index, text in _characters(page):
        if text.isspace():
            if space is not Space.TYPED and pdfium.FPDFText_GetCharOrigin(page, index, x, y):
                space = Space.GENERATED if pdfium.FPDFText_IsGenerated(page, index) == 1 else Space.TYPED
                space_x, space_y = x.value, y.value
            continue
        style = _style(page, index, to_pixels, styles)
        if style is None or not style.visible:
            continue
        total += 1
        if text == _REPLACEMENT or unicodedata.category(text) in _GARBAGE:
            garbage += 1
            continue
        if pdfium.FPDFText_GetLooseCharBox(page, index, rect) and pdfium.FPDFText_GetCharOrigin(page, index, x, y):
            group = found[style.degrees]
            group.texts.append(text)
            group.rects.append((rect.left, rect.bottom, rect.right, rect.top))
            group.origins.append((x.value, y.value))
            group.styles.append(style)
            group.spaces.append((space, space_x, space_y))
            space = Space.NONE
    return {} if garbage > _MAX_GARBAGE * total else found


def _characters(page: pypdfium2.PdfTextPage) -> Iterator[tuple[int, str]]:
    """Yield index and character; halves of a surrogate pair joined, format characters left out."""
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
    """Return the style of the text object that drew a character; None for characters that nothing drew."""
    drawn_by = pdfium.FPDFText_GetTextObject(page, index)
    if not drawn_by:
        return None
    address = ctypes.addressof(drawn_by.contents)
    if address not in known:
        red, green, blue, alpha = (ctypes.c_uint(0) for _ in range(4))
        pdfium.FPDFText_GetFillColor(page, index, red, green, blue, alpha)
        matrix = pdfium.FS_MATRIX()
        pdfium.FPDFText_GetMatrix(page, index, matrix)
        (x, upward_x), (y, upward_y) = to_pixels[:2, :2] @ [(matrix.a, matrix.c), (matrix.b, matrix.d)]
        ascent, descent = _extent(drawn_by)
        scale = math.hypot(upward_x, upward_y)
        known[address] = _Style(
            address=address,
            visible=pdfium.FPDFTextObj_GetTextRenderMode(drawn_by) not in _INVISIBLE_MODES,
            white=min(red.value, green.value, blue.value) >= _WHITE or alpha.value == 0,
            degrees=round(math.degrees(math.atan2(y, x))) % 360 if math.isfinite(x) and math.isfinite(y) else 0,
            ascent=ascent * scale,
            descent=descent * scale,
        )
    return known[address]


def _extent(text_object: object) -> tuple[float, float]:
    """Return how far the font of a text object reaches above and below the baseline, in its own unit."""
    size, ascent, descent = ctypes.c_float(), ctypes.c_float(), ctypes.c_float()
    pdfium.FPDFTextObj_GetFontSize(text_object, size)
    font = pdfium.FPDFTextObj_GetFont(text_object)
    known = (
        font
        and pdfium.FPDFFont_GetAscent(font, size.value, ascent)
        and pdfium.FPDFFont_GetDescent(font, size.value, descent)
    )
    if known and ascent.value > descent.value:
        return ascent.value, -descent.value
    return _USUAL_ASCENT * size.value, _USUAL_DESCENT * size.value


def _placed(found: _Found, to_pixels: Matrix, degrees: int, size: tuple[int, int]) -> list[Glyph]:
    """Place characters whose centre lies on the raster."""
    frame = rotation(-degrees) @ to_pixels
    pens = transform(frame, found.origins)
    least, most = _boxes(found, frame) if degrees % 90 == 0 else _slanted_boxes(found, to_pixels, degrees, pens)
    centres = transform(rotation(degrees), (least + most) / 2)
    inside = np.atleast_1d(np.logical_and(centres >= 0, centres < size).all(axis=1))
    _share_ligatures(least, most)
    starts = transform(frame, [(x, y) for _, x, y in found.spaces])
    listed = [space for space, _, _ in found.spaces]
    spaces, ends_word = _spaces_beside(listed, starts, pens, most[:, 1] - least[:, 1])
    glyphs: list[Glyph] = []
    before = None
    for index, (left, top, right, bottom) in enumerate(np.hstack([least, most]).tolist()):
        # A NaN compares false, so characters without a place are left out too.
        if not inside[index]:
            continue
        style, space = found.styles[index], spaces[index]
        joined = space is Space.NONE and before == index - 1 and found.styles[before].address == style.address
        pen = float(pens[index, 0])
        box = left, top, right, bottom
        glyphs.append(Glyph(found.texts[index], *box, pen, style.white, space, joined, ends_word[index]))
        before = index
    return glyphs


def _spaces_beside(
    spaces: Sequence[Space], starts: Matrix, pens: Matrix, heights: Matrix
) -> tuple[list[Space], list[bool]]:
    """Return the space on the left of each character, and whether the page draws one on its right.

    PDFium lists letters or words from right to left where a program draws upside down. There the place of a typed space
    counts: it stands on the left or on the right of the character listed before it.

    Args:
        spaces: what PDFium lists before each character.
        starts: (N, 2) their left ends in the reading direction, in pixels.
        pens: (N, 2) origins of the characters in the reading direction, in pixels.
        heights: (N,) of the characters, in pixels.
    """
    before, ends_word = [*spaces[:1], *[Space.NONE] * (len(spaces) - 1)], [False] * len(spaces)
    for index, space in enumerate(spaces[1:], 1):
        (left, row), (before_left, before_row) = pens[index], pens[index - 1]
        if abs(row - before_row) >= heights[index] / 2:
            continue  # the end of a row, not of a word
        if left >= before_left:
            before[index] = space
        elif space is Space.TYPED:  # an inferred one is between places that are not neighbours
            if starts[index, 0] > before_left:
                ends_word[index - 1] = True
            else:
                before[index - 1] = space
    return before, ends_word


def _boxes(found: _Found, frame: Matrix) -> tuple[Matrix, Matrix]:
    """Return top left and bottom right corners (N, 2) of PDFium's boxes, which are exact for text along an axis."""
    left, bottom, right, top = np.array(found.rects, dtype=np.float64).T
    corners = np.stack([(left, right, right, left), (top, top, bottom, bottom)], axis=-1).swapaxes(0, 1)
    boxes = transform(frame, corners)
    return boxes.min(axis=1), boxes.max(axis=1)


def _slanted_boxes(found: _Found, to_pixels: Matrix, degrees: int, pens: Matrix) -> tuple[Matrix, Matrix]:
    """Return top left and bottom right corners (N, 2) of slanted characters, from pen, font and advance.

    PDFium's box is the upright one around the slanted box of the character: half its perimeter is that of the
    slanted box times the sum of sine and cosine.
    """
    upright_least, upright_most = _boxes(found, to_pixels)
    ascent = np.array([style.ascent for style in found.styles])
    descent = np.array([style.descent for style in found.styles])
    turn = math.radians(degrees)
    around = (upright_most - upright_least).sum(axis=1) / (abs(math.sin(turn)) + abs(math.cos(turn)))
    advance = np.maximum(around - ascent - descent, 0.0)
    along, baseline = pens.T
    return np.stack([along, baseline - ascent], axis=1), np.stack([along + advance, baseline + descent], axis=1)


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
