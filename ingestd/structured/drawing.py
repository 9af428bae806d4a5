"""Pictures of pages that are text with places, for a person to look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ingestd.document import Line, Pixels, Quad, Source, frozen
from ingestd.extract.stated.invoice import Invoice

DPI = 100.0
PAGE_SIZE = (827, 1169)
"""A4 in px at DPI."""
_ROW = 18
_TEXT = 12
_LEFT = 50
_FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
    "/usr/share/fonts/truetype/arphic/uming.ttc",
)
"""Chinese fonts of Debian's packages; without one of them a picture shows Chinese characters as boxes."""
_MAX_FONT_PX = 400
_NARROWEST = 0.2
"""Advance of the narrowest letters, in heights of the line."""


def rows_of(invoice: Invoice, page_index: int) -> tuple[Line, ...]:
    """Write an invoice as lines of a page, for search and for the picture."""
    rows = [text for text in _texts(invoice) if text.strip()]
    # A long invoice has closer rows: all of it is on its page.
    step = min(_ROW, (PAGE_SIZE[1] - 2 * _LEFT) / max(len(rows), 1))
    return tuple(
        Line(page_index, _box(_LEFT, _LEFT + index * step, len(text), step), text, 1.0, source=Source.TEXT_LAYER)
        for index, text in enumerate(rows)
    )


def _texts(invoice: Invoice) -> Iterator[str]:
    yield f"{invoice.kind} {invoice.number}"
    yield f"date {invoice.date}"
    for role, party in (("seller", invoice.seller), ("buyer", invoice.buyer)):
        yield f"{role} {party.name} {party.tax_no}".rstrip()
    for name, value in invoice.more.items():
        yield f"{name.replace('_', ' ')} {value}"
    for item in invoice.items:
        cells = (item.name, item.quantity, item.unit_price, item.rate, item.amount)
        yield "  ".join(" ".join(cell.split()) for cell in cells if cell)
    for line in invoice.taxes:
        yield f"tax {line.rate} of {line.net}: {line.tax}"
    for name, value in (("net", invoice.net), ("tax", invoice.tax), ("total", invoice.total)):
        yield f"{name} {value} {invoice.currency}" if value else ""


def _box(left: float, top: float, length: int, step: float) -> Quad:
    right, bottom = min(left + length * _TEXT * 0.6, PAGE_SIZE[0] - 10), top + step * 0.8
    return ((left, top), (right, top), (right, bottom), (left, bottom))


def draw(size: tuple[int, int], lines: Sequence[Line]) -> Pixels:
    """Draw lines at their places in black on white.

    Args:
        size: width and height in px.
        lines: upright ones are drawn, others left out.
    """
    picture = Image.new("RGB", size, "white")
    canvas = ImageDraw.Draw(picture)
    for line in lines:
        (left, top), (right, _), (_, bottom), _ = line.quad
        height = bottom - top
        if 2 < height < _MAX_FONT_PX and right > left:
            text = line.text[: round(size[0] / height / _NARROWEST)]  # the rest is behind the edge
            canvas.text((left, bottom - 0.15 * height), text, "black", _font(round(height * 0.9)), anchor="ls")
    return frozen(np.ascontiguousarray(np.asarray(picture)[:, :, ::-1]))


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    for path in _FONTS:
        if Path(path).exists():
            return ImageFont.truetype(path, size)
    return ImageFont.load_default(size)
