"""Second readings: choice of the lines, and merging of two readings. Pure."""

from __future__ import annotations

from collections import defaultdict
from difflib import SequenceMatcher
from functools import partial
from operator import itemgetter
from unicodedata import normalize

import regex

from ingestd.document import Char
from ingestd.reading.recognise.ctc import text_of
from ingestd.reading.recognise.network import LineReading

CODE = regex.compile(r"(?=[A-Z]*[0-9])[0-9A-Z]{15,}")
"""Numbers read twice in any case: a network that takes Q for 0 is confident, and a checksum can tell."""
SECOND_SHARE = 0.65
"""Weight of the second network, the better one, where both say how probable a character is."""
THIRD_SHARE = 0.5
"""The same of the third one, beside what the others read."""


def has_code(reading: LineReading) -> bool:
    """Tell whether a line holds a number like CODE."""
    return CODE.search(text_of(reading.chars)) is not None


def wants_another(reading: LineReading, below: float) -> bool:
    """Tell whether a line is read by another network as well: it is less probable than this, or holds a code."""
    return reading.sequence_probability < below or has_code(reading)


def merge_readings(
    first: LineReading, second: LineReading, alternatives: int, second_share: float = SECOND_SHARE
) -> LineReading:
    """Merge the readings of one line by two networks.

    The more probable reading decides how many characters there are. Where the other one has as many in the same
    place, each character is the one with the highest weighted mean of their calibrated probabilities. Its alternatives
    hold those of both, so that a rule that can prove a number finds a character that only one of them saw.

    Args:
        first: reading by the faster network.
        second: reading by the better one.
        alternatives: maximum characters kept per position, the emitted one included.
        second_share: weight of the second network.
    """
    is_second = second.sequence_probability > first.sequence_probability
    surer, other = (second, first) if is_second else (first, second)
    share = second_share if is_second else 1 - second_share
    chars: list[Char] = []
    blocks = SequenceMatcher(None, _folded(surer.chars), _folded(other.chars), autojunk=False).get_opcodes()
    for _, start, end, from_other, to_other in blocks:
        mine, theirs = surer.chars[start:end], other.chars[from_other:to_other]
        chars += map(partial(_mean, alternatives, share), mine, theirs) if len(mine) == len(theirs) else mine
    return LineReading(tuple(chars), surer.sequence_probability)


def _folded(chars: tuple[Char, ...]) -> list[str]:
    """Return texts to align by: wide and narrow forms of a sign are equal."""
    return [normalize("NFKC", char.text) for char in chars]


def _mean(count: int, share: float, one: Char, two: Char) -> Char:
    """Return the weighted mean of two characters; ``share`` is the weight of the first."""
    probabilities: dict[str, float] = defaultdict(float)
    for char, weight in ((one, share), (two, 1 - share)):
        for text, probability in char.alternatives:
            probabilities[text] += weight * probability
    ordered = sorted(probabilities.items(), key=itemgetter(1), reverse=True)  # stable: the surer one's comes first
    return Char(one.position, tuple(ordered[:count]))
