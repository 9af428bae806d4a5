"""The list of goods on page 2 of an invoice that says 详见销货清单."""

from __future__ import annotations

from lab.corpus.invoice import Invoice
from lab.corpus.seal import company_seal
from lab.corpus.sheet import Ink, Sheet, Text
from lab.corpus.vat_form import cells

_COLUMNS = (15.0, 26.0, 78.0, 101.0, 112.0, 126.0, 149.0, 172.0, 183.0, 203.0)
_HEADS = ("序号", "货物(劳务)名称", "规格型号", "单位", "数量", "单价", "金额", "税率", "税额")
_TOP, _STEP = 52.0, 8.0


def compose(bill: Invoice) -> Sheet:
    """Lay out the list: A4 upright, black laser print, the seller's seal below."""
    sheet = Sheet(210.0, 297.0, {"print": Ink((28, 28, 30)), "stamp": Ink((214, 32, 44), "stamp")})
    sheet.add(Text("print", 105, 22, "销售货物或者提供应税劳务、服务清单", "song", 6.2, "middle"))
    head = (
        ("购买方名称:", bill.buyer.name, 33.0),
        ("销售方名称:", bill.seller.name, 40.0),
        ("所属增值税发票代码:", f"{bill.code}      号码:{bill.number}", 47.0),
    )
    for label, value, y in head:
        sheet.add(Text("print", 15, y, f"{label}{value}", "song", 3.8))
    sheet.add(Text("print", 203, 47, "共 1 页 第 1 页", "song", 3.8, "right"))
    rows = [_HEADS, *((str(number), *cells(row)) for number, row in enumerate(bill.items, 1))]
    rows.append(("小计", "", "", "", "", "", f"¥{bill.net:.2f}", "", f"¥{bill.tax:.2f}"))
    rows.append(("总计", "", "", "", "", "", f"¥{bill.net:.2f}", "", f"¥{bill.tax:.2f}"))
    for index, row in enumerate(rows):
        _row(sheet, _TOP + _STEP * index, row, head=index == 0)
    bottom = _TOP + _STEP * len(rows)
    sheet.box("print", _COLUMNS[0], _TOP, _COLUMNS[-1], bottom, 0.35)
    sheet.rules("print", _COLUMNS[1:-1], _TOP, bottom)
    sheet.add(Text("print", 15, bottom + 8, "备注:", "song", 3.8))
    sheet.add(Text("print", 15, bottom + 22, "销售方(章):", "song", 3.8))
    issued = f"{bill.date:%Y}年{bill.date:%m}月{bill.date:%d}日"
    sheet.add(Text("print", 203, bottom + 22, f"填开日期:{issued}", "song", 3.8, "right"))
    company_seal(sheet, (58, bottom + 20), bill.seller)
    return sheet


def _row(sheet: Sheet, top: float, values: tuple[str, ...], *, head: bool) -> None:
    sheet.line("print", _COLUMNS[0], top, _COLUMNS[-1], top)
    for column, value in enumerate(values):
        left, right = _COLUMNS[column], _COLUMNS[column + 1]
        room = right - left - 1.4
        if head or column in (0, 3):
            sheet.add(Text("print", (left + right) / 2, top + 5.3, value, "song", 3.5, "middle", fit=room))
        elif column < 3:
            sheet.add(Text("print", left + 0.7, top + 5.3, value, "song", 3.5, fit=room))
        else:
            sheet.add(Text("print", right - 0.7, top + 5.3, value, "song", 3.5, "right", fit=room))
