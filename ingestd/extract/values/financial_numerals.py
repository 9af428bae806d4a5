"""Chinese financial numerals (大写): 壹佰零伍圆零叁分 is 105.03.

Source of the form: 支付结算办法, appendix 1 (filling in bills). Tax control printers abbreviate it: 整 or 正 may be
missing, a run of zeros collapses into one 零, red invoices begin with (负数). The order of units is enforced: a misread
character causes an error, not another number.
"""

from __future__ import annotations

from decimal import Decimal

import regex

_DIGITS = {
    **dict.fromkeys("零〇", 0),
    **dict.fromkeys("壹一弌", 1),
    **dict.fromkeys("贰二貳", 2),
    **dict.fromkeys("叁三叄参", 3),
    **dict.fromkeys("肆四", 4),
    **dict.fromkeys("伍五", 5),
    **dict.fromkeys("陆六陸", 6),
    **dict.fromkeys("柒七", 7),
    **dict.fromkeys("捌八", 8),
    **dict.fromkeys("玖九", 9),
}
_PLACES = {**dict.fromkeys("拾十", 10), **dict.fromkeys("佰百", 100), **dict.fromkeys("仟千", 1000)}

CHARACTERS = "".join(_DIGITS) + "".join(_PLACES) + "万萬亿億圆圓元角分整正负"
"""Every character that such an amount can contain, except signs and brackets."""

_SHAPE = regex.compile(
    r"(?P<minus>[(（]?负数?[)）]?)?"
    r"(?:(?P<yuan>[^圆圓元角分整正]+)[圆圓元])?"
    r"(?:[零〇]?(?P<jiao>[^零〇角分整正圆圓元])角)?"
    r"(?:[零〇]?(?P<fen>[^零〇分角整正圆圓元])分)?"
    r"(?:[零〇][角分])*[整正]?"
)


def parse_financial_numerals(text: str) -> Decimal:
    """Read an amount in financial numerals.

    Returns:
        The amount with two decimal places.

    Raises:
        ValueError: when the characters do not form an amount.

    >>> parse_financial_numerals("叁仟零陆圆伍角贰分")
    Decimal('3006.52')
    >>> [str(parse_financial_numerals(text)) for text in ("(负数)壹万圆整", "伍角整", "壹佰零伍圆零叁分")]
    ['-10000.00', '0.50', '105.03']
    >>> parse_financial_numerals("伍圆贰")
    Traceback (most recent call last):
    ValueError: '伍圆贰' is not an amount in financial numerals
    """
    squeezed = "".join(text.split())
    found = _SHAPE.fullmatch(squeezed)
    try:
        if found is None or not any(found[part] for part in ("yuan", "jiao", "fen")):
            raise ValueError(squeezed)
        cents = 100 * _whole(found["yuan"] or "零") + 10 * _digit(found["jiao"]) + _digit(found["fen"])
    except (ValueError, KeyError) as error:
        raise ValueError(f"{text!r} is not an amount in financial numerals") from error
    return Decimal(-cents if found["minus"] else cents).scaleb(-2)


def _digit(character: str | None) -> int:
    return _DIGITS[character] if character else 0


def _whole(text: str) -> int:
    """Return the value of the characters before 圆."""
    text = text.replace("萬", "万").replace("億", "亿")
    high, separator, low = text.rpartition("亿")
    if separator:
        return _section(high) * 10**8 + (_below_yi(low) if low.strip("零〇") else 0)
    return _below_yi(text)


def _below_yi(text: str) -> int:
    high, separator, low = text.rpartition("万")
    if not separator:
        return _section(text)
    return _section(high) * 10**4 + (_section(low) if low.strip("零〇") else 0)


def _section(text: str) -> int:
    """Return the value of up to four places: digits and the units 仟 佰 拾 in falling order, 零 where one is skipped.

    Raises:
        ValueError: when a unit repeats or rises, a digit lacks its unit or a skipped place its 零.
    """
    total, digit, last, zero = 0, None, 0, True
    for character in text:
        place = _PLACES.get(character)
        if place is None and _DIGITS[character] and digit is None:
            digit = _DIGITS[character]
        elif place is None and digit is None:
            zero = True
        elif place is None:
            raise ValueError(text)
        else:
            total += _placed(digit, place, last, zero, text)
            digit, last, zero = None, place, False
    if digit is not None:
        total += _placed(digit, 1, last, zero, text)
    return total


def _placed(digit: int | None, place: int, last: int, zero: bool, text: str) -> int:
    """Multiply a digit by its place, checked against the place before it (0: none)."""
    leading_ten = digit is None and place == 10 and last == 0
    follows = last == 0 or place * 10 == last or (zero and place < last)
    if not follows or (digit is None and not leading_ten):
        raise ValueError(text)
    return place * (1 if digit is None else digit)
