"""Draw realistic business documents whose contents are known: material for samples and measurements.

Everything in them is invented. Layouts follow public specimens; no real party's data is used. The same kind
and seed give the same pixels as long as Pillow, OpenCV and the fonts stay the same.

Fonts come from Debian and are needed only to draw (a picture of text is not a copy of the font):

========================  =======================  ==============================================
package                   faces                    licence
========================  =======================  ==============================================
fonts-arphic-gkai00mp     AR PL KaitiM GB          Arphic Public License
fonts-arphic-uming        AR PL UMing              Arphic Public License
fonts-liberation          Liberation 1.07          GPL-2 with Red Hat's font exceptions
fonts-dejavu-core         DejaVu 2.37              Bitstream Vera licence, changes public domain
========================  =======================  ==============================================
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

import numpy as np

from lab.corpus import goods_list, invoice, receipt, tax_invoice, vat_digital, vat_form, vat_roll
from lab.corpus.fonts import Fonts, InstalledFonts
from lab.corpus.invoice import Features
from lab.corpus.raster import Raster, rasterise
from lab.corpus.sheet import Sheet

__all__ = ["KINDS", "Document", "Features", "Raster", "composed", "generators", "render"]

RECEIPT_KINDS = ("receipt-my", "receipt-uk", "receipt-us")
INVOICE_KINDS = (*invoice.PAPER_KINDS, *invoice.DIGITAL_KINDS, invoice.ROLL_KIND)
KINDS = (*INVOICE_KINDS, *RECEIPT_KINDS, "tax-invoice-uk")
"""Everything that can be drawn: Chinese invoices (paper special, paper ordinary, electronic ordinary, fully
digital special and ordinary, roll), receipts, a British tax invoice of two pages."""

PX_PER_MM = 8.0
"""203 dpi, what needle and thermal printers and many scanners work with."""


@dataclass(frozen=True, slots=True)
class Document:
    """A drawn document and what is true about it."""

    kind: str
    pages: tuple[Raster, ...]
    """Picture and lines of text of every page."""
    truth: Mapping[str, str]
    """Field name -> value, named and normalised as in the database; only what is printed on the pages."""
    codes: tuple[str, ...]
    """Texts of the QR codes."""


@dataclass(frozen=True, slots=True)
class Composition:
    """A document before it is drawn."""

    sheets: tuple[Sheet, ...]
    truth: Mapping[str, str]
    codes: tuple[str, ...]


def generators(kind: str, seed: int) -> tuple[Random, np.random.Generator]:
    """Sources of chance for what a document says and for how its paper wears."""
    return Random(f"{kind}/{seed}"), np.random.default_rng([zlib.crc32(kind.encode()), seed])


def composed(kind: str, seed: int, features: Features | None = None) -> Composition:
    """Invent a document and lay it out.

    Args:
        kind: one of KINDS.
        seed: any number.
        features: of a Chinese invoice; drawn by chance when None.

    Raises:
        ValueError: no such kind.
    """
    rng, _ = generators(kind, seed)
    if kind in INVOICE_KINDS:
        return _chinese(rng, kind, features or invoice.features(rng, kind))
    if kind in RECEIPT_KINDS:
        slip = receipt.receipt(rng, kind)
        return Composition((receipt.compose(slip),), receipt.truth(slip), ())
    if kind == "tax-invoice-uk":
        order = tax_invoice.tax_invoice(rng)
        return Composition(tax_invoice.compose(order), tax_invoice.truth(order), ())
    raise ValueError(f"{kind!r} is not a kind of document; there are {', '.join(KINDS)}")


def _chinese(rng: Random, kind: str, features: Features) -> Composition:
    bill = invoice.invoice(rng, kind, features)
    layouts: Mapping[str, Callable[[], Sheet]] = {
        **dict.fromkeys(invoice.PAPER_KINDS, lambda: vat_form.compose(bill, rng)),
        **dict.fromkeys(invoice.DIGITAL_KINDS, lambda: vat_digital.compose(bill)),
        invoice.ROLL_KIND: lambda: vat_roll.compose(bill, rng),
    }
    front = layouts[kind]()
    sheets = (front, goods_list.compose(bill)) if features.listed else (front,)
    return Composition(sheets, invoice.truth(bill), (invoice.qr_text(bill),))


def render(kind: str, seed: int, *, features: Features | None = None, fonts: Fonts | None = None) -> Document:
    """Draw a document, clean: as if it came flat and straight out of a good scanner.

    Args:
        kind: one of KINDS.
        seed: any number.
        features: of a Chinese invoice; drawn by chance when None.
        fonts: default: those of Debian's packages.

    Raises:
        ValueError: no such kind.
        FontMissingError: names the package to install.
    """
    made = composed(kind, seed, features)
    _, wear = generators(kind, seed)
    faces = fonts or InstalledFonts()
    pages = tuple(rasterise(sheet, faces, wear, PX_PER_MM) for sheet in made.sheets)
    return Document(kind, pages, made.truth, made.codes)
