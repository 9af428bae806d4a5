"""Checks of single values: checksums that prove, structures that make plausible.

A validator takes a normalised value and returns a :class:`CheckResult`. To add one: a function here and an
entry in VALIDATORS; rule files name it under ``check``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum

import regex
from stdnum import iban as stdnum_iban
from stdnum import luhn as stdnum_luhn
from stdnum.cn import ric as stdnum_ric
from stdnum.cn import uscc as stdnum_uscc
from stdnum.eu import vat as stdnum_eu_vat
from stdnum.gb import vat as stdnum_gb_vat


class CheckOutcome(Enum):
    """Verdict of a check on a value."""

    PROVED = "proved"
    """A checksum passes: a random misreading would have failed."""
    PLAUSIBLE = "plausible"
    """The structure is right, which proves little."""
    FAILED = "failed"
    """The value cannot be right as it stands."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Outcome of a check and the reason in plain words."""

    outcome: CheckOutcome
    reason: str
    check: str = ""
    """Name of the check in rule files."""


def _proved(reason: str) -> CheckResult:
    return CheckResult(CheckOutcome.PROVED, reason)


def _plausible(reason: str) -> CheckResult:
    return CheckResult(CheckOutcome.PLAUSIBLE, reason)


def _failed(reason: str) -> CheckResult:
    return CheckResult(CheckOutcome.FAILED, reason)


USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""GB 32100-2015: digits and letters without I, O, S, V, Z; the index is the character's value."""

USCC_LENGTH = 18
"""Characters of a unified social credit code."""

_PROVINCES = frozenset(
    str(number)
    for first, last in ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 82))
    for number in range(first, last + 1)
)
"""First two digits of the administrative division codes, GB/T 2260."""

_TAX_REGIONS = _PROVINCES | {"91", "92", "93", "94", "95"}
"""Regions in numbers of fully digital invoices: provinces, and the cities that plan apart from their province (Dalian,
Ningbo, Xiamen, Qingdao, Shenzhen)."""


_REGISTRARS = frozenset("123456789ANY")
"""First characters of unified social credit codes: departments that register organisations."""
_NATION = "10"
"""In place of a province where the whole country's department registers."""


def uscc_check_character(body: str) -> str:
    """Compute the check character of the first 17 characters of a unified social credit code, GB 32100-2015.

    Raises:
        ValueError: a character outside the alphabet.

    >>> uscc_check_character("91350100M000100Y4")
    '3'
    """
    return str(stdnum_uscc.calc_check_digit(body))


def uscc(value: str) -> CheckResult:
    """Check a unified social credit code: 18 characters, GB 32100-2015; first letters A, N, Y exist too.

    >>> uscc("91350100M000100Y43").outcome, uscc("91350100M000100Y44").outcome
    (<CheckOutcome.PROVED: 'proved'>, <CheckOutcome.FAILED: 'failed'>)
    >>> uscc("01720106673959654P").reason
    'checksum mod 31 (GB 32100-2015) passes, but no registrar has the sign 0'
    """
    if len(value) != USCC_LENGTH:
        return _failed(f"a unified social credit code has 18 characters, this has {len(value)}")
    outside = sorted(set(value) - set(USCC_ALPHABET))
    if outside:
        return _failed(f"{', '.join(map(repr, outside))} is not in the alphabet of GB 32100-2015")
    if uscc_check_character(value[:17]) != value[17]:
        return _failed("checksum mod 31 (GB 32100-2015) fails")
    if unusual := _unusual(value):
        return _plausible(f"checksum mod 31 (GB 32100-2015) passes, but {unusual}")
    return _proved("checksum mod 31 (GB 32100-2015) passes")


def _unusual(value: str) -> str:
    """Return what is against a unified social credit code apart from its last character; empty if nothing is.

    One misread number of 31 passes that one checksum, so the rest has to be right as well.
    """
    if value[0] not in _REGISTRARS:
        return f"no registrar has the sign {value[0]}"
    if value[2:4] not in _PROVINCES | {_NATION} or not value[4:8].isdigit():
        return f"{value[2:8]} is not a region"
    if organisation_check_character(value[8:16]) != value[16]:
        return "the check character of its organisation code (GB 11714) does not fit"
    return ""


