"""The old form: paper special, paper ordinary and electronic ordinary invoices, and the list on page 2.

Positions are taken from public specimens: all three kinds share the rows, their columns are the same shares
of the form's width; paper has perforated edges and is printed by a needle printer that never quite hits.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from lab.corpus.amounts import Item
from lab.corpus.invoice import Invoice, qr_modules, qr_text, words
from lab.corpus.parties import Party
from lab.corpus.seal import company_seal, supervision_seal
from lab.corpus.sheet import Ellipse, Ink, Modules, Sheet, Text

_BROWN, _GREEN, _DARK = (146, 88, 58), (52, 118, 84), (70, 70, 72)
_RED = (214, 32, 44)
_PAPER = (252, 251, 246)
_COLUMNS = (0.0, 0.268, 0.344, 0.405, 0.521, 0.648, 0.802, 0.844, 1.0)
_HEADS = ("货物或应税劳务、服务名称", "规格型号", "单位", "数量", "单价", "金额", "税率", "税额")
_HEAD_SPREADS = (40.0, 0.0, 0.0, 8.5, 8.5, 12.0, 0.0, 12.0)

_TITLES = {
    "cn-special": "增值税专用发票",
    "cn-ordinary": "增值税普通发票",
    "cn-electronic": "增值税电子普通发票",
}


@dataclass(frozen=True, slots=True)
class _Frame:
    """Edges of the form in mm; rows are the same on every kind."""

    left: float
    right: float

    def x(self, share: float) -> float:
        return self.left + share * (self.right - self.left)

    @property
    def middle(self) -> float:
        return self.x(0.5)


_TOP, _GOODS_TOP, _TOTAL_TOP, _SELLER_TOP, _BOTTOM = 30.0, 52.0, 95.0, 103.5, 124.0


def compose(bill: Invoice, rng: Random, seal: bool = True) -> Sheet:
    """Lay out the front of an invoice."""
    paper = bill.kind != "cn-electronic"
    frame = _Frame(21.0, 219.5) if paper else _Frame(8.0, 207.0)
    sheet = Sheet(
        240.0 if paper else 215.0,
        140.0 if paper else 138.0,
        _inks(rng, paper=paper),
        _PAPER if paper else (255, 255, 255),
    )
    if paper:
        sheet.add(*_perforation(sheet))
    _frame_lines(sheet, frame)
    _heading(sheet, frame, bill)
    _party(sheet, frame, bill.buyer, _TOP, "购买方")
    _party(sheet, frame, bill.seller, _SELLER_TOP, "销售方")
    _password(sheet, frame, bill)
    _goods(sheet, frame, bill)
    _sums(sheet, frame, bill)
    _foot(sheet, frame, bill)
    if seal:
        company_seal(sheet, (frame.x(0.9) + rng.uniform(-3, 3), _BOTTOM - rng.uniform(2, 6)), bill.seller)
    return sheet


def _inks(rng: Random, *, paper: bool) -> dict[str, Ink]:
    if not paper:
        return {"form": Ink((136, 58, 20)), "print": Ink((20, 20, 20)), "seal": Ink(_RED), "stamp": Ink(_RED)}
    print_colour = rng.choice(((44, 46, 104), (40, 40, 60), (58, 52, 110)))
    shift = (rng.uniform(-1.0, 1.0), rng.uniform(-0.9, 0.6))
    return {
        "holes": Ink((150, 150, 148)),
        "form": Ink(rng.choice((_BROWN, _BROWN, _GREEN, _DARK))),
        "seal": Ink(_RED),
        "print": Ink(print_colour, "needles", shift, rng.uniform(-0.25, 0.25)),
        "stamp": Ink(_RED, "stamp", turn=rng.uniform(-1, 1)),
    }


def _perforation(sheet: Sheet) -> list[Ellipse]:
    """Tractor holes along both edges, half an inch apart."""
    return [
        Ellipse("holes", (x, 6.5 + 12.7 * row), (2.0, 2.0), 0) for x in (6.0, sheet.width - 6.0) for row in range(11)
    ]


def _label(x: float, y: float, text: str, *, spread: float = 0.0, size: float = 3.4) -> Text:
    return Text("form", x, y, text, "kai", size, spread=spread)


def _frame_lines(sheet: Sheet, frame: _Frame) -> None:
    sheet.box("form", frame.left, _TOP, frame.right, _BOTTOM, 0.4)
    for y in (_GOODS_TOP, _TOTAL_TOP, _SELLER_TOP):
        sheet.line("form", frame.left, y, frame.right, y)
    sheet.rules("form", [frame.x(share) for share in _COLUMNS[1:-1]], _GOODS_TOP, _TOTAL_TOP)
    sheet.line("form", frame.x(_COLUMNS[1]), _TOTAL_TOP, frame.x(_COLUMNS[1]), _SELLER_TOP)
    for top, bottom in ((_TOP, _GOODS_TOP), (_SELLER_TOP, _BOTTOM)):
        sheet.rules("form", [frame.left + 6.6, frame.x(0.572), frame.x(0.572) + 5.4], top, bottom)


def _heading(sheet: Sheet, frame: _Frame, bill: Invoice) -> None:
    middle = frame.middle
    title = bill.place.province + _TITLES[bill.kind]
    width = 7.7 * len(title)
    sheet.add(Text("form", middle, 15.5, title, "kai", 7.1, "middle", spread=width))
    for y in (18.6, 19.5):
        sheet.line("form", middle - width / 2 - 2, y, middle + width / 2 + 2, y, 0.3)
    supervision_seal(sheet, (middle, 16.5), bill.place.province)
    modules = qr_modules(qr_text(bill))
    issued = f"{bill.date:%Y}年{bill.date:%m}月{bill.date:%d}日"
    grouped = " ".join(bill.check_code[start : start + 5] for start in range(0, 20, 5))
    right = frame.x(0.738)
    if bill.kind == "cn-electronic":
        sheet.add(Modules("print", frame.x(0.03), 5.0, 19.0, modules))
        sheet.add(_label(frame.x(0.015), 28.3, "机器编号:"))
        sheet.add(Text("print", frame.x(0.015) + 16.5, 28.3, bill.machine_no, "song", 3.3))
        rows = (("发票代码", bill.code), ("发票号码", bill.number), ("开票日期", issued), ("校验码", grouped))
        for index, (name, value) in enumerate(rows):
            y = 9.0 + 6.0 * index
            sheet.add(_label(right, y, name, spread=13.6), _label(right + 13.8, y, ":"))
            sheet.add(Text("print", right + 15.6, y, value, "song", 3.4))
        return
    sheet.add(Modules("print", frame.left - 5, 6.0, 18.5, modules))
    sheet.add(Text("form", frame.left + 18, 14.5, bill.code, "serif-bold", 5.6))
    sheet.add(
        Text("form", right, 14.5, "№", "serif-bold", 5.6), Text("form", right + 8, 14.5, bill.number, "serif-bold", 5.6)
    )
    sheet.add(Text("print", frame.right + 3, 19.0, bill.code, "courier", 3.0, "right"))
    sheet.add(Text("print", frame.right + 3, 22.6, bill.number, "courier", 3.0, "right"))
    sheet.add(_label(right, 27.0, "开票日期:"), Text("print", right + 17, 27.0, issued, "song", 3.6))
    sheet.add(
        Text("form", frame.right + 4.2, 44, "第二联发票联购买方记账凭证", "kai", 2.9, upright_column=True, spread=58)
    )
    if bill.check_code:
        sheet.add(Text("print", frame.left + 18, 27.0, f"校验码 {grouped}", "song", 3.4))


def _party(sheet: Sheet, frame: _Frame, party: Party, top: float, side: str) -> None:
    sheet.add(Text("form", frame.left + 3.3, top + 5.6, side, "kai", 3.4, upright_column=True, spread=12.4))
    rows = (
        ("名称", party.name),
        ("纳税人识别号", party.tax_no),
        ("地址、电话", party.address),
        ("开户行及账号", party.bank),
    )
    label_x, value_x = frame.left + 8.2, frame.left + 31.2
    room = frame.x(0.572) - value_x - 1.0
    for index, (name, value) in enumerate(rows):
        y = top + 4.5 + 5.1 * index
        sheet.add(_label(label_x, y, name, spread=20.4), _label(label_x + 20.6, y, ":"))
        if name == "纳税人识别号":
            sheet.add(Text("print", value_x, y, value, "courier", 4.6, fit=room))
        else:
            sheet.add(Text("print", value_x, y, value, "song", 3.5, fit=room))


def _password(sheet: Sheet, frame: _Frame, bill: Invoice) -> None:
    x = frame.x(0.572)
    sheet.add(Text("form", x + 2.7, _TOP + 5.6, "密码区", "kai", 3.4, upright_column=True, spread=12.4))
    for index, row in enumerate(bill.password):
        sheet.add(Text("print", x + 7.5, _TOP + 4.7 + 5.1 * index, row, "courier", 4.5, fit=frame.right - x - 9))
    sheet.add(Text("form", x + 2.7, _SELLER_TOP + 6.6, "备注", "kai", 3.4, upright_column=True, spread=9.0))
    for index, start in enumerate(range(0, len(bill.remark), 24)):
        y = _SELLER_TOP + 4.5 + 4.6 * index
        sheet.add(Text("print", x + 7.0, y, bill.remark[start : start + 24], "song", 3.2))


def _goods(sheet: Sheet, frame: _Frame, bill: Invoice) -> None:
    for head, spread, left, right in zip(_HEADS, _HEAD_SPREADS, _COLUMNS, _COLUMNS[1:], strict=False):
        x = frame.x((left + right) / 2)
        sheet.add(
            Text(
                "form",
                x,
                _GOODS_TOP + 4.1,
                head,
                "kai",
                3.4,
                "middle",
                spread=spread,
                fit=frame.x(right) - frame.x(left) - 1,
            )
        )
    if bill.features.listed:
        rate = {row.rate for row in bill.items}
        shown = f"{bill.items[0].rate}%" if len(rate) == 1 else ""
        _row(
            sheet,
            frame,
            _GOODS_TOP + 8.8,
            ("(详见销货清单)", "", "", "", "", f"{bill.net:.2f}", shown, f"{bill.tax:.2f}"),
        )
        return
    step = min(4.8, 29.0 / max(1, len(bill.items)))
    for index, row in enumerate(bill.items):
        _row(sheet, frame, _GOODS_TOP + 8.8 + step * index, cells(row))


def cells(row: Item) -> tuple[str, ...]:
    """A row's values as printed, in the order of the columns."""
    return (
        row.name,
        row.spec,
        row.unit,
        "" if row.quantity is None else f"{row.quantity}",
        "" if row.unit_price is None else f"{row.unit_price}",
        f"{row.amount:.2f}",
        "免税" if row.rate is None else f"{row.rate}%",
        "***" if row.rate is None else f"{row.tax:.2f}",
    )


