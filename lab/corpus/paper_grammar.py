"""Papers whose structure is drawn at random from a grammar: blocks and their order, columns, sums, pages.

    drawn = paper(seed)
    reading = drawn.reading()            # text with boxes, for the understanding
    pages = drawn.pictures(fonts)        # the same, drawn

A rule of the grammar is a function that picks one of its forms and prints it through a :class:`Press`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from random import Random

import numpy as np

from ingestd.document import Reading
from lab.corpus.amounts import cents
from lab.corpus.fonts import Fonts
from lab.corpus.paper_facts import Paper, Party, invent
from lab.corpus.paper_press import Press, style_of
from lab.corpus.paper_reading import reading_of
from lab.corpus.paper_sums import print_receipt_sums, print_sums
from lab.corpus.raster import Raster, rasterise
from lab.corpus.sheet import Anchor, Sheet

WEARS = (0.0, 0.0, 0.0, 0.01, 0.03)
"""Chances of a misread letter, one of which a paper has."""
ANCHORS: tuple[Anchor, ...] = ("left", "middle", "right")
COLUMNS_MM = {"pos": 12.0, "item": 0.0, "quantity": 18.0, "price": 28.0, "rate": 18.0, "amount": 32.0}
"""Columns of goods from left to right and their widths; names of goods take what is left."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A paper, laid out."""

    seed: int
    facts: Paper
    sheets: tuple[Sheet, ...]
    truth: Mapping[str, str]

    def reading(self) -> Reading:
        """Return text and boxes, worn by chance as scans are."""
        rng = Random(f"wear/{self.seed}")
        return reading_of(self.sheets, rng, rng.choice(WEARS), self.facts.seller.name)

    def pictures(self, fonts: Fonts) -> tuple[Raster, ...]:
        """Draw the pages."""
        wear = np.random.default_rng(self.seed)
        return tuple(rasterise(sheet, fonts, wear) for sheet in self.sheets)


def paper(seed: int) -> Drawn:
    """Draw a paper.

    Args:
        seed: the same one gives the same paper.
    """
    rng = Random(f"paper/{seed}")
    facts = invent(rng)
    style = style_of(rng, facts)
    press = Press(rng, facts, style)
    _receipt(press) if facts.kind == "receipt" else _letter(press)
    missing = {"buyer_tax_no"} if not style.buyer_number else set()
    truth = {name: value for name, value in facts.truth().items() if name not in missing}
    return Drawn(seed, facts, tuple(press.sheets), truth)


def _letter(press: Press) -> None:
    """Print an invoice or a credit note: its blocks in one of several orders."""
    for block in press.rng.choice(
        (
            (_head, _title, _parties_and_facts, _goods),
            (_head, _parties_and_facts, _title, _goods),
            (_title, _head, _parties_and_facts, _goods),
        )
    ):
        block(press)
        press.feed(press.rng.choice((1, 2, 3)))
    print_sums(press)
    press.feed(2)
    _terms(press)
    _foot(press)


def _head(press: Press) -> None:
    """Print the seller: a letterhead on the left, in the middle or on the right."""
    rng, seller, style = press.rng, press.facts.seller, press.style
    anchor, x = press.edge(rng.choice(ANCHORS))
    press.text(x, seller.name, anchor, scale=rng.choice((1.0, 1.3, 1.8)), bold=True)
    press.feed(rng.choice((1.0, 1.4)))
    if rng.random() < 0.3:
        press.text(x, f"{seller.street}, {seller.town}", anchor)
        press.feed()
    else:
        for text in (seller.street, seller.town):
            press.text(x, text, anchor)
            press.feed()
    if rng.random() < 0.5:
        press.text(x, f"{press.word('phone')} {press.phone()}", anchor)
        press.feed()
    if not style.number_in_foot and seller.tax_no:
        press.text(x, press.colon(press.word("tax_no"), press.tax_no(seller)), anchor)
        press.feed()


def _title(press: Press) -> None:
    style, rng = press.style, press.rng
    title = press.word(press.facts.kind)
    if style.number_in_title:
        title = f"{title} {rng.choice(('', 'Nr. ', 'No. '))}{press.facts.number}"
    anchor, x = press.edge(rng.choice(ANCHORS))
    press.text(x, title, anchor, scale=rng.choice((1.2, 1.6, 2.2)), bold=True)
    press.feed(2)


