"""Sums of the paper grammar: subtotals, taxes by rate, total, what was paid and what is due."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

from lab.corpus.paper_press import Press

Row = tuple[str, Decimal]


def print_sums(press: Press) -> None:
    """Print the sums of an invoice in one of their forms."""
    rng, facts = press.rng, press.facts
    if press.room() < 16:
        press.turn()
    plain = not (facts.discount or facts.shipping or facts.rounding or facts.prepaid or facts.previous)
    if plain and facts.pricing in ("net", "gross") and len(facts.bases) == 1 and rng.random() < 0.15:
        _across(press)
        return
    if len(facts.bases) > 1 and facts.pricing in ("net", "gross") and rng.random() < 0.4:
        _rate_table(press)
        press.feed()
    write: Callable[[Decimal], str] = press.money if rng.random() < 0.7 else press.plain
    style = press.style
    edge, anchor = rng.choice(((style.left, "left"), (style.middle + 5, "left"), (style.right - 40, "right")))
    mark = rng.choice((":", "", ""))
    for label, amount in (*_rows(press), *_after_total(press)):
        press.text(edge, label + mark, "right" if anchor == "right" else "left", bold=style.bold_labels)
        press.text(style.right, write(amount), "right")
        press.feed(1.2)


def _rows(press: Press) -> Iterator[Row]:
    """Sums down to the total, with the sign of the paper."""
    rng, facts, sign = press.rng, press.facts, press.facts.sign
    if facts.discount or facts.shipping or (rng.random() < 0.2 and facts.pricing == "net" and len(facts.bases) == 1):
        yield press.word("sub"), sign * facts.goods
    if facts.discount:
        yield press.word("discount"), sign * rng.choice((1, -1)) * facts.discount
    if facts.shipping:
        yield press.word("shipping"), sign * facts.shipping
    total = (press.word("total"), sign * facts.total)
    taxed = list(_taxes(press))
    if facts.pricing in ("included", "untaxed") or (facts.pricing == "gross" and rng.random() < 0.5):
        yield total
        yield from taxed
        return
    yield from taxed
    if facts.rounding:
        yield press.word("rounding"), sign * facts.rounding
    yield total


def _taxes(press: Press) -> Iterator[Row]:
    """Net, and the tax of each rate."""
    facts, sign = press.facts, press.facts.sign
    if facts.pricing == "untaxed":
        return
    if facts.pricing == "included":
        for rate, (_, tax) in facts.bases.items():
            yield press.tax_label("included", rate), sign * tax
        return
    yield press.word("net"), sign * facts.net
    for rate, (_, tax) in facts.bases.items():
        yield press.tax_label("tax", rate), sign * tax


def _after_total(press: Press) -> Iterator[Row]:
    """Previous balance, what was paid in advance, and what is left to pay."""
    facts, sign = press.facts, press.facts.sign
    if facts.previous:
        yield press.word("previous"), facts.previous
    if facts.prepaid:
        yield press.word("prepaid"), press.rng.choice((1, -1)) * facts.prepaid
    left = sign * facts.total + facts.previous - facts.prepaid
    if facts.previous or facts.prepaid or press.rng.random() < 0.15:
        yield press.word("due_amount"), left


def _across(press: Press) -> None:
    """Print net, tax and total beside each other, each below its label."""
    facts, sign = press.facts, press.facts.sign
    ((rate, (net, tax)),) = facts.bases.items()
    cells = ((press.word("net"), net), (press.tax_label("tax", rate), tax), (press.word("total"), facts.total))
    for row in (0, 1):
        for index, (label, amount) in enumerate(cells):
            text = label if row == 0 else press.money(sign * amount)
            press.text(press.style.right - 42 * (2 - index), text, "right")
        press.feed(1.2)


def _rate_table(press: Press) -> None:
    """Print net and tax of each rate as a table."""
    sign, style = press.facts.sign, press.style
    tax = next((text for text in press.words["tax"] if "{rate}" not in text), press.words["columns"]["rate"][0])
    heads = (press.rng.choice(press.words["columns"]["rate"]), press.word("base"), tax)
    edges = (style.left + 20, style.left + 55, style.left + 90)
    for edge, head in zip(edges, heads, strict=True):
        press.text(edge, head, "right")
    press.feed()
    for rate, (net, tax) in press.facts.bases.items():
        cells = (f"{press.rate(rate)}%", press.plain(sign * net), press.plain(sign * tax))
        for edge, cell in zip(edges, cells, strict=True):
            press.text(edge, cell, "right")
        press.feed()


def print_receipt_sums(press: Press) -> None:
    """Print the sums of a receipt, and what was given and given back."""
    rng, facts = press.rng, press.facts
    write: Callable[[Decimal], str] = press.money if rng.random() < 0.5 else press.plain
    for label, amount in _rows(press):
        press.pair(label, write(amount))
    if facts.tender:
        press.pair(press.word("paid"), write(facts.tender))
        press.pair(press.word("change"), write(facts.tender - facts.total))
