"""The words of vocabulary.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from random import Random


@cache
def _tables() -> Mapping[str, Mapping[str, Sequence[str]]]:
    return tomllib.loads(files("lab.train").joinpath("vocabulary.toml").read_text(encoding="utf-8"))


def pick(rng: Random, language: str, table: str) -> str:
    """One entry of a table, all alike; of a table that is a string, one character.

    Args:
        rng: source of chance.
        language: ``zh`` or ``en``.
        table: a key of that section.
    """
    return rng.choice(_tables()[language][table])
