"""Typed mentions on a document: amounts, dates, percentages, tax numbers and tokens that may be numbers of papers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import islice

import regex

from ingestd.document import Quad
from ingestd.extract.values.dates import DATE, possible_days
from ingestd.layout.rows import LaidOutDocument, Row, Span

MAX_PER_ROW = 150
"""Mentions of one type per row of paper; a row with more is not read to its end."""
TIMEOUT_S = 0.1
"""Longest search of one pattern in one row."""

_CURRENCY = (
    r"(?:US\$|S\$|A\$|C\$|R\$|HK\$|NT\$|RMB|CNY|USD|EUR(?:OS?)?|GBP|CHF|SFR|MYR|SGD|AUD|CAD|NZD|INR|ZAR|PLN|CZK|SEK|NOK|DKK|"
    r"HUF|RON|TRY|JPY|HKD|THB|AED|BRL|MXN|RM|RS\.?|FR\.|KR\.?|K[CČĆ]|ZŁ|ZL|FT|LEI|LEU|TL|[$€£¥￥₹₽₺₩元圆]|R(?=\s?\d))"
)
_SPACING = r"(?:CZK|SEK|NOK|DKK|HUF|RON|PLN|EUR|KR\.?|K[CČĆ]|ZŁ|ZL|FT|LEI|€)"
"""Currencies of countries that part thousands by spaces."""
_SPACED = r"\d{1,3}(?:\s\d{3}){1,4}"
_NUMBER = (
    r"(?:\d{1,3}(?:[,.'’]\d{3})+(?:[.,]\d{1,2})?(?!\d)"  # groups of three
    r"|\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d{1,2})?(?!\d)"  # lakh and crore
    rf"|{_SPACED}(?:[.,]\d{{2}}(?!\d)|(?=\s?{_SPACING}(?![A-Z])|[.,:][-–—])"  # groups parted by spaces
    rf"|(?<={_SPACING}\s?{_SPACED})(?!\d|[.,]\d))"
    r"|\d+\s?[.,]\s?\d{2}(?!\d)|\d+[.,]\d(?!\d)"
    r"|\d+[.,]\d{3,4}(?!\d)"  # unit prices and quantities
    r"|(?<![\d\w][.,]?)[.,]\d{2}(?!\d)"  # cents alone
    r"|\d{1,9}(?!\d))"
)


def _amount(number: str) -> regex.Pattern[str]:
    return regex.compile(
        rf"(?<![\w/#-]|\d[.,])(?P<neg>[-−–(+]\s?)?(?P<cur>{_CURRENCY})?\s?:?\s?(?P<neg2>[-−–]\s?)?(?<![\d.,])"
        rf"(?P<num>{number})(?P<after>\s?{_CURRENCY}(?![A-Z]))?(?P<neg3>-(?![\d\w])|\))?"
        rf"(?:(?P<dash>[.,:][-–—]{{1,2}})(?P<last>\s?{_CURRENCY}(?![A-Z]))?)?(?P<pct>\s?%)?"
        r"(?![\d]|[/:]\d|[.,]\d|-\d|['’]\d)",
        regex.IGNORECASE,
    )


AMOUNT = _amount(_NUMBER)
_GROUPED_ALONE = r"(?<!\d\s)(?:\d{1,2}\s\d{3}\s\d{3}|\d{1,3}\s\d{3})(?!\s?\d|[.,]\d)"
"""Nine digits in groups of three are the number of a company."""
_AMOUNT_OF_SPACED = _amount(rf"(?:{_GROUPED_ALONE}|{_NUMBER})")
"""For documents that part thousands by spaces: 127 000 is one amount without cents and currency too."""
_GROUPS_BY_SPACES = regex.compile(
    rf"(?<![\d.,]){_SPACED}(?:[.,]\d\d(?!\d)|\s?{_SPACING}(?![A-Z])|[.,:][-–—])", regex.IGNORECASE
)
PERCENT = regex.compile(r"(?<![\d.,])(\d{1,2}(?:[.,]\d{1,2})?)\s?%")
_WITH_CENTS = regex.compile(r"(?<![\d.,])\d{1,3}(?:[.,'’ ]\d{3})*([.,])\d{2}(?![\d.,])")
_GROUPED = regex.compile(r"\d([.,])\d{3}[.,]\d{2}(?!\d)")
_LOOSE_SIGN = regex.compile(r"\s*([.,])\s*")
_DIGIT = regex.compile(r"\d")
_NO_DIGIT = regex.compile(r"\D")
_GOING_ON = regex.compile(r"[\w/.-]")
_DAY_AFTER_NUMBER = regex.compile(r"(?<=\w/)\d{1,2}\.\d{1,2}\.\d{4}(?!\d)")
_DATE = regex.compile(DATE, regex.IGNORECASE)
TOKEN = regex.compile(r"(?<![\w./-])(?=[\w./#-]*\d)[A-Z0-9](?:[\w./#-]*\w)?", regex.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Place:
    """Place of a mention or a label, in pixels of the text's frame."""

    row: int
    """Index into the rows of the document."""
    start: int
    end: int
    """Characters of the row's text."""
    page_index: int
    left: float
    right: float
    top: float
    bottom: float

    @property
    def height(self) -> float:
        """Height of the text line in pixels."""
        return self.bottom - self.top

    @property
    def middle(self) -> float:
        """Vertical middle in pixels."""
        return (self.top + self.bottom) / 2


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount of money, or a number that may be one."""

    place: Place
    cents: int
    """In hundredths; negative where a sign says so."""
    written: bool
    """Cents are printed, or spaces part its thousands: whole units of a currency without cents."""
    currency: str
    """As printed, empty where none is."""
    alternative: int | None = None
    """The other amount in hundredths that the digits mean if a point between units and cents was lost."""
    plain: bool = True
    """False for unit prices with three or four decimals and numbers with one."""


@dataclass(frozen=True, slots=True)
class Day:
    """A date; ``days`` are the days it can mean, day before month first."""

    place: Place
    days: tuple[date, ...]
    month_first: tuple[bool, ...]
    """For each of ``days``: it takes the month before the day."""


@dataclass(frozen=True, slots=True)
class Token:
    """A run of letters, digits and signs with at least one digit."""

    place: Place
    text: str


@dataclass(frozen=True, slots=True)
class Mentions:
    """Everything typed that a document says."""

    amounts: tuple[Amount, ...]
    days: tuple[Day, ...]
    percents: tuple[tuple[Place, Decimal], ...]
    tokens: tuple[Token, ...]
    decimals: str
    """The sign between units and cents that this document uses."""


def place_of(document: LaidOutDocument, row: int, start: int, end: int) -> Place:
    """Locate characters of a row on the page."""
    laid = document.rows[row]
    left, right = laid.extent(start, end)
    box = laid.boxes[laid.box_at(start)]
    return Place(row, start, end, laid.page_index, left, right, box.top, box.bottom)


def spans_of(document: LaidOutDocument, place: Place) -> tuple[Span, ...]:
    """Original characters of a place."""
    return document.rows[place.row].spans(place.start, place.end)


def quad_of(document: LaidOutDocument, place: Place) -> Quad:
    """Quad of a place in decoded pixels."""
    return document.quad(spans_of(document, place))


def find_mentions(document: LaidOutDocument, today: date, *, year_first: bool = False, language: str = "") -> Mentions:
    """Find every mention.

    Args:
        document: the document.
        today: two-digit years lie at most ten years after it.
        year_first: the language of the document puts the year first, in two digits too.
        language: of the document, ISO 639-1; it decides what the names of a few months mean.
    """
    decimals = _decimal_sign(document)
    spaced = any(_GROUPS_BY_SPACES.search(row.text) for row in document.rows)
    pattern = _AMOUNT_OF_SPACED if spaced else AMOUNT
    amounts: list[Amount] = []
    days: list[Day] = []
    percents: list[tuple[Place, Decimal]] = []
    tokens: list[Token] = []
    for index, row in enumerate(document.rows):
        if not _DIGIT.search(row.text):
            continue
        found = list(_days(document, index, row, today, year_first=year_first, language=language))
        days += found
        taken = [(day.place.start, day.place.end) for day in found]
        for match in _search(PERCENT, row.text) if "%" in row.text else ():
            value = Decimal(match[1].replace(",", "."))
            percents.append((place_of(document, index, match.start(), match.end()), value))
        amounts += _amounts(document, index, row, pattern, decimals, taken)
        tokens += _tokens(document, index, row, taken)
    return Mentions(tuple(amounts), tuple(days), tuple(percents), tuple(tokens), decimals)


def _search(pattern: regex.Pattern[str], text: str) -> Iterator[regex.Match[str]]:
    try:
        yield from islice(pattern.finditer(text, timeout=TIMEOUT_S), MAX_PER_ROW + 1)
    except TimeoutError:  # a hostile row says nothing more
        return


def _decimal_sign(document: LaidOutDocument) -> str:
    votes: Counter[str] = Counter()
    for row in document.rows:
        for match in _WITH_CENTS.finditer(row.text):
            votes[match[1]] += 1
        for match in _GROUPED.finditer(row.text):
            votes["," if match[1] == "." else "."] += 2
    return "," if votes[","] > votes["."] else "."


def _days(
    document: LaidOutDocument, index: int, row: Row, today: date, *, year_first: bool, language: str
) -> Iterator[Day]:
    for match in _search(_DATE, row.text):
        if match[0].isdecimal() and _GOING_ON.match(row.text[max(match.start() - 1, 0) : match.start()]):
            continue  # digits of a longer code
        possible = possible_days(match[0], today, year_first=year_first, language=language)
        if possible:
            place = place_of(document, index, match.start(), match.end())
            yield Day(place, tuple(day for day, _ in possible), tuple(first for _, first in possible))

    for match in _DAY_AFTER_NUMBER.finditer(row.text):  # number/date in one token
        possible = possible_days(match[0], today)
        if possible:
            place = place_of(document, index, match.start(), match.end())
            yield Day(place, tuple(day for day, _ in possible), tuple(first for _, first in possible))


def _overlaps(start: int, end: int, taken: list[tuple[int, int]]) -> bool:
    return any(start < last and first < end for first, last in taken)


def _amounts(
    document: LaidOutDocument,
    index: int,
    row: Row,
    pattern: regex.Pattern[str],
    decimals: str,
    taken: list[tuple[int, int]],
) -> Iterator[Amount]:
    for match in _search(pattern, row.text):
        if match["pct"] or _overlaps(match.start("num"), match.end("num"), taken):
            continue
        after = row.text[match.end() : match.end() + 2]
        currency = (match["cur"] or match["after"] or match["last"] or "").strip().upper()
        if after[:1].isalnum() and not currency:
            continue
        dash = match["dash"]
        cents, written, plain = _value(match["num"], decimals if dash is None else dash[0].replace(":", ","))
        written = written or dash is not None
        negative = (match["neg"] or "").strip() in ("-", "−", "–") or match["neg2"] or match["neg3"] == "-"
        if (match["neg"] or "").strip() == "(" and match["neg3"] == ")":
            negative = True
        place = place_of(document, index, *_extent(row, match))
        alternative = cents // 100 if not written and cents >= 10_000 and plain else None
        sign = -1 if negative else 1
        yield Amount(place, sign * cents, written, currency, alternative, plain)


def _extent(row: Row, match: regex.Match[str]) -> tuple[int, int]:
    """Return the characters of a number and of the currency in its box; a box of its own would widen the column."""
    start, end = match.span("num")
    box = row.box_at(start)
    if match["cur"] and row.box_at(match.start("cur")) == box:
        start = match.start("cur")
    if match["after"] and row.box_at(match.end("after") - 1) == box:
        end = match.end("after")
    return start, end


def _value(text: str, decimals: str) -> tuple[int, bool, bool]:
    """Hundredths, whether cents are written, whether it looks like an amount of money."""
    body = _LOOSE_SIGN.sub(r"\1", text).replace("'", " ").replace("’", " ")
    signs = [character for character in body if character in ".,"]
    if not signs:
        digits = _NO_DIGIT.sub("", body)
        return 100 * int(digits), digits != body, True
    last = max(body.rfind("."), body.rfind(","))
    after = body[last + 1 :]
    digits = _NO_DIGIT.sub("", body[:last])
    if len(after) == 2:
        return 100 * int(digits or "0") + int(after), True, True
    if len(after) == 3 and (len(signs) > 1 or body[last] != decimals or " " in body):
        return 100 * int(digits + after), False, True
    if len(after) == 1:
        return 100 * int(digits or "0") + 10 * int(after), True, True
    if len(after) == 3 and len(digits) <= 3:
        return round(Decimal(f"{digits or 0}.{after}") * 100), True, False
    return round(Decimal(f"{digits or 0}.{after}") * 100), True, False


def _tokens(document: LaidOutDocument, index: int, row: Row, taken: list[tuple[int, int]]) -> Iterator[Token]:
    for match in _search(TOKEN, row.text):
        start, end = match.start(), match.end()
        for first, last in taken:
            if first <= start < last:
                start = last
            elif start < first < end:
                end = first
        text = row.text[start:end].strip(" ./#-:")
        if text and any(character.isdigit() for character in text):
            begin = row.text.index(text, start)
            yield Token(place_of(document, index, begin, begin + len(text)), text)
