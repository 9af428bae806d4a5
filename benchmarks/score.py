"""How well words were read: precision, recall and F1 over multisets of upper-cased words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Score:
    """Counts of words, to be added up over pages."""

    right: int = 0
    read: int = 0
    true: int = 0

    def __add__(self, other: Score) -> Score:
        return Score(self.right + other.right, self.read + other.read, self.true + other.true)

    @property
    def precision(self) -> float:
        """Share of the words read that are right."""
        return self.right / self.read if self.read else 0.0

    @property
    def recall(self) -> float:
        """Share of the true words that were read."""
        return self.right / self.true if self.true else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.right / (self.read + self.true) if self.read + self.true else 0.0


def score(read: Iterable[str], true: Iterable[str]) -> Score:
    """Compare the words of lines that were read with those of the labels; where they stand does not matter.

    >>> score(["Total 9.00", "cash"], ["TOTAL", "9.00", "CASH 10.00"])
    Score(right=3, read=3, true=4)
    """
    found, wanted = words(read), words(true)
    return Score((found & wanted).total(), found.total(), wanted.total())


def words(lines: Iterable[str]) -> Counter[str]:
    """Upper-cased words of lines, split at white space."""
    return Counter(word for line in lines for word in line.upper().split())
