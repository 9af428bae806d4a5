"""Stacks of papers as a scanner delivers them: sheets, separators between them, blank backs, dust and slant."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pypdfium2
import zxingcpp
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ingestd.document import Split
from ingestd.output.separator import separator_sheet
from lab.corpus.pdf import PdfPage, Picture, Text, pdf, scan_page

DPI = 100
PAGE_PX = (827, 1169)
"""A4 at DPI."""
NARROW_IN, WIDE_IN = 0.08, 0.20
PATCH = "nwnw"
"""Bars of patch code T, narrow and wide."""

Rng = np.random.Generator


@dataclass(frozen=True)
class Sheet:
    """One scanned page and what it is."""

    picture: Image.Image
    kind: str
    """``text``, ``blank``, ``patch``, ``ours`` or ``code``."""


def text_page(rows: Sequence[str]) -> Image.Image:
    """Draw a page of text."""
    page = Image.new("L", PAGE_PX, 255)
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(20)
    for number, row in enumerate(rows):
        draw.text((80, 90 + 40 * number), row, 0, font=font)
    return page


def blank_page(rng: Rng) -> Image.Image:
    """Draw the blank back of a sheet: punched holes, dust, a shadow at the edge, perhaps shine-through."""
    width, height = PAGE_PX
    page = np.full((height, width), 250.0)
    draw_on = Image.fromarray(page.astype(np.uint8))
    draw = ImageDraw.Draw(draw_on)
    for hole in (height / 2 - 157, height / 2 + 157):
        draw.ellipse((40, hole - 11, 62, hole + 11), fill=90)
    for _ in range(rng.integers(0, 40)):
        x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
        draw.rectangle((x, y, x + 1, y + int(rng.integers(0, 2))), fill=60)
    draw.rectangle((0, 0, int(rng.integers(0, 12)), height), fill=120)
    if rng.random() < 0.3:
        back = np.asarray(text_page([f"Position {n}   {n},00" for n in range(20)]))[:, ::-1]
        shine = Image.fromarray((255 - (255 - back.astype(float)) * 0.08).astype(np.uint8))
        draw_on = Image.fromarray(np.minimum(np.asarray(draw_on), np.asarray(shine)))
    return _scanned(draw_on, rng, angle=0)


def patch_page(rng: Rng, bars: str = PATCH, *, quarters: int = 0, scale: float = 1.0) -> Image.Image:
    """Draw a sheet with a patch code, fed in one of four directions, a little askew."""
    page = Image.new("L", PAGE_PX, 255)
    draw = ImageDraw.Draw(page)
    y = 0.5 * DPI
    for bar in bars:
        depth = (WIDE_IN if bar == "w" else NARROW_IN) * DPI * scale
        draw.rectangle((120, y, 700, y + depth), fill=0)
        y += depth + NARROW_IN * DPI * scale
    draw.text((300, 500), "PATCH", 0, font=ImageFont.load_default(40))
    page = page.rotate(90 * quarters, expand=True, fillcolor=255)
    return _scanned(page, rng, angle=float(rng.uniform(-3, 3)))


def our_page(rng: Rng, *, quarters: int = 0) -> Image.Image:
    """Draw the separator sheet of ingestd, as scanned."""
    page = _printed_sheet().rotate(90 * quarters, expand=True, fillcolor=255)
    return _scanned(page, rng, angle=float(rng.uniform(-3, 3)))


@cache
def _printed_sheet() -> Image.Image:
    with pypdfium2.PdfDocument(separator_sheet("a4")) as document:
        picture: Image.Image = document[0].render(scale=DPI / 72).to_pil()
        return picture.convert("L")


def code_page(rows: Sequence[str], text: str) -> Image.Image:
    """Draw a page of text with a QR code on it."""
    page = text_page(rows)
    barcode = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode)
    page.paste(Image.fromarray(np.array(zxingcpp.write_barcode_to_image(barcode, scale=4))), (600, 900))
    return page


def _scanned(page: Image.Image, rng: Rng, angle: float) -> Image.Image:
    turned = page.rotate(angle, resample=Image.Resampling.BICUBIC, fillcolor=255)
    noisy = np.asarray(turned).astype(float) + rng.normal(0, 4, (turned.height, turned.width))
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def tiff_of(pictures: Sequence[Image.Image]) -> bytes:
    """Write a stack as one TIFF of DPI."""
    target = io.BytesIO()
    first, *others = pictures
    first.save(target, "TIFF", save_all=True, append_images=others, dpi=(DPI, DPI), compression="tiff_lzw")
    return target.getvalue()


def pixels_of(picture: Image.Image) -> NDArray[np.uint8]:
    """Return a picture as a decoded page has it: BGR."""
    return np.ascontiguousarray(np.asarray(picture.convert("RGB"))[:, :, ::-1])


# -- whole stacks


@dataclass(frozen=True)
class Stack:
    """A scanned stack as PDF, and what its pages are."""

    content: bytes
    papers: tuple[tuple[int, ...], ...]
    """Page indices of each paper."""
    blank: tuple[int, ...]
    separators: tuple[int, ...]


_SELLERS = ("Nordlicht Handels GmbH", "Werkstatt Sommer KG", "Müller Bürobedarf AG", "Brandt Logistik GmbH")
MISSING = 0.15
"""Share of separators that were forgotten, and of following pages that are missing."""


def drawn_stack(rng: Rng, by: Split) -> Stack:
    """Draw three to six invoices of one to three pages as a stack to be divided in this way."""
    pages: list[PdfPage] = []
    papers: list[list[int]] = []
    blank: list[int] = []
    separators: list[int] = []
    for number in range(rng.integers(3, 7)):
        joined = False
        if number or rng.random() < 0.3:
            joined = bool(number and rng.random() < MISSING)
            if not joined:
                _separate(rng, by, pages, blank, separators)
        if not joined or by in (Split.CONTENT, Split.CODE):
            papers.append([])
        sheets = int(rng.integers(1, 4))
        for sheet in range(sheets):
            if sheet and rng.random() < MISSING:
                continue
            papers[-1].append(len(pages))
            pages.append(_invoice_page(rng, number, sheet, sheets, with_code=by is Split.CODE and sheet == 0))
            if by is not Split.BLANK and rng.random() < 0.3:
                blank.append(len(pages))
                pages.append(_scan(blank_page(rng)))
    return Stack(pdf(*pages), tuple(map(tuple, papers)), tuple(blank), tuple(separators))


def two_passes(rng: Rng, stack: Stack) -> tuple[bytes, bytes, Stack]:
    """Scan a stack in two passes: its fronts, its backs from the last on, and what the pages are once collated."""
    blank = stack.blank
    with pypdfium2.PdfDocument(stack.content) as document, pypdfium2.PdfDocument(pdf(_scan(blank_page(rng)))) as last:
        if len(document) % 2:
            blank = (*blank, len(document))
            document.import_pages(last)
        sides = [range(0, len(document), 2), range(len(document) - 1, 0, -2)]
        fronts, backs = (_pages_of(document, list(side)) for side in sides)
    return fronts, backs, replace(stack, content=b"", blank=blank)


def _pages_of(document: pypdfium2.PdfDocument, pages: list[int]) -> bytes:
    target = io.BytesIO()
    side = pypdfium2.PdfDocument.new()
    try:
        side.import_pages(document, pages)
        side.save(target)
    finally:
        side.close()
    return target.getvalue()


def _separate(rng: Rng, by: Split, pages: list[PdfPage], blank: list[int], separators: list[int]) -> None:
    quarters = int(rng.choice([0, 2]))
    if by is Split.BLANK and rng.random() < 0.8:
        for _ in range(rng.integers(1, 3)):
            blank.append(len(pages))
            pages.append(_scan(blank_page(rng)))
    elif by in (Split.BLANK, Split.PATCH):
        is_ours = by is Split.BLANK or rng.random() < 0.5
        separators.append(len(pages))
        pages.append(_scan(our_page(rng, quarters=quarters) if is_ours else patch_page(rng, quarters=quarters)))


def _scan(picture: Image.Image) -> PdfPage:
    return scan_page(picture.convert("RGB"))


def _invoice_page(rng: Rng, number: int, sheet: int, sheets: int, *, with_code: bool) -> PdfPage:
    """Draw one page of an invoice with a text layer."""
    net = 100 * (number + 1) + int(rng.integers(0, 90))
    tax = net * 19 / 100
    rows = [_SELLERS[number % len(_SELLERS)], "RECHNUNG"]
    if sheet:
        rows = [f"Seite {sheet + 1} von {sheets}", *(f"Position {n}  {n},50" for n in range(3, 9))]
    else:
        day = f"{1 + int(rng.integers(0, 28)):02d}.{1 + number:02d}.2024"
        rows += [f"Rechnungsnummer: {2024 + number}-{int(rng.integers(100, 999))}", f"Rechnungsdatum: {day}"]
        amounts = (("Nettobetrag", net), ("MwSt 19 %", tax), ("Gesamtbetrag", net + tax))
        rows += [f"{label}        {amount:.2f}".replace(".", ",") for label, amount in amounts]
    page = PdfPage([Text(60, 740 - 24 * n, row) for n, row in enumerate(rows)])
    if not with_code:
        return page
    barcode = zxingcpp.create_barcode(f"DOC-{number:04d}", zxingcpp.BarcodeFormat.QRCode)
    picture = Image.fromarray(np.array(zxingcpp.write_barcode_to_image(barcode, scale=8))).convert("RGB")
    return replace(page, pictures=[Picture(picture, 400, 100, 120, 120)])
