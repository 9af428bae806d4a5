"""Words of a search, and how the full-text index finds them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from sqlite_utils import Database

TRIGRAM = 3
"""Characters that the index needs; shorter words are found by the trigrams that begin with them."""
_MAX_TRIGRAMS = 300
"""Trigrams of a short word that are looked up one by one; a word with more of them is in the newest documents too."""
_LAST = "\U0010ffff"

ALL_TEXT = "d.name || char(10) || d.text || char(10) || d.field_values"
"""SQL for everything that is searched, of documents named ``d``."""
ENDS = tuple(
    (f"documents d INDEXED BY documents_{column}_end", f"lower(substr(d.{column}, -2))")
    for column in ("name", "text", "field_values")
)
"""Tables with their index, and SQL for the last two characters of what is searched: no trigram begins there.

The index is named because many names end alike, from which SQLite concludes that it helps little.
"""


def words_of(text: str) -> list[str]:
    r"""Split what somebody looks for at blanks; a NUL, at which SQLite would end the text, is one.

    >>> words_of("tax\0 total")
    ['tax', 'total']
    """
    return unicodedata.normalize("NFC", text).replace("\0", " ").split()


def phrase(word: str) -> str:
    """Quote a word, so that FTS5 takes it literally."""
    return '"' + word.replace('"', '""') + '"'


def like_literal(word: str) -> str:
    r"""A word as LIKE with ``ESCAPE '\'`` takes it literally."""
    return re.sub(r"([\\%_])", r"\\\1", word)


def like_conditions(words: Iterable[str]) -> tuple[list[str], dict[str, Any]]:
    """Return SQL conditions on documents ``d`` that contain all words, and the values that they name."""
    values = {f"word{n}": f"%{like_literal(word)}%" for n, word in enumerate(words)}
    return [f"{ALL_TEXT} LIKE :{name} ESCAPE '\\'" for name in values], values


def match(words: Sequence[str], trigrams: Sequence[Sequence[str]] = ()) -> str:
    """Write a query of FTS5: all words, and of each group of trigrams at least one."""
    groups = [f"({' OR '.join(map(phrase, group))})" for group in trigrams]
    return " AND ".join([*map(phrase, words), *groups])


def trigrams_of(db: Database, word: str) -> list[str] | None:
    """Return the trigrams in the index that begin with a word of two characters; None if there are very many."""
    found: list[str] = []
    start = word = word.lower()
    sql = "SELECT term FROM documents_fts_terms WHERE term >= ? AND term < ? LIMIT 1"
    while (row := db.execute(sql, [start, word + _LAST]).fetchone()) is not None:
        found.append(row[0])
        if len(found) > _MAX_TRIGRAMS:
            return None
        start = row[0] + "\1"  # the least term after this one
    return found


def with_two_characters(name: str, *, is_indexed: bool) -> str:
    """Write the SELECT of the ids of all documents with a word of two characters.

    Args:
        name: of the value with its trigrams as a query of FTS5; that of the word itself is ``NAME_end``.
        is_indexed: there are such trigrams.
    """
    found = [f"SELECT id FROM {table} WHERE {end} = :{name}_end" for table, end in ENDS]
    if is_indexed:
        found.append(f"SELECT rowid FROM documents_fts WHERE documents_fts MATCH :{name}")
    return " UNION ".join(found)


def excerpt(text: str, words: Iterable[str]) -> str:
    """Cut out the text around the first of the words, line breaks as `` / ``.

    >>> excerpt("KEDAI PAPAN YEW CHUAN" + chr(10) + "TOTAL 12.50", ["total"])
    'KEDAI PAPAN YEW CHUAN / TOTAL 12.50'
    """
    found = re.search("|".join(map(re.escape, words)), text, re.IGNORECASE)
    start = max(0, found.start() - _EXCERPT_BEFORE) if found else 0
    start = 0 if start < _EXCERPT_BEFORE // 2 else start
    cut = text[start : start + _EXCERPT_LENGTH]
    dots = ("…" if start else "", "…" if start + _EXCERPT_LENGTH < len(text) else "")
    return dots[0] + " / ".join(re.split(r"[\n\f]+", cut.strip("\n\f"))) + dots[1]


_EXCERPT_BEFORE = 20
_EXCERPT_LENGTH = 72
"""Characters of an excerpt: before the first word found, and in all."""
