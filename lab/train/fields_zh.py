"""Texts of Chinese invoices and receipts, field by field.

Each function draws one field's text. Codes carry a valid checksum more often than not; the reader has
to read the invalid ones as well, because proving is the business of the rules.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from random import Random

from stdnum.cn import uscc

from lab.corpus.money_words import money_words
from lab.train import vocabulary

USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""GB 32100-2015: no I, O, S, V, Z."""

RATES = ("13%", "9%", "6%", "3%", "1%", "0%", "17%", "16%", "免税", "不征税", "***")

Words = Callable[[Random, int], str]
"""Draws running Chinese of about that many characters."""


def _pick(rng: Random, table: str) -> str:
    return vocabulary.pick(rng, "zh", table)


def digits(rng: Random, count: int) -> str:
    """Draw ``count`` decimal digits."""
    return "".join(rng.choices("0123456789", k=count))


def tax_number(rng: Random) -> str:
    """A taxpayer number: 18 characters (four fifths with the right check character), 15 or 20 digits."""
    if rng.random() < 0.15:
        return digits(rng, rng.choice([15, 20]))
    head = rng.choice(["91", "91", "91", "92", "12", "52", "A1", "N2"]) + digits(rng, 6)
    tail = "MA" + "".join(rng.choices(USCC_ALPHABET, k=7)) if rng.random() < 0.6 else digits(rng, 9)
    body = head + tail
    return body + (uscc.calc_check_digit(body) if rng.random() < 0.8 else rng.choice(USCC_ALPHABET))


def money(rng: Random) -> str:
    """An amount in figures, half of them with a currency sign; spread over magnitudes."""
    amount = 10 ** rng.uniform(0, 7)
    figure = f"{amount:,.2f}" if rng.random() < 0.4 else f"{amount:.2f}"
    return rng.choice(["¥", "￥", "¥", "", "", "¥ ", "-"]) + figure


def date(rng: Random) -> str:
    """A date, or a time stamp, in the forms that Chinese documents print."""
    year, month, day = rng.randint(2008, 2030), rng.randint(1, 12), rng.randint(1, 28)
    form = rng.choice(
        [
            "{}年{:02}月{:02}日",
            "{}年{}月{}日",
            "{} 年 {:02} 月 {:02} 日",
            "{}-{:02}-{:02}",
            "{}-{:02}-{:02} CLOCK",
            "{}/{:02}/{:02}",
            "{}.{:02}.{:02}",
            "{}{:02}{:02}",
        ]
    )
    clock = f"{rng.randint(0, 23):02}:{rng.randint(0, 59):02}:{rng.randint(0, 59):02}"
    return form.format(year, month, day).replace("CLOCK", clock)


def labelled(rng: Random, label: str, value: str) -> str:
    """A label, one of the usual separators, the value."""
    return label + rng.choice(["：", "：", ":", ": ", "： ", " ", ""]) + value


def company(rng: Random, words: Words) -> str:
    """A company's name."""
    city, trade, brand = _pick(rng, "cities"), _pick(rng, "trades"), words(rng, 2)[:3]
    kind = rng.choice(["有限公司", "有限公司", "有限责任公司", "股份有限公司", "集团有限公司"])
    bracket = rng.choice(["（{}）", "({})"]).format(city)
    return rng.choice(
        [
            f"{city}{rng.choice(['市', ''])}{brand}{trade}{kind}",
            f"{brand}{trade}{bracket}{kind}",
            f"{city}{brand}{trade}有限公司{_pick(rng, 'cities')}分公司",
            f"{city}{brand}{trade}{rng.choice(['厂', '经营部', '商行', '服务中心', '工作室'])}",
        ]
    )


def address(rng: Random, words: Words) -> str:
    """A street address, half of them with a telephone number."""
    rooms = ["", f"{rng.randint(1, 30)}栋", f"{rng.randint(1, 30)}楼{rng.randint(101, 2999)}室", f"{words(rng, 2)}大厦"]
    street = words(rng, 2) + rng.choice(["路", "街", "大道", "巷", "东路", "西路"])
    place = f"{_pick(rng, 'cities')}市{_pick(rng, 'districts')}{street}{rng.randint(1, 1999)}号{rng.choice(rooms)}"
    return place + (rng.choice([" ", "", "  "]) + telephone(rng) if rng.random() < 0.4 else "")


