"""Count wrong repairs among numbers and sums misread the way the recogniser misreads: ``python -m lab.bench.repair``.

Offers for each character are sampled from readings of receipts and drawn invoices whose truth is known, with
misreadings in their natural share and ten times as often. In two more runs every number has one character too many or
too few. Numbers are unified social credit codes with both checksums right; sums are net, tax and total.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from ingestd.document import Char, Level, Line, PageInfo, Reading, ReasonKind
from ingestd.extract import RuleSet, extract
from ingestd.extract.proof.alternatives import Alternatives
from ingestd.extract.proof.repair import STRONG, repair
from ingestd.extract.rulefile.load import parse_rule
from ingestd.extract.values.normalise import money_text
from ingestd.extract.values.validate import organisation_check_character, uscc_check_character
from ingestd.layout.geometry import rect_quad
from lab.bench import harness
from lab.bench.misreadings import Misreadings, collect

FATES = ("read right", "repaired right", "left for review", "repaired wrong", "misread, passes")

_PROVINCES = ("11", "31", "32", "33", "37", "42", "44", "50", "51")
"""Beginnings of regions in credit codes."""

Simulation = Callable[["Dice"], str]
"""Simulate one number or sum; its fate."""


class Dice:
    """Chance, and the recogniser's readings of characters.

    Args:
        known: readings to draw from.
        factor: how many times likelier misreadings are than they were.
        seed: for repeatable runs.
    """

    def __init__(self, known: Misreadings, factor: int, seed: int) -> None:
        self.chance = random.Random(seed)
        self.known = known
        self._factor = factor
        self._weights = {
            true: [factor if choice[0][0] != true else 1 for choice in found] for true, found in known.offered.items()
        }

    def offered(self, text: str) -> list[Alternatives]:
        """Draw the offers for each character of a text."""
        return [self.chance.choices(self.known.offered[true], self._weights[true])[0] for true in text]

    def number(self) -> str:
        """Draw a unified social credit code of characters whose readings are known."""
        while True:
            dice = self.chance
            region = dice.choice(_PROVINCES) + "".join(dice.choices("0123456789", k=4))
            head = dice.choice("19") + dice.choice("123") + region
            body = "".join(dice.choices("0123456789" + "ABCDEFGHJKLMNPQRTUWXY", [4] * 10 + [1] * 21, k=8))
            number = head + body + organisation_check_character(body)
            if number[-1] != "X" or "X" in self.known.offered:
                number += uscc_check_character(number)
                if all(character in self.known.offered for character in number):
                    return number

    def happens(self, times: int) -> bool:
        """Draw whether a fault hits a number that hit so many of all characters compared."""
        return self.chance.random() < self._factor * 18 * times / self.known.characters


def options(parser: argparse.ArgumentParser) -> None:
    """Add sizes."""
    parser.add_argument("--numbers", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)


def measure(options: argparse.Namespace) -> harness.Outcome:
    """Simulate."""
    known = collect()
    runs: Sequence[tuple[str, int, Simulation]] = (
        ("tax numbers, as read", 1, as_read),
        ("tax numbers, ten times the misreadings", 10, as_read),
        ("one character too many in every number", 1, one_too_many),
        ("one character too few in every number", 1, one_too_few),
        ("net, tax and total, as read", 1, sums),
        ("net, tax and total, ten times the misreadings", 10, sums),
    )
    rows = []
    for name, factor, simulation in runs:
        dice = Dice(known, factor, options.seed)
        fates = Counter(simulation(dice) for _ in range(options.numbers))
        rows.append((name, *(f"{fates[fate]:,}" for fate in FATES)))
    note = (
        f"Sampled from {known.characters:,} characters, {known.misread} of them misread; {len(known.surplus)} were read"
        f" where nothing stood, {len(known.lost)} left out ({sum(known.lost)} of them beside their like)."
    )
    table = harness.Table("repair", (f"{options.numbers:,} each", *FATES), tuple(rows), note)
    return harness.Outcome("readings of sroie-train and invoices-tune", (table,))


def as_read(dice: Dice) -> str:
    """Read a number as the recogniser does, rarely with a character too many or too few."""
    if dice.happens(len(dice.known.surplus)):
        return one_too_many(dice)
    if dice.happens(len(dice.known.lost)):
        return one_too_few(dice)
    number = dice.number()
    return _fate(number, dice.offered(number))


def one_too_many(dice: Dice) -> str:
    """Read a number and, at a random place, something where nothing stood."""
    number = dice.number()
    offered = dice.offered(number)
    offered.insert(dice.chance.randint(0, len(number)), dice.chance.choice(dice.known.surplus))
    return _fate(number, offered)


def one_too_few(dice: Dice) -> str:
    """Read a number with one character left out, beside its like as often as it happens."""
    number = dice.number()
    offered = dice.offered(number)
    pairs = [place for place, (one, other) in enumerate(pairwise(number)) if one == other]
    alike = pairs and dice.chance.random() < sum(dice.known.lost) / max(len(dice.known.lost), 1)
    del offered[dice.chance.choice(pairs) if alike else dice.chance.randrange(len(number))]
    return _fate(number, offered)


def _fate(number: str, offered: Sequence[Alternatives]) -> str:
    read = "".join(choice[0][0] for choice in offered)
    check = STRONG["cn_tax_no"]
    if check.passes(read):
        return "read right" if read == number else "misread, passes"
    repaired = repair(offered, check)
    if repaired is None:
        return "left for review"
    return "repaired right" if repaired.text == number else "repaired wrong"


_RULE = """
rule: sum
title: Three amounts
match: {signs: [{text: TOTAL}]}
fields:
  net: {type: money, labels: NET}
  tax: {type: money, labels: TAX}
  total: {type: money, labels: TOTAL}
