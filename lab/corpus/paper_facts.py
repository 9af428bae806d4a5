"""Facts of an invoice, credit note or receipt in one of eight languages, invented at random, with true sums."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, Literal

from stdnum.ch import uid
from stdnum.eu import vat

from lab.corpus.amounts import CENT, cents
from lab.corpus.parties import british_vat_no

Kind = Literal["invoice", "receipt", "credit-note"]
Pricing = Literal["net", "gross", "included", "untaxed"]
"""Prices without tax; with tax, and net and tax are printed; with tax, and only the tax is; no tax is printed."""
_ZERO = Decimal("0.00")
_NICKEL = Decimal("0.05")


@dataclass(frozen=True, slots=True)
class Locale:
    """Conventions of a country in one of its languages."""

    language: str
    country: str
    decimal: str
    groups: tuple[str, ...]
    """Signs between groups of three digits, one of which a paper uses; empty: none."""
    currencies: tuple[str, ...]
    """Ways to write the currency."""
    rates: tuple[str, ...]
    """Percent of tax, the usual one first."""
    dates: tuple[str, ...]
    """Formats for strftime; %B is the name of the month in this language."""
    tax_no: str
    """# stands for a digit; empty where papers print none."""


LOCALES = (
    Locale("en", "GB", ".", (",", ","), ("£", "GBP"), ("20", "5"), ("%d/%m/%Y", "%d %B %Y", "%d-%m-%Y"), "GB"),
    Locale("en", "IE", ".", (",",), ("€", "EUR"), ("23", "13.5", "9"), ("%d/%m/%Y", "%d %B %Y"), "IE#######T"),
    Locale("en", "US", ".", (",", ""), ("$", "USD"), ("8.25", "7", "10"), ("%m/%d/%Y", "%B %d, %Y"), ""),
    Locale("de", "DE", ",", (".", ""), ("€", "EUR"), ("19", "7"), ("%d.%m.%Y", "%d. %B %Y"), "DE#########"),
    Locale("de", "AT", ",", (".", " "), ("€", "EUR"), ("20", "10"), ("%d.%m.%Y", "%Y-%m-%d"), "ATU########"),
    Locale("de", "CH", ".", ("'", "’"), ("CHF", "Fr."), ("8.1", "2.6"), ("%d.%m.%Y", "%d. %B %Y"), "CHE"),
    Locale("fr", "FR", ",", (" ", ""), ("€", "EUR"), ("20", "5.5", "10"), ("%d/%m/%Y", "%d %B %Y"), "FR"),
    Locale("nl", "NL", ",", (".", "."), ("€", "EUR"), ("21", "9"), ("%d-%m-%Y", "%d %B %Y"), "NL#########B01"),
    Locale("es", "ES", ",", (".", "."), ("€", "EUR"), ("21", "10"), ("%d/%m/%Y", "%d-%m-%Y"), "ESB########"),
    Locale("it", "IT", ",", (".", "."), ("€", "EUR"), ("22", "10"), ("%d/%m/%Y", "%d-%m-%Y"), "IT###########"),
    Locale("pt", "PT", ",", (".", " "), ("€", "EUR"), ("23", "6"), ("%d/%m/%Y", "%Y-%m-%d", "%d-%m-%Y"), "PT5########"),
    Locale("pl", "PL", ",", (" ", " "), ("zł", "PLN"), ("23", "8"), ("%d.%m.%Y", "%Y-%m-%d"), "PL##########"),
)


@cache
def words(language: str, country: str) -> Mapping[str, Any]:
    """Return labels and material of a country in one of its languages (paper_words.toml)."""
    known = tomllib.loads(Path(__file__).with_name("paper_words.toml").read_text(encoding="utf-8"))
    return {**known[language], **known.get(country, {})}


@dataclass(frozen=True, slots=True)
class Party:
    """Seller or buyer."""

    name: str
    street: str
    town: str
    tax_no: str
    """Empty: none."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the goods."""

    name: str
    quantity: int
    price: Decimal
    rate: Decimal

    @property
    def amount(self) -> Decimal:
        """Quantity by price."""
        return self.quantity * self.price


