"""Invented companies, people and addresses. Every company name says that it is an example.

Numbers have valid check digits, so that validators have something to prove, and nothing else in common
with real ones: phone and account numbers are mostly zeros, streets do not exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from stdnum.gb import vat as gb_vat

from ingestd.extract.values.validate import USCC_ALPHABET, organisation_check_character, uscc_check_character


@dataclass(frozen=True, slots=True)
class Place:
    """A province with its tax region and one of its cities."""

    province: str
    city: str
    region: str
    """First four digits of codes (GB/T 2260)."""
    phone: str


@dataclass(frozen=True, slots=True)
class Party:
    """A buyer or a seller."""

    name: str
    tax_no: str
    address: str
    bank: str


PLACES = (
    Place("浙江", "杭州", "3301", "0571"),
    Place("江苏", "南京", "3201", "025"),
    Place("广东", "广州", "4401", "020"),
    Place("上海", "上海", "3101", "021"),
    Place("北京", "北京", "1101", "010"),
    Place("天津", "天津", "1201", "022"),
    Place("四川", "成都", "5101", "028"),
    Place("湖北", "武汉", "4201", "027"),
)
_INVENTED = ("示例", "样例", "范例", "虚构", "样本")
_FLAIR = ("", "", "星河", "云帆", "青禾", "远山", "明湖", "晨光", "知新", "广源")
_TRADES = ("科技", "贸易", "电子", "文化传媒", "建材", "物流", "餐饮管理", "机械设备", "信息技术", "商贸", "食品")
_FORMS = ("有限公司", "有限公司", "有限公司", "股份有限公司", "有限责任公司")
_STREETS = ("示例路", "样本街", "范例大道", "虚构巷", "样张路")
_PEOPLE = ("张三", "李四", "王五", "赵六", "钱七", "孙八", "周九", "吴十")


def uscc(rng: Random, region: str) -> str:
    """A unified social credit code (GB 32100-2015) of a company in that region, both check characters right.

    >>> uscc(Random(1), "3301")
    '913301004JURQ2830C'
    """
    body = "".join(rng.choice(USCC_ALPHABET) for _ in range(8))
    start = f"91{region}00{body}{organisation_check_character(body)}"
    return start + uscc_check_character(start)


def company(rng: Random, place: Place) -> Party:
    """An invented Chinese company."""
    name = place.city + rng.choice(_INVENTED) + rng.choice(_FLAIR) + rng.choice(_TRADES) + rng.choice(_FORMS)
    address = f"{place.city}市{rng.choice(_STREETS)}{rng.randint(1, 999)}号 {place.phone}-0000{rng.randint(0, 9999):04}"
    branch = f"示例银行{place.city}{rng.choice(('分行', '城东支行', '样本支行'))}"
    bank = f"{branch} {rng.randint(1000, 9999)}00000000{rng.randint(0, 9999):04}"
    return Party(name, uscc(rng, place.region), address, bank)


def people(rng: Random) -> tuple[str, str, str]:
    """Payee, reviewer and drawer."""
    first, second, third = rng.sample(_PEOPLE, 3)
    return first, second, third


def british_vat_no(rng: Random) -> str:
    """A VAT registration number of the United Kingdom with right check digits, nine digits without prefix.

    >>> gb_vat.is_valid(british_vat_no(Random(1)))
    True
    """
    body = f"{rng.randint(1_000_000, 1_999_999)}"
    return next(number for check in range(97) if gb_vat.is_valid(number := f"{body}{check:02}"))


def malaysian_gst_no(rng: Random) -> str:
    """A GST number as Malaysia gave out from 2015 to 2018: 12 digits, a multiple of 2048.

    >>> int(malaysian_gst_no(Random(1))) % 2048
    0
    """
    return f"{2048 * rng.randint(100, 1_000_000):012}"
