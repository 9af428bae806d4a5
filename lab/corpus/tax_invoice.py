"""An English tax invoice of two pages: goods run over, sums are on page 2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from lab.corpus.amounts import Item, item, net_of, tax_of
from lab.corpus.parties import british_vat_no
from lab.corpus.sheet import Ink, Sheet, Text

_SELLERS = ("Example Office Supplies Ltd", "Sample Trade Counter Ltd", "Specimen Workshop Equipment Ltd")
_BUYERS = ("Placeholder Design Studio Ltd", "Fictional Engineering Ltd", "Invented Books Ltd")
_GOODS = (
    ("Copier paper A4 80 g, box of 5", 18, 26), ("Ballpoint pens blue, box of 50", 7, 12),
    ("Lever arch files, pack of 10", 14, 22), ("Toner cartridge black", 58, 94), ("Desk lamp LED", 24, 48),
    ("Sticky notes 76 mm, pack of 12", 6, 11), ("Whiteboard 120 x 90 cm", 44, 79), ("Dry wipe markers, set of 4", 3, 8),
    ("Office chair, mesh back", 109, 189), ("Monitor arm, single", 38, 69), ("Cable tidy, 2 m", 5, 10),
    ("USB-C hub, 6 ports", 22, 45), ("Envelopes C5 window, 500", 13, 21), ("Stapler, heavy duty", 16, 33),
    ("Archive boxes, pack of 20", 25, 39), ("Label printer tape 12 mm", 8, 15), ("Shredder, cross cut", 72, 140),
    ("Hanging files, pack of 50", 17, 29), ("Wireless mouse", 12, 28), ("Laminating pouches A4, 100", 9, 17),
    ("Guillotine A3", 55, 98), ("Wall clock", 11, 24), ("First aid kit, 20 persons", 19, 35),
    ("Parcel tape, 6 rolls", 7, 13), ("Calculator, desktop", 10, 19), ("Clipboards A4, pack of 5", 6, 12),
)  # fmt: skip
_LEFT, _RIGHT = 18.0, 192.0
_COLUMNS = ((18.0, "left"), (112.0, "right"), (140.0, "right"), (160.0, "right"), (192.0, "right"))
_HEADS = ("Description", "Qty", "Unit price", "VAT", "Amount GBP")
_ON_FIRST = 22
_STEP = 7.0


@dataclass(frozen=True, slots=True)
class TaxInvoice:
    """Everything printed on it."""

    seller: str
    vat_no: str
    buyer: str
    number: str
    date: date
    order_no: str
    items: tuple[Item, ...]

    @property
    def net(self) -> Decimal:
        """Without VAT."""
        return net_of(self.items)

    @property
    def tax(self) -> Decimal:
        """VAT."""
        return tax_of(self.items)

    @property
    def total(self) -> Decimal:
        """To be paid."""
        return self.net + self.tax


def tax_invoice(rng: Random) -> TaxInvoice:
    """Invent an order long enough for two pages."""
    issued = date(2023, 1, 2) + timedelta(days=rng.randrange(1000))
    # VAT is worked out on the sum of a row, so rows and total agree to the penny.
    rows = [
        item(name, "", "", rng.randint(1, 8), Decimal(rng.randint(low * 100, high * 100)) / 100, 20)
        for name, low, high in rng.sample(_GOODS, len(_GOODS))
    ]
    return TaxInvoice(
        seller=rng.choice(_SELLERS),
        vat_no=british_vat_no(rng),
        buyer=rng.choice(_BUYERS),
        number=f"INV-{issued.year}-{rng.randint(1, 9999):05}",
        date=issued,
        order_no=f"PO-{rng.randint(1, 99999):05}",
        items=tuple(rows),
    )


def truth(bill: TaxInvoice) -> Mapping[str, str]:
    """Return the printed fields, named as for receipts, which share their rules."""
    return {
        "merchant": bill.seller,
        "date": bill.date.isoformat(),
        "receipt_no": bill.number,
        "tax_no": bill.vat_no,
        "net": f"{bill.net:.2f}",
        "tax": f"{bill.tax:.2f}",
        "total": f"{bill.total:.2f}",
    }


def compose(bill: TaxInvoice) -> tuple[Sheet, Sheet]:
    """Lay out both pages, A4 upright, in Helvetica's widths."""
    inks = {"accent": Ink((34, 84, 120)), "print": Ink((24, 26, 30))}
    first, second = Sheet(210.0, 297.0, inks), Sheet(210.0, 297.0, inks)
    _letterhead(first, bill)
    y = _table(first, 104.0, bill.items[:_ON_FIRST])
    carried = net_of(bill.items[:_ON_FIRST])
    _pair(first, y + 2, "Carried forward", carried)
    first.add(Text("print", 105, 287, f"{bill.seller}   {bill.number}   Page 1 of 2", "sans", 3.2, "middle"))

    second.add(Text("accent", _LEFT, 24, bill.seller, "sans-bold", 5.0))
    second.add(Text("print", _RIGHT, 24, f"Tax invoice {bill.number}, continued", "sans", 3.8, "right"))
    y = _table(second, 36.0, bill.items[_ON_FIRST:], brought=carried)
    _sums(second, y + 6, bill)
    second.add(Text("print", 105, 287, f"{bill.seller}   {bill.number}   Page 2 of 2", "sans", 3.2, "middle"))
    return first, second


