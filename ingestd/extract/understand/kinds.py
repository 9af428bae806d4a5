"""Kind of a paper, from its headings and from what was found on it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from ingestd.extract.understand.amounts import Scored
from ingestd.extract.understand.phrases import Labels, Phrase
from ingestd.layout.rows import LaidOutDocument

HEAD_ROWS = 14
"""Rows from the top in which a heading counts fully."""
_FOOT_SHARE = 0.35
"""Weight of a heading further down."""

_SUMS = frozenset(("total", "net", "tax", "due"))
"""Roles that make any number beside their labels an amount of money."""
_OF_MONEY = frozenset(("sub", "amount", "base", "paid", "change", "rounding", "prepaid", "discount", "tip"))
"""Roles of labels that stand on papers about money, but in other texts too."""


def is_about_money(document: LaidOutDocument, labels: Labels, scored: Sequence[Scored]) -> bool:
    """Tell whether a paper is about money: its heading says so, or labels of sums stand beside amounts.

    A date beside its label is not enough: letters and forms have one too.
    """
    titles = [phrase for phrase in labels.phrases if phrase.kinds]
    if any(phrase.alone and _is_in_head(phrase, document) for phrase in titles):
        return True
    if any(one.dominant in _SUMS for one in scored):
        return True
    written = [one for one in scored if one.amount.written or one.amount.currency]
    return bool(written and titles) or any(one.dominant in _OF_MONEY for one in written)


def _is_in_head(phrase: Phrase, document: LaidOutDocument) -> bool:
    return phrase.place.row < HEAD_ROWS and phrase.place.page_index == document.first_page


def kind_of(document: LaidOutDocument, labels: Labels, *, numbered: str | None, bought: bool, paid: bool) -> str:
    """Name the kind of paper.

    Args:
        document: the document.
        labels: of the document.
        numbered: kind of paper whose number was found beside its label; None without a number.
        bought: a buyer's block or a due date was found.
        paid: what was paid, or the change, is printed.

    Returns:
        One of the kinds of the lexicon; ``receipt`` where nothing tells.
    """
    votes: dict[str, float] = defaultdict(float)
    for phrase in labels.phrases:
        if not phrase.kinds:
            continue
        weight = 1.0 if _is_in_head(phrase, document) else _FOOT_SHARE
        weight *= 1.6 if phrase.alone else 0.5
        weight *= 1.0 + 0.05 * len(phrase.text)
        for kind in phrase.kinds:
            votes[kind] += weight / len(phrase.kinds)
    votes["invoice"] += 1.2 * bought
    if numbered is not None:
        votes[numbered] += 0.8
    votes["receipt"] += 0.9 * paid + 0.1
    return max(votes, key=lambda kind: votes[kind])
