"""Wrong repairs in 10,000 tax numbers and 10,000 sums misread the way the recogniser misreads.

    python -m lab.bench.repair [--numbers 10000] [--seed 1]

What the recogniser offers for each character is sampled from its own readings of receipts and drawn invoices
whose truth is known: for every true character the probabilities it gave to that character and to others, with
misreadings in their natural share and ten times as often. In two more runs every number has one character too
many or too few. Numbers are unified social credit codes with both checksums right; sums are net, tax and total.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ingestd.document import Char, Level, Line, PageInfo, Reading
from ingestd.extract import RuleSet, extract
from ingestd.extract.proof.alternatives import Choice
from ingestd.extract.proof.repair import STRONG, repair
from ingestd.extract.rulefile.load import parse_rule
from ingestd.extract.values.normalise import money_text
from ingestd.extract.values.validate import organisation_check_character, uscc_check_character
from ingestd.layout.geometry import rect_quad
from lab.bench.data import OUT
from lab.bench.misreadings import Misreadings, collect

FATES = ("read right", "repaired right", "left for review", "repaired wrong", "misread, passes")

Simulation = Callable[["Dice"], str]
"""One number or sum, and what became of it."""


class Dice:
    """Chance, and what the recogniser makes of characters.

    Args:
        known: what readings are drawn from.
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

    def offered(self, text: str) -> list[Choice]:
        """What the recogniser offers for each character of a text."""
        return [self.chance.choices(self.known.offered[true], self._weights[true])[0] for true in text]

    def number(self) -> str:
        """A unified social credit code of characters whose readings are known."""
        while True:
            dice = self.chance
            head = dice.choice("19") + dice.choice("123") + "".join(dice.choices("0123456789", k=6))
            body = "".join(dice.choices("0123456789" + "ABCDEFGHJKLMNPQRTUWXY", [4] * 10 + [1] * 21, k=8))
            number = head + body + organisation_check_character(body)
            if number[-1] != "X" or "X" in self.known.offered:
                number += uscc_check_character(number)
                if all(character in self.known.offered for character in number):
                    return number

    def happens(self, times: int) -> bool:
        """Whether something happens to a number that happened that often to all characters compared."""
        return self.chance.random() < self._factor * 18 * times / self.known.characters


def main(arguments: Sequence[str] | None = None) -> None:
    """Simulate, print a table, write ``lab/bench/out/repair.json``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--numbers", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    known = collect()
    runs: Sequence[tuple[str, int, Simulation]] = (
        ("numbers", 1, as_read),
        ("numbers x 10", 10, as_read),
        ("one too many", 1, one_too_many),
        ("one too few", 1, one_too_few),
        ("sums", 1, sums),
        ("sums x 10", 10, sums),
    )
    outcomes = {}
    for name, factor, simulation in runs:
        dice = Dice(known, factor, options.seed)
        outcomes[name] = Counter(simulation(dice) for _ in range(options.numbers))
    report(outcomes, known, options.numbers)


def as_read(dice: Dice) -> str:
    """A number as the recogniser reads it, rarely with a character too many or too few."""
    if dice.happens(len(dice.known.surplus)):
        return one_too_many(dice)
    if dice.happens(len(dice.known.lost)):
        return one_too_few(dice)
    number = dice.number()
    return _fate(number, dice.offered(number))


def one_too_many(dice: Dice) -> str:
    """A number and, at a random place, something that was read where nothing stood."""
    number = dice.number()
    offered = dice.offered(number)
    offered.insert(dice.chance.randint(0, len(number)), dice.chance.choice(dice.known.surplus))
    return _fate(number, offered)


def one_too_few(dice: Dice) -> str:
    """A number with one character left out, beside its like as often as it happens."""
    number = dice.number()
    offered = dice.offered(number)
    pairs = [place for place, (one, other) in enumerate(pairwise(number)) if one == other]
    alike = pairs and dice.chance.random() < sum(dice.known.lost) / max(len(dice.known.lost), 1)
    del offered[dice.chance.choice(pairs) if alike else dice.chance.randrange(len(number))]
    return _fate(number, offered)


def _fate(number: str, offered: Sequence[Choice]) -> str:
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


def _rules() -> RuleSet:
    rule, problems = parse_rule(_RULE, Path("sum.yaml"))
    assert rule is not None and not problems, problems
    return RuleSet((rule,), "")


_SUM = _rules()


def sums(dice: Dice) -> str:
    """Net, tax and total of an invoice, judged the way a document is."""
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
    repaired = any(" read as " in reason for field in fields.values() for reason in field.reasons)
    if right:
        return "repaired right"
    return "repaired wrong" if repaired else "misread, passes"


def _line(top: float, label: str, value: str, dice: Dice) -> Line:
    """A line whose digits are read as they come, everything else for sure."""
    read: Iterator[Choice] = iter(dice.offered("".join(filter(str.isdecimal, value))))
    options: list[Choice] = [((character, 1.0),) for character in f"{label} "]
    options += [next(read) if character.isdecimal() else ((character, 1.0),) for character in value]
    chars = tuple(Char((index + 0.5) / len(options), option) for index, option in enumerate(options))
    text = "".join(char.text for char in chars)
    return Line(0, rect_quad(0, top, 10 * len(text), top + 20), text, 1.0, chars)


def report(outcomes: Mapping[str, Mapping[str, int]], known: Misreadings, numbers: int) -> None:
    """Print and keep the figures."""
    table = Table(f"{numbers:,} each", *FATES)
    for name, counts in outcomes.items():
        table.add_row(name, *(str(counts.get(fate, 0)) for fate in FATES))
    console = Console()
    console.print(table)
    console.print(
        f"sampled from {known.characters} characters, {known.misread} of them misread"
        f" ({known.misread / max(known.characters, 1):.2%}), {len(known.surplus)} read where nothing stood,"
        f" {len(known.lost)} left out ({sum(known.lost)} of them beside their like)",
        highlight=False,
    )
    OUT.mkdir(parents=True, exist_ok=True)
    kept = {"numbers": numbers, "outcomes": {name: dict(counts) for name, counts in outcomes.items()}}
    (OUT / "repair.json").write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
