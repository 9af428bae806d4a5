"""Till receipts in English: Malaysian (GST, rounded to five sen), British (VAT by rate), American (sales tax)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random

from lab.corpus.amounts import cents
from lab.corpus.parties import british_vat_no, malaysian_gst_no
from lab.corpus.sheet import Ink, Sheet, Text

_ZERO = Decimal("0.00")
_FIVE_SEN = Decimal("0.05")

_GOODS = {
    "receipt-my": (
        ("MINERAL WATER 1.5L", "2.10"), ("INSTANT NOODLES 5S", "4.75"), ("WHITE BREAD 400G", "2.80"),
        ("DISH WASH LIQUID", "6.35"), ("AA BATTERY 4S", "12.90"), ("EXERCISE BOOK", "1.65"),
        ("LED BULB 9W", "8.40"), ("KOPI O 20S", "11.15"), ("COOKING OIL 2KG", "18.20"), ("TISSUE BOX", "5.95"),
    ),
    "receipt-uk": (
        ("Whole Milk 2L", "1.55 Z"), ("Sliced Bread", "1.20 Z"), ("Free Range Eggs 12", "3.10 Z"),
        ("Washing Up Liquid", "1.80 A"), ("Light Bulbs 2pk", "6.50 A"), ("Sparkling Water", "0.95 A"),
        ("Batteries AA 4pk", "4.75 A"), ("Notebook A5", "2.99 A"), ("Cheddar 350g", "3.40 Z"),
        ("Chocolate Bar", "1.35 A"),
    ),
    "receipt-us": (
        ("PAPER TOWELS 6CT", "7.99"), ("COFFEE GROUND 12OZ", "8.49"), ("TRAIL MIX", "5.29"),
        ("DUCT TAPE", "4.97"), ("WOOD SCREWS 100", "6.48"), ("PAINT BRUSH 2IN", "3.98"),
        ("EXT CORD 25FT", "14.97"), ("LIGHT SWITCH", "2.19"),
    ),
}  # fmt: skip
_MERCHANTS = {
    "receipt-my": ("KEDAI CONTOH MAJU SDN BHD", "SAMPLE MINI MARKET SDN BHD", "CONTOH HARDWARE TRADING SDN BHD"),
    "receipt-uk": ("EXAMPLE STORES LTD", "SAMPLE & SONS LTD", "THE SPECIMEN SHOP LTD"),
    "receipt-us": ("EXAMPLE HARDWARE CO", "SAMPLE MARKET INC", "SPECIMEN SUPPLY CO"),
}
_ADDRESSES = {
    "receipt-my": ("NO 12, JALAN CONTOH 3/4,", "47000 CONTOH JAYA, SELANGOR", "TEL: 03-0000 1234"),
    "receipt-uk": ("12 Sample Street", "Exampleton EX1 2MP", "Tel: 01632 960123"),
    "receipt-us": ("100 SAMPLE AVE", "EXAMPLE CITY, CA 90000", "(555) 555-0100"),
}
"""Numbers reserved for fiction: 01632 960xxx (Ofcom), 555-01xx (NANPA)."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Everything printed on one receipt."""

    kind: str
    merchant: str
    tax_no: str
    """Empty where none is printed."""
    number: str
    at: datetime
    rows: tuple[tuple[str, int, Decimal, str], ...]
    """Name, quantity, price of one, tax letter."""
    net: Decimal
    tax: Decimal
    rounding: Decimal
    paid: Decimal

    @property
    def total(self) -> Decimal:
        """Sum to be paid."""
        return self.net + self.tax + self.rounding

    @property
    def change(self) -> Decimal:
        """Money given back."""
        return self.paid - self.total


