"""Repair a value from the recogniser's alternatives, proved by independent evidence.

Per character the recogniser keeps alternatives and their probabilities. Readings of the whole value are searched best
first. Characters outside the alphabet must change and are free; of the others at most one may change. Where a value has
one character too many, each doubtful one may be dropped; a missing one is never guessed. A reading is accepted if it is
the only one within the probability budget that passes, and if readings outside the alternatives are too improbable to
have passed by chance. Without alternatives nothing is repaired.
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
    uscc,
)

BUDGET = 1e-3
"""Least probability of a repaired reading relative to the best one."""

_UNSEEN = (2e-4, 0.1, 1e-2)
"""Probability per character that the truth is none of the alternatives: at least the first number, at most the last,
between them this share of the probability that the alternatives leave over. Counted with lab/bench/misreadings.py.
"""

_RISK = 2e-2
"""Highest odds that the one passing reading passes by chance while the truth is none of the alternatives.

lab/bench/repair.py counts the result on numbers with the recogniser's misreadings.
"""

_ELSEWHERE = 0.7
"""Probability that a superfluous character is none of the doubtful ones (counted like _RISK)."""

_DOUBTFUL = 0.1
"""Least probability that a character does not exist for it to be dropped."""

_UNDONE = 1 / 50
"""Chance that a changed digit compensates another misread one: it stands in the same place of its amount, one of five
or six, and differs by as much, one way of nine."""

_DIGITS = "0123456789"
_ALPHANUMERIC = _DIGITS + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LOOKALIKES = {"O": "0Q", "Q": "0", "D": "0", "I": "1", "L": "1", "Z": "2", "S": "5", "V": "U", "B": "8", "G": "6"}
_LOOKALIKE_PROBABILITY = 0.05
"""Probability of a look-alike inside the alphabet that is not among the alternatives of a character outside it."""


@dataclass(frozen=True, slots=True)
class Check:
    """A checksum strong enough to prove a repair."""

    alphabet: str
    passes: Callable[[str], bool]
    chance: Callable[[Collection[int]], float]
    """Share of wrong values that pass with changes in these places."""
    length: int | None = None
    """Characters per value, where all values have the same number."""


def _uscc_passes(text: str) -> bool:
    """Check both checksums of a unified social credit code, its registrar and its region."""
    return uscc(text).outcome is CheckOutcome.PROVED


def _uscc_chance(changed: Collection[int]) -> float:
    """Return the chance of passing; a second checksum covers the characters of the organisation code."""
    return 1 / 31 / 11 if all(8 <= place <= 16 for place in changed) else 1 / 31


_USCC = Check(USCC_ALPHABET, _uscc_passes, _uscc_chance, 18)

STRONG: Mapping[str, Check] = {
    "cn_tax_no": _USCC,
    "uscc": _USCC,
    "iban": Check(_ALPHANUMERIC, lambda text: iban(text).outcome is CheckOutcome.PROVED, lambda changed: 1 / 97),
    "gb_vat": Check(_DIGITS, lambda text: gb_vat(text).outcome is CheckOutcome.PROVED, lambda changed: 2 / 97),
}
"""Checks by which a value may be repaired; Luhn and MOD 11 let too many wrong ones pass."""


@dataclass(frozen=True, slots=True)
class Repair:
    """Repaired value with its changes."""

    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Variant:
    """One reading of a whole value."""

    text: str
    probability: float
    chance: float
    """Probability that it passes although it is wrong."""
    reason: str


def repair(options: Sequence[Alternatives], check: Check, budget: float = BUDGET) -> Repair | None:
    """Find the only reading within the budget that a checksum proves.

    Args:
        options: alternatives of each character.
        check: checksum that the value must pass.
        budget: least probability relative to the best reading.

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
    if unseen * sum(reading.chance for reading in readings) > _RISK * probability:
        return None
    return Repair(passing[0].text, passing[0].reason)


def agrees(options: Sequence[Alternatives], text: str, budget: float = BUDGET) -> Repair | None:
    """Repair to a value from independent evidence, if it is a reading within the budget; else return None."""
    if len(options) != len(text):
        return None
    ratios = [dict(choice).get(character, 0.0) / choice[0][1] for choice, character in zip(options, text, strict=True)]
    if prod(ratios) < budget:
        return None
    return Repair(text, _explain("".join(choice[0][0] for choice in options), text, options, ""))


def amounts(options: Sequence[Alternatives], value: str, budget: float = BUDGET) -> Iterator[tuple[Repair, float]]:
    """Yield amounts with one digit changed to an alternative, within the budget.

    Args:
        options: alternatives of each character, currency letters included.
        value: the amount as it was read, in its normalised form.
        budget: least probability relative to the digit read.

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
    """Decide whether a changed digit may make a sum right only because another digit is misread.

    Args:
        odds: of that digit to the one that was read.
        tried: number of changed digits that were tried.
        options: alternatives of each character of all amounts of the sum.
    """
    return sum(map(_unseen, options)) * tried * _UNDONE > _RISK * odds


def _unseen(choice: Alternatives) -> float:
    """Return the probability that the truth is none of the alternatives."""
    least, share, most = _UNSEEN
    return min(max(least, share * (1 - sum(p for _, p in choice))), most)


def _allowed(choice: Alternatives, alphabet: str) -> Alternatives:
    """Keep alternatives inside the alphabet; add look-alikes of a character outside it."""
    inside = tuple(option for option in choice if option[0] in alphabet)
    if choice[0][0] in alphabet:
        return inside
    lookalikes = (
        other for other in _LOOKALIKES.get(choice[0][0], "") if other in alphabet and other not in dict(inside)
    )
    return tuple(
        sorted((*inside, *((other, _LOOKALIKE_PROBABILITY) for other in lookalikes)), key=lambda option: -option[1])
    )


def _same_length(
    options: Sequence[Alternatives], allowed: Sequence[Alternatives], check: Check, budget: float
) -> Iterator[_Variant]:
    """Yield readings that differ from the most probable one in at most one place with alternatives."""
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
    """Yield readings without one of the characters that may not exist."""
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
    """Describe the changes."""
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