def _row(sheet: Sheet, frame: _Frame, y: float, values: tuple[str, ...]) -> None:
    for column, value in enumerate(values):
        left, right = frame.x(_COLUMNS[column]), frame.x(_COLUMNS[column + 1])
        if column in (0, 1):
            sheet.add(Text("print", left + 0.8, y, value, "song", 3.3, fit=right - left - 1.2))
        elif column == 2:
            sheet.add(Text("print", (left + right) / 2, y, value, "song", 3.3, "middle"))
        else:
            sheet.add(Text("print", right - 0.8, y, value, "song", 3.3, "right", fit=right - left - 1.2))


def _sums(sheet: Sheet, frame: _Frame, bill: Invoice) -> None:
    name_middle = frame.x(_COLUMNS[1] / 2)
    sheet.add(Text("form", name_middle, _TOTAL_TOP - 2.2, "合计", "kai", 3.4, "middle", spread=17))
    tax = "***" if bill.exempt else f"¥{bill.tax:.2f}"
    for column, value in ((6, f"¥{bill.net:.2f}"), (8, tax)):
        sheet.add(
            Text("print", frame.x(_COLUMNS[column]) - 0.8, _TOTAL_TOP - 2.0, value, "courier", 4.1, "right", fit=29)
        )
    y = _TOTAL_TOP + 5.4
    sheet.add(Text("form", name_middle, y, "价税合计(大写)", "kai", 3.5, "middle", spread=32))
    mark = (frame.x(_COLUMNS[1]) + 4.0, y - 1.2)
    sheet.add(Ellipse("print", mark, (1.8, 1.8), 0.25))
    for sign in (-1, 1):
        sheet.line("print", mark[0] - 1.2, mark[1] - 1.2 * sign, mark[0] + 1.2, mark[1] + 1.2 * sign)
    sheet.add(Text("print", mark[0] + 3.2, y, words(bill), "song", 3.7, fit=frame.x(0.73) - mark[0] - 5))
    sheet.add(
        _label(frame.x(0.745), y, "(小写)"),
        Text("print", frame.x(0.745) + 10.5, y, f"¥{bill.total:.2f}", "courier", 4.1),
    )


def _foot(sheet: Sheet, frame: _Frame, bill: Invoice) -> None:
    names = ("收款人:", "复核:", "开票人:", "销售方:(章)")
    for name, share, person in zip(names, (0.02, 0.3, 0.515, 0.73), (*bill.people, ""), strict=True):
        x = frame.x(share)
        sheet.add(
            _label(x, _BOTTOM + 5.4, name), Text("print", x + 3.5 * len(name), _BOTTOM + 5.4, person, "song", 3.4)
        )
