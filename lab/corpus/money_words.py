"""Amounts in Chinese financial numerals (大写), as 支付结算办法 wants them."""

from __future__ import annotations

from decimal import Decimal

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ((3, "仟"), (2, "佰"), (1, "拾"), (0, ""))
_SECTIONS = ((8, "亿"), (4, "万"), (0, ""))
MAX_AMOUNT = Decimal(10) ** 12
"""Amounts from here on have no form."""


def money_words(amount: Decimal, *, yuan: str = "圆", bridged: bool = False) -> str:
    """Write an amount in financial numerals.

    Args:
        amount: two decimal places, below 10^12 either way.
        yuan: 圆 or 元.
        bridged: write 零 also between a section that ends in zero and 仟; the rule allows both forms.

    Raises:
        ValueError: the amount has fractions of a 分 or is too large.

    >>> money_words(Decimal("7018.83")), money_words(Decimal("-10000.00"))
    ('柒仟零壹拾捌圆捌角叁分', '(负数)壹万圆整')
    >>> money_words(Decimal("105.03")), money_words(Decimal("0.50"), yuan="元")
    ('壹佰零伍圆零叁分', '伍角整')
    >>> money_words(Decimal("103520")), money_words(Decimal("103520"), bridged=True)
    ('壹拾万叁仟伍佰贰拾圆整', '壹拾万零叁仟伍佰贰拾圆整')
    """
    cents = abs(amount).scaleb(2)
    if cents != int(cents) or abs(amount) >= MAX_AMOUNT:
        raise ValueError(f"{amount} cannot be written in 圆, 角 and 分")
    whole, jiao, fen = int(cents) // 100, int(cents) // 10 % 10, int(cents) % 10
    text = _whole(whole, bridged=bridged) + yuan if whole else ""
    if not jiao and not fen:
        return ("(负数)" if amount < 0 else "") + (text or "零" + yuan) + "整"
    if jiao:
        text += _DIGITS[jiao] + "角"
    elif text:
        text += "零"
    return ("(负数)" if amount < 0 else "") + text + (_DIGITS[fen] + "分" if fen else "整")


def _whole(number: int, *, bridged: bool) -> str:
    """Return a positive number below 10^12 in numerals; zeros between digits become one 零."""
    text, gap = "", False
    for power, name in _SECTIONS:
        section = number // 10**power % 10**4
        if section:
            text += ("零" if text and (gap or section < 1000) else "") + _section(section) + name
        gap = not section or (bridged and section % 10 == 0)
    return text


def _section(number: int) -> str:
    """Return up to four digits in numerals, without a zero at either end."""
    text, gap = "", False
    for power, name in _PLACES:
        digit = number // 10**power % 10
        if digit:
            text += ("零" if gap else "") + _DIGITS[digit] + name
        gap = bool(text) and not digit
    return text
