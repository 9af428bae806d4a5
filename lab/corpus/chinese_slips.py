"""Chinese papers other than VAT invoices, drawn from the lines of chinese_slips.toml.

What a machine prints lies on another layer than the form and may miss its place by up to half a row.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import regex

from ingestd.document import Reading
from lab.corpus.fonts import Fonts
from lab.corpus.money_words import money_words
from lab.corpus.paper_reading import reading_of
from lab.corpus.parties import PLACES, company
from lab.corpus.raster import Raster, rasterise
from lab.corpus.sheet import Ink, Sheet, Text

_TEMPLATES: Mapping[str, Mapping[str, Any]] = tomllib.loads(
    Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
)
SLIPS = tuple(_TEMPLATES)
"""Kinds, named like the rules that read them."""

MARGIN, ROW, SIZE = 6.0, 6.2, 3.6
"""Margin, distance of the rows and height of the em, in mm."""
MAX_SHIFT = (0.8, 1.2)
"""Millimetres to the side and up or down by which the print misses the form."""
_RUN = regex.compile(r"\{\w+\}|(?:[^\s{}]| (?! ))+")
_STATIONS = ("样例东", "示范南", "范例", "虚构北")
_FIRST, _LAST = date(2021, 1, 5), date(2025, 12, 20)


@dataclass(frozen=True, slots=True)
class Slip:
    """A paper, laid out."""

    kind: str
    sheet: Sheet
    truth: Mapping[str, str]

    def reading(self) -> Reading:
        """Return text and boxes as a faultless reader would."""
        return reading_of((self.sheet,), Random(self.kind), 0.0, "")

    def picture(self, fonts: Fonts) -> Raster:
        """Draw the paper."""
        return rasterise(self.sheet, fonts, np.random.default_rng(1))


def slip(kind: str, seed: int) -> Slip:
    """Draw a paper.

    Args:
        kind: one of SLIPS.
        seed: the same one gives the same paper.
    """
    rng = Random(f"{kind}/{seed}")
    template = _TEMPLATES[kind]
    values = _values(rng)
    inks = {"form": Ink((150, 70, 52)), "print": Ink((42, 42, 70), rng.choice(("needles", "none")))}
    sheet = Sheet(template["width"], 2 * MARGIN + ROW * len(template["lines"]), inks)
    sideways, down = (rng.uniform(-most, most) for most in MAX_SHIFT)
    unit = (sheet.width - 2 * MARGIN) / max(_columns(_filled(line, values)) for line in template["lines"])
    size = min(SIZE, 1.9 * unit)
    for number, line in enumerate(template["lines"]):
        for column, text, printed in _runs(line, values):
            shift = (sideways, down) if printed else (0.0, 0.0)
            x, y = MARGIN + column * unit + shift[0], MARGIN + (number + 1) * ROW + shift[1]
            sheet.add(Text("print" if printed else "form", x, y, text, "song", size))
    return Slip(kind, sheet, {field: values[name] for field, name in template["truth"].items()})


def _runs(line: str, values: Mapping[str, str]) -> Iterator[tuple[int, str, bool]]:
    """Yield column, text and True for print, for each run of a line."""
    column, end = 0, 0
    for found in _RUN.finditer(line):
        column += _columns(line[end : found.start()])
        printed = found[0].startswith("{")
        text = values[found[0][1:-1]] if printed else found[0]
        yield column, text, printed
        column, end = column + _columns(text), found.end()


def _filled(line: str, values: Mapping[str, str]) -> str:
    return regex.sub(r"\{(\w+)\}", lambda found: values[found[1]], line)


def _columns(text: str) -> int:
    """Return the width of a text, two for each Han character."""
    return sum(2 if one > "\u2e7f" else 1 for one in text)


def _values(rng: Random) -> dict[str, str]:
    """Invent everything that the lines may ask for."""
    place = rng.choice(PLACES)
    day = _FIRST + timedelta(rng.randrange((_LAST - _FIRST).days))
    before = day - timedelta(rng.randint(1, 20))
    return {
        "city": place.city,
        "province": place.province,
        "phone": f"{rng.randint(60000000, 69999999)}",
        "person": rng.choice(("张三", "李四", "王五")),
        **_names(rng),
        **_dates(day, before, rng),
        **_numbers(rng, place.region, day),
        **_amounts(rng),
    }


def _names(rng: Random) -> dict[str, str]:
    buyer, seller = (company(rng, rng.choice(PLACES)) for _ in range(2))
    station, other = rng.sample(_STATIONS, 2)
    return {
        **{"buyer": buyer.name, "buyer_no": buyer.tax_no, "seller": seller.name, "seller_no": seller.tax_no},
        **{"station": station, "other_station": other, "class": rng.choice("一二三")},
    }


def _dates(day: date, before: date, rng: Random) -> dict[str, str]:
    hour, minute = rng.randint(6, 20), rng.randint(10, 50)
    return {
        **{"day": day.isoformat(), "day_iso": day.isoformat(), "day_cn": f"{day:%Y年%m月%d日}"},
        **{"before_iso": before.isoformat(), "before_cn": f"{before:%Y年%m月%d日}"},
        **{"start": f"{hour:02}:{minute}", "end": f"{hour + 1:02}:{minute}"},
    }


def _numbers(rng: Random, region: str, day: date) -> dict[str, str]:
    def digits(count: int) -> str:
        return "".join(rng.choice("0123456789") for _ in range(count))

    return {
        "code": f"1{region}{day:%y}{digits(5)}",
        "number": f"{rng.randint(1, 9)}{digits(7)}",
        "number10": f"00{digits(8)}",
        "number20": f"{day:%y}{region[:2]}2{digits(15)}",
        "fiscal_code": f"{region[:2]}06{digits(4)}",
        "check6": "".join(rng.choice("0123456789ABCDEF") for _ in range(6)),
        "ticket": f"{rng.choice('ABCDEFGHJKLM')}{digits(6)}",
        "eticket": f"784{digits(10)}",
        "serial": f"6{digits(20)}",
        "serial14": f"1{digits(13)}",
        "train": f"{rng.choice('GDCK')}{rng.randint(100, 9999)}",
        "plate": f"YL{digits(4)}",
        "permit": f"{rng.randint(100000, 999999)}",
        "gate": f"{rng.randint(1, 20)}",
        "rate": "2.40",
        "distance": f"{rng.randint(2, 40)}.{rng.randint(0, 9)}",
    }


def _amounts(rng: Random) -> dict[str, str]:
    total = Decimal(rng.randint(1500, 99900)).scaleb(-2)
    net = (total / Decimal("1.03")).quantize(Decimal("0.01"))
    fare = Decimal(rng.randint(30000, 180000)).scaleb(-2)
    vat = ((fare + 40) / Decimal("1.09") * Decimal("0.09")).quantize(Decimal("0.01"))
    whole = Decimal(rng.choice((5, 10, 20, 50, 100)))
    return {
        **{"amount": f"{total}", "total": f"{total}", "words": money_words(total), "net": f"{net}"},
        **{"tax": f"{total - net}", "fare": f"{fare - vat}", "vat": f"{vat}", "air_total": f"{fare + 90}"},
        **{"round_amount": f"{whole}.00", "round_total": f"{whole}.00", "round_words": money_words(whole)},
    }
