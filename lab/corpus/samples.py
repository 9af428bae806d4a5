"""The three sample documents that a new user meets first, and what is true about them."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping

import numpy as np
from PIL import Image

from lab.corpus import PX_PER_MM, Features, composed, generators, render
from lab.corpus.fonts import Fonts
from lab.corpus.pdf import pdf, scan_page, sheet_page
from lab.corpus.photo import photograph, scan
from lab.corpus.raster import rasterise

INVOICE = ("cn-special", 8, "cn-vat-invoice.jpg")
RECEIPT = ("receipt-uk", 3, "receipt.png")
TAX_INVOICE = ("tax-invoice-uk", 1, "tax-invoice.pdf")

_SCAN_DPI = 150


def draw_samples(fonts: Fonts) -> Mapping[str, bytes]:
    """Return file name -> contents of every sample and of truth.json."""
    truth: dict[str, Mapping[str, str]] = {}
    files: dict[str, bytes] = {}
    for (kind, seed, name), draw in ((INVOICE, _invoice), (RECEIPT, _receipt), (TAX_INVOICE, _tax_invoice)):
        files[name] = draw(kind, seed, fonts)
        truth[name] = composed(kind, seed, Features()).truth
    files["truth.json"] = (json.dumps(truth, ensure_ascii=False, indent=2) + "\n").encode()
    return files


def _encoded(image: Image.Image, form: str, **options: int | bool) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def _chance(kind: str, seed: int) -> np.random.Generator:
    """Return the chance that wears the paper after it was printed."""
    _, wear = generators(f"{kind}/handled", seed)
    return wear


def _invoice(kind: str, seed: int, fonts: Fonts) -> bytes:
    """A paper invoice, photographed badly."""
    page = render(kind, seed, features=Features(), fonts=fonts).pages[0]
    return _encoded(photograph(page, _chance(kind, seed)).image, "JPEG", quality=72)


def _receipt(kind: str, seed: int, fonts: Fonts) -> bytes:
    """A receipt from a scanner with sixteen shades of grey."""
    page = render(kind, seed, fonts=fonts).pages[0]
    grey = scan(page, _chance(kind, seed)).image
    return _encoded(grey.quantize(16, dither=Image.Dither.NONE), "PNG", optimize=True)


def _tax_invoice(kind: str, seed: int, fonts: Fonts) -> bytes:
    """Page 1 as the seller's program wrote it, page 2 as somebody scanned it in again."""
    first, second = composed(kind, seed).sheets
    chance = _chance(kind, seed)
    paper = rasterise(second, fonts, chance, PX_PER_MM)
    size = tuple(round(value / 25.4 * _SCAN_DPI) for value in (second.width, second.height))
    scanned = scan(paper, chance).image.resize((size[0], size[1]), Image.Resampling.LANCZOS)
    paper_size = (scanned.width / _SCAN_DPI * 72, scanned.height / _SCAN_DPI * 72)
    return pdf(sheet_page(first, fonts), scan_page(scanned, size=paper_size, quality=60))
