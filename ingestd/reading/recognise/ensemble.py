"""When a line is read twice, and how the two readings become one. Pure."""

from __future__ import annotations

from collections import defaultdict
from difflib import SequenceMatcher
from functools import partial
from operator import itemgetter
from unicodedata import normalize

import regex

from ingestd.document import Char
from ingestd.reading.recognise.ctc import text_of
from ingestd.reading.recognise.network import Reading

CODE = regex.compile(r"(?=[A-Z]*[0-9])[0-9A-Z]{15,}")
"""Numbers worth a second look in any case: a network that takes Q for 0 is sure of it, and a checksum can tell."""


def has_code(reading: Reading) -> bool:
    """Whether there is a number like that in a line."""
    return CODE.search(text_of(reading.chars)) is not None


def wants_another(reading: Reading, below: float) -> bool:
    """Whether a line is read by another network as well: it is less certain than this, or has a code in it."""
    return reading.certainty < below or has_code(reading)


def united(first: Reading, second: Reading, alternatives: int) -> Reading:
    """What two networks together say a line says.

    The surer reading says how many characters there are. Where the other one has as many in the same place, each is
    the one that both together find most probable (the mean of their calibrated probabilities), with what either of
    them thought of instead among its alternatives: so a rule that can prove a number finds the character that only
    one of them saw.

    Args:
        first: one reading.
        second: another.
        alternatives: most characters kept per position, the emitted one included.
    """
    surer, other = (first, second) if first.certainty >= second.certainty else (second, first)
    chars: list[Char] = []
    blocks = SequenceMatcher(None, _folded(surer.chars), _folded(other.chars), autojunk=False).get_opcodes()
    for _, start, end, from_other, to_other in blocks:
        mine, theirs = surer.chars[start:end], other.chars[from_other:to_other]
        chars += map(partial(_mean, alternatives), mine, theirs) if len(mine) == len(theirs) else mine
    return Reading(tuple(chars), surer.certainty)


def _folded(chars: tuple[Char, ...]) -> list[str]:
    """Texts to align by: whether a sign is printed wide or narrow makes no difference."""
    return [normalize("NFKC", char.text) for char in chars]


def _mean(count: int, one: Char, two: Char) -> Char:
    probabilities: dict[str, float] = defaultdict(float)
    for text, probability in (*one.alternatives, *two.alternatives):
        probabilities[text] += probability / 2
    ordered = sorted(probabilities.items(), key=itemgetter(1), reverse=True)  # stable: the surer one's comes first
    return Char(one.position, tuple(ordered[:count]))
