"""Dates as printed on invoices and receipts, in several languages and orders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

import regex

from ingestd.extract.values.accents import without_accents

Order = Literal["dmy", "mdy", "ymd"]
"""Order of day, month and year where more than one order makes a day."""

EARLIEST = date(1990, 1, 1)
"""Earliest day that is believed; two-digit years before it belong to this century."""


class Rejected(ValueError):
    """A text of the right form cannot be a value; the message gives the reason."""


@dataclass(frozen=True, slots=True)
class ReadDate:
    """The day of a text and, where the order of its numbers is open, the other day."""

    day: date
    other: date | None = None
    bare: bool = False
    """Eight digits in a row, a form that many other numbers share."""


_MONTHS = {
    1: "JANUARY JANVIER JANUAR JÄNNER JANUARI ENERO JAN ENE GENNAIO GEN JANEIRO STYCZNIA STYCZEŃ LEDNA "
    "JANUÁRA JANUÁR JANUARJA SIJEČNJA SIJEČANJ TAMMIKUUTA TAMMIKUU IANUARIE IAN JAANUAR OCAK JANVĀRIS JANVĀRĪ SAUSIO",
    2: "FEBRUARY FEVRIER FÉVRIER FEBRUAR FEBRUARI FEBRERO FEB FEV FÉV FEVR FÉVR FEBBRAIO FEVEREIRO LUTEGO "
    "LUTY ÚNORA ÚNOR FEBRUÁRA FEBRUÁR FEBR FEBRUARJA VELJAČE VELJAČA HELMIKUUTA HELMIKUU FEBRUARIE "
    "VEEBRUAR ŞUBAT FEBRUĀRIS FEBRUĀRĪ VASARIO",
    3: "MARCH MARS MÄRZ MAERZ MAART MARZO MAR MRT MAC MÄR MRZ MARÇO MARCO MARCA MARZEC BŘEZNA BŘEZEN MAREC "
    "MARTS MÁRCIUS MÁRC MARTIE OŽUJKA OŽUJAK MAALISKUUTA MAALISKUU MÄRTS MART MARTĀ KOVO",
    4: "APRIL AVRIL ABRIL APR AVR ABR APRILE KWIETNIA KWIECIEŃ DUBNA DUBEN APRÍLA APRÍL APRILA ÁPRILIS ÁPR "
    "APRILIE TRAVNJA TRAVANJ HUHTIKUUTA HUHTIKUU APRILL NİSAN NISAN APRĪLIS APRĪLĪ BALANDŽIO",
    5: "MAY MAI MEI MAYO MAGGIO MAG MAIO MAJA MAJ KVĚTNA KVĚTEN MÁJA MÁJ MÁJUS SVIBNJA SVIBANJ TOUKOKUUTA "
    "TOUKOKUU MAYIS MAIJS MAIJĀ GEGUŽĖS",
    6: "JUNE JUIN JUNI JUNIO JUN GIUGNO GIU JUNHO CZERWCA CZERWIEC ČERVNA ČERVEN JÚNA JÚN JUNIJA JUNIJ "
    "JÚNIUS IUNIE IUN LIPNJA LIPANJ KESÄKUUTA KESÄKUU JUUNI HAZİRAN HAZIRAN JŪNIJS JŪNIJĀ BIRŽELIO",
    7: "JULY JUILLET JULI JULIO JUL JUIL LUGLIO LUG JULHO LIPCA LIPIEC ČERVENCE ČERVENEC JÚLA JÚL JULIJA "
    "JULIJ JÚLIUS IULIE IUL SRPNJA SRPANJ HEINÄKUUTA HEINÄKUU JUULI TEMMUZ JŪLIJS JŪLIJĀ LIEPOS",
    8: "AUGUST AOUT AOÛT AUGUSTUS AGOSTO AUG AGO OGOS SIERPNIA SIERPIEŃ SRPNA SRPEN AUGUSTA AUGUSTI AVGUSTA "
    "AVGUST AUGUSZTUS KOLOVOZA KOLOVOZ ELOKUUTA ELOKUU AĞUSTOS AUGUSTS AUGUSTĀ RUGPJŪČIO",
    9: "SEPTEMBER SEPTEMBRE SEPTIEMBRE SEP SEPT SETTEMBRE SET SETEMBRO WRZEŚNIA WRZESIEŃ ZÁŘÍ SEPTEMBRA "
    "SZEPTEMBER SZEPT SEPTEMBRIE RUJNA RUJAN SYYSKUUTA SYYSKUU EYLÜL SEPTEMBRIS SEPTEMBRĪ RUGSĖJO",
    10: "OCTOBER OCTOBRE OKTOBER OCTUBRE OCT OKT OTTOBRE OTT OUTUBRO OUT PAŹDZIERNIKA PAŹDZIERNIK ŘÍJNA ŘÍJEN "
    "OKTÓBRA OKTÓBER OKTOBRA OCTOMBRIE LOKAKUUTA LOKAKUU OKTOOBER EKİM EKIM OKTOBRIS OKTOBRĪ SPALIO",
    11: "NOVEMBER NOVEMBRE NOVIEMBRE NOV NOVEMBRO LISTOPADA LISTOPADU LISTOPAD NOVEMBRA NOIEMBRIE "
    "STUDENOGA STUDENOG STUDENI MARRASKUUTA MARRASKUU KASIM NOVEMBRIS NOVEMBRĪ LAPKRIČIO",
    12: "DECEMBER DÉCEMBRE DECEMBRE DEZEMBER DICIEMBRE DEC DÉC DEZ DIC DIS DICEMBRE DEZEMBRO GRUDNIA GRUDZIEŃ "
    "PROSINCE PROSINEC DECEMBRA DESEMBER DECEMBRIE PROSINCA PROSINAC JOULUKUUTA JOULUKUU DETSEMBER "
    "ARALIK DECEMBRIS DECEMBRĪ GRUODŽIO",
}
_MONTH_NUMBER = {
    spelling: number
    for number, names in _MONTHS.items()
    for name in names.split()
    for spelling in (name, without_accents(name))
}
_MONTHS_OF_LANGUAGE: Mapping[str, Mapping[str, int]] = {"hr": {"LISTOPAD": 10, "LISTOPADA": 10}}
"""Names that mean another month in one language."""


def _any_name(names: Collection[str]) -> str:
    """Build a pattern of any of the names, the longest first; common beginnings are written once, which is fast."""
    endings: dict[str, list[str]] = defaultdict(list)
    for name in names:
        if name:
            endings[name[0]].append(name[1:])
    pattern = "|".join(letter + _any_name(rest) for letter, rest in sorted(endings.items()))
    return f"(?:{pattern})" + "?" * ("" in names) if pattern else ""


_INITIALS = "".join(sorted({name[0] for name in _MONTH_NUMBER}))
_NAMES = f"(?=[{_INITIALS}]){_any_name(_MONTH_NUMBER)}"

_LONG_YEAR = r"(?:19|20)\d\d"
_SHORT_YEAR = r"(?:\d\d(?!\d)(?![.,]\d)|\d\d(?=\d\d?:\d\d))"
_YEAR = rf"(?:{_LONG_YEAR}|{_SHORT_YEAR})"
_TWO = r"(?:0[1-9]|[12]\d|3[01])"
_DAY_FIRST = (
    r"(?<!\d)(?P<y>(?:19|20)\d\d)\s*[年.\-/‐–]\s*(?P<m>\d{1,2})\s*[月.\-/‐–]\s*(?P<d>\d{1,2})(?!\d(?!\d?:))日?",
    r"(?<!\d)(?P<y>(?:19|20)\d\d)\s+(?P<m>\d{2})\s+(?P<d>\d{2})(?!\d)",
    r"(?<!\d)(?P<y>\d\d)\s*年\s*(?P<m>\d{1,2})\s*月\s*(?P<d>\d{1,2})\s*日",
    *(
        rf"(?<![{before}]|\d[-/])(?P<a>\d{{1,2}})\s?{sep}\s?(?P<b>\d{{1,2}})\s?{sep}\s?(?P<y>{year})"
        for before, year in ((r"\d.", _LONG_YEAR), (r"\d.A-Za-z", _SHORT_YEAR + r"(?!\s?[-/]\s?\d)"))
        for sep in ("/", "[-~‐–]", r"\.")
    ),
    # One or both of the strokes lost.
    rf"(?<![\d./-])(?P<a>\d\d)(?:[/.-](?P<b>\d\d)\s|\s(?P<b>\d\d)[/.\s-]|\.(?P<b>\d\d)/)(?P<y>{_LONG_YEAR})"
    r"(?!\d)",
    rf"(?i)(?<!\d)(?P<d>\d{{1,2}})(?:ST|ND|RD|TH|ER|\.)?[\s\-/.,‐–]{{0,3}}(?:DE\s|OF\s)?(?P<mon>{_NAMES})"
    rf"(?![A-Z])[\s\-/.,'’‐–]{{0,3}}(?:DE\s)?(?P<y>{_YEAR})",
    rf"(?i)(?<!\d)(?P<y>{_LONG_YEAR})[.\s]{{1,2}}(?:M\.?\s)?(?P<mon>{_NAMES})(?![A-Z])[.\s]{{1,2}}(?P<d>\d{{1,2}})(?!\d)",
    rf"(?i)(?<!\d)(?P<y>{_LONG_YEAR})\.?\s?GADA\s(?P<d>\d{{1,2}})\.?\s?(?P<mon>{_NAMES})(?![A-Z])",
)
"""Shapes that begin with a digit, those of years first."""
_MONTH_FIRST = (
    rf"(?i)(?<![A-Z])(?P<mon>{_NAMES})(?![A-Z])[\s\-.]{{0,3}}(?P<d>\d{{1,2}})(?:ST|ND|RD|TH)?"
    rf"(?:\s*,\s*|\s+|\s*-\s*)(?P<y>(?:19|20)\d\d)"
)
_BARE = (
    r"(?<!\d)(?P<y>20\d\d)(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])(?!\d)",
    rf"(?<![\w.,/-])(?P<a>{_TWO})(?P<b>{_TWO})(?P<y>{_LONG_YEAR})(?![\w]|[.,/-]\d)",
)
"""Nothing but digits."""
_SHAPES = (*_DAY_FIRST, _MONTH_FIRST, *_BARE)
_COMPILED = tuple(regex.compile(shape) for shape in _SHAPES)


def _any_of(*shapes: str) -> str:
    return "|".join(regex.sub(r"\?P<\w+>", "?:", shape).replace("(?i)", "") for shape in shapes)


DATE = rf"(?=\d)(?:{_any_of(*_DAY_FIRST, *_BARE)})|{_any_of(_MONTH_FIRST)}"
"""Any of the shapes, without groups; compile it case-insensitively. It scans every row, so it fails at once on a
character that cannot begin a date."""


def read_date(raw: str, today: date, order: Order = "dmy") -> ReadDate:
    """Read the first date in a text.

    Args:
        raw: text that holds a date, full-width forms already folded.
        today: later days are rejected.
        order: decides between day and month where both orders make a day up to today.

    Raises:
        Rejected: no date, no such day, or a day in the future.

    >>> read_date("10-08-06", date(2020, 1, 1), "ymd")
    ReadDate(day=datetime.date(2010, 8, 6), other=None, bare=False)

    >>> read_date("2018年02月01日", date(2020, 1, 1))
    ReadDate(day=datetime.date(2018, 2, 1), other=None, bare=False)
    >>> read_date("03/04/2018", date(2020, 1, 1)).other
    datetime.date(2018, 3, 4)
    >>> read_date("27 03/2018", date(2020, 1, 1)).day
    datetime.date(2018, 3, 27)
    >>> read_date("27032018", date(2020, 1, 1))
    ReadDate(day=datetime.date(2018, 3, 27), other=None, bare=True)
    >>> read_date("05/06/2018", date(2018, 5, 20))
    ReadDate(day=datetime.date(2018, 5, 6), other=None, bare=False)
    >>> read_date("31/06/2018", date(2020, 1, 1))
    Traceback (most recent call last):
    ingestd.extract.values.dates.Rejected: '31/06/2018' is not a day of the calendar
    """
    for shape in _COMPILED:
        found = shape.search(raw)
        if found is not None:
            resolved = _resolve(raw.strip(), found.groupdict(), today, order)
            return replace(resolved, bare=found[0].isdecimal())
    raise Rejected(f"'{raw}' is not a date")


MAX_AHEAD_DAYS = 3660
"""Dates that lie further ahead are misread."""


def possible_days(
    raw: str, today: date, *, year_first: bool = False, language: str = ""
) -> tuple[tuple[date, bool], ...]:
    """List the days that a text can mean, days to come among them, each with True where the month stands first.

    Args:
        raw: text that holds a date, full-width forms already folded.
        today: a two-digit year lies at most ten years after it.
        year_first: of three numbers of two digits the first is the year where that makes a day.
        language: of the document, ISO 639-1; the same name of a month is another month in a few of them.

    >>> possible_days("03/04/2018", date(2020, 1, 1))
    ((datetime.date(2018, 4, 3), False), (datetime.date(2018, 3, 4), True))
    >>> possible_days("10-08-06", date(2020, 1, 1), year_first=True)
    ((datetime.date(2010, 8, 6), False),)
    >>> possible_days("Nov 17, 2017", date(2020, 1, 1))
    ((datetime.date(2017, 11, 17), False),)
    >>> possible_days("4. listopada 2019.", date(2020, 1, 1), language="hr")
    ((datetime.date(2019, 10, 4), False),)
    """
    for shape in _COMPILED:
        found = shape.search(raw)
        if found is None:
            continue
        parts = found.groupdict()
        latest = today.replace(year=today.year + 10, day=1)
        year = _full_year(parts["y"] or "", latest)
        if year_first and (day := _year_first(parts, latest)) is not None:
            readings = [(day.month, day.day, False)]
            year = day.year
        elif parts.get("a"):
            first, second = int(parts["a"] or 0), int(parts["b"] or 0)
            readings = [(second, first, False), (first, second, True)]
        else:
            named = parts.get("mon")
            month = _month(named, language) if named else int(parts["m"] or 0)
            readings = [(month, int(parts["d"] or 0), False)]
        days: dict[date, bool] = {}
        for month, dom, month_first in readings:
            day = _calendar_day(year, month, dom)
            if day is not None and day >= EARLIEST and (day - today).days <= MAX_AHEAD_DAYS:
                days.setdefault(day, month_first)
        return tuple(days.items())
    return ()


def _resolve(raw: str, parts: dict[str, str | None], today: date, order: Order) -> ReadDate:
    year = _full_year(parts["y"] or "", today)
    if order == "ymd" and (day := _year_first(parts, today)) is not None and EARLIEST <= day <= today:
        return ReadDate(day)
    if parts.get("a"):
        first, second = int(parts["a"] or 0), int(parts["b"] or 0)
        pairs = [(second, first), (first, second)]
        if order == "mdy":
            pairs.reverse()
    else:
        named = parts.get("mon")
        month = _month(named) if named else int(parts["m"] or 0)
        pairs = [(month, int(parts["d"] or 0))]
    real = [day for month, dom in pairs if (day := _calendar_day(year, month, dom)) is not None]
    if not real:
        raise Rejected(f"'{raw}' is not a day of the calendar")
    days = list(dict.fromkeys(day for day in real if EARLIEST <= day <= today))
    if not days:
        when = "lies in the future" if real[0] > today else f"is before {EARLIEST.year}"
        raise Rejected(f"'{raw}' {when}")
    return ReadDate(days[0], days[1] if len(days) > 1 else None)


def _year_first(parts: Mapping[str, str | None], today: date) -> date | None:
    """Read three numbers of two digits as year, month and day; None where the calendar has no such day."""
    first, second, third = (parts.get(name) or "" for name in "aby")
    if len(first) != 2 or len(third) != 2:
        return None
    return _calendar_day(_full_year(first, today), int(second), int(third))


def _month(name: str, language: str = "") -> int:
    upper = name.upper()
    return _MONTHS_OF_LANGUAGE.get(language, {}).get(upper) or _MONTH_NUMBER[upper]


def _full_year(text: str, today: date) -> int:
    year = int(text)
    if len(text) > 2:
        return year
    return year + (2000 if 2000 + year <= today.year else 1900)


def _calendar_day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
