"""Contents of Chinese VAT invoices before they have a layout: invented, consistent, reproducible."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random

import numpy as np
import zxingcpp
from numpy.typing import NDArray

from ingestd.extract.values.validate import crc16
from lab.corpus.amounts import Item, discount, item, net_of, price, reversed_item, tax_of
from lab.corpus.money_words import money_words
from lab.corpus.parties import PLACES, Party, Place, company, people

_Good = tuple[str, str, str, int, int, int | None]

_GOODS: tuple[_Good, ...] = (
    ("*电子计算机*台式电脑", "S-2400", "台", 2400, 6200, 13),
    ("*计算机外部设备*键盘", "K87", "个", 60, 400, 13),
    ("*计算机外部设备*显示器", "27英寸", "台", 700, 2600, 13),
    ("*纸制品*复印纸", "A4 70g", "箱", 90, 260, 13),
    ("*文具*中性笔", "0.5mm", "盒", 12, 48, 13),
    ("*办公设备*碎纸机", "HC-08", "台", 260, 1900, 13),
    ("*建筑材料*水泥", "P.O42.5", "吨", 280, 520, 13),
    ("*谷物加工品*大米", "10kg", "袋", 40, 110, 9),
    ("*运输服务*公路货运", "", "次", 180, 4200, 9),
    ("*信息技术服务*软件维护费", "", "月", 800, 9000, 6),
    ("*研发和技术服务*技术咨询", "", "项", 1500, 30000, 6),
    ("*餐饮服务*餐费", "", "次", 60, 900, 6),
    ("*生产生活服务*培训费", "", "人", 200, 2800, 3),
    ("*蔬菜*生鲜蔬菜", "", "公斤", 3, 18, None),
)
"""Name with its tax category, specification, unit, lowest and highest price, rate since April 2019."""

PAPER_KINDS = ("cn-special", "cn-ordinary", "cn-electronic")
DIGITAL_KINDS = ("cn-digital-special", "cn-digital-ordinary")
ROLL_KIND = "cn-roll"

_QR_KIND = {
    "cn-special": "01",
    "cn-ordinary": "04",
    "cn-electronic": "10",
    "cn-roll": "11",
    "cn-digital-special": "31",
    "cn-digital-ordinary": "32",
}


@dataclass(frozen=True, slots=True)
class Features:
    """Peculiarities of an invoice."""

    red: bool = False
    """It cancels another: negative amounts, (负数)."""
    discount: bool = False
    """Rows with negative amounts below those they belong to."""
    listed: bool = False
    """Goods are on a list on page 2 (详见销货清单); paper special and ordinary only."""
    exempt: bool = False
    """Free of tax: rate 免税, tax printed as ***."""


@dataclass(frozen=True, slots=True)
class Invoice:
    """Everything printed on one invoice."""

    kind: str
    place: Place
    code: str
    """Empty on fully digital ones."""
    number: str
    date: date
    check_code: str
    """20 digits, or empty where none is printed."""
    buyer: Party
    seller: Party
    items: tuple[Item, ...]
    machine_no: str
    password: tuple[str, ...]
    remark: str
    people: tuple[str, str, str]
    features: Features

    @property
    def net(self) -> Decimal:
        """Without tax."""
        return net_of(self.items)

    @property
    def tax(self) -> Decimal:
        """Sum of the taxes."""
        return tax_of(self.items)

    @property
    def total(self) -> Decimal:
        """Sum to be paid."""
        return self.net + self.tax

    @property
    def exempt(self) -> bool:
        """No row carries tax."""
        return all(row.rate is None for row in self.items)


def features(rng: Random, kind: str) -> Features:
    """Draw what is special about an invoice: most have nothing."""
    return Features(
        red=rng.random() < 0.12,
        discount=kind != ROLL_KIND and rng.random() < 0.25,
        listed=kind in ("cn-special", "cn-ordinary") and rng.random() < 0.15,
        exempt=kind not in ("cn-special", "cn-digital-special", ROLL_KIND) and rng.random() < 0.08,
    )


def invoice(rng: Random, kind: str, wanted: Features) -> Invoice:
    """Invent an invoice of a kind with the features wanted."""
    place, other = rng.choice(PLACES), rng.choice(PLACES)
    digital = kind in DIGITAL_KINDS
    first = date(2023, 1, 1) if digital else date(2019, 4, 2)
    issued = first + timedelta(days=rng.randrange(1000))
    most = 3 if kind == ROLL_KIND else 12 if wanted.listed else 5
    rows = _rows(rng, wanted, most, dearest=400 if kind == ROLL_KIND else 100_000)
    if wanted.red:
        rows = tuple(reversed_item(row) for row in rows)
    code, number = _numbers(rng, kind, place, issued)
    return Invoice(
        kind=kind,
        place=place,
        code=code,
        number=number,
        date=issued,
        check_code=_digits(rng, 20) if kind in ("cn-ordinary", "cn-electronic", ROLL_KIND) else "",
        buyer=company(rng, other),
        seller=company(rng, place),
        items=rows,
        machine_no=_digits(rng, 12, first="4"),
        password=tuple("".join(rng.choice("0123456789+-*/<>") for _ in range(27)) for _ in range(4)),
        remark=_remark(rng, kind, wanted, place, issued),
        people=people(rng),
        features=wanted,
    )


def _digits(rng: Random, count: int, first: str = "") -> str:
    return first + "".join(rng.choice("0123456789") for _ in range(count - len(first)))


def _numbers(rng: Random, kind: str, place: Place, issued: date) -> tuple[str, str]:
    """Code and number; the code's batch is printed up to a year before it is used."""
    year = (issued - timedelta(days=rng.randrange(250))).year % 100
    region = place.region[:2] + "00"
    match kind:
        case "cn-special":
            return f"{region}{year:02}{rng.randint(1, 4)}130", _digits(rng, 8)
        case "cn-ordinary":
            return f"0{region}{year:02}{rng.randint(1, 9):03}04", _digits(rng, 8)
        case "cn-electronic":
            return f"0{region}{year:02}{rng.randint(1, 9):03}11", _digits(rng, 8)
        case "cn-roll":
            return f"0{region}{year:02}{rng.randint(1, 9):03}07", _digits(rng, 8)
    return "", f"{issued.year % 100:02}{place.region[:2]}2{_digits(rng, 15, first='0000')}"


