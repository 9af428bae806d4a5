"""Features of values that a rule found: what the chance that a value is right is computed from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import regex

from ingestd.document import FieldType, Level
from ingestd.extract.proof.balance import first_values
from ingestd.extract.proof.evidence import FieldEvidence
from ingestd.extract.rulefile.equation import Equation
from ingestd.extract.search.candidates import Candidate
from ingestd.extract.understand.features import blur, doubt_of_spans
from ingestd.layout.rows import LaidOutDocument

ROUNDING_CENTS = 10
"""Most that a total may differ from a sum because of rounding."""
_CENTS = regex.compile(r"[.,]\s?\d\d(?!\d)")


def rule_features(
    evidence: FieldEvidence, chosen: Candidate, level: Level, document: LaidOutDocument, missed: int
) -> dict[str, float]:
    """Describe how a rule found a value; a proof holds on whatever page it was read.

    Args:
        evidence: about the field.
        chosen: its value.
        level: of the field.
        document: the document.
        missed: equations that the value misses by a digit or by a rounding.
    """
    if level is Level.PROVED:
        return {"proved": 1.0}
    elsewhere = [one for one in evidence.candidates if set(one.spans).isdisjoint(chosen.spans)]
    again = any(is_elsewhere(one, chosen) for one in evidence.candidates)
    return {
        "proved": 0.0,
        "agreed": level is Level.AGREED,
        "labelled": not chosen.rank.unlabelled,
        "again": again,
        "doubt": doubt_of_spans(document, chosen.spans),
        "near": not again and any(_is_digit_apart(one.value.text, chosen.value.text) for one in elsewhere),
        "short": evidence.field.spec.type == FieldType.MONEY and _is_short(chosen, elsewhere),
        "missed": missed,
        "blur": blur(document.reading),
    }


def is_elsewhere(other: Candidate, chosen: Candidate) -> bool:
    """Return True for a second printing of the same value on another line."""
    if other.value.text != chosen.value.text:
        return False
    return not {span.line for span in other.spans} & {span.line for span in chosen.spans}


def _is_short(chosen: Candidate, elsewhere: Sequence[Candidate]) -> bool:
    """Tell whether an amount lacks a digit or the sign before its cents, which other amounts of the paper have."""
    if not any(character.isdecimal() for character in chosen.raw):
        return False  # in words
    return _CENTS.search(chosen.raw) is None and any(_CENTS.search(one.raw) for one in elsewhere)


def _is_digit_apart(one: str, other: str) -> bool:
    """Tell whether two values differ in one character.

    >>> _is_digit_apart("159.00", "199.00"), _is_digit_apart("159.00", "59.00"), _is_digit_apart("1.00", "1.00")
    (True, False, False)
    """
    return len(one) == len(other) and sum(a != b for a, b in zip(one, other, strict=True)) == 1


def count_missed(by_field: Mapping[str, FieldEvidence], unsolved: Sequence[Equation], name: str) -> int:
    """Count the equations that the chosen values miss by one digit or by a rounding: one of them is misread.

    Args:
        by_field: settled evidence.
        unsolved: equations that no values fulfil.
        name: of the field.
    """
    count = 0
    for equation in unsolved:
        values = {part: [one] if (one := by_field[part].chosen) is not None else [] for part in equation.fields}
        if name not in equation.fields or (balance := first_values(equation, values)) is None or balance.exact:
            continue
        left, right = balance.left, balance.result.cents
        count += abs(left - right) <= ROUNDING_CENTS or _is_digit_apart(str(left), str(right))
    return count
