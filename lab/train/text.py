"""Texts of lines: fields of business documents, running words, and every Han character in turn."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import accumulate
from pathlib import Path
from random import Random

from lab.train import fields_en, fields_zh, vocabulary
from lab.train.charset import EUROPE, class_of, han, traditional

MAX_LENGTH = 46
"""Most characters of a line."""

ALIKE = "00OOQQDD11IIl7SS55BB88ZZ22GG6CCUVVYYMNWXKRPEFAHJT3449"
"""Signs of codes, those that look alike more often."""

PUNCTUATION = "，。、；：！？（）《》“”"

SHARES = {
    "number": 0.35,
    "field": 0.15,
    "rare": 0.11,
    "words": 0.05,
    "english-field": 0.09,
    "english": 0.03,
    "mixed": 0.02,
    "european": 0.03,
    "code": 0.12,
    "traditional": 0.03,
    "sentence": 0.02,
}
"""Kinds of text and how often each is drawn."""

WRITTEN_SHARES = {
    "words": 0.34,
    "traditional": 0.16,
    "rare": 0.06,
    "field": 0.12,
    "number": 0.08,
    "sentence": 0.18,
    "mixed": 0.06,
}
"""The same for handwriting."""


@dataclass(frozen=True)
class Lexicon:
    """Words to draw from, Chinese ones by a dampened frequency."""

    chinese: Sequence[str]
    chinese_cumulative: Sequence[float]
    english: Sequence[str]
    european: Sequence[Sequence[str]]
    """Words with letters beyond ASCII, one list a language."""

    def chinese_word(self, rng: Random) -> str:
        """One Chinese word; the square root of its frequency decides how often."""
        return self.chinese[bisect.bisect(self.chinese_cumulative, rng.random() * self.chinese_cumulative[-1])]

    def chinese_words(self, rng: Random, count: int) -> str:
        """Running Chinese of ``count`` characters or one word more."""
        text = ""
        while len(text) < count:
            text += self.chinese_word(rng)
        return text

    def english_words(self, rng: Random, count: int) -> str:
        """``count`` words in lower case, capitalised or in capitals."""
        words = " ".join(rng.choice(self.english) for _ in range(count))
        return rng.choice([str.upper, str.title, str.lower, str.capitalize])(words)


def _latin_words(path: Path) -> list[str]:
    known = class_of()
    listed = path.read_text(encoding="utf-8").split()
    return [word for word in listed if 2 <= len(word) <= 14 and word.isalpha() and all(c in known for c in word)]


def load_lexicon(lists: Sequence[Path]) -> Lexicon:
    """Read jieba's dictionary (MIT) and word lists, one word a line, the English one first."""
    known = class_of()
    chinese, weights = [], []
    for row in files("jieba").joinpath("dict.txt").read_text(encoding="utf-8").splitlines():
        word, count, *_ = row.split(" ")
        if len(word) <= 6 and all(character in known for character in word):
            chinese.append(word)
            weights.append(float(count) ** 0.5)
    english = [word for word in _latin_words(lists[0]) if word.isascii()]
    european = [[word for word in _latin_words(path) if not word.isascii()] for path in lists[1:]]
    return Lexicon(chinese, list(accumulate(weights)), english, european)


def _rare(rng: Random, lexicon: Lexicon) -> str:
    """Han drawn evenly from the whole charset, a common word between them now and then."""
    parts = [rng.choice(han()) if rng.random() < 0.8 else lexicon.chinese_word(rng) for _ in range(rng.randint(2, 10))]
    return "".join(parts)


def _traditional(rng: Random, lexicon: Lexicon) -> str:
    """Traditional forms drawn evenly, with a common word between them now and then."""
    parts = [
        rng.choice(traditional()) if rng.random() < 0.7 else lexicon.chinese_word(rng)
        for _ in range(rng.randint(2, 10))
    ]
    return "".join(parts)