checks:
  - {name: net and tax make the total, equation: net + tax = total, tolerance: 0.01}
"""
_PAGE = PageInfo(0, 400, 120, 100.0, 0, 0.0, {}, ())

_SUM = RuleSet((parse_rule(_RULE, Path("sum.yaml")),), "")


def sums(dice: Dice) -> str:
    """Judge net, tax and total of an invoice the way a document is judged."""
    net = Decimal(dice.chance.randint(100, 10 ** dice.chance.randint(4, 7))) / 100
    tax = (net * dice.chance.choice((13, 9, 6, 3)) / 100).quantize(Decimal("0.01"))
    truth = {"net": money_text(net), "tax": money_text(tax), "total": money_text(net + tax)}
    lines = tuple(_line(30 * row, name.upper(), value, dice) for row, (name, value) in enumerate(truth.items()))
    fields = {field.name: field for field in extract(Reading((_PAGE,), lines, ()), _SUM, date(2026, 1, 1)).fields}
    right = all(fields[name].value == value for name, value in truth.items())
    as_read_right = all(line.text.endswith(f" {value}") for line, value in zip(lines, truth.values(), strict=True))
    if as_read_right:
        return "read right" if right else "repaired wrong"
    if not all(field.level is Level.PROVED for field in fields.values()):
        return "left for review"
    repaired = any(reason.kind is ReasonKind.REPAIR for field in fields.values() for reason in field.reasons)
    if right:
        return "repaired right"
    return "repaired wrong" if repaired else "misread, passes"


def _line(top: float, label: str, value: str, dice: Dice) -> Line:
    """Return a line whose digits are read as they come, everything else for sure."""
    read: Iterator[Alternatives] = iter(dice.offered("".join(filter(str.isdecimal, value))))
    options: list[Alternatives] = [((character, 1.0),) for character in f"{label} "]
    options += [next(read) if character.isdecimal() else ((character, 1.0),) for character in value]
    chars = tuple(Char((index + 0.5) / len(options), option) for index, option in enumerate(options))
    text = "".join(char.text for char in chars)
    return Line(0, rect_quad(0, top, 10 * len(text), top + 20), text, 1.0, chars)


if __name__ == "__main__":
    harness.run("repair", __doc__, measure, options)
