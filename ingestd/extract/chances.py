"""Probabilities of values that a rule found, and their comparison with what the document as a whole says."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Set
from datetime import date

from ingestd.document import Field, FieldCandidate, Level, Reason, ReasonKind
from ingestd.extract.lexicon.labels import SqueezedDocument
from ingestd.extract.lexicon.model import Lexicon
from ingestd.extract.understand.confidence import probability
from ingestd.extract.understand.document import understand

PLACES = 4
"""Decimals of probabilities."""
MIN_TOLD_BLUR = 0.8
"""Doubt about all lines of a document from which on it is called hard to read."""
MIN_TOLD_DOUBT = 0.1
"""Doubt about the characters of a value from which on a person is told."""
RULE = "rule"
"""Name of the weights for values that a rule found."""
_DOUBTS = (
    ("missed", 1, "other amounts on the page make one that differs by a digit or by a rounding"),
    ("near", 1, "another value on the page differs from it by one digit"),
    ("short", 1, "it does not have two digits after its point"),
    ("doubt", MIN_TOLD_DOUBT, "the reader is not sure of its characters"),
    ("blur", MIN_TOLD_BLUR, "the page is hard to read"),
)
"""Feature -> least value from which on its sentence is told, the most telling first."""
_UNSUPPORTED = "nothing else on the page confirms it"

Features = Mapping[str, float]


def with_chances(
    fields: tuple[Field, ...],
    features: Mapping[str, Features],
    page: SqueezedDocument,
    today: date,
    lexicon: Lexicon | None,
    below: float,
) -> tuple[tuple[Field, ...], Mapping[str, Features]]:
    """Give each required field that a rule found the probability that its value is right.

    Args:
        fields: that the rule found.
        features: of the required ones; empty for those without a value.
        page: the document.
        today: no later day is a day of issue.
        lexicon: to understand the document as a whole; None where that is not asked.
        below: probability under which a person is told what speaks against a value.

    Returns:
        The fields, and what each probability is made from. Where the document as a whole is asked, it gives values that
        are missing, and contradicts others: these keep both.
    """
    told = {field.name: field for field in _whole(fields, features.keys(), page, today, lexicon)}
    found, known = [], {}
    for field in fields:
        understood = told.get(field.name)
        if field.value is None:
            found.append(understood or field)
        elif field.name not in features or field.level is Level.CONFLICT:
            found.append(field)
        elif understood is not None and understood.value != field.value:
            found.append(_contradicted(field, understood))
        else:
            known[field.name] = features[field.name]
            found.append(_judged(field, known[field.name], below))
    return tuple(found), known


def _whole(
    fields: tuple[Field, ...], names: Set[str], page: SqueezedDocument, today: date, lexicon: Lexicon | None
) -> Iterator[Field]:
    """Yield what the document as a whole says about some fields that the rule does not find, or only reads."""
    asked = {one.name for one in fields if one.name in names and (one.value is None or one.level is Level.READ)}
    understanding = understand(page, lexicon, today) if lexicon is not None and asked else None
    for field in understanding.fields if understanding is not None else ():
        if field.name in asked and field.value is not None:
            yield field


def _judged(field: Field, features: Features, below: float) -> Field:
    """Give a field its probability, and reasons where it is below what is asked for."""
    chance = probability(RULE, features)
    reasons = (*field.reasons, *_doubts(features)) if chance < below else field.reasons
    return dataclasses.replace(field, probability=chance, reasons=reasons)


def _doubts(features: Features) -> Iterator[Reason]:
    """Say what speaks against a value, for a person who has to look at it."""
    told = [text for name, least, text in _DOUBTS if features.get(name, 0.0) >= least]
    for text in told or [_UNSUPPORTED]:
        yield Reason(ReasonKind.NOTE, text)


def _contradicted(field: Field, understood: Field) -> Field:
    chance = round(1 - (understood.probability or 0.0), PLACES)
    reason = Reason(ReasonKind.NOTE, f"the document as a whole says {understood.value}")
    rival = FieldCandidate(
        understood.value or "",
        understood.raw or understood.value or "",
        understood.level,
        understood.reasons,
        understood.page_index,
        understood.quad,
    )
    reasons, candidates = (*field.reasons, reason), (rival, *field.candidates)
    return dataclasses.replace(field, probability=chance, reasons=reasons, candidates=candidates)
