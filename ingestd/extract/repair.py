"""Repairing a value from the recogniser's own doubt, proved by something independent.

The recogniser keeps, per character, what else it might have been and how probably. Readings of the whole value
are searched best first. Characters outside the alphabet must change and are free; of real choices at most one
may change. A reading is accepted only if it is the only one within the probability budget that passes, and if
all readings that nobody offered are too improbable to have passed by chance. Where the reader told no
alternatives, nothing is repaired.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod

from ingestd.extract.layout import Sheet, Span, fold
from ingestd.extract.validate import USCC_ALPHABET, Outcome, gb_vat, iban, organisation_check_character, uscc

BUDGET = 1e-3
"""How much less probable than the best reading a repaired one may be."""

_UNSEEN = 1e-5
"""Least probability per character that the truth is none of the alternatives, whatever the reader claims."""

_RISK = 2e-2
"""Highest odds that the one passing reading passes by chance while the truth is none of the alternatives.

benchmarks/repair.py counts what comes of it on numbers misread the way the recogniser misreads.
"""

_DIGITS = "0123456789"
_ALPHANUMERIC = _DIGITS + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_TWINS = {"O": "0", "Q": "0", "D": "0", "I": "1", "L": "1", "Z": "2", "S": "5", "V": "U", "B": "8", "G": "6"}
_TWIN_PROBABILITY = 0.05
"""For a look-alike inside the alphabet that the reader did not offer for a character outside it."""

Choice = tuple[tuple[str, float], ...]
"""What one character can be, most probable first."""


@dataclass(frozen=True, slots=True)
class Check:
    """A checksum strong enough to prove a repair."""

    alphabet: str
    passes: Callable[[str], bool]
    chance: float
    """Share of random values that pass."""


def _uscc_passes(text: str) -> bool:
    """Both checksums of a unified social credit code and digits where the region stands."""
    return (
        len(text) == 18
        and text[2:8].isdigit()
        and uscc(text).outcome is Outcome.PROVED
        and organisation_check_character(text[8:16]) == text[16]
    )


STRONG: Mapping[str, Check] = {
    "cn_tax_no": Check(USCC_ALPHABET, _uscc_passes, 1 / 31),
    "uscc": Check(USCC_ALPHABET, _uscc_passes, 1 / 31),
    "iban": Check(_ALPHANUMERIC, lambda text: iban(text).outcome is Outcome.PROVED, 1 / 97),
    "gb_vat": Check(_DIGITS, lambda text: gb_vat(text).outcome is Outcome.PROVED, 2 / 97),
}
"""Checks by which a value may be repaired; Luhn and MOD 11 are passed by too many wrong ones."""


@dataclass(frozen=True, slots=True)
class Repair:
    """A repaired value and what was changed."""

    text: str
    reason: str


def choices(sheet: Sheet, spans: Sequence[Span]) -> tuple[Choice, ...] | None:
    """What every letter and digit of the spans can be, or None where the reader did not say.

    Characters are folded and upper case; spaces and punctuation are left out.
    """
    found: list[Choice] = []
    for span in spans:
        line = sheet.reading.lines[span.line]
        if len(line.chars) != len(line.text):
            return None
        for char in line.chars[span.start : span.end]:
            if not char.text.isalnum():
                continue
            options: dict[str, float] = {}
            for text, probability in char.alternatives:
                folded = fold(text)[0].upper()
                if len(folded) == 1 and folded.isalnum():
                    options[folded] = options.get(folded, 0.0) + probability
            found.append(tuple(sorted(options.items(), key=lambda option: -option[1])))
    return tuple(found)


def repair(options: Sequence[Choice], check: Check, budget: float = BUDGET) -> Repair | None:
    """The one reading within the budget that a checksum proves.

    Args:
        options: what each character can be.
        check: what the value must pass.
        budget: how much less probable than the best reading it may be.

    Returns:
        None where no reading passes, more than one does, or chance could explain the one that does.
    """
    read = "".join(choice[0][0] for choice in options)
    allowed = [_allowed(choice, check.alphabet) for choice in options]
    if not all(allowed):
        return None
    readings = list(_readings(allowed, budget))
    passing = [(text, probability) for text, probability in readings if check.passes(text)]
    if len(passing) != 1 or passing[0][0] == read:
        return None
    text, probability = passing[0]
    unseen = sum(max(_UNSEEN, 1 - sum(p for _, p in choice)) for choice in options)
    if unseen * len(readings) * check.chance > _RISK * probability:
        return None
    return Repair(text, _explain(read, text, options, check.alphabet))


def agrees(options: Sequence[Choice], text: str, budget: float = BUDGET) -> Repair | None:
    """Whether an independent witness's value is among the readings within the budget."""
    if len(options) != len(text):
        return None
    ratios = [dict(choice).get(character, 0.0) / choice[0][1] for choice, character in zip(options, text, strict=True)]
    if prod(ratios) < budget:
        return None
    return Repair(text, _explain("".join(choice[0][0] for choice in options), text, options, ""))


def amounts(options: Sequence[Choice], value: str, budget: float = BUDGET) -> Iterator[Repair]:
    """Other amounts that the reader had in mind: one digit changed, within the budget.

    Args:
        options: what each character can be, currency letters among them.
        value: the amount as it was read, in its normalised form.
        budget: how much less probable than the digit read another one may be.
    """
    digits = [choice for choice in options if choice[0][0] in _DIGITS]
    places = [place for place, character in enumerate(value) if character in _DIGITS]
    read = "".join(choice[0][0] for choice in digits)
    if "".join(value[place] for place in places) not in (read, read + "0", read + "00"):
        return
    for place, choice in zip(places, digits, strict=False):
        for character, p in choice[1:]:
            if character in _DIGITS and p >= budget * choice[0][1]:
                text = value[:place] + character + value[place + 1 :]
                yield Repair(text, f"'{choice[0][0]}' read as {character} (p = {p:.2g})")


def _allowed(choice: Choice, alphabet: str) -> Choice:
    """The options inside the alphabet; a look-alike where the character read is outside it."""
    inside = tuple(option for option in choice if option[0] in alphabet)
    twin = _TWINS.get(choice[0][0])
    if choice[0][0] not in alphabet and twin is not None and twin in alphabet and twin not in dict(inside):
        inside = tuple(sorted((*inside, (twin, _TWIN_PROBABILITY)), key=lambda option: -option[1]))
    return inside


def _readings(allowed: Sequence[Choice], budget: float) -> Iterator[tuple[str, float]]:
    """Readings that differ from the most probable one in at most one place that was a real choice."""
    best = [choice[0] for choice in allowed]
    base = "".join(character for character, _ in best)
    probability = prod(p for _, p in best)
    yield base, probability
    for place, choice in enumerate(allowed):
        for character, p in choice[1:]:
            if p >= budget * choice[0][1]:
                yield base[:place] + character + base[place + 1 :], probability * p / choice[0][1]


def _explain(read: str, text: str, options: Sequence[Choice], alphabet: str) -> str:
    """What was changed, in words."""
    parts = []
    for old, new, choice in zip(read, text, options, strict=True):
        if old == new:
            continue
        probability = dict(choice).get(new)
        doubt = f"(p = {probability:.2g})" if probability is not None else "(its look-alike)"
        if alphabet and old not in alphabet:
            parts.append(f"'{old}' is not in the alphabet, read as {new} {doubt}")
        else:
            parts.append(f"'{old}' read as {new} {doubt}")
    return ", ".join(parts)