@dataclass(frozen=True, slots=True)
class Paper:
    """Everything that may be printed."""

    locale: Locale
    kind: Kind
    pricing: Pricing
    seller: Party
    buyer: Party
    number: str
    order_no: str
    customer_no: str
    issued: date
    due: date
    lines: tuple[Line, ...]
    discount: Decimal
    shipping: Decimal
    rounding: Decimal
    prepaid: Decimal
    previous: Decimal
    tender: Decimal
    """Given in cash; more than the total."""
    sign: int
    """-1 for a credit note that prints minus signs."""

    @property
    def goods(self) -> Decimal:
        """Sum of the lines."""
        return sum((line.amount for line in self.lines), _ZERO)

    @property
    def bases(self) -> Mapping[Decimal, tuple[Decimal, Decimal]]:
        """Rate -> net and tax."""
        found = {}
        for rate in sorted({line.rate for line in self.lines}, reverse=True):
            amount = sum((line.amount for line in self.lines if line.rate == rate), _ZERO)
            if rate == self.lines[0].rate:
                amount += self.shipping - self.discount
            tax = cents(amount * rate / 100) if self.pricing == "net" else cents(amount * rate / (100 + rate))
            found[rate] = (amount, tax) if self.pricing == "net" else (amount - tax, tax)
        return found

    @property
    def net(self) -> Decimal:
        """Without tax."""
        return sum((net for net, _ in self.bases.values()), _ZERO)

    @property
    def tax(self) -> Decimal:
        """Sum of the taxes."""
        return sum((tax for _, tax in self.bases.values()), _ZERO)

    @property
    def total(self) -> Decimal:
        """Amount that this paper asks for."""
        return self.net + self.tax + self.rounding

    def truth(self) -> dict[str, str]:
        """Return the fields that are printed, named and normalised as in the database."""
        receipt = self.kind == "receipt"
        found = {
            "receipt_no" if receipt else "invoice_no": self.number,
            "date": self.issued.isoformat(),
            "merchant": self.seller.name,
            "tax_no" if receipt else "seller_tax_no": self.seller.tax_no,
            "buyer_tax_no": "" if receipt else self.buyer.tax_no,
            "net": f"{self.sign * self.net:.2f}" if self.pricing in ("net", "gross") else "",
            "tax": f"{self.sign * self.tax:.2f}" if self.pricing != "untaxed" else "",
            "total": f"{self.sign * self.total:.2f}",
        }
        return {name: value for name, value in found.items() if value}


def invent(rng: Random) -> Paper:
    """Invent a paper."""
    locale = rng.choice(LOCALES)
    kind: Kind = rng.choices(("invoice", "receipt", "credit-note"), (7, 4, 1))[0]
    pricing: Pricing = rng.choices(("net", "gross", "included", "untaxed"), (6, 2, 1, 0.5))[0]
    if kind == "receipt" and locale.country != "US":
        pricing = rng.choices(("gross", "included", "untaxed"), (4, 3, 1))[0]
    issued = date(2015, 1, 1) + timedelta(days=rng.randrange(4000))
    lines = _lines(rng, locale, kind)
    goods = sum((line.amount for line in lines), _ZERO)
    single = len({line.rate for line in lines}) == 1
    swiss = locale.country == "CH" and rng.random() < 0.7
    shipped = single and kind != "receipt" and rng.random() < 0.2
    bare = Paper(
        locale,
        kind,
        pricing,
        _party(rng, locale, rng.random() < 0.85),
        _party(rng, locale, rng.random() < 0.35),
        _number(rng, issued),
        f"{rng.choice(('PO-', '', 'A', '45'))}{rng.randint(1000, 99999999)}",
        f"{rng.choice(('K', '', 'C-', '10'))}{rng.randint(100, 999999)}",
        issued,
        issued + timedelta(days=rng.choice((7, 10, 14, 30, 30, 45, 60))),
        lines,
        cents(goods * rng.choice((5, 10, 3)) / 100) if single and rng.random() < 0.15 else _ZERO,
        Decimal(rng.choice(("4.90", "12.00", "7.50"))) if shipped else _ZERO,
        _ZERO,
        _ZERO,
        Decimal(rng.randint(500, 90000)) / 100 if kind == "invoice" and rng.random() < 0.05 else _ZERO,
        _ZERO,
        -1 if kind == "credit-note" and rng.random() < 0.5 else 1,
    )
    return _settled(rng, bare, swiss=swiss)