def _parties_and_facts(press: Press) -> None:
    """Print the buyer and the numbers and dates, side by side or below each other."""
    style, rng = press.style, press.rng
    blocks = [_buyer, _facts]
    rng.shuffle(blocks)
    if style.facts_across:
        _buyer(press, style.left)
        press.feed()
        _facts_across(press)
    elif rng.random() < 0.7:
        top = press.y
        blocks[0](press, style.left)
        low, press.y = press.y, top
        blocks[1](press, style.middle + rng.choice((0, 10, 20)))
        press.y = max(low, press.y)
    else:
        for block in blocks:
            block(press, style.left)
            press.feed()


def _buyer(press: Press, x: float) -> None:
    rng, buyer, style = press.rng, press.facts.buyer, press.style
    if style.sender_line:
        seller = press.facts.seller
        press.text(x, f"{seller.name} - {seller.street} - {seller.town}", scale=0.7)
        press.feed()
    else:
        press.text(x, press.word("buyer") + rng.choice(("", ":")), bold=rng.random() < 0.5)
        press.feed()
    _address(press, x, buyer)
    if style.buyer_number:
        press.text(x, press.colon(press.word("buyer_tax_no"), press.tax_no(buyer)))
        press.feed()


def _address(press: Press, x: float, party: Party) -> None:
    for text in (party.name, party.street, party.town):
        press.text(x, text)
        press.feed()


def _pairs(press: Press) -> list[tuple[str, str]]:
    """Labels and values of the numbers and dates that this paper prints."""
    rng, facts = press.rng, press.facts
    number = press.word("credit_number" if facts.kind == "credit-note" else "number")
    pairs = [] if press.style.number_in_title else [(number, facts.number)]
    pairs.append((press.word("date"), press.day(facts.issued)))
    others = [
        (press.word("due"), press.day(facts.due)),
        (press.word("order"), facts.order_no),
        (press.word("customer"), facts.customer_no),
        (press.word("order_date"), press.day(facts.issued - timedelta(days=rng.randint(3, 40)))),
        (press.word("delivery_date"), press.day(facts.issued - timedelta(days=rng.randint(0, 3)))),
    ]
    pairs += rng.sample(others, rng.randint(0, len(others)))
    if rng.random() < 0.5:
        rng.shuffle(pairs)
    return pairs


def _facts(press: Press, x: float) -> None:
    """Print numbers and dates below each other: in one run of text each, or in two columns."""
    rng = press.rng
    joined = rng.random() < 0.4
    gap = rng.choice((38, 44, -70))
    mark = rng.choice((":", ":", ""))
    for label, value in _pairs(press):
        if joined:
            press.text(x, f"{label}{mark} {value}")
        else:
            press.text(x, label + mark, bold=press.style.bold_labels)
            press.text(x + abs(gap), value, "left" if gap > 0 else "right")
        press.feed()


def _facts_across(press: Press) -> None:
    """Print numbers and dates beside each other, each below its label."""
    pairs = _pairs(press)[:5]
    step = (press.style.right - press.style.left) / len(pairs)
    for row in (0, 1):
        for index, pair in enumerate(pairs):
            press.text(press.style.left + index * step, pair[row], bold=press.style.bold_labels and row == 0)
        press.feed(1.2)


def _goods(press: Press) -> None:
    """Print the table of goods over as many pages as it takes."""
    rng, facts, style = press.rng, press.facts, press.style
    shown = [name for name in ("pos", "quantity", "price", "rate") if rng.random() < 0.75]
    if len({line.rate for line in facts.lines}) > 1 and "rate" not in shown:
        shown.append("rate")
    if facts.pricing == "untaxed" or facts.locale.country == "US":
        shown = [name for name in shown if name != "rate"]
    names = [name for name in COLUMNS_MM if name in (*shown, "item", "amount")]
    widths = dict(COLUMNS_MM)
    widths["item"] += style.right - style.left - sum(widths[name] for name in names)
    heads: dict[str, str] = {name: rng.choice(press.words["columns"][name]) for name in names}
    if style.currency_in_head:
        heads["amount"] += f" {facts.locale.currencies[-1]}"
    _row(press, names, widths, heads)
    carried = Decimal(0)
    for index, line in enumerate(facts.lines, 1):
        if press.room() < 6:
            _carry(press, "carried", carried)
            press.turn()
            _carry(press, "brought", carried)
        sign = facts.sign
        cells = {
            "pos": str(index),
            "item": line.name,
            "quantity": str(line.quantity),
            "price": press.plain(line.price),
            "rate": f"{press.rate(line.rate)}{rng.choice(('%', ' %'))}",
            "amount": press.money(sign * line.amount) if style.currency_in_rows else press.plain(sign * line.amount),
        }
        _row(press, names, widths, cells)
        carried += sign * line.amount


