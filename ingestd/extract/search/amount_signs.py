"""Amounts as signs of a kind of document: labels fade, and sums still close."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import regex

from ingestd.extract.lexicon.labels import TIMEOUT_S
from ingestd.extract.rulefile.model import AmountSign
from ingestd.extract.values.financial_numerals import parse_financial_numerals
from ingestd.extract.values.normalise import PATTERNS
from ingestd.layout.rows import LaidOutDocument

_CAPITAL = regex.compile(PATTERNS["capital"])
_FIGURES = regex.compile(r"(?<![\w.,])[¥￥]?\s?(\d{1,3}(?:,\d{3})+\.\d{2}|\d+[.,]\d{2})(?![\d%])")
_RATES = tuple(map(Decimal, ("1", "1.5", "3", "5", "6", "9", "10", "11", "13", "16", "17")))
"""Rates of value added tax in China since 2009, in percent."""
MAX_AMOUNTS = 200
"""Amounts of a document that are looked at."""


def amount_signs(document: LaidOutDocument) -> frozenset[AmountSign]:
    """Find the signs that the amounts of a document give.

    The tax of ``sum`` is a usual rate of its net. The total is the largest amount, or one in capital characters.
    """
    figures = sorted(set(_figures(document)), reverse=True)[:MAX_AMOUNTS]
    words = {cents for cents in _words(document) if cents}
    found: set[AmountSign] = set()
    if words.intersection(figures):
        found.add("words")
    totals = words.union(figures[:1])
    if any(_is_tax(total - net, net) for total in totals for net in figures if total - net in figures):
        found.add("sum")
    return frozenset(found)


def _is_tax(tax: int, net: int) -> bool:
    return 0 < tax < net and any(abs(net * rate / 100 - tax) <= 1 for rate in _RATES)


def _figures(document: LaidOutDocument) -> Iterator[int]:
    for row in document.rows:
        for match in _FIGURES.finditer(row.text):
            yield int(match[1].replace(",", "").replace(".", ""))


def _words(document: LaidOutDocument) -> Iterator[int]:
    for row in document.rows:
        try:
            for match in _CAPITAL.finditer(row.text, timeout=TIMEOUT_S):
                yield int(parse_financial_numerals(match[0]).scaleb(2))
        except (TimeoutError, ValueError):  # a garbled amount is not a sign
            continue
