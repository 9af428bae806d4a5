"""Precision, recall and F1 over multisets of upper-cased words, and over the numbers among them."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass

import regex

MIN_DIGITS = 3
"""A word with so many digits is a number: an amount, a date, a code, a telephone number."""

_HAN = regex.compile(r"\p{Han}")
_AROUND = "：:()（）[]【】,，.。;；*"
"""Signs between a Chinese label and its value, which belong to neither."""


@dataclass(frozen=True, slots=True)
class Score:
    """Counts of words, to be added up over pages."""

    right: int = 0
    read: int = 0
    true: int = 0
    numbers_right: int = 0
    numbers_true: int = 0

    def __add__(self, other: Score) -> Score:
        return Score(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    @property
    def f1(self) -> float:
        """Harmonic mean of precision (right of the words read) and recall (right of the true words)."""
        return 2 * self.right / (self.read + self.true) if self.read + self.true else 0.0

    @property
    def numbers(self) -> float:
        """Share of the true numbers that were read exactly."""
        return self.numbers_right / self.numbers_true if self.numbers_true else 0.0


def score(read: Iterable[str], true: Iterable[str]) -> Score:
    """Compare the words of lines that were read with those of the labels; where they stand does not matter.

    >>> score(["Total 9.00", "cash"], ["TOTAL", "9.00", "CASH 10.00"])
    Score(right=3, read=3, true=4, numbers_right=1, numbers_true=2)
    """
    found, wanted = words(read), words(true)
    numbers = Counter({word: count for word, count in wanted.items() if _is_number(word)})
    return Score(
        (found & wanted).total(),
        found.total(),
        wanted.total(),
        (found & numbers).total(),
        numbers.total(),
    )


def words(lines: Iterable[str]) -> Counter[str]:
    """Upper-cased words of lines, split at white space; Chinese has none, so every ideograph is a word of its own.

    >>> sorted(words(["Date: 1/2", "号码：0123"]))
    ['0123', '1/2', 'DATE:', '号', '码']
    """
    return Counter(token for line in lines for word in line.upper().split() for token in _tokens(word))


def _tokens(word: str) -> Iterator[str]:
    """The word itself, or what an ideograph in it makes it fall apart into."""
    if not _HAN.search(word):
        yield unicodedata.normalize("NFKC", word)
        return
    run = ""
    for character in unicodedata.normalize("NFKC", word) + " ":
        if character != " " and not _HAN.match(character):
            run += character
            continue
        if run.strip(_AROUND):
            yield run.strip(_AROUND)
        run = ""
        if character != " ":
            yield character


def _is_number(word: str) -> bool:
    return sum(character.isdigit() for character in word) >= MIN_DIGITS