def receipt(rng: Random, kind: str) -> Receipt:
    """Invent a purchase."""
    rows = []
    for name, price in rng.sample(_GOODS[kind], rng.randint(3, 7)):
        value, _, letter = price.partition(" ")
        rows.append((name, rng.choice((1, 1, 1, 2, 3)), Decimal(value), letter))
    gross = sum((quantity * price for _, quantity, price, _ in rows), _ZERO)
    rounding = _ZERO
    if kind == "receipt-my":
        net = cents(gross / Decimal("1.06"))
        tax = gross - net
        rounding = (gross / _FIVE_SEN).quantize(Decimal(1), ROUND_HALF_UP) * _FIVE_SEN - gross
    elif kind == "receipt-uk":
        taxed = sum((quantity * price for _, quantity, price, letter in rows if letter == "A"), _ZERO)
        tax = cents(taxed / 6)
        net = gross - tax
    else:
        net, tax = gross, cents(gross * Decimal("0.0825"))
    due = net + tax + rounding
    note = next(note for note in (5, 10, 20, 50, 100, 200, 500) if note >= due)
    first = date(2015, 4, 1) if kind == "receipt-my" else date(2022, 1, 1)
    day = first + timedelta(days=rng.randrange(1000))
    return Receipt(
        kind=kind,
        merchant=rng.choice(_MERCHANTS[kind]),
        tax_no=_tax_no(rng, kind),
        number={"receipt-my": "CS{:08}", "receipt-uk": "{:07}", "receipt-us": "{:06}"}[kind].format(
            rng.randint(1, 99999)
        ),
        at=datetime(day.year, day.month, day.day, rng.randint(8, 20), rng.randint(0, 59)),  # noqa: DTZ001 (wall clock of a till)
        rows=tuple(rows),
        net=net,
        tax=tax,
        rounding=rounding,
        paid=Decimal(note).quantize(Decimal("0.01")),
    )


def _tax_no(rng: Random, kind: str) -> str:
    match kind:
        case "receipt-my":
            return malaysian_gst_no(rng)
        case "receipt-uk":
            return british_vat_no(rng)
    return ""


def truth(slip: Receipt) -> Mapping[str, str]:
    """Return the printed fields, normalised as in the database."""
    facts = {
        "merchant": slip.merchant,
        "date": slip.at.date().isoformat(),
        "receipt_no": slip.number,
        "tax_no": slip.tax_no,
        "net": f"{slip.net:.2f}",
        "tax": f"{slip.tax:.2f}",
        "rounding": f"{slip.rounding:.2f}" if slip.kind == "receipt-my" else "",
        "total": f"{slip.total:.2f}",
        "paid": f"{slip.paid:.2f}",
        "change": f"{slip.change:.2f}",
    }
    return {name: value for name, value in facts.items() if value}


_Row = tuple[str, ...]
"""One text is centred; two stand left and right; four are name, quantity, price, amount; none is a rule."""


def _body(slip: Receipt) -> list[_Row]:
    if slip.kind == "receipt-my":
        return _malaysian(slip)
    return _british(slip) if slip.kind == "receipt-uk" else _american(slip)


def _malaysian(slip: Receipt) -> list[_Row]:
    goods: list[_Row] = [
        (name, str(quantity), f"{price:.2f}", f"{quantity * price:.2f} S") for name, quantity, price, _ in slip.rows
    ]
    return [
        (f"GST ID : {slip.tax_no}",),
        ("TAX INVOICE",),
        (f"INVOICE NO : {slip.number}", ""),
        (f"DATE : {slip.at:%d/%m/%Y %H:%M}", "CASHIER : MEI"),
        (),
        ("ITEM", "QTY", "RM", "AMT(RM)"),
        *goods,
        (),
        ("SUB TOTAL (EXCL GST)", f"{slip.net:.2f}"),
        ("GST 6%", f"{slip.tax:.2f}"),
        ("ROUNDING ADJ", f"{slip.rounding:.2f}"),
        ("TOTAL (INCL GST) RM", f"{slip.total:.2f}"),
        ("CASH", f"{slip.paid:.2f}"),
        ("CHANGE", f"{slip.change:.2f}"),
        (),
        ("GST SUMMARY", "", "AMT(RM)", "TAX(RM)"),
        ("S = 6%", "", f"{slip.net:.2f}", f"{slip.tax:.2f}"),
        (),
        ("GOODS SOLD ARE NOT RETURNABLE",),
        ("THANK YOU, PLEASE COME AGAIN",),
    ]


