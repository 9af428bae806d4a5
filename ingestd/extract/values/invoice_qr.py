"""QR codes of invoices, which repeat printed fields: an independent reading of them.

The QR code of a Chinese invoice reads ``01,kind,code,number,amount,yyyymmdd,check code,crc``. Columns can
be missing, blank or padded with NUL, so the text is read by pattern, not by position alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import regex

from ingestd.extract.values.normalise import money_text
from ingestd.extract.values.validate import crc16


@dataclass(frozen=True, slots=True)
class StatedValue:
    """One value that a code states."""

    fields: tuple[str, ...]
    """Fields that it can be the value of: the first that agrees, else the first."""
    value: str
    """Normalised."""
    note: str = ""
    instead: tuple[str, ...] = ()
    """Fields that it may be the value of on unusual papers; where only they agree, it proves and refutes nothing."""


_INVOICE_QR = regex.compile(
    r"01,(?P<kind>\d{2}),(?P<code>\d{10}|\d{12}|),(?P<number>\d{8,20}|),(?P<amount>-?\d+(?:\.\d{1,2})?|),"
    r"(?P<date>\d{8}|),?(?P<check>\d{20}|\d{6}|)(?:,(?P<crc>[0-9A-Fa-f]{0,4}))?,*"
)

_PAPER_KINDS = frozenset(("01", "04", "08", "10", "11", "14"))
"""Kinds whose codes mostly state the amount without tax; fully digital kinds mostly state it with tax."""


def cn_invoice_qr(text: str) -> tuple[StatedValue, ...]:
    """Read the QR code of a Chinese invoice; any other code states nothing.

    The amount mostly excludes tax on paper, electronic and roll invoices. It is the total on invoices that a tax office
    issues for others. On fully digital ones it mostly includes tax, so it supports whichever of the two is printed.

    >>> facts = cn_invoice_qr("01,10,012001900111,41726358,80.00,20200317,58213609471183572046,FB4F,")
    >>> [(fact.fields[0], fact.value) for fact in facts][:4]
    [('invoice_code', '012001900111'), ('invoice_no', '41726358'), ('net', '80.00'), ('date', '2020-03-17')]
    """
    squeezed = "".join(character for character in text if character != "\0" and not character.isspace())
    found = _INVOICE_QR.fullmatch(squeezed)
    if found is None:
        return ()
    note = _crc_note(squeezed, found)
    facts = []
    if found["code"]:
        facts.append(StatedValue(("invoice_code",), found["code"], note))
    if found["number"]:
        facts.append(StatedValue(("invoice_no",), found["number"], note))
    if found["amount"]:
        paper = found["kind"] in _PAPER_KINDS
        fields, instead = (("net",), ("total",)) if paper else (("total", "net"), ())
        facts.append(StatedValue(fields, money_text(Decimal(found["amount"])), note, instead))
    if found["date"] and (day := _iso(found["date"])):
        facts.append(StatedValue(("date",), day, note))
    if found["check"] and len(found["check"]) == 20:
        facts.append(StatedValue(("check_code",), found["check"], note))
    return tuple(facts)


def _crc_note(text: str, found: regex.Match[str]) -> str:
    """Describe a matching CRC; one that does not match proves nothing."""
    if not found["crc"]:
        return ""
    matches = f"{crc16(text[: found.start('crc')].encode()):04X}" == found["crc"].upper().zfill(4)
    return "its CRC-16 matches" if matches else ""


def _iso(digits: str) -> str | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).isoformat()
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class InvoiceQr:
    """A kind of code with printed fields in it."""

    read: Callable[[str], tuple[StatedValue, ...]]
    """Text of a code -> values that it states; none for a code of another kind."""
    fields: frozenset[str]
    """Fields that it can state."""


INVOICE_QRS: Mapping[str, InvoiceQr] = {
    "cn_invoice_qr": InvoiceQr(
        cn_invoice_qr, frozenset(("invoice_code", "invoice_no", "net", "total", "date", "check_code"))
    ),
}
"""Name in rule files -> kind of code."""
