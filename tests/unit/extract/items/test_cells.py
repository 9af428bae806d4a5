"""Line items come from columns, whatever stands in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from ingestd.document import Field, Item, Level, Reading, Status
from ingestd.errors import ConfigError
from tests.support.extraction import extracted, fields_of, ruled, texts, typed

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
    "until": ["合计", "价税合计", "小计"],
}
HEADER = "货物或应税劳务名称   规格型号   单位   数量     单价      金额     税率    税额\n"


def items(tmp_path: Path, rows: str) -> tuple[Item, ...]:
    rules = ruled(tmp_path, FIELDS, items=ITEMS, phrases=["规格型号", "单位"])
    return extracted(typed(HEADER + rows), rules).items


def test_rows_of_a_table(tmp_path: Path) -> None:
    rows = (
        "键盘                 K1         个     2        50.00     100.00   13%     13.00\n"
        "鼠标                 M2         个     1.5      20        30.00    免税     ***\n"
        "合计                                                      130.00           13.00\n"
    )
    assert items(tmp_path, rows) == (
        Item("键盘", "2", "50", "100.00", "13%", "13.00"),
        Item("鼠标", "1.5", "20", "30.00", "免税", None),
    )


def test_a_wrapped_name_continues_the_item_above(tmp_path: Path) -> None:
    rows = (
        "人体工学机械         K1         个     2        50.00     100.00   13%     13.00\n"
        "键盘\n"
        "合计                                                      100.00           13.00\n"
    )
    assert [item.name for item in items(tmp_path, rows)] == ["人体工学机械键盘"]


def test_a_discount_is_a_row_of_its_own_and_negative(tmp_path: Path) -> None:
    rows = (
        "键盘                 K1         个     2        50.00     100.00   13%     13.00\n"
        "键盘                                                      -10.00   13%     -1.30\n"
    )
    found = items(tmp_path, rows)
    assert [item.amount for item in found] == ["100.00", "-10.00"]
    assert found[1].quantity is None


def test_no_header_no_items(tmp_path: Path) -> None:
    rules = ruled(tmp_path, FIELDS, items=ITEMS)
    assert extracted(typed("键盘   2   50.00   100.00"), rules).items == ()


SUMS = """
    net: {type: money, labels: 合计, column: amount, where: [right, anywhere_if_proved]}
    tax: {type: money, labels: 合计, column: tax, where: right}
