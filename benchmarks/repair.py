"""Wrong repairs in 10,000 tax numbers misread the way the recogniser misreads.

    python -m benchmarks.repair [--numbers 10000] [--seed 1]

What the recogniser offers for each character is sampled from its own readings of labelled receipts: for every
true character the probabilities it gave to that character and to others, misreadings in their natural share
and, in a second run, ten times as often. Numbers are unified social credit codes with both checksums right.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from benchmarks.data import OUT, labelled
from benchmarks.readings import readings
from ingestd.document import Reading
from ingestd.extract.layout import Span, lay_out
from ingestd.extract.repair import STRONG, Choice, choices, repair
from ingestd.extract.validate import USCC_ALPHABET, organisation_check_character, uscc_check_character


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the numbers of one run."""

    name: str
    counts: Mapping[str, int]


def main(arguments: Sequence[str] | None = None) -> None:
    """Simulate, print a table, write ``benchmarks/out/repair.json``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--numbers", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    pages = labelled("sroie-train")
    read = readings([page.path for page in pages])
    samples = collect((read[page.path], page.lines) for page in pages)
    outcomes = [
        simulate("as read", samples, options.numbers, 1, options.seed),
        simulate("ten times the misreadings", samples, options.numbers, 10, options.seed),
    ]
    report(outcomes, samples)


Samples = Mapping[str, Sequence[Choice]]
"""True character -> what the recogniser offered where it stood."""


def collect(pages: Iterator[tuple[Reading, Sequence[str]]]) -> Samples:
    """Pair characters of lines that were read with those of the label they can only be.

    A line counts where exactly one label of its page has the same length and differs in at most two characters.
    """
    samples: dict[str, list[Choice]] = defaultdict(list)
    for reading, labels in pages:
        squeezed = [_letters(label) for label in labels]
        sheet = lay_out(reading)
        for index, line in enumerate(reading.lines):
            offered = choices(sheet, [Span(index, 0, len(line.text))])
            if not offered:
                continue
            text = "".join(choice[0][0] for choice in offered)
            near = {label for label in squeezed if len(label) == len(text) and _differences(label, text) <= 2}
            if len(near) == 1 and len(text) >= 6:
                for true, choice in zip(near.pop(), offered, strict=True):
                    samples[true].append(choice)
    return {true: found for true, found in samples.items() if true in USCC_ALPHABET}


def _letters(text: str) -> str:
    return "".join(character for character in text.upper() if character.isalnum())


def _differences(one: str, other: str) -> int:
    return sum(a != b for a, b in zip(one, other, strict=True))


def simulate(name: str, samples: Samples, numbers: int, factor: int, seed: int) -> Outcome:
    """Count how numbers fare; ``factor`` makes misread samples that much likelier."""
    dice = random.Random(seed)
    weights = {true: [factor if choice[0][0] != true else 1 for choice in found] for true, found in samples.items()}
    counts: Counter[str] = Counter()
    for _ in range(numbers):
        number = _number(dice, samples)
        offered = [dice.choices(samples[true], weights[true])[0] for true in number]
        counts[_fate(number, offered)] += 1
    return Outcome(name, counts)


def _number(dice: random.Random, samples: Samples) -> str:
    """A unified social credit code made of characters that were sampled."""
    while True:
        head = dice.choice("19") + dice.choice("123") + "".join(dice.choices("0123456789", k=6))
        body = "".join(dice.choices("0123456789" + "ABCDEFGHJKLMNPQRTUWXY", [4] * 10 + [1] * 21, k=8))
        number = head + body + organisation_check_character(body)
        number += uscc_check_character(number)
        if all(character in samples for character in number):
            return number


def _fate(number: str, offered: Sequence[Choice]) -> str:
    read = "".join(choice[0][0] for choice in offered)
    check = STRONG["cn_tax_no"]
    if check.passes(read):
        return "read right" if read == number else "misread and passes"
    repaired = repair(offered, check)
    if repaired is None:
        return "left for review"
    return "repaired right" if repaired.text == number else "repaired wrong"


def report(outcomes: Sequence[Outcome], samples: Samples) -> None:
    """Print and keep the figures."""
    fates = ("read right", "repaired right", "left for review", "repaired wrong", "misread and passes")
    table = Table("10,000 numbers", *fates)
    for outcome in outcomes:
        table.add_row(outcome.name, *(str(outcome.counts.get(fate, 0)) for fate in fates))
    console = Console()
    console.print(table)
    total = sum(map(len, samples.values()))
    wrong = sum(choice[0][0] != true for true, found in samples.items() for choice in found)
    console.print(f"sampled from {total} characters, {wrong} of them misread ({wrong / max(total, 1):.2%})")
    OUT.mkdir(parents=True, exist_ok=True)
    kept = {outcome.name: dict(outcome.counts) for outcome in outcomes}
    (OUT / "repair.json").write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
