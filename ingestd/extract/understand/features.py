"""Features of findings: what the chance that a value is right is computed from, each 0 where it says nothing.

Every feature is a number from 0 on. Those in ``AGAINST`` speak against a value, all others for it; fitted weights keep
that sign (lab/train/understanding.py).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from ingestd.document import Reading
from ingestd.extract.understand.amounts import Scored
from ingestd.extract.understand.dates import DayChoice
from ingestd.extract.understand.mentions import Place, spans_of
from ingestd.extract.understand.numbers import NumberChoice, is_misshapen
from ingestd.extract.understand.totals import Explanation
from ingestd.layout.rows import LaidOutDocument, Span

Features = Mapping[str, float]

AGAINST = frozenset({"doubt", "loose", "lost", "bare", "conflict", "misshapen", "blur", "near", "short", "missed"})
"""Features that speak against a value."""
MAX_MARGIN = 5.0
"""Lead over the best rival, in units of score, above which more says nothing more."""
MAX_NUMBER_MARGIN = 1.5
"""The same for the number of the paper, whose rivals are of other kinds as a rule."""
NO_RIVAL = 3.0
"""Margin of a value without a rival."""
MAX_DOUBT = 3.0
"""Doubt of the reader above which more says nothing more."""
MAX_BLUR = 3.0
"""Doubt of the reader about the whole document above which more says nothing more."""
MIN_TELLING = 3
"""Characters from which on a line tells how well a page is read; shorter ones are often specks."""
MAX_LABEL = 4.0
"""Score of a label above which more says nothing more."""
_LOOSE_ROLES = frozenset({"total", "net", "tax"})
_LOOSE_LINK = 2.5


def margin(scores: Sequence[float]) -> float:
    """Return the lead of the first score over the second, 0 to 5.

    Args:
        scores: of different values, best first.
    """
    return max(0.0, min(scores[0] - scores[1], MAX_MARGIN)) if len(scores) > 1 else NO_RIVAL


def doubt(document: LaidOutDocument, places: Iterable[Place]) -> float:
    """Return the doubt of the reader about the characters of some places.

    Returns:
        Minus the logarithm of the product of their probabilities, 0 to 3; 0 for a text layer.
    """
    return doubt_of_spans(document, [span for place in places for span in spans_of(document, place)])


def doubt_of_spans(document: LaidOutDocument, spans: Iterable[Span]) -> float:
    """Return the doubt of the reader about the characters of some spans; see :func:`doubt`."""
    total = 0.0
    for span in spans:
        for char in document.reading.lines[span.line].chars[span.start : span.end]:
            total -= math.log(max(char.alternatives[0][1], 0.01))
    return min(total, MAX_DOUBT)


def blur(reading: Reading) -> float:
    """Return the doubt of the reader about a document as a whole.

    Returns:
        Mean over its lines of the chance that a character is wrong, in tenths, 0 to 3; 0 for a text layer.
    """
    doubts = [1 - line.confidence for line in reading.lines if len(line.text) >= MIN_TELLING]
    return min(10 * sum(doubts) / len(doubts), MAX_BLUR) if doubts else 0.0


def amount_features(
    document: LaidOutDocument, explanations: Sequence[Explanation], scored: Sequence[Scored], *, conflict: bool
) -> dict[str, float]:
    """Describe how the amounts of a document were found.

    Args:
        document: the document.
        explanations: best first, at least one.
        scored: all amounts.
        conflict: net, tax and total are clearly labelled and do not add up.
    """
    best = explanations[0]
    lesser = [way.score for way in explanations[1:] if way.total.cents != best.total.cents]
    used = [one for one in (best.net, *best.taxes, best.total) if one is not None]
    whole = all(one.penalty == 0 for one in used)
    exact = best.equation == "sum" and not best.rounded
    closes = exact and best.labelled and whole
    places = {one.amount.place for one in used}
    return {
        "margin": margin([best.score, *lesser]),
        "label": max(0.0, min(best.parts.get("total", 0.0), 2 * MAX_LABEL)),
        "closes": closes,
        "adds": (exact or best.equation == "zero") and not closes,
        "rate": best.rate and closes,
        "paid": best.paid,
        "items": any(one.is_sum for one in used),
        "within": best.equation == "included",
        "again": _others(scored, best) > 0,
        "loose": min(loose_amounts(best, scored), 3),
        "conflict": conflict,
        "lost": not whole,
        "bare": not (best.total.amount.written or best.total.amount.currency),
        "doubt": doubt(document, places),
    }


def _others(scored: Sequence[Scored], best: Explanation) -> int:
    """Count the places that repeat the total."""
    places = {one.amount.place for one in scored if one.cents == best.total.cents and one.penalty == 0}
    return len(places) - 1


def loose_amounts(best: Explanation, scored: Sequence[Scored]) -> int:
    """Count the values that a clear label beside them calls net, tax or total, and that the explanation leaves out."""
    parts = (*best.taxes, *best.extras, best.total, *((best.net,) if best.net is not None else ()))
    explained = {abs(one.cents) for one in parts} | {abs(best.tax_cents), 0}
    left = {
        abs(one.cents)
        for one in scored
        if one.dominant in _LOOSE_ROLES
        and one.evidence[one.dominant] > _LOOSE_LINK
        and one.links
        and one.links[0].relation == "right"
        and one.penalty == 0
    }
    return len(left - explained)


def number_features(document: LaidOutDocument, numbers: Sequence[NumberChoice]) -> dict[str, float]:
    """Describe how the number of the paper was found.

    Args:
        document: the document.
        numbers: best first, at least one.
    """
    best = numbers[0]
    different = {choice.text: choice for choice in reversed(numbers)}
    scores = sorted((choice.score for choice in different.values()), reverse=True)
    return {
        "score": max(0.0, min(best.score, MAX_LABEL)),
        "margin": min(margin(scores), MAX_NUMBER_MARGIN),
        "strong": bool(best.links) and best.links[0].phrase.role == "invoice_no",
        "again": sum(choice.text == best.text for choice in numbers) > 1,
        "doubt": doubt(document, (best.place,)),
    }


def date_features(document: LaidOutDocument, dates: Sequence[DayChoice]) -> dict[str, float]:
    """Describe how the day of issue was found.

    Args:
        document: the document.
        dates: best first, at least one.
    """
    best = dates[0]
    others = [choice.score for choice in dates if choice.day != best.day]
    return {
        "score": max(0.0, min(best.score, MAX_LABEL)),
        "margin": margin([best.score, *others]),
        "settled": best.settled,
        "again": sum(choice.day == best.day for choice in dates) > 1,
        "only": not others,
        "doubt": doubt(document, (best.mention.place,)),
    }


def tax_number_features(document: LaidOutDocument, choice: NumberChoice, lead: float) -> dict[str, float]:
    """Describe how the tax number of a party was found.

    Args:
        document: the document.
        choice: the number.
        lead: over the best other tax number, from :func:`margin`.
    """
    return {
        "score": max(0.0, min(choice.score, 2 * MAX_LABEL)),
        "checked": bool(choice.scheme),
        "labelled": bool(choice.links) and choice.links[0].phrase.role == "tax_no",
        "margin": lead,
        "misshapen": is_misshapen(choice.text),
        "doubt": doubt(document, (choice.place,)),
    }
