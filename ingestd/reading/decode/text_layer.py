"""Text layer of a PDF page, as lines in pixels of its raster.

PDFium lists characters in the order in which the program drew them, which is not the reading order. So lines are put
together by place: characters that follow each other closely are a run, runs side by side on one row are a line, and a
gap wider than the font is tall parts two lines, as between the columns of a table.

Inside one text object PDFium knows the advance of each character and decides what is a word. Boxes do not: the font of
a PDF may be missing here, and its replacement is wider or narrower.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pypdfium2

from ingestd.document import Char, Line, Matrix, Pixels, Source
from ingestd.layout.geometry import as_quad, as_quads, transform
from ingestd.layout.order import reading_order
from ingestd.layout.row_groups import group_rows
from ingestd.reading.decode.glyphs import Glyph, Space, read_glyphs, rotation


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Limits of gaps, in heights of a character box, ascent to descent, which is 1.15 to 1.2 em in most fonts."""

    column_gap: float = 0.85
    """One em between two lines on one row."""
    word_gap: float = 0.2
    """Between two words that different text objects draw, of a character each."""
    gap_after_word: float = 0.11
    """The same after a text object of several characters, which seldom ends within a word."""
    generated_gap: float = 0.12
    """From which on a space is believed that PDFium sees between two text objects of a character each."""
    tracking: float = 3.0
    """Between two characters of a widely spaced word."""
    overlap: float = 0.3
    """By which neighbours may overlap (kerning, slanted letters)."""
    same_place: float = 0.3
    """Within which the same text counts as printed twice to look bold."""
    flat: int = 12
    """Span of levels (0-255) in which nothing can be seen."""


LIMITS = Thresholds()


@dataclass(slots=True)
class _Run:
    """Characters of one line, from left to right; grows while lines are put together."""

    glyphs: list[Glyph] = field(default_factory=list)

    @property
    def left(self) -> float:
        return self.glyphs[0].left

    @property
    def right(self) -> float:
        return self.glyphs[-1].right

    @property
    def top(self) -> float:
        return min(glyph.top for glyph in self.glyphs)

    @property
    def bottom(self) -> float:
        return max(glyph.bottom for glyph in self.glyphs)

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def text(self) -> str:
        return "".join(glyph.text for glyph in self.glyphs)

    @property
    def is_white(self) -> bool:
        return all(glyph.white for glyph in self.glyphs)


def text_lines(pdf_page: pypdfium2.PdfPage, pixels: Pixels, to_pixels: Matrix, page_index: int) -> tuple[Line, ...]:
    """Read the visible text of a page.

    Args:
        pdf_page: the page.
        pixels: its raster, in which white text on white paper is found out. Other text counts even
            where the raster shows none: the machine may lack a font that the PDF does not embed.
        to_pixels: maps page space to the raster.
        page_index: 0-based.

    Returns:
        Lines in reading order with the position of each character, confidence 1.0; none where
        there is no visible text or too much of it has no meaning.
    """
    height, width = pixels.shape[:2]
    lines: list[Line] = []
    by_direction = read_glyphs(pdf_page, to_pixels, (width, height))
    # The direction of most characters is that of the page; what runs otherwise comes last.
    for degrees, glyphs in sorted(by_direction.items(), key=lambda item: -len(item[1])):
        back = rotation(degrees)
        found = ((run, _line(run, back, page_index)) for run in _lines(glyphs))
        seen = [line for run, line in found if not (run.is_white and _is_flat(pixels, line))]
        lines += [seen[index] for index in reading_order(as_quads(line.quad for line in seen))]
    return tuple(lines)


def _lines(glyphs: Iterable[Glyph]) -> Iterator[_Run]:
    """Put characters of one direction together to lines."""
    runs = list(_distinct(_runs(glyphs)))
    for row in group_rows([(run.left, run.top, run.right, run.bottom) for run in runs]):
        yield from _merged([runs[index] for index in row])


def _runs(glyphs: Iterable[Glyph]) -> Iterator[_Run]:
    """Cut the stream of characters where the next one does not follow closely on the same row."""
    run = _Run()
    for glyph in glyphs:
        if run.glyphs and not _follows(run.glyphs[-1], glyph):
            yield run
            run = _Run()
        run.glyphs.append(glyph)
    if run.glyphs:
        yield run


def _follows(last: Glyph, glyph: Glyph) -> bool:
    """Tell whether a character continues the run of the one drawn before it."""
    height = min(last.bottom - last.top, glyph.bottom - glyph.top)
    if min(last.bottom, glyph.bottom) - max(last.top, glyph.top) < height / 2:
        return False
    gap = glyph.left - last.right
    if glyph.joined:
        return glyph.pen >= last.pen and gap <= LIMITS.tracking * height
    return -LIMITS.overlap * height <= gap <= LIMITS.column_gap * height