def telephone(rng: Random) -> str:
    """A land line, mobile or service number."""
    land = f"0{rng.randint(10, 999)}-{digits(rng, rng.choice([7, 8]))}"
    return rng.choice([land, land, "1" + digits(rng, 10), f"400-{digits(rng, 3)}-{digits(rng, 4)}"])


def number_field(rng: Random) -> str:
    """A code, number, date or amount, two fifths of them with their label."""
    account = rng.choice(
        [digits(rng, 19), digits(rng, 16), digits(rng, 17), " ".join(digits(rng, 4) for _ in range(4))]
    )
    check_code = rng.choice([digits(rng, 20), " ".join(digits(rng, 5) for _ in range(4))])
    tax_label = rng.choice(["纳税人识别号", "统一社会信用代码", "统一社会信用代码/纳税人识别号", "税号", "购方税号"])
    total_label = rng.choice(["（小写）", "金额", "合计", "价税合计", "税额", "小计", "实收", "找零"])
    options = [
        (0.28, tax_label, tax_number(rng)),
        (0.10, "发票代码", digits(rng, rng.choice([10, 12]))),
        (0.12, rng.choice(["发票号码", "No", "№", "发票号码"]), digits(rng, rng.choice([8, 8, 20]))),
        (0.12, rng.choice(["开票日期", "日期", "填开日期", "交易时间"]), date(rng)),
        (0.18, total_label, money(rng)),
        (0.08, rng.choice(["账号", "银行账号", "卡号"]), account),
        (0.06, rng.choice(["电话", "联系电话"]), telephone(rng)),
        (0.06, "校验码", check_code),
    ]
    ((_, label, value),) = rng.choices(options, weights=[share for share, _, _ in options])
    return labelled(rng, label, value) if rng.random() < 0.4 else value


def _item(rng: Random, words: Words) -> str:
    goods = rng.choice([_pick(rng, "goods"), words(rng, 3), words(rng, 2) + _pick(rng, "goods")])
    return f"*{_pick(rng, 'tax_categories')}*{goods}"


def _bank(rng: Random, words: Words) -> str:
    branch = rng.choice(["分行", "支行", words(rng, 2) + "支行"])
    account = rng.choice(["", " " + digits(rng, rng.choice([16, 19, 17]))])
    return _pick(rng, "banks") + _pick(rng, "cities") + branch + account


def _person(rng: Random) -> str:
    name = _pick(rng, "surnames") + "".join(_pick(rng, "given") for _ in range(rng.choice([1, 2, 2])))
    return labelled(rng, rng.choice(["收款人", "复核", "开票人", "经办人", "会计", "出纳", "审批人"]), name)


def text_field(rng: Random, words: Words) -> str:
    """A field made of words: name, address, item, amount in capitals, bank, person, heading."""
    kind = rng.random()
    if kind < 0.28:
        name = company(rng, words)
        return labelled(rng, rng.choice(["名称", "销售方", "购买方", "收款单位"]), name) if rng.random() < 0.4 else name
    if kind < 0.42:
        return address(rng, words)
    if kind < 0.60:
        return _item(rng, words)
    if kind < 0.74:
        lead = rng.choice(["价税合计（大写）", "人民币（大写）", "Ⓧ", "⊗", "", "", "（负数）"])
        return lead + money_words(Decimal(int(10 ** rng.uniform(1, 10))).scaleb(-2), yuan=rng.choice("圆元"))
    if kind < 0.79:
        return rng.choice(["税率", "", "税率："]) + rng.choice(RATES) + rng.choice(["", " " + money(rng)])
    if kind < 0.86:
        return _bank(rng, words)
    if kind < 0.92:
        return _person(rng)
    return _pick(rng, "titles") + rng.choice(["", "", "：", digits(rng, 3)])
