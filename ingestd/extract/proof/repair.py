"""Repairing a value from the recogniser's own doubt, proved by something independent.

The recogniser keeps, per character, what else it might have been and how probably. Readings of the whole value
are searched best first. Characters outside the alphabet must change and are free; of real choices at most one
may change. Where a value has one character too many, each doubtful one may go; one that is missing is never
guessed. A reading is accepted only if it is the only one within the probability budget that passes, and if all
readings that nobody offered are too improbable to have passed by chance. Where the reader told no alternatives,
nothing is repaired.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import prod

from ingestd.extract.proof.alternatives import Alternatives
from ingestd.extract.values.normalise import money_text
from ingestd.extract.values.validate import (
    USCC_ALPHABET,
    CheckOutcome,
    gb_vat,
    iban,
    organisation_check_character,
    uscc,
)

BUDGET = 1e-3
"""How much less probable than the best reading a repaired one may be."""

_UNSEEN = (2e-4, 0.1, 1e-2)
"""Probability per character that the truth is none of the alternatives: at least the first number, at most the last,
between them this share of what the alternatives leave over (mostly for nothing at all, between two characters).

Counted on 98,791 characters of drawn invoices and receipts: 0.0003 where nothing is left over, 0.007 where 0.06 is, no
more than that where half is.
"""

_RISK = 2e-2
"""Highest odds that the one passing reading passes by chance while the truth is none of the alternatives.

lab/bench/repair.py counts what comes of it on numbers misread the way the recogniser misreads.
"""

_ELSEWHERE = 0.7
"""Probability that a character that is too many is none of the doubtful ones (counted like _RISK)."""

_DOUBTFUL = 0.1
"""Least probability that a character is not there at all for it to be taken out."""

_UNDONE = 1 / 50
"""Chance that a changed digit undoes what another one was misread by: it stands in the same place of its amount,
one of five or six, and is as much larger or smaller, one way of nine."""

_DIGITS = "0123456789"
_ALPHANUMERIC = _DIGITS + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_TWINS = {"O": "0Q", "Q": "0", "D": "0", "I": "1", "L": "1", "Z": "2", "S": "5", "V": "U", "B": "8", "G": "6"}
_TWIN_PROBABILITY = 0.05
"""For each look-alike inside the alphabet that the reader did not offer for a character outside it."""


@dataclass(frozen=True, slots=True)
class Check:
    """A checksum strong enough to prove a repair."""

    alphabet: str
    passes: Callable[[str], bool]
    chance: Callable[[Collection[int]], float]
    """Share of wrong values that pass although these places were changed, or something went from there."""
    length: int | None = None
    """Characters of every value, where all have the same number."""


def _uscc_passes(text: str) -> bool:
    """Both checksums of a unified social credit code and digits where the region stands."""
    return (
        len(text) == 18
        and text[2:8].isdigit()
        and uscc(text).outcome is CheckOutcome.PROVED
        and organisation_check_character(text[8:16]) == text[16]
    )


def _uscc_chance(changed: Collection[int]) -> float:
    """Changes among the characters of the organisation code have a second checksum against them."""
    return 1 / 31 / 11 if all(8 <= place <= 16 for place in changed) else 1 / 31


_USCC = Check(USCC_ALPHABET, _uscc_passes, _uscc_chance, 18)

STRONG: Mapping[str, Check] = {
    "cn_tax_no": _USCC,
    "uscc": _USCC,
    "iban": Check(_ALPHANUMERIC, lambda text: iban(text).outcome is CheckOutcome.PROVED, lambda changed: 1 / 97),
    "gb_vat": Check(_DIGITS, lambda text: gb_vat(text).outcome is CheckOutcome.PROVED, lambda changed: 2 / 97),
}
"""Checks by which a value may be repaired; Luhn and MOD 11 are passed by too many wrong ones."""


@dataclass(frozen=True, slots=True)
class Repair:
    """A repaired value and what was changed."""

    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Variant:
    """One way to read a whole value."""

    text: str
    probability: float
    luck: float
    """Probability that it passes although it is wrong."""
    reason: str


def repair(options: Sequence[Alternatives], check: Check, budget: float = BUDGET) -> Repair | None:
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
    if not all(allowed) or check.passes(read):
        return None
    if check.length is not None and len(options) == check.length + 1:
        readings, unseen = list(_shortened(options, allowed, check)), _ELSEWHERE
    else:
        readings = list(_same_length(options, allowed, check, budget))
        unseen = sum(map(_unseen, options))
    passing = [reading for reading in readings if check.passes(reading.text)]
    if len({reading.text for reading in passing}) != 1:
        return None
    probability = sum(reading.probability for reading in passing)
    if unseen * sum(reading.luck for reading in readings) > _RISK * probability:
        return None
    return Repair(passing[0].text, passing[0].reason)


def agrees(options: Sequence[Alternatives], text: str, budget: float = BUDGET) -> Repair | None:
    """Whether an independent witness's value is among the readings within the budget."""
    if len(options) != len(text):
        return None
    ratios = [dict(choice).get(character, 0.0) / choice[0][1] for choice, character in zip(options, text, strict=True)]
    if prod(ratios) < budget:
        return None
    return Repair(text, _explain("".join(choice[0][0] for choice in options), text, options, ""))