def _distinct(runs: Iterable[_Run]) -> Iterator[_Run]:
    """Drop runs that are printed again at the same place to look bold."""
    printed: dict[str, list[_Run]] = defaultdict(list)
    for run in runs:
        again = printed[run.text]
        if not any(_at_same_place(run, other) for other in again):
            again.append(run)
            yield run


def _at_same_place(run: _Run, other: _Run) -> bool:
    reach = LIMITS.same_place * min(run.height, other.height)
    return abs(run.left - other.left) < reach and abs(run.top - other.top) < reach


def _merged(row: Sequence[_Run]) -> Iterator[_Run]:
    """Join runs that stand close."""
    current = row[0]
    for run in row[1:]:
        height = min(current.height, run.height)
        if -LIMITS.overlap * height <= run.left - current.right <= LIMITS.column_gap * height:
            current = _Run(current.glyphs + run.glyphs)
        else:
            yield current
            current = run
    yield current


def _line(run: _Run, back: Matrix, page_index: int) -> Line:
    left, top, right, bottom = run.left, run.top, run.right, run.bottom
    width = max(right - left, 1e-6)
    placed = [(text, min(1.0, max(0.0, (x - left) / width))) for text, x in _normalised(_spaced(run))]
    return Line(
        page_index=page_index,
        quad=as_quad(transform(back, [(left, top), (right, top), (right, bottom), (left, bottom)])),
        text="".join(text for text, _ in placed),
        confidence=1.0,
        chars=tuple(Char(round(position, 4), ((text, 1.0),)) for text, position in placed),
        source=Source.TEXT_LAYER,
    )


def _spaced(run: _Run) -> Iterator[tuple[str, float]]:
    """Yield characters and their centres, with the spaces between words."""
    last: Glyph | None = None
    for glyph in run.glyphs:
        if last is not None and begins_word(last, glyph):
            yield " ", (last.right + glyph.left) / 2
        yield glyph.text, (glyph.left + glyph.right) / 2
        last = glyph


def begins_word(last: Glyph, glyph: Glyph) -> bool:
    """Tell whether a space stands between two neighbours in a line."""
    if last.ends_word:
        return True
    if glyph.joined:
        return False
    if _is_spaceless(last.text) and _is_spaceless(glyph.text):
        return glyph.space is Space.TYPED
    gap = (glyph.left - last.right) / max(glyph.bottom - glyph.top, 1e-6)
    if glyph.space is Space.GENERATED and not last.joined:
        return gap > LIMITS.generated_gap
    return glyph.space is not Space.NONE or gap > (LIMITS.gap_after_word if last.joined else LIMITS.word_gap)


def _is_spaceless(character: str) -> bool:
    """Tell whether a character belongs to a script that has no spaces between words: wide, but not Hangul."""
    return unicodedata.east_asian_width(character) in "WF" and not unicodedata.name(character, "").startswith("HANGUL")


def _normalised(characters: Iterable[tuple[str, float]]) -> list[tuple[str, float]]:
    """NFC, each character with the centre of the one it came from.

    Latin ligatures and Kangxi radicals, which stand for plain letters and ideographs in the fonts
    of many PDFs, become what they look like.
    """
    units: list[tuple[str, float]] = []
    for text, x in characters:
        composed = unicodedata.normalize("NFKC" if _is_look_alike(text) else "NFC", text)
        if units:
            before, at = units[-1]
            together = unicodedata.normalize("NFC", before + composed)
            if len(together) < len(before) + len(composed):
                units[-1] = (together, at)
                continue
        units.append((composed, x))
    return [(character, x) for text, x in units for character in text]


def _is_look_alike(text: str) -> bool:
    return "\N{LATIN SMALL LIGATURE FF}" <= text <= "\N{LATIN SMALL LIGATURE ST}" or (
        "\N{KANGXI RADICAL ONE}" <= text <= "\N{KANGXI RADICAL FLUTE}"
    )


def _is_flat(pixels: Pixels, line: Line) -> bool:
    """Tell whether nothing can be seen where the line should be."""
    corners = np.array(line.quad)
    left, top = np.maximum(np.floor(corners.min(axis=0)), 0).astype(int)
    right, bottom = np.ceil(corners.max(axis=0)).astype(int)
    region = pixels[top:bottom, left:right]
    return region.size == 0 or int(region.max()) - int(region.min()) < LIMITS.flat