def _letterhead(sheet: Sheet, bill: TaxInvoice) -> None:
    vat_no = f"GB {bill.vat_no[:3]} {bill.vat_no[3:7]} {bill.vat_no[7:]}"
    sheet.add(Text("accent", _LEFT, 26, bill.seller, "sans-bold", 6.6))
    for index, text in enumerate(("1 Sample Park, Exampleton EX1 2MP", "Tel 01632 960456", f"VAT No: {vat_no}")):
        sheet.add(Text("print", _LEFT, 33 + 5 * index, text, "sans", 3.6))
    sheet.add(Text("accent", _RIGHT, 26, "TAX INVOICE", "sans-bold", 7.4, "right"))
    sheet.line("accent", _LEFT, 49, _RIGHT, 49, 0.6)
    sheet.add(Text("print", _LEFT, 58, "Bill to", "sans-bold", 3.8))
    for index, text in enumerate((bill.buyer, "22 Imaginary Row", "Specimen-on-Sea EX9 9ZZ")):
        sheet.add(Text("print", _LEFT, 64 + 5.4 * index, text, "sans", 3.8))
    due = bill.date + timedelta(days=30)
    rows = (
        ("Invoice No:", bill.number),
        ("Invoice date:", f"{bill.date:%d %B %Y}"),
        ("Due date:", f"{due:%d %B %Y}"),
        ("Your order:", bill.order_no),
    )
    for index, (label, value) in enumerate(rows):
        y = 58 + 6.0 * index
        sheet.add(Text("print", 124, y, label, "sans-bold", 3.8), Text("print", 150, y, value, "sans", 3.8))


def _table(sheet: Sheet, top: float, items: tuple[Item, ...], brought: Decimal | None = None) -> float:
    """Draw head and rows; returns the baseline after the last row."""
    y = top
    for (x, anchor), head in zip(_COLUMNS, _HEADS, strict=True):
        sheet.add(Text("print", x, y, head, "sans-bold", 3.7, "left" if anchor == "left" else "right"))
    sheet.line("accent", _LEFT, y + 2, _RIGHT, y + 2, 0.4)
    y += _STEP + 0.5
    if brought is not None:
        sheet.add(Text("print", _LEFT, y, "Brought forward", "sans", 3.7))
        sheet.add(Text("print", _RIGHT, y, f"{brought:,.2f}", "sans", 3.7, "right"))
        y += _STEP
    for row in items:
        cells = (row.name, f"{row.quantity}", f"{row.unit_price:.2f}", f"{row.rate}%", f"{row.amount:,.2f}")
        for (x, anchor), cell in zip(_COLUMNS, cells, strict=True):
            sheet.add(Text("print", x, y, cell, "sans", 3.7, "left" if anchor == "left" else "right"))
        y += _STEP
    sheet.line("accent", _LEFT, y - 4, _RIGHT, y - 4, 0.4)
    return y + 1


def _pair(sheet: Sheet, y: float, label: str, value: Decimal, *, bold: bool = False) -> None:
    face, size = ("sans-bold", 4.6) if bold else ("sans", 3.9)
    sheet.add(Text("print", 124, y, label, face, size), Text("print", _RIGHT, y, f"{value:,.2f}", face, size, "right"))


def _sums(sheet: Sheet, y: float, bill: TaxInvoice) -> None:
    _pair(sheet, y, "Subtotal excl. VAT", bill.net)
    _pair(sheet, y + 7, "VAT 20%", bill.tax)
    sheet.line("accent", 124, y + 10.5, _RIGHT, y + 10.5, 0.4)
    _pair(sheet, y + 17, "Total due GBP", bill.total, bold=True)
    terms = (
        "Payment within 30 days to Example Bank, sort code 00-00-00, account 00001234.",
        "Goods remain ours until they are paid. This document is a specimen; every name in it is invented.",
    )
    for index, text in enumerate(terms):
        sheet.add(Text("print", _LEFT, y + 36 + 5.4 * index, text, "sans", 3.5))