def _sentence(rng: Random, lexicon: Lexicon) -> str:
    """Part of an English sentence in mixed case."""
    words = [rng.choice(lexicon.english).lower() for _ in range(rng.randint(2, 7))]
    if rng.random() < 0.5:
        words[0] = words[0].capitalize()
    marked = [word + (rng.choice([",", ".", ";", "!", "?"]) if rng.random() < 0.12 else "") for word in words]
    return " ".join(marked)


def _words(rng: Random, lexicon: Lexicon) -> str:
    text = lexicon.chinese_words(rng, rng.randint(2, 18))
    if len(text) > 3 and rng.random() < 0.4:
        place = rng.randint(1, len(text) - 1)
        text = text[:place] + rng.choice(PUNCTUATION) + text[place:]
    return text


def _european(rng: Random, lexicon: Lexicon) -> str:
    """Labels and words of one European language; now and then a letter in place of another, for the rare ones."""
    words = list(rng.choices(rng.choice(lexicon.european), k=rng.randint(1, 3)))
    if rng.random() < 0.4:
        words.insert(0, vocabulary.pick(rng, "europe", "labels"))
    if rng.random() < 0.3:
        words[-1] = "".join(rng.choice(EUROPE) if rng.random() < 0.2 else letter for letter in words[-1])
    text = " ".join(words)
    text = rng.choice([text, text.capitalize(), text.upper()])
    return text + (rng.choice([": ", " "]) + fields_en.money(rng) if rng.random() < 0.3 else "")


def _mixed(rng: Random, lexicon: Lexicon) -> str:
    code = "".join(
        rng.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-./#%&+", k=rng.randint(3, 12))
    )
    latin = rng.choice([lexicon.english_words(rng, 1), code])
    parts = [lexicon.chinese_words(rng, rng.randint(1, 6)), rng.choice(["", " ", "-"]), latin]
    return "".join(parts) + (lexicon.chinese_words(rng, rng.randint(1, 4)) if rng.random() < 0.4 else "")


def _code(rng: Random) -> str:
    """Draw a code without any help: signs of one shape in place of each other, long runs of one sign."""
    parts = []
    for _ in range(rng.randint(1, 4)):
        chance = rng.random()
        if chance < 0.4:
            parts.append("".join(rng.choices(ALIKE, k=rng.randint(2, 8))))
        elif chance < 0.7:
            parts.append(rng.choice("00000123456789") * rng.randint(2, 9))
        else:
            parts.append(fields_zh.digits(rng, rng.randint(2, 8)))
    if rng.random() < 0.2:
        parts.append("." + rng.choice(["00", "000", "0"]))
    return rng.choice(["", "", "", " ", "-", "/"]).join(parts)


_DRAWN: Mapping[str, Callable[[Random, Lexicon], str]] = {
    "number": lambda rng, _: fields_zh.number_field(rng),
    "field": lambda rng, lexicon: fields_zh.text_field(rng, lexicon.chinese_words),
    "rare": _rare,
    "words": _words,
    "english-field": lambda rng, lexicon: fields_en.field(rng, lexicon.english_words(rng, rng.randint(1, 2))),
    "code": lambda rng, _: _code(rng),
    "european": _european,
    "english": lambda rng, lexicon: (
        lexicon.english_words(rng, rng.randint(1, 5)) + rng.choice(["", "", ".", ":", ",", "!"])
    ),
    "mixed": _mixed,
    "traditional": _traditional,
    "sentence": _sentence,
}


def draw(
    rng: Random, lexicon: Lexicon, kind: str | None = None, shares: Mapping[str, float] = SHARES
) -> tuple[str, str]:
    """Draw the text of a line.

    Args:
        rng: source of chance.
        lexicon: words to use.
        kind: a key of SHARES, or None for any of them by share.
        shares: kinds and how often each is drawn.

    Returns:
        The text, single spaces, at most MAX_LENGTH characters, all in the charset; and its kind.
    """
    if kind is None:
        kind = rng.choices(list(shares), weights=list(shares.values()))[0]
    known = class_of()
    while True:
        text = " ".join(_DRAWN[kind](rng, lexicon).split())
        if 0 < len(text) <= MAX_LENGTH and all(character in known for character in text):
            return text, kind
