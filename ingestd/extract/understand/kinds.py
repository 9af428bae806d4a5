"""Kind of a paper, from its headings and from what was found on it."""

from __future__ import annotations

from collections import defaultdict

from ingestd.extract.understand.phrases import Labels
from ingestd.layout.rows import LaidOutDocument

HEAD_ROWS = 14
"""Rows from the top in which a heading counts fully."""
_FOOT_SHARE = 0.35
"""Weight of a heading further down."""


def kind_of(document: LaidOutDocument, labels: Labels, *, numbered: bool, bought: bool, paid: bool) -> str:
    """Name the kind of paper.

    Args:
        document: the document.
        labels: of the document.
        numbered: a number of an invoice was found beside its label.
        bought: a buyer's block or a due date was found.
        paid: what was paid, or the change, is printed.

    Returns:
        One of the kinds of the lexicon; ``receipt`` where nothing tells.
    """
    votes: dict[str, float] = defaultdict(float)
    for phrase in labels.phrases:
        if not phrase.kinds:
            continue
        weight = 1.0 if phrase.place.row < HEAD_ROWS and phrase.place.page_index == document.first_page else _FOOT_SHARE
        weight *= 1.6 if phrase.alone else 0.5
        weight *= 1.0 + 0.05 * len(phrase.text)
        for kind in phrase.kinds:
            votes[kind] += weight / len(phrase.kinds)
    votes["invoice"] += 0.8 * numbered + 1.2 * bought
    votes["receipt"] += 0.9 * paid + 0.1
    return max(votes, key=lambda kind: votes[kind])