def _carry(press: Press, label: str, amount: Decimal) -> None:
    if press.style.carries:
        press.text(press.style.left, press.word(label))
        press.text(press.style.right, press.plain(amount), "right")
        press.feed(1.3)


def _row(press: Press, names: Sequence[str], widths: Mapping[str, float], cells: Mapping[str, str]) -> None:
    x = press.style.left
    for name in names:
        numeric = name not in ("pos", "item")
        press.text(x + widths[name] if numeric else x, cells[name], "right" if numeric else "left")
        x += widths[name]
    press.feed(1.3)


def _terms(press: Press) -> None:
    facts = press.facts
    soon, less = press.day(facts.issued + timedelta(days=8)), press.money(cents(facts.total * 98 / 100))
    for text in press.rng.sample(press.words["terms"], press.rng.randint(0, len(press.words["terms"]))):
        press.text(press.style.left, text.format(due=press.day(facts.due), soon=soon, less=less))
        press.feed()


def _foot(press: Press) -> None:
    """Print what stands at the foot of every page: the seller's numbers, bank, pages."""
    rng, facts, style = press.rng, press.facts, press.style
    texts = [f"{press.word('bank')} {press.iban()}", f"{press.word('phone')} {press.phone()}"]
    if rng.random() < 0.6:
        texts.append(f"{press.word('register')} {rng.randint(1000, 999999)}")
    if style.number_in_foot and facts.seller.tax_no:
        texts.append(press.colon(press.word("tax_no"), press.tax_no(facts.seller)))
    if rng.random() < 0.5:
        texts.insert(0, facts.seller.name)
    rng.shuffle(texts)
    page = press.word("page")
    for number in range(1, len(press.sheets) + 1):
        press.go_to_foot(number - 1)
        for index, text in enumerate(texts):
            press.text(style.left + index % 3 * 62, text, scale=0.8)
            if index % 3 == 2:
                press.feed()
        if len(press.sheets) > 1 or rng.random() < 0.3:
            press.feed()
            press.text(style.right, page.format(n=number, m=len(press.sheets)), "right", scale=0.8)


def _receipt(press: Press) -> None:
    """Print a receipt: everything below each other."""
    rng, facts, style = press.rng, press.facts, press.style
    seller = facts.seller
    centred = rng.random() < 0.75
    anchor, x = press.edge("middle" if centred else "left")
    press.text(x, seller.name.upper() if rng.random() < 0.4 else seller.name, anchor, scale=rng.choice((1.0, 1.3)))
    press.feed()
    for text in (seller.street, seller.town, f"{press.word('phone')} {press.phone()}")[: rng.randint(1, 3)]:
        press.text(x, text, anchor)
        press.feed()
    if seller.tax_no:
        press.text(x, press.colon(press.word("tax_no"), press.tax_no(seller)), anchor)
        press.feed()
    if rng.random() < 0.6:
        press.text(style.middle, press.word("receipt"), "middle")
        press.feed()
    _receipt_facts(press)
    for line in facts.lines:
        name = line.name if line.quantity == 1 else f"{line.quantity} x {line.name}"
        press.pair(name, press.plain(line.amount))
    press.feed()
    print_receipt_sums(press)
    press.feed()
    press.text(style.middle, press.word("thanks"), "middle")


def _receipt_facts(press: Press) -> None:
    rng, facts = press.rng, press.facts
    clock = f"{rng.randint(8, 20):02}:{rng.randint(0, 59):02}"
    day = press.day(facts.issued) + (f" {clock}" if rng.random() < 0.7 else "")
    label = press.word("receipt_date")
    pairs = [(press.word("receipt_number"), facts.number), (label, day)]
    rng.shuffle(pairs)
    if rng.random() < 0.3 and label:
        for label, value in pairs:
            press.pair(label, value)
    else:
        for label, value in pairs:
            press.text(press.style.left, f"{label}{rng.choice((':', ' '))} {value}" if label else value)
            press.feed()
    press.feed()
