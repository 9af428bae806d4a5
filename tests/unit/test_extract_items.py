"""Line items come from columns, whatever stands in them."""

from ingestd.document import Item
from tests.support.extraction import extracted, ruled, typed

FIELDS = "total: {type: money, labels: 价税合计}"
ITEMS = {
    "columns": {
        "name": "货物或应税劳务名称 | 项目名称",
        "quantity": "数量",
        "unit_price": "单价",
        "amount": "金额",
        "rate": "税率",
        "tax": "税额",
    },
    "until": ["合计", "价税合计"],
}
HEADER = "货物或应税劳务名称   规格型号   单位   数量     单价      金额     税率    税额\n"


def items(tmp_path, rows):
    rules = ruled(tmp_path, FIELDS, items=ITEMS, phrases=["规格型号", "单位"])
    return extracted(typed(HEADER + rows), rules).items


def test_rows_of_a_table(tmp_path):
    rows = (
        "键盘                 K1         个     2        50.00     100.00   13%     13.00\n"
        "鼠标                 M2         个     1.5      20        30.00    免税     ***\n"
        "合计                                                      130.00           13.00\n"
    )
    assert items(tmp_path, rows) == (
        Item("键盘", "2", "50", "100.00", "13%", "13.00"),
        Item("鼠标", "1.5", "20", "30.00", "免税", None),
    )


def test_a_wrapped_name_continues_the_item_above(tmp_path):
    rows = (
        "人体工学机械         K1         个     2        50.00     100.00   13%     13.00\n"
        "键盘\n"
        "合计                                                      100.00           13.00\n"
    )
    assert [item.name for item in items(tmp_path, rows)] == ["人体工学机械键盘"]


def test_a_discount_is_a_row_of_its_own_and_negative(tmp_path):
    rows = (
        "键盘                 K1         个     2        50.00     100.00   13%     13.00\n"
        "键盘                                                      -10.00   13%     -1.30\n"
    )
    found = items(tmp_path, rows)
    assert [item.amount for item in found] == ["100.00", "-10.00"]
    assert found[1].quantity is None


def test_no_header_no_items(tmp_path):
    rules = ruled(tmp_path, FIELDS, items=ITEMS)
    assert extracted(typed("键盘   2   50.00   100.00"), rules).items == ()
