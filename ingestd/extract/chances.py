"""Probabilities of values that a rule found, their comparison with the document as a whole, and reasons for doubt."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Set
from datetime import date

from ingestd.document import Field, FieldCandidate, Level, Reason, ReasonKind
from ingestd.extract.confirm.doubts import doubts
from ingestd.extract.lexicon.labels import SqueezedDocument
from ingestd.extract.lexicon.model import Lexicon
from ingestd.extract.rulefile.compiled import RuleSet
from ingestd.extract.understand.confidence import probability
from ingestd.extract.understand.document import understand

PLACES = 4
"""Decimals of probabilities."""
RULE = "rule"
"""Name of the weights for values that a rule found."""
_AGAINST = (
    ("missed", 1, "other amounts on the page make one that differs by a digit or by a rounding"),
    ("near", 1, "another value on the page differs from it by one digit"),
    ("short", 1, "it does not have two digits after its point"),
    ("misshapen", 1, "no tax number of its country looks like this"),
    ("loose", 1, "other labelled amounts on the page do not fit"),
    ("bare", 1, "it has neither cents nor a currency"),
    ("doubt", 0.1, "the reader is not sure of its characters"),
    ("blur", 0.8, "the page is hard to read"),
)
"""Feature -> least value from which on its sentence is told, the most telling first."""
_WEAK = (
    ("margin", 1.0, "another value is nearly as likely"),
    ("score", 1.5, "no clear label says what it is"),
    ("label", 1.5, "no clear label says what it is"),
)
"""Feature -> value below which its sentence is told."""
_UNSUPPORTED = "nothing else on the page confirms it"

Features = Mapping[str, float]


def with_chances(
    fields: tuple[Field, ...],
    features: Mapping[str, Features],
    page: SqueezedDocument,
    today: date,
    lexicon: Lexicon | None,
) -> tuple[tuple[Field, ...], Mapping[str, Features]]:
    """Give each required field that a rule found the probability that its value is right.

    Args:
        fields: that the rule found.
        features: of the required ones; empty for those without a value.
        page: the document.
        today: no later day is a day of issue.
        lexicon: to understand the document as a whole; None where that is not asked.

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
            found.append(dataclasses.replace(field, probability=probability(RULE, known[field.name])))
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


def with_doubts(
    fields: tuple[Field, ...], features: Mapping[str, Features], kind: str, rules: RuleSet
) -> tuple[Field, ...]:
    """Add to the fields whose probability keeps a document in review what speaks against them.

    Args:
        fields: of the document.
        features: what their probabilities are made from.
        kind: of the document.
        rules: today's.
    """
    left = doubts(kind, fields, rules)
    return tuple(
        dataclasses.replace(one, reasons=(*one.reasons, *_doubts(features.get(one.name, {}))))
        if one.name in left and _is_unexplained(one, features)
        else one
        for one in fields
    )


def _is_unexplained(field: Field, features: Mapping[str, Features]) -> bool:
    """Tell whether neither the level nor a note says why a field is in doubt."""
    if field.value is None or field.level is Level.CONFLICT:
        return False
    return field.name in features or all(reason.kind is not ReasonKind.NOTE for reason in field.reasons)


def _doubts(features: Features) -> Iterator[Reason]:
    """Say what speaks against a value, for a person who has to look at it."""
    told = [text for name, least, text in _AGAINST if features.get(name, 0.0) >= least]
    told += [text for name, least, text in _WEAK if features.get(name, least) < least]
    if not told and features.get("settled", 1.0):  # the reasons of a date that is not settled tell its other meaning
        told = [_UNSUPPORTED]
    for text in dict.fromkeys(told):
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