def _british(slip: Receipt) -> list[_Row]:
    goods: list[_Row] = []
    for name, quantity, price, letter in slip.rows:
        shown = name if quantity == 1 else f"{name}  {quantity} @ {price:.2f}"
        goods.append((shown, f"{quantity * price:.2f} {letter}"))
    grouped = f"GB {slip.tax_no[:3]} {slip.tax_no[3:7]} {slip.tax_no[7:]}"
    zero_rated = sum((quantity * price for _, quantity, price, letter in slip.rows if letter == "Z"), _ZERO)
    return [
        (f"VAT No: {grouped}",),
        (f"Receipt No: {slip.number}", "Till 02"),
        (f"Date: {slip.at:%d/%m/%Y}", f"{slip.at:%H:%M}"),
        (),
        *goods,
        (),
        ("TOTAL GBP", f"{slip.total:.2f}"),
        ("CASH", f"{slip.paid:.2f}"),
        ("CHANGE", f"{slip.change:.2f}"),
        (),
        ("VAT RATE", "", "NET", "VAT"),
        ("A 20%", "", f"{slip.net - zero_rated:.2f}", f"{slip.tax:.2f}"),
        ("Z 0%", "", f"{zero_rated:.2f}", "0.00"),
        ("Total excl VAT", f"{slip.net:.2f}"),
        ("VAT amount", f"{slip.tax:.2f}"),
        (),
        ("Thank you for shopping with us",),
    ]


def _american(slip: Receipt) -> list[_Row]:
    goods: list[_Row] = [(f"{quantity} {name}", f"{quantity * price:.2f}") for name, quantity, price, _ in slip.rows]
    return [
        (f"{slip.at:%m/%d/%Y} {slip.at:%I:%M %p}", "REG 3"),
        (f"RECEIPT NO: {slip.number}", ""),
        (),
        *goods,
        (),
        ("SUBTOTAL", f"{slip.net:.2f}"),
        ("SALES TAX 8.25%", f"{slip.tax:.2f}"),
        ("TOTAL", f"${slip.total:.2f}"),
        ("CASH", f"${slip.paid:.2f}"),
        ("CHANGE", f"${slip.change:.2f}"),
        (),
        ("RETURNS WITHIN 30 DAYS WITH RECEIPT",),
    ]


def compose(slip: Receipt) -> Sheet:
    """Lay out the slip on 80 mm thermal paper."""
    body = _body(slip)
    sheet = Sheet(80.0, 46.0 + 5.0 * len(body), {"print": Ink((48, 46, 54), "thermal")}, (250, 249, 246))
    left, middle, right = 4.0, 40.0, 76.0
    sheet.add(Text("print", middle, 13.0, slip.merchant, "mono-bold", 4.4, "middle", fit=right - left))
    y = 19.0
    for text in _ADDRESSES[slip.kind]:
        sheet.add(Text("print", middle, y, text, "mono", 3.3, "middle"))
        y += 4.6
    y += 2.0
    for row in body:
        bold = row[:1] == ("TAX INVOICE",) or row[:1] in (("TOTAL",), ("TOTAL GBP",), ("TOTAL (INCL GST) RM",))
        face, size = ("mono-bold", 4.0) if bold else ("mono", 3.3)
        match row:
            case ():
                sheet.add(Text("print", left, y - 0.6, "-" * 36, "mono", 3.3))
            case (text,):
                sheet.add(Text("print", middle, y, text, face, size, "middle"))
            case (text, value):
                sheet.add(Text("print", left, y, text, face, size), Text("print", right, y, value, face, size, "right"))
            case (text, quantity, price, amount):
                sheet.add(
                    Text("print", left, y, text, face, size), Text("print", 45.0, y, quantity, face, size, "right")
                )
                sheet.add(Text("print", 58.0, y, price, face, size, "right"))
                sheet.add(Text("print", right, y, amount, face, size, "right"))
        y += 5.0
    return sheet