def amounts(options: Sequence[Alternatives], value: str, budget: float = BUDGET) -> Iterator[tuple[Repair, float]]:
    """Other amounts that the reader had in mind: one digit changed, within the budget.

    Args:
        options: what each character can be, currency letters among them.
        value: the amount as it was read, in its normalised form.
        budget: how much less probable than the digit read another one may be.

    Yields:
        The amount, and the odds of its digit to the one that was read.
    """
    digits = [choice for choice in options if choice[0][0] in _DIGITS]
    places = [place for place, character in enumerate(value) if character in _DIGITS]
    read = "".join(choice[0][0] for choice in digits)
    if "".join(value[place] for place in places) not in (read, read + "0", read + "00"):
        return
    for place, choice in zip(places, digits, strict=False):
        for character, p in choice[1:]:
            if character in _DIGITS and p >= budget * choice[0][1]:
                text = money_text(Decimal(value[:place] + character + value[place + 1 :]))
                yield Repair(text, f"'{choice[0][0]}' read as {character} (p = {p:.2g})"), p / choice[0][1]


def by_chance(odds: float, tried: int, options: Sequence[Alternatives]) -> bool:
    """Whether the one changed digit that makes a sum right may do so only because another digit is misread.

    Args:
        odds: of that digit to the one that was read.
        tried: how many changed digits were tried.
        options: what each character of all amounts of the sum can be.
    """
    return sum(map(_unseen, options)) * tried * _UNDONE > _RISK * odds


def _unseen(choice: Alternatives) -> float:
    """Probability that the truth is none of the options."""
    least, share, most = _UNSEEN
    return min(max(least, share * (1 - sum(p for _, p in choice))), most)


def _allowed(choice: Alternatives, alphabet: str) -> Alternatives:
    """The options inside the alphabet; look-alikes where the character read is outside it."""
    inside = tuple(option for option in choice if option[0] in alphabet)
    if choice[0][0] in alphabet:
        return inside
    twins = (twin for twin in _TWINS.get(choice[0][0], "") if twin in alphabet and twin not in dict(inside))
    return tuple(sorted((*inside, *((twin, _TWIN_PROBABILITY) for twin in twins)), key=lambda option: -option[1]))


def _same_length(
    options: Sequence[Alternatives], allowed: Sequence[Alternatives], check: Check, budget: float
) -> Iterator[_Variant]:
    """Readings that differ from the most probable one in at most one place that was a real choice."""
    read = "".join(choice[0][0] for choice in options)
    base = "".join(choice[0][0] for choice in allowed)
    probability = prod(choice[0][1] for choice in allowed)
    others = [
        (f"{base[:place]}{character}{base[place + 1 :]}", probability * p / choice[0][1])
        for place, choice in enumerate(allowed)
        for character, p in choice[1:]
        if p >= budget * choice[0][1]
    ]
    for text, p in ((base, probability), *others):
        changed = [place for place, (old, new) in enumerate(zip(read, text, strict=True)) if old != new]
        yield _Variant(text, p, check.chance(changed), _explain(read, text, options, check.alphabet))


def _shortened(options: Sequence[Alternatives], allowed: Sequence[Alternatives], check: Check) -> Iterator[_Variant]:
    """Readings without one of the characters that may be nothing."""
    base = "".join(choice[0][0] for choice in allowed)
    nothing = {place: 1 - sum(p for _, p in choice) for place, choice in enumerate(options)}
    doubtful = {place: p for place, p in nothing.items() if p >= _DOUBTFUL}
    for place, p in doubtful.items():
        yield _Variant(
            base[:place] + base[place + 1 :],
            (1 - _ELSEWHERE) * p / sum(doubtful.values()),
            check.chance((place,)),
            f"'{base[place]}' read as nothing (p = {p:.2g})",
        )


def _explain(read: str, text: str, options: Sequence[Alternatives], alphabet: str) -> str:
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
