"""The fully digital invoice (数电票): one number of 20 digits, buyer on the left, seller on the right."""

from __future__ import annotations

from lab.corpus.invoice import Invoice, qr_modules, qr_text, words
from lab.corpus.parties import Party
from lab.corpus.seal import supervision_seal
from lab.corpus.sheet import Ellipse, Ink, Modules, Sheet, Text
from lab.corpus.vat_form import cells

_TITLES = {"cn-digital-special": "电子发票（增值税专用发票）", "cn-digital-ordinary": "电子发票（普通发票）"}
_LEFT, _MIDDLE, _RIGHT = 6.0, 106.0, 206.0
_COLUMNS = (6.0, 52.0, 76.0, 90.0, 108.0, 133.0, 158.0, 181.0, 206.0)
_HEADS = ("项目名称", "规格型号", "单位", "数量", "单价", "金额", "税率/征收率", "税额")
_PARTY_TOP, _GOODS_TOP, _TOTAL_TOP, _REMARK_TOP, _BOTTOM = 31.0, 53.0, 95.0, 104.0, 124.0


def compose(bill: Invoice) -> Sheet:
    """Lay out the page as the tax administration's PDF shows it."""
    sheet = Sheet(212.0, 140.0, {"form": Ink((132, 40, 20)), "print": Ink((16, 16, 16)), "seal": Ink((222, 40, 40))})
    _frame_lines(sheet)
    _heading(sheet, bill)
    _party(sheet, _LEFT, "购买方信息", bill.buyer)
    _party(sheet, _MIDDLE, "销售方信息", bill.seller)
    _goods(sheet, bill)
    _sums(sheet, bill)
    sheet.add(Text("form", _LEFT + 3.4, _REMARK_TOP + 8.0, "备注", "kai", 3.6, upright_column=True, spread=6.5))
    sheet.add(Text("print", _LEFT + 9.0, _REMARK_TOP + 5.6, bill.remark, "song", 3.4))
    sheet.add(Text("form", _LEFT + 14, _BOTTOM + 6.5, "开票人：", "kai", 3.6))
    sheet.add(Text("print", _LEFT + 28, _BOTTOM + 6.5, bill.people[2], "song", 3.6))
    return sheet


def _frame_lines(sheet: Sheet) -> None:
    sheet.box("form", _LEFT, _PARTY_TOP, _RIGHT, _BOTTOM, 0.35)
    for y in (_GOODS_TOP, _TOTAL_TOP, _REMARK_TOP):
        sheet.line("form", _LEFT, y, _RIGHT, y)
    sheet.rules("form", (_LEFT + 6.8, _MIDDLE, _MIDDLE + 6.8), _PARTY_TOP, _GOODS_TOP)
    sheet.rules("form", (_COLUMNS[1],), _TOTAL_TOP, _REMARK_TOP)
    sheet.rules("form", (_LEFT + 6.8,), _REMARK_TOP, _BOTTOM)


def _heading(sheet: Sheet, bill: Invoice) -> None:
    title = _TITLES[bill.kind]
    sheet.add(Text("form", _MIDDLE, 17.0, title, "kai", 7.0, "middle"))
    for y in (20.2, 21.2):
        sheet.line("form", _MIDDLE - 45, y, _MIDDLE + 45, y, 0.3)
    supervision_seal(sheet, (_MIDDLE, 18.0), bill.place.province)
    sheet.add(Modules("print", 10.0, 6.0, 20.0, qr_modules(qr_text(bill))))
    issued = f"{bill.date:%Y}年{bill.date:%m}月{bill.date:%d}日"
    for label, value, y in (("发票号码：", bill.number, 12.5), ("开票日期：", issued, 20.0)):
        sheet.add(Text("form", 153.0, y, label, "kai", 3.7), Text("print", 170.5, y, value, "song", 3.7, fit=37))


def _party(sheet: Sheet, left: float, title: str, party: Party) -> None:
    sheet.add(Text("form", left + 3.4, _PARTY_TOP + 4.6, title, "kai", 3.6, upright_column=True, spread=15.4))
    sheet.add(Text("form", left + 8.4, _PARTY_TOP + 7.2, "名称：", "kai", 3.7))
    sheet.add(Text("print", left + 19.0, _PARTY_TOP + 7.2, party.name, "song", 3.7, fit=79))
    sheet.add(Text("form", left + 8.4, _PARTY_TOP + 17.5, "统一社会信用代码/纳税人识别号：", "kai", 3.7, fit=49))
    sheet.add(Text("print", left + 58.0, _PARTY_TOP + 17.5, party.tax_no, "song", 4.0))


def _goods(sheet: Sheet, bill: Invoice) -> None:
    for index, head in enumerate(_HEADS):
        anchor = "left" if index < 3 else "right"
        x = _COLUMNS[index] + 1.2 if index < 3 else _COLUMNS[index + 1] - 1.2
        sheet.add(Text("form", x, _GOODS_TOP + 4.8, head, "kai", 3.7, "left" if anchor == "left" else "right"))
    step = min(5.2, 26.0 / max(1, len(bill.items)))
    for number, row in enumerate(bill.items):
        y = _GOODS_TOP + 10.0 + step * number
        for index, value in enumerate(cells(row)):
            left, right = _COLUMNS[index], _COLUMNS[index + 1]
            room = right - left - 1.6
            if index < 3:
                sheet.add(Text("print", left + 1.2, y, value, "song", 3.5, fit=room))
            else:
                sheet.add(Text("print", right - 1.2, y, value, "song", 3.5, "right", fit=room))


def _sums(sheet: Sheet, bill: Invoice) -> None:
    sheet.add(Text("form", 26.0, _TOTAL_TOP - 2.4, "合计", "kai", 3.8, "middle", spread=16))
    tax = "***" if bill.exempt else f"¥{bill.tax:.2f}"
    for column, value in ((6, f"¥{bill.net:.2f}"), (8, tax)):
        sheet.add(Text("print", _COLUMNS[column] - 1.2, _TOTAL_TOP - 2.4, value, "song", 3.8, "right"))
    y = _TOTAL_TOP + 5.9
    sheet.add(Text("form", 29.0, y, "价税合计（大写）", "kai", 3.8, "middle"))
    mark = (_COLUMNS[1] + 5.0, y - 1.3)
    sheet.add(Ellipse("print", mark, (1.9, 1.9), 0.25))
    for sign in (-1, 1):
        sheet.line("print", mark[0] - 1.3, mark[1] - 1.3 * sign, mark[0] + 1.3, mark[1] + 1.3 * sign)
    sheet.add(Text("print", mark[0] + 3.4, y, words(bill), "song", 4.0, fit=85))
    sheet.add(
        Text("form", 152.0, y, "（小写）", "kai", 3.8), Text("print", 167.0, y, f"¥{bill.total:.2f}", "song", 4.0)
    )