"""
MAKE_NET = {"name": "the items make the net", "equation": "items.amount = net"}
MAKE_TAX = {"name": "the taxes make the tax", "equation": "items.tax = tax"}
TWO = (
    "键盘                 K1         个     2        50.00     100.00   13%     13.00\n"
    "键盘                                                      -10.00   13%     -1.30\n"
)


def summed(
    tmp_path: Path, rows: str, checks: Sequence[Mapping[str, object]] = (MAKE_NET, MAKE_TAX), **more: object
) -> dict[str, Field]:
    rules = ruled(tmp_path, SUMS, items=ITEMS, phrases=["规格型号", "单位"], checks=list(checks), **more)
    return fields_of(typed(HEADER + rows), rules)


def test_the_sum_of_the_items_discounts_included_proves_net_and_tax(tmp_path: Path) -> None:
    found = summed(
        tmp_path, TWO + "合计                                                      ¥90.00           ¥11.70\n"
    )
    assert [found[name].level for name in ("net", "tax")] == [Level.PROVED, Level.PROVED]
    assert "the items make the net: 90.00 (2 items) = 90.00" in texts(found["net"])


def test_items_that_make_another_sum_are_a_conflict(tmp_path: Path) -> None:
    found = summed(
        tmp_path, TWO + "合计                                                      ¥96.00           ¥11.70\n"
    )
    assert (found["net"].value, found["net"].level) == ("96.00", Level.CONFLICT)
    assert "the items make the net fails: 90.00 (2 items) is not 96.00" in texts(found["net"])


def test_one_item_only_repeats_the_amount(tmp_path: Path) -> None:
    rows = TWO.splitlines()[0] + "\n合计                                                     ¥100.00           ¥13.00\n"
    assert summed(tmp_path, rows)["net"].level is Level.AGREED


def test_items_that_were_not_read_whole_say_nothing(tmp_path: Path) -> None:
    rows = TWO.replace("-10.00", "-1O.OO") + "合计                                                      ¥90.00\n"
    assert summed(tmp_path, rows)["net"].level is Level.READ


def test_the_sum_of_the_items_does_not_make_any_number_on_the_page_the_net(tmp_path: Path) -> None:
    found = summed(tmp_path, TWO + f"{'应付':<56} ¥90.00\n", [MAKE_NET])["net"]
    assert found.level is Level.MISSING


def test_names_may_stand_above_their_numbers(tmp_path: Path) -> None:
    fields = "total: {type: money, labels: 合计}"
    table = {"columns": {"name": "项目", "unit_price": "单价", "quantity": "数量", "amount": "金额"}, "until": "合计"}
    rows = """
        项目          单价    数量    金额
        键盘
                      10.00    2     20.00
        很长的名称
        的鼠标
                      5.00     1      5.00
        合计 25.00
    """
    found = extracted(typed(rows), ruled(tmp_path, fields, items=table)).items
    assert [(item.name, item.amount) for item in found] == [("键盘", "20.00"), ("很长的名称的鼠标", "5.00")]


def test_the_items_may_be_listed_on_a_later_page(tmp_path: Path) -> None:
    spec = {**ITEMS, "elsewhere": "详见销货清单"}
    rules = ruled(tmp_path, SUMS, items=spec, phrases=["规格型号", "单位"], checks=[MAKE_NET])
    listed = typed(HEADER + f"{'(详见销货清单)':<48}  90.00   13%     11.70\n{'合计':<56} ¥90.00           ¥11.70\n")
    goods = typed(HEADER + TWO + f"{'小计':<56} ¥90.00\n")
    second = tuple(replace(line, page_index=1) for line in goods.lines)
    both = Reading((*listed.pages, replace(goods.pages[0], index=1)), (*listed.lines, *second), ())
    for reading, amounts in ((listed, ["90.00"]), (both, ["100.00", "-10.00"])):
        extraction = extracted(reading, rules)
        assert [item.amount for item in extraction.items] == amounts
        assert extraction.fields[0].level is (Level.PROVED if len(amounts) > 1 else Level.AGREED)


def test_a_sum_of_a_column_that_is_not_read_is_a_mistake_of_the_rule(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"adds up 'items\.weight', which is not a column of 'items'"):
        summed(tmp_path, "", [{"name": "x", "equation": "items.weight = net"}])


def test_amounts_without_a_label_count_where_they_stand_side_by_side_in_their_columns(tmp_path: Path) -> None:
    fields = """
        net: {type: money, labels: 合计, column: amount, where: [right, anywhere_if_proved]}
        tax: {type: money, labels: 合计, column: tax, where: [right, anywhere_if_proved]}
        total: {type: money, labels: 价税合计}
    """
    makes_total = {"name": "sum", "equation": "net + tax = total"}
    rules = ruled(tmp_path, fields, items=ITEMS, phrases=["规格型号", "单位"], checks=[makes_total])
    side_by_side = f"{'计':<57} ¥90.00           ¥11.70\n"
    apart = f"{'':<58} ¥90.00\n{'':<75} ¥11.70\n"
    for rows, level in ((side_by_side, Level.PROVED), (apart, Level.MISSING)):
        found = fields_of(typed(f"{HEADER}{TWO}{rows}价税合计   ¥101.70"), rules)
        assert (found["net"].level, found["tax"].level) == (level, level)


def test_items_that_do_not_add_up_are_a_conflict_though_other_sums_hold(tmp_path: Path) -> None:
    fields = """
        net: {type: money, labels: Total charges, required: true}
        tax: {type: money, labels: VAT}
        total: {type: money, labels: Amount due, required: true}
    """
    table = {"columns": {"name": "Charge", "amount": "Cost"}, "until": "Total charges"}
    checks = [MAKE_NET, {"name": "net and tax make the total", "equation": "net + tax = total"}]
    rows = """
        Charge                       Cost
        Units used                 209.16
        Standing charge             60.00
        Total charges              280.00
        VAT                         14.00
        Amount due                 294.00
    """
    rules = ruled(tmp_path, fields, items=table, checks=checks)
    found = extracted(typed(rows), rules)
    assert found.status is Status.REVIEW
    net = fields_of(typed(rows), rules)["net"]
    assert (net.value, net.level) == ("280.00", Level.CONFLICT)
    assert "the items make the net fails: 269.16 (2 items) is not 280.00" in texts(net)
    assert extracted(typed(rows.replace("60.00", "70.84")), rules).status is Status.DONE


FOLIO = {"columns": {"name": "Details", "quantity": "Nights", "amount": "Charge"}, "until": ["Net amount"]}
FOLIO_FIELDS = "net: {type: money, labels: Net amount}"
HEAD = "Details             Nights        Charge\n"
ONE = "Room 412                 1        100.00\nBreakfast                1         20.50\n"
TWO_MORE = "Minibar                  1          9.50\nRoom 412                 1        100.00\n"
NET = "Net amount                        230.00\n"
OUT = "Carried forward                   120.50\n"
IN = "Brought forward                   120.50\n"
TERMS = "Terms                    2         30.00\nPayment in days\n"


def folio(tmp_path: Path, *pages: str, until: Sequence[str] = ("Net amount",)) -> tuple[list[str | None], Field]:
    """Amounts of the items of several pages, and the net amount."""
    one_by_one = [typed(page) for page in pages]
    lines = tuple(replace(line, page_index=n) for n, page in enumerate(one_by_one) for line in page.lines)
    infos = tuple(replace(page.pages[0], index=n) for n, page in enumerate(one_by_one))
    reading = Reading(infos, lines, ())
    rules = ruled(tmp_path, FOLIO_FIELDS, items={**FOLIO, "until": list(until)}, checks=[MAKE_NET])
    return [item.amount for item in extracted(reading, rules).items], fields_of(reading, rules)["net"]


WHOLE = ["100.00", "20.50", "9.50", "100.00"]
BOTH = ("Net amount", "Carried forward")


@pytest.mark.parametrize(
    ("pages", "until"),
    [
        ((HEAD + ONE, HEAD + TWO_MORE + NET), ["Net amount"]),
        ((HEAD + ONE, TWO_MORE + NET), ["Net amount"]),
        ((HEAD + ONE + OUT, HEAD + IN + TWO_MORE + NET), ["Net amount"]),
        ((HEAD + ONE + OUT, HEAD + TWO_MORE + NET), ["Net amount"]),
        ((HEAD + ONE + OUT, IN + TWO_MORE + NET), BOTH),
        ((HEAD + ONE + OUT, HEAD + TWO_MORE + NET), BOTH),
        ((HEAD + ONE + OUT.replace("Carried forward", "Sum          "), HEAD + TWO_MORE + NET), ["Net amount"]),
        ((HEAD + ONE, HEAD + TWO_MORE.splitlines(True)[0], HEAD + TWO_MORE.splitlines(True)[1] + NET), ["Net amount"]),
        ((HEAD + ONE, TWO_MORE + NET, TERMS), ["Net amount"]),
    ],
)
def test_a_table_goes_on_over_pages(tmp_path: Path, pages: tuple[str, ...], until: Sequence[str]) -> None:
    amounts, net = folio(tmp_path, *pages, until=until)
    assert amounts == WHOLE
    assert (net.value, net.level) == ("230.00", Level.PROVED)


@pytest.mark.parametrize(
    "pages",
    [
        (HEAD + ONE + NET.replace("230.00", "120.50"), TERMS),
        (HEAD + ONE + NET.replace("230.00", "120.50"), HEAD + ONE + NET.replace("230.00", "120.50")),
        (HEAD + ONE, TERMS),
        (HEAD + ONE, HEAD + ONE),
    ],
    ids=["terms", "copy", "terms-after-open", "copy-after-open"],
)
def test_a_table_that_has_ended_does_not_go_on(tmp_path: Path, pages: tuple[str, ...]) -> None:
    assert folio(tmp_path, *pages)[0] == WHOLE[:2]


def test_a_missing_page_of_items_is_a_conflict(tmp_path: Path) -> None:
    amounts, net = folio(tmp_path, HEAD + ONE + OUT, TERMS + NET, until=BOTH)
    assert amounts != WHOLE
    assert net.level is Level.CONFLICT
