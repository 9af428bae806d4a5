"""Whatever comes from outside, mutated from what is honest: kept promises or typed errors, in bounded time.

The same functions are run for as long as one likes by ``make fuzz``.
"""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.hostile import TARGETS, mutated, seeds

MUTANTS = {
    "document": 40,
    "invoice": 60,
    "structure": 100,
    "pixels": 30,
    "code": 30,
    "text": 40,
    "rule": 25,
    "manifest": 25,
}
"""How many of each; what costs little is tried 200 times."""


@pytest.mark.parametrize("target", TARGETS)
def test_honest_input_and_its_mutants(target: str) -> None:
    chance = random.Random(20260803)
    honest = list(seeds(target))
    for data in honest:
        TARGETS[target](data)
    for _ in range(MUTANTS.get(target, 200)):
        TARGETS[target](mutated(chance.choice(honest), chance))


@pytest.mark.parametrize("target", ["structure", "config", "sidecar", "name", "document"])
@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=300))
def test_any_bytes(target: str, data: bytes) -> None:
    TARGETS[target](data)


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 100_000,
        b'{"schema": ' + b"9" * 10_000 + b"}",
        b'{"a\\u001b[2J": 1}',
        b"\xff\xfe",
        b"null",
        b"NaN",
        b'{"name": "\\ud800"}',
    ],
)
def test_sidecars_made_to_hurt(data: bytes) -> None:
    TARGETS["sidecar"](data)


@pytest.mark.parametrize(
    "data",
    [b"..", b".", b"\x1b]0;x\x07.pdf", b"\xff" * 255, "../发票".encode() * 20, b"\\x41", b"-rf", b" ", b"\n" * 255],
)
def test_names_made_to_hurt(data: bytes) -> None:
    TARGETS["name"](data)


@pytest.mark.parametrize(
    "data", [b"\n?\n\n-", b"rule: a\n? [b, c]\n: d\n", b"a: " + b"[" * 500, b"rule: &a [*a]", b"? ? a"]
)
def test_rules_made_to_hurt(data: bytes) -> None:
    TARGETS["rule"](data)