def organisation_check_character(body: str) -> str:
    """Compute the check character of an eight-character organisation code, GB 11714-1997.

    It is also characters 9 to 17 of a unified social credit code, which therefore carries two checksums.

    >>> organisation_check_character("M000100Y")
    '4'
    """
    values = (int(character, 36) for character in body)
    total = sum(value * weight for value, weight in zip(values, (3, 7, 9, 10, 5, 8, 4, 2), strict=True))
    return "0123456789X"[-total % 11]


def cn_resident_id(value: str) -> CheckResult:
    """Check a Chinese resident identity number, 18 characters, GB 11643-1999, ISO 7064 MOD 11-2.

    >>> cn_resident_id("11010519491231002X").outcome
    <CheckOutcome.PROVED: 'proved'>
    """
    if not regex.fullmatch(r"\d{17}[\dX]", value):
        return _failed("a resident identity number has 17 digits and a digit or X")
    if value[:2] not in _PROVINCES:
        return _failed(f"{value[:2]} is not a province")
    if stdnum_ric.calc_check_digit(value) != value[17]:
        return _failed("checksum MOD 11-2 (GB 11643) fails")
    return _proved("checksum MOD 11-2 (GB 11643) passes")


def cn_tax_no(value: str) -> CheckResult:
    """Check a Chinese taxpayer number of 15, 17, 18 or 20 characters; only those of 18 carry a checksum.

    >>> cn_tax_no("91120100XL0007TT84").outcome, cn_tax_no("310101000000015").outcome
    (<CheckOutcome.PROVED: 'proved'>, <CheckOutcome.PLAUSIBLE: 'plausible'>)
    >>> cn_tax_no("91120100XL0007TT8").reason
    'a unified social credit code without its last character'
    """
    if len(value) == USCC_LENGTH:
        verdict = uscc(value)
        if verdict.outcome is CheckOutcome.FAILED and cn_resident_id(value).outcome is CheckOutcome.PROVED:
            return cn_resident_id(value)
        return verdict
    if len(value) == USCC_LENGTH - 1 and set(value) <= set(USCC_ALPHABET) and not _unusual(value):
        return _failed("a unified social credit code without its last character")
    if len(value) not in (15, 17, 20):
        return _failed(f"a taxpayer number has 15, 17, 18 or 20 characters, this has {len(value)}")
    if not regex.fullmatch(r"\d{6}[0-9A-Z]+", value) or value[:2] not in _PROVINCES:
        return _failed("a taxpayer number of this length begins with a six-digit region")
    return _plausible(f"a taxpayer number of {len(value)} characters has no checksum")


def cn_invoice_code(value: str) -> CheckResult:
    """Check a Chinese invoice code: 10 digits (region, year, ...) or 12 digits (0, 1 or 2, region, year, ...).

    >>> cn_invoice_code("1100101130").outcome, cn_invoice_code("012001900111").outcome
    (<CheckOutcome.PLAUSIBLE: 'plausible'>, <CheckOutcome.PLAUSIBLE: 'plausible'>)
    """
    if not regex.fullmatch(r"\d{10}|[012]\d{11}", value):
        return _failed("an invoice code has 10 digits, or 12 beginning with 0, 1 or 2")
    region = value[:2] if len(value) == 10 else value[1:3]
    if region not in _PROVINCES:
        return _failed(f"{region} is not a province")
    return _plausible("length, province and year have their places; the code has no checksum")


def cn_invoice_no(value: str) -> CheckResult:
    """Check a Chinese invoice number: 8 digits, or 20 on fully digital invoices (year, region, channel, sequence).

    >>> cn_invoice_no("41726358").outcome, cn_invoice_no("99442000000000000001").outcome
    (<CheckOutcome.PLAUSIBLE: 'plausible'>, <CheckOutcome.FAILED: 'failed'>)
    >>> cn_invoice_no("24952000000012345678").outcome
    <CheckOutcome.PLAUSIBLE: 'plausible'>
    """
    if regex.fullmatch(r"\d{8}", value):
        return _plausible("8 digits; the number has no checksum")
    if not regex.fullmatch(r"\d{20}", value):
        return _failed("an invoice number has 8 digits, or 20 on a fully digital invoice")
    if not 20 <= int(value[:2]) <= 50 or value[2:4] not in _TAX_REGIONS:
        return _failed("a number of 20 digits begins with a year and a region")
    return _plausible("20 digits beginning with year and region; the number has no checksum")


