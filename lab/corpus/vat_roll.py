"""The roll invoice (卷票): a narrow strip, seller first, prices with tax, one sum."""

from __future__ import annotations

from decimal import Decimal
from random import Random

from lab.corpus.amounts import Item
from lab.corpus.invoice import Invoice, qr_modules, qr_text, words
from lab.corpus.seal import supervision_seal
from lab.corpus.sheet import Ink, Modules, Sheet, Text

_WIDTH, _LEFT, _RIGHT = 76.0, 5.0, 71.0
_STEP = 5.4


def compose(bill: Invoice, rng: Random) -> Sheet:
    """Lay out the strip; its length follows from the rows."""
    rows = 12 + 2 * len(bill.items) + -(-len(bill.remark) // 20)
    inks = {
        "form": Ink((150, 70, 52)),
        "seal": Ink((214, 32, 44)),
        "print": Ink((42, 42, 70), "needles", (rng.uniform(-0.8, 0.8), rng.uniform(-0.6, 0.6)), rng.uniform(-0.3, 0.3)),
    }
    sheet = Sheet(_WIDTH, 84.0 + _STEP * rows, inks, (252, 250, 244))
    sheet.add(Text("form", _WIDTH / 2, 13.0, f"{bill.place.province}增值税普通发票", "kai", 5.4, "middle"))
    sheet.add(Text("form", _WIDTH / 2, 21.0, "发票联", "kai", 4.6, "middle", spread=22))
    supervision_seal(sheet, (_WIDTH / 2, 17.0), bill.place.province)
    for label, value, y in (("发票代码", bill.code, 33.0), ("发票号码", bill.number, 39.5)):
        sheet.add(Text("form", _LEFT, y, label, "kai", 4.0), Text("form", _LEFT + 19, y, value, "serif-bold", 4.6))
    _print(sheet, bill)
    return sheet


def _gross(row: Item) -> tuple[str, str, str]:
    """Unit price, quantity and amount with tax: what the shop rings up."""
    amount = row.amount + row.tax
    quantity = row.quantity or Decimal(1)
    return f"{amount / quantity:.2f}", f"{quantity}", f"{amount:.2f}"


def _print(sheet: Sheet, bill: Invoice) -> None:
    y = 48.0

    def put(text: str, *, x: float = _LEFT, size: float = 3.6, right: bool = False) -> None:
        sheet.add(Text("print", x, y, text, "song", size, "right" if right else "left", fit=_RIGHT - _LEFT))

    head = (
        f"机打号码:{bill.number}",
        f"机器编号:{bill.machine_no}",
        f"销售方名称:{bill.seller.name}",
        f"纳税人识别号:{bill.seller.tax_no}",
        f"开票日期:{bill.date.isoformat()}",
        f"收款员:{bill.people[0]}",
        f"购买方名称:{bill.buyer.name}",
        f"纳税人识别号:{bill.buyer.tax_no}",
    )
    for text in head:
        put(text)
        y += _STEP
    sheet.line("print", _LEFT, y - 4.2, _RIGHT, y - 4.2)
    for x, text in ((_LEFT, "项目"), (44.0, "单价"), (54.0, "数量"), (_RIGHT, "金额")):
        put(text, x=x, right=x > _LEFT)
    y += _STEP
    for row in bill.items:
        put(row.name)
        y += _STEP
        for x, text in zip((44.0, 54.0, _RIGHT), _gross(row), strict=True):
            put(text, x=x, right=True)
        y += _STEP
    sheet.line("print", _LEFT, y - 4.2, _RIGHT, y - 4.2)
    foot = [f"合计金额(小写):¥{bill.total:.2f}", f"合计金额(大写):{words(bill)}", f"校验码:{bill.check_code}"]
    foot += [bill.remark[start : start + 20] for start in range(0, len(bill.remark), 20)]
    for text in foot:
        put(text)
        y += _STEP
    sheet.add(Modules("print", (_WIDTH - 26) / 2, y, 26.0, qr_modules(qr_text(bill))))
