"""Press of the paper grammar: the look of one paper, its ways to write, and a cursor over its pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

from lab.corpus.paper_facts import Paper, Party, words
from lab.corpus.sheet import Anchor, Colour, Ink, Sheet, Text

_INKS: tuple[Colour, ...] = ((24, 26, 30), (40, 40, 40), (30, 60, 110))
_FORMS: tuple[Colour, ...] = ((24, 26, 30), (120, 120, 125), (196, 170, 120), (150, 180, 205))
"""Colours of what a paper's form prints, dark and pale."""
_FOOT_LINES = 5
"""Lines that the foot of a page takes."""


@dataclass(frozen=True, slots=True)
class Style:
    """Choices that hold for a whole paper."""

    width: float
    height: float
    """Of the page in mm; a receipt is as long as it needs."""
    margin: float
    size: float
    """Height of the em in mm."""
    pitch: float
    """From one baseline to the next, in ems."""
    decimal: str
    group: str
    currency: str
    currency_before: bool
    date_format: str
    number_in_title: bool
    number_in_foot: bool
    """The seller's tax number stands at the foot."""
    facts_across: bool
    """Numbers and dates stand beside each other, below their labels."""
    sender_line: bool
    """The sender stands in small print above the buyer's address, which has no heading."""
    buyer_number: bool
    """The buyer's tax number is printed."""
    bold_labels: bool
    currency_in_head: bool
    currency_in_rows: bool
    carries: bool
    """Sums are carried from page to page."""

    @property
    def left(self) -> float:
        """Left edge of the print."""
        return self.margin

    @property
    def right(self) -> float:
        """Right edge of the print."""
        return self.width - self.margin

    @property
    def middle(self) -> float:
        """Middle of the page."""
        return self.width / 2


def style_of(rng: Random, facts: Paper) -> Style:
    """Choose the look of a paper."""
    locale, receipt = facts.locale, facts.kind == "receipt"
    english = locale.language == "en" or locale.country == "CH"

    def chance(share: float) -> bool:
        return rng.random() < share

    width, height = (rng.choice((58.0, 72.0, 80.0)), 400.0) if receipt else rng.choice(((210.0, 297.0), (216.0, 279.0)))
    return Style(
        width,
        height,
        4.0 if receipt else rng.choice((15.0, 20.0, 25.0)),
        rng.choice((2.8, 3.2)) if receipt else rng.choice((3.0, 3.4, 3.8)),
        rng.choice((1.35, 1.5, 1.7)),
        locale.decimal,
        rng.choice(locale.groups),
        rng.choice(locale.currencies),
        chance(0.85 if english else 0.2),
        rng.choice(locale.dates),
        chance(0.15),
        chance(0.45),
        chance(0.2),
        chance(0.25),
        bool(facts.buyer.tax_no) and chance(0.7),
        chance(0.4),
        chance(0.3),
        chance(0.5),
        chance(0.5),
    )