def _rows(rng: Random, wanted: Features, most: int, dearest: int) -> tuple[Item, ...]:
    fitting = [good for good in _GOODS if (good[5] is None) == wanted.exempt and good[4] <= dearest]
    chosen = rng.sample(fitting, 1 if wanted.exempt else rng.randint(6 if wanted.listed else 1, most))
    rows: list[Item] = []
    for name, spec, unit, low, high, rate in chosen:
        row = item(name, spec, unit, rng.randint(1, 12), price(rng, low, high, rate), rate)
        rows.append(row)
        if wanted.discount and (row is rows[0] or rng.random() < 0.3) and len(rows) < most:
            rows.append(discount(row, rng.choice((2, 5, 10))))
    return tuple(rows)


def _remark(rng: Random, kind: str, wanted: Features, place: Place, issued: date) -> str:
    """A red invoice names the one it cancels: numbers that are not its own."""
    if not wanted.red:
        return rng.choice(("", "", f"订单号:{_digits(rng, 11)}", f"合同编号:SL{issued.year}-{rng.randint(1, 999):03}"))
    if kind == "cn-special":
        return f"开具红字增值税专用发票信息表编号{place.region}{_digits(rng, 12)}"
    code, number = _numbers(rng, kind, place, issued - timedelta(days=30))
    return f"对应正数发票代码:{code} 号码:{number}" if code else f"被红冲蓝字数电发票号码:{number}"


def qr_text(bill: Invoice) -> str:
    """Text of the QR code: the amount is the net amount, except on fully digital ones."""
    amount = bill.total if bill.kind in DIGITAL_KINDS else bill.net
    columns = ("01", _QR_KIND[bill.kind], bill.code, bill.number, f"{amount:.2f}", f"{bill.date:%Y%m%d}")
    text = ",".join((*columns, bill.check_code, ""))
    return f"{text}{crc16(text.encode()):04X},"


def qr_modules(text: str) -> NDArray[np.bool_]:
    """The QR code of a text, without its quiet zone, True where it is dark."""
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    picture = np.asarray(code.to_image(scale=1, add_quiet_zones=False), np.uint8)
    return np.asarray(picture == 0)


def truth(bill: Invoice) -> Mapping[str, str]:
    """Return the printed fields, normalised as in the database."""
    facts = {
        "invoice_code": bill.code,
        "invoice_no": bill.number,
        "date": bill.date.isoformat(),
        "check_code": bill.check_code,
        "buyer_name": bill.buyer.name,
        "buyer_tax_no": bill.buyer.tax_no,
        "seller_name": bill.seller.name,
        "seller_tax_no": bill.seller.tax_no,
        "total": f"{bill.total:.2f}",
        "total_words": f"{bill.total:.2f}",
    }
    if bill.kind != ROLL_KIND:
        facts["net"] = f"{bill.net:.2f}"
        if not bill.exempt:
            facts["tax"] = f"{bill.tax:.2f}"
    return {name: value for name, value in facts.items() if value}


def words(bill: Invoice) -> str:
    """Return the total in financial numerals."""
    return money_words(bill.total)