def cn_check_code(value: str) -> CheckResult:
    """Check the check code 校验码 of a Chinese invoice: 20 digits.

    >>> cn_check_code("58213609471183572046").outcome
    <CheckOutcome.PLAUSIBLE: 'plausible'>
    """
    if regex.fullmatch(r"\d{20}", value):
        return _plausible("20 digits")
    return _failed(f"a check code has 20 digits, this has {len(value)} characters")


def luhn(value: str) -> CheckResult:
    """Check the Luhn checksum, ISO/IEC 7812-1.

    >>> luhn("79927398713").outcome
    <CheckOutcome.PROVED: 'proved'>
    """
    return _proved("Luhn checksum passes") if stdnum_luhn.is_valid(value) else _failed("Luhn checksum fails")


def iban(value: str) -> CheckResult:
    """Check an IBAN, ISO 13616, mod 97.

    >>> iban("GB82WEST12345698765432").outcome
    <CheckOutcome.PROVED: 'proved'>
    """
    return _proved("IBAN checksum passes") if stdnum_iban.is_valid(value) else _failed("IBAN checksum fails")


def eu_vat(value: str) -> CheckResult:
    """Check a VAT number of a member state of the European Union, with its country prefix.

    >>> eu_vat("NL4495445B01").outcome, eu_vat("DE136695977").outcome
    (<CheckOutcome.PROVED: 'proved'>, <CheckOutcome.FAILED: 'failed'>)
    """
    if stdnum_eu_vat.is_valid(value):
        return _proved(f"check digits of a VAT number of {value[:2].upper()} pass")
    return _failed("not a valid VAT number of a member state of the EU")


def gb_vat(value: str) -> CheckResult:
    """Check a VAT registration number of the United Kingdom.

    >>> gb_vat("GB980780684").outcome
    <CheckOutcome.PROVED: 'proved'>
    """
    if stdnum_gb_vat.is_valid(value):
        return _proved("check digits of a VAT number of the United Kingdom pass")
    return _failed("not a valid VAT number of the United Kingdom")


def my_gst(value: str) -> CheckResult:
    """Check a Malaysian GST number (2015 to 2018): 12 digits beginning 000 to 002.

    A checksum was never published; almost all known numbers are multiples of 2048, which is a hint, not a proof.

    >>> my_gst("001433602048").reason
    '12 digits and a multiple of 2048, as almost all GST numbers are'
    """
    if not regex.fullmatch(r"00[0-2]\d{9}", value):
        return _failed("a Malaysian GST number has 12 digits beginning 000, 001 or 002")
    if int(value) % 2048:
        return _plausible("12 digits, but not a multiple of 2048, as almost all GST numbers are")
    return _plausible("12 digits and a multiple of 2048, as almost all GST numbers are")


def crc16(data: bytes) -> int:
    """Compute CRC-16, polynomial 0x8005, initial value 0, unreflected, as in the QR codes of Chinese invoices.

    >>> f"{crc16(b'123456789'):04X}"
    'FEE8'
    """
    register = 0
    for byte in data:
        register ^= byte << 8
        for _ in range(8):
            register = (register << 1) ^ (0x8005 if register & 0x8000 else 0)
    return register & 0xFFFF


VALIDATORS: Mapping[str, Callable[[str], CheckResult]] = {
    "cn_check_code": cn_check_code,
    "cn_invoice_code": cn_invoice_code,
    "cn_invoice_no": cn_invoice_no,
    "cn_resident_id": cn_resident_id,
    "cn_tax_no": cn_tax_no,
    "eu_vat": eu_vat,
    "gb_vat": gb_vat,
    "iban": iban,
    "luhn": luhn,
    "my_gst": my_gst,
    "uscc": uscc,
}
"""Name in rule files -> check."""


def validate(value: str, checks: tuple[str, ...]) -> CheckResult | None:
    """Return the best verdict of alternative checks, or None without any.

    >>> validate("GB980780684", ("eu_vat", "gb_vat")).outcome
    <CheckOutcome.PROVED: 'proved'>
    """
    verdicts = [replace(VALIDATORS[name](value), check=name) for name in checks]
    ranks = {CheckOutcome.PROVED: 0, CheckOutcome.PLAUSIBLE: 1, CheckOutcome.FAILED: 2}
    return min(verdicts, key=lambda verdict: ranks[verdict.outcome], default=None)
