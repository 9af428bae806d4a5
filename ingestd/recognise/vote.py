"""When a line is read twice, and how the two readings become one. Pure."""

from __future__ import annotations

from collections import defaultdict
from operator import itemgetter

import regex

from ingestd.document import Char
from ingestd.recognise.ctc import text_of
from ingestd.recognise.reader import Reading

CODE = regex.compile(r"[0-9A-Z]{15,}")
"""Numbers worth a second look in any case: a network that takes Q for 0 is sure of it, and a checksum can tell."""


def wants_another(reading: Reading, below: float) -> bool:
    """Whether a line is read by another network as well: it is less certain than this, or has a code in it."""
    return reading.certainty < below or CODE.search(text_of(reading.chars)) is not None


def united(first: Reading, second: Reading, alternatives: int) -> Reading:
    """What two networks together say a line says.

    Where they read as many characters, each is the one that both together find most probable (the mean of their
    calibrated probabilities), with what either of them thought of instead among its alternatives: so a rule that
    can prove a number finds the character that only one of them saw. Otherwise the surer reading stands alone.

    Args:
        first: one reading.
        second: another.
        alternatives: most characters kept per position, the emitted one included.
    """
    surer, other = (first, second) if first.certainty >= second.certainty else (second, first)
    if len(surer.chars) != len(other.chars):
        return surer
    pairs = zip(surer.chars, other.chars, strict=True)
    return Reading(tuple([_mean(one, two, alternatives) for one, two in pairs]), surer.certainty)


def _mean(one: Char, two: Char, count: int) -> Char:
    probabilities: dict[str, float] = defaultdict(float)
    for text, probability in (*one.alternatives, *two.alternatives):
        probabilities[text] += probability / 2
    ordered = sorted(probabilities.items(), key=itemgetter(1), reverse=True)  # stable: the surer one's comes first
    return Char(one.position, tuple(ordered[:count]))
