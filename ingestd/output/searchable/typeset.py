"""Text of pages as content of a PDF: one operator per line of text, every character as wide as its cell."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from pikepdf import Array, Dictionary, Name, Object, Page, Pdf, Stream

from ingestd.document import Line, Matrix
from ingestd.output.searchable import cells, font

_MIN_HEIGHT = 0.1
"""Points; a line lower than this has no place for text."""


class Typesetter:
    """Writer of invisible text into the pages of one PDF; call :meth:`finish` before it is saved."""

    def __init__(self, pdf: Pdf) -> None:
        self._pdf = pdf
        self._fonts: list[tuple[Object, dict[tuple[str, int], int]]] = []
        self._layers = 0

    def add(self, page: Page, lines: Iterable[Line], to_page: Matrix) -> None:
        """Put the texts of lines under what a page shows.

        Args:
            page: of the PDF.
            lines: of this page.
            to_page: maps their pixels to the page's space (points, y up, before /Rotate).
        """
        used: dict[Name, Object] = {}
        texts = b"".join(self._line(line, to_page, used) for line in lines if line.text.strip())
        if not texts:
            return
        layer = Stream(self._pdf, b"BT\n3 Tr\n" + texts + b"ET\n")
        layer.Type, layer.Subtype = Name.XObject, Name.Form
        layer.BBox = Array(list(_page_box(page)))
        layer.Resources = Dictionary(Font=Dictionary({str(name): value for name, value in used.items()}))
        name = self._free_name(page)
        page.add_resource(layer, Name.XObject, name)
        # First of all: whatever the page does to its own coordinates cannot move the text.
        page.contents_add(b"q %s Do Q\n" % str(name).encode(), prepend=True)

    def _free_name(self, page: Page) -> Name:
        """Return a name that no resource has, those of a copy that is copied again and of other pages included."""
        known = page.obj.get(Name.Resources, Dictionary()).get(Name.XObject, Dictionary())
        while True:
            self._layers += 1
            name = Name(f"/IngestdText{self._layers}")
            if name not in known:
                return name

    def _line(self, line: Line, to_page: Matrix, used: dict[Name, Object]) -> bytes:
        start, along, up = cells.frame(line, to_page)
        length, height = float(np.hypot(*along)), float(np.hypot(*up))
        if not (height >= _MIN_HEIGHT and length > 0 and np.isfinite(length + height)):
            return b""
        widths = cells.widths(cells.edges(line), length / height)
        codes = self._codes(list(zip(line.text, widths, strict=True)), used)
        turn = (*(along / length), *(up / height), *start)
        matrix = " ".join(_number(value) for value in turn)
        return f"{codes[0]} {_number(height)} Tf {matrix} Tm <{codes[1]}> Tj\n".encode()

    def _codes(self, chars: list[tuple[str, int]], used: dict[Name, Object]) -> tuple[str, str]:
        """Return the font's name and the codes of characters in hex; another font begins where one is full."""
        if not self._fonts or len(self._fonts[-1][1]) + len(chars) > font.MAX_CODES:
            self._fonts.append((self._pdf.make_indirect(Dictionary()), {}))
        dictionary, known = self._fonts[-1]
        name = f"/F{len(self._fonts)}"
        used[Name(name)] = dictionary
        return name, "".join(f"{known.setdefault(char, len(known) + 1):04x}" for char in chars)

    def finish(self) -> None:
        """Write the fonts, now that all characters are known."""
        for dictionary, known in self._fonts:
            font.embed(self._pdf, dictionary, list(known))


def _page_box(page: Page) -> tuple[float, float, float, float]:
    """Return the media box grown by half its size on each side: text at the rim is not clipped."""
    values = [float(value) for value in page.mediabox.as_list()]
    left, right = sorted((values[0], values[2]))
    bottom, top = sorted((values[1], values[3]))
    across, along = (right - left) / 2, (top - bottom) / 2
    return left - across, bottom - along, right + across, top + along


def _number(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".") or "0"