class Press:
    """Prints runs of text below each other, page after page.

    Args:
        rng: source of chance.
        facts: of the paper.
        style: of the paper.
    """

    def __init__(self, rng: Random, facts: Paper, style: Style) -> None:
        self.rng, self.facts, self.style = rng, facts, style
        self.words: Mapping[str, Any] = words(facts.locale.language, facts.locale.country)
        self.sheets: list[Sheet] = []
        self._chosen: dict[str, str] = {}
        self._inks = {"form": Ink(rng.choice(_FORMS)), "print": Ink(rng.choice(_INKS))}
        self.turn()

    def turn(self) -> None:
        """Begin a new page."""
        self.sheets.append(Sheet(self.style.width, self.style.height, self._inks))
        self._page = len(self.sheets) - 1
        self.y = self.style.margin + self.style.size

    def feed(self, lines: float = 1.0) -> None:
        """Go down so many lines."""
        self.y += lines * self.style.pitch * self.style.size

    def room(self) -> float:
        """Return how many lines are left above the foot."""
        step = self.style.pitch * self.style.size
        return (self.style.height - self.style.margin - self.y) / step - _FOOT_LINES

    def go_to_foot(self, page: int) -> None:
        """Go to the foot of a page."""
        self._page = page
        self.y = self.style.height - self.style.margin - (_FOOT_LINES - 2) * self.style.pitch * self.style.size

    def edge(self, anchor: Anchor) -> tuple[Anchor, float]:
        """Return where text with an anchor stands that keeps to the left edge, the middle or the right edge."""
        return anchor, {"left": self.style.left, "middle": self.style.middle, "right": self.style.right}[anchor]

    def text(self, x: float, text: str, anchor: Anchor = "left", *, scale: float = 1.0, bold: bool = False) -> None:
        """Print a run of text on the current line."""
        ink = "print" if any(character.isdigit() for character in text) else "form"
        face = "sans-bold" if bold else "sans"
        self.sheets[self._page].add(Text(ink, x, self.y, text, face, scale * self.style.size, anchor))

    def pair(self, label: str, value: str, *, bold: bool = False) -> None:
        """Print a label at the left edge and its value at the right one, and go to the next line."""
        self.text(self.style.left, label, bold=bold)
        self.text(self.style.right, value, "right", bold=bold)
        self.feed()

    def word(self, key: str) -> str:
        """Return the label that this paper uses for something."""
        if key not in self._chosen:
            self._chosen[key] = self.rng.choice(self.words[key])
        return self._chosen[key]

    def tax_label(self, key: str, rate: Decimal) -> str:
        """Return a label of tax with its rate; without one only where the paper has a single rate."""
        if key not in self._chosen:
            several = len(self.facts.bases) > 1
            self._chosen[key] = self.rng.choice([text for text in self.words[key] if "{rate}" in text or not several])
        return self._chosen[key].format(rate=self.rate(rate))

    def colon(self, label: str, value: str) -> str:
        """Join label and value into one run of text."""
        return f"{label}{self.rng.choice((':', ': ', ' ', ' : '))} {value}"

    def plain(self, amount: Decimal) -> str:
        """Write an amount without its currency."""
        whole, hundredths = f"{abs(amount):,.2f}".split(".")
        return f"{'-' if amount < 0 else ''}{whole.replace(',', self.style.group)}{self.style.decimal}{hundredths}"

    def money(self, amount: Decimal) -> str:
        """Write an amount with its currency."""
        sign, number = ("-" if amount < 0 else ""), self.plain(abs(amount))
        currency, gap = self.style.currency, " " if len(self.style.currency) > 1 else self.rng.choice(("", " "))
        return f"{sign}{currency}{gap}{number}" if self.style.currency_before else f"{sign}{number} {currency}"

    def rate(self, rate: Decimal) -> str:
        """Write a percentage without its sign."""
        return f"{rate.normalize():f}".replace(".", self.style.decimal)

    def day(self, day: date) -> str:
        """Write a date."""
        month = self.words["months"].split()[day.month - 1]
        return day.strftime(self.style.date_format.replace("%B", month))

    def tax_no(self, party: Party) -> str:
        """Write a tax number as the country does."""
        number, country = party.tax_no, self.facts.locale.country
        if country == "CH":
            dotted = f"CHE-{number[3:6]}.{number[6:9]}.{number[9:]}"
            return f"{dotted} {self.rng.choice(('MWST', ''))}".strip()
        if country in ("ES", "PT", "PL", "IT") and self.rng.random() < 0.7:
            return number[2:]
        return number

    def phone(self) -> str:
        """Invent a telephone number."""
        return f"0{self.rng.randint(100, 999)} {self.rng.randint(100000, 9999999)}"

    def iban(self) -> str:
        """Invent an account number in groups of four digits; its check digits are wrong."""
        country = self.facts.locale.country if self.facts.locale.country != "US" else "XX"
        groups = " ".join(f"{self.rng.randint(0, 9999):04}" for _ in range(4))
        return f"{country}00 {groups} {self.rng.randint(10, 99)}"