def _settled(rng: Random, bare: Paper, *, swiss: bool) -> Paper:
    """Round the total, pay in advance, or give cash."""
    rounded = (bare.total / _NICKEL).quantize(Decimal(1), ROUND_HALF_UP) * _NICKEL if swiss else bare.total
    advanced = bare.kind == "invoice" and rng.random() < 0.12
    prepaid = cents(rounded * rng.choice((10, 25, 50)) / 100) if advanced else _ZERO
    note = next((note for note in (5, 10, 20, 50, 100, 200, 500) if note > rounded), 0)
    tender = Decimal(note).quantize(CENT) if bare.kind == "receipt" and rng.random() < 0.5 else _ZERO
    return replace(bare, rounding=rounded - bare.total, prepaid=prepaid, tender=tender)


def _lines(rng: Random, locale: Locale, kind: Kind) -> tuple[Line, ...]:
    count = rng.choices((rng.randint(1, 3), rng.randint(3, 9), rng.randint(20, 60)), (5, 6, 1))[0]
    count = min(count, 12) if kind == "receipt" else count
    rates = [Decimal(rate) for rate in locale.rates]
    used = rates[:1] if rng.random() < 0.65 or locale.country == "US" else rng.sample(rates, min(2, len(rates)))
    highest = rng.choice((900, 9000, 90000, 400000)) if kind != "receipt" else rng.choice((700, 3000))
    goods = words(locale.language, locale.country)["goods"]

    def price() -> Decimal:
        return Decimal(rng.randint(60, highest)) / 100

    many = (1, 1, 1, 2, 3, 5, 10)
    return tuple(Line(rng.choice(goods), rng.choice(many), price(), rng.choice(used)) for _ in range(count))


def _party(rng: Random, locale: Locale, registered: bool) -> Party:
    known = words(locale.language, locale.country)
    name = f"{rng.choice(known['names'])} {rng.choice(known['legal'])}"
    number = tax_number(rng, locale) if registered else ""
    return Party(name, rng.choice(known["streets"]), rng.choice(known["towns"]), number)


def tax_number(rng: Random, locale: Locale) -> str:
    """Return a tax number with right check digits; empty where papers of the country print none.

    >>> vat.is_valid(tax_number(Random(1), LOCALES[3])), vat.is_valid(tax_number(Random(1), LOCALES[6]))
    (True, True)
    """
    if locale.tax_no == "GB":
        return f"GB{british_vat_no(rng)}"
    if locale.tax_no == "CHE":
        while not uid.is_valid(number := f"CHE{rng.randint(100_000_000, 499_999_999)}"):
            pass
        return number
    if locale.tax_no == "FR":
        while not vat.is_valid(number := _french(f"{rng.randint(0, 999_999_999):09}")):
            pass
        return number
    while locale.tax_no:
        number = "".join(str(rng.randint(0, 9)) if sign == "#" else sign for sign in locale.tax_no)
        number = number.removesuffix("T") + rng.choice("ABCDEFGHIJKLMNOPQRSTUVW") if number.endswith("T") else number
        if vat.is_valid(number):
            return number
    return ""


def _french(siren: str) -> str:
    return f"FR{(12 + 3 * (int(siren) % 97)) % 97:02}{siren}"


def _number(rng: Random, issued: date) -> str:
    running = rng.randint(1, 9999)
    return rng.choice(
        (
            f"{running + 1000}",
            f"INV-{running:05}",
            f"{issued:%Y}-{running:04}",
            f"RE-{issued:%Y}{running:04}",
            f"F{issued:%y}/{running:03}",
            f"{issued:%Y}{running:05}",
            f"{rng.randint(10_000_000, 99_999_999)}",
            f"FA{running:04}/{issued:%m}/{issued:%Y}",
            f"{rng.choice('ABCDR')}{rng.randint(100_000, 999_999)}",
        )
    )
