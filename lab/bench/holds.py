"""Tell whether a raw text holds the true value of a field, however it is written: the same test for every reader.

Width, case, accents, spaces and punctuation do not count; amounts may be grouped in any way, dates stand in any order.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal

import regex

_MONTHS = (
    "JAN GEN ENE JANV STY",
    "FEB FEV FEVR LUT",
    "MAR MRZ MAE MAC MAA",
    "APR AVR ABR KWI",
    "MAY MAI MEI MAG MAJ",
    "JUN JUIN GIU CZE",
    "JUL JUIL LUG LIP",
    "AUG AGO AOU OGO SIE",
    "SEP SET WRZ",
    "OCT OKT OTT OUT PAZ",
    "NOV LIS",
    "DEC DEZ DIC DIS GRU",
)
"""Beginnings of the names of months, January first."""
_MONEY = frozenset(("net", "tax", "total"))
_UNSEARCHED = frozenset(("total_words",))
"""Fields whose recorded form stands on no page."""
MIN_LETTERS = 3
"""Names with fewer letters and digits are found by chance."""


def searched(field: str) -> bool:
    """Tell whether the value of a field is one that can be looked for in a text."""
    return field not in _UNSEARCHED


def holds(field: str, wanted: str, lines: Sequence[str]) -> bool:
    """Tell whether lines of text hold a value.

    Args:
        field: its name says how the value may be written.
        wanted: the true value as it would be recorded.
        lines: read on the pages of the document.

    >>> holds("total", "1234.50", ["Summe 1.234,50 €"]), holds("total", "50.00", ["RM50"])
    (True, True)
    >>> holds("date", "2019-05-08", ["2019年05月08日"]), holds("date", "2019-05-08", ["8th May, 2019"])
    (True, True)
    >>> holds("invoice_no", "RE-2019/4", ["Nr. RE 2019 / 4"]), holds("invoice_no", "9876", ["19876"])
    (True, False)
    >>> holds("merchant", "Café Noir Ltd.", ["CAFE NOIR", "LTD"])
    True
    """
    folded = [_fold(line) for line in lines]
    if field in _MONEY:
        return abs(int(Decimal(wanted).scaleb(2))) in set(_amounts(folded))
    if field == "date":
        return _date(date.fromisoformat(wanted)).search(" ".join(folded)) is not None
    if field.endswith(("_no", "_code")) or field == "train":
        code = regex.sub(r"[^A-Z0-9]", "", _fold(wanted))
        shorter = regex.sub(r"^[A-Z]{2}", "", code) if field.endswith("tax_no") else code
        return _code(shorter).search(" ".join(folded)) is not None
    text = _letters("".join(folded))
    names = [_letters(_fold(line)) for line in wanted.splitlines()]
    return any(len(name) >= min(MIN_LETTERS, len(_letters(_fold(wanted)))) and name in text for name in names if name)


def _fold(text: str) -> str:
    """Upper case, full-width signs made narrow, accents taken away."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).upper())
    return unicodedata.normalize("NFC", "".join(sign for sign in apart if not unicodedata.combining(sign)))


def _letters(text: str) -> str:
    return regex.sub(r"[^\p{L}\p{N}]", "", text)


def _code(code: str) -> regex.Pattern[str]:
    """Match a code whose characters may have signs between them, and that no digit continues."""
    body = r"[^A-Z0-9]{0,3}".join(map(regex.escape, code))
    return regex.compile(rf"(?<![0-9]){body}(?![0-9])")


def _date(day: date) -> regex.Pattern[str]:
    """Match a day in any order of its parts, the month a number or a name."""
    number, year = rf"0?{day.month}", rf"(?:{day.year // 100})?{day.year % 100:02d}"
    named = rf"(?:{'|'.join(_MONTHS[day.month - 1].split())})[A-Z]{{0,8}}"
    of_month, gap = rf"0?{day.day}", r"[^A-Z0-9]{0,4}"
    orders = [
        rf"{of_month}{gap}{number}{gap}{year}",
        rf"{number}{gap}{of_month}{gap}{year}",
        rf"{year}{gap}{number}{gap}{of_month}",
        rf"{of_month}{gap}(?:ST|[NR]D|TH|DE)?{gap}{named}{gap}(?:DE)?{gap}{year}",
        rf"{named}{gap}{of_month}(?:ST|[NR]D|TH)?{gap}{year}",
        rf"{year}{gap}{named}{gap}{of_month}",
    ]
    return regex.compile(rf"(?<![0-9])(?:{'|'.join(orders)})(?![0-9](?![0-9]?:))")


def _amounts(lines: Iterable[str]) -> Iterator[int]:
    """Yield every number in hundredths, in each way that its separators allow."""
    for line in lines:
        for found in regex.finditer(r"(?<![/:])\d(?:[\d.,'’ ]*\d)?(?!\d|[/:])", line):  # not parts of dates and times
            run = found[0]
            yield from map(_hundredths, [run, *run.split()] if " " in run else [run])


def _hundredths(number: str) -> int:
    """Read a number: what follows its last separator are cents if it is one or two digits."""
    bare = number.replace(" ", "").replace("'", "").replace("’", "")
    parted = regex.search(r"[.,](\d{1,2})$", bare)
    whole, cents = (bare[: parted.start()], parted[1]) if parted else (bare, "")
    return int(regex.sub(r"\D", "", whole) or 0) * 100 + int(cents.ljust(2, "0"))
