"""Readings of characters whose truth is known; simulations of misread numbers are sampled from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import regex

from ingestd.extract.proof.alternatives import Alternatives, alternatives_of
from ingestd.layout.rows import LaidOutDocument, Span, lay_out
from lab.bench.data import labelled
from lab.bench.product import readings
from lab.bench.truths import known

MIN_LETTERS = 6
"""Fewest letters and digits of a run that is compared with a label."""

_NUMBERS = ("invoice_code", "invoice_no", "check_code", "buyer_tax_no", "seller_tax_no")


@dataclass(slots=True)
class Misreadings:
    """Characters that were offered for known ones."""

    offered: dict[str, list[Alternatives]] = field(default_factory=lambda: defaultdict(list))
    """True character -> offers of the recogniser where it stood."""
    surplus: list[Alternatives] = field(default_factory=list)
    """Offers where nothing stood."""
    lost: list[bool] = field(default_factory=list)
    """For each character that was left out: True where one beside it is the same."""

    @property
    def characters(self) -> int:
        """Number of characters compared."""
        return sum(map(len, self.offered.values()))

    @property
    def misread(self) -> int:
        """Number of these taken for something else."""
        return sum(choice[0][0] != true for true, found in self.offered.items() for choice in found)


def collect() -> Misreadings:
    """Compare receipts of sroie-train and invoices of invoices-tune with their truth."""
    found = Misreadings()
    pages = labelled("sroie-train")
    read = readings([page.path for page in pages])
    for page in pages:
        _compare(lay_out(read[page.path]), [letters(line) for line in page.lines], found)
    invoices = known("invoices-tune")
    read = readings([invoice.path for invoice in invoices])
    for invoice in invoices:
        numbers = [value for (name,), value in invoice.values.items() if name in _NUMBERS]
        _compare(lay_out(read[invoice.path]), numbers, found)
    return found


def letters(text: str) -> str:
    """Return letters and digits of a text, upper case."""
    return "".join(character for character in text.upper() if character.isalnum())


def _compare(document: LaidOutDocument, labels: Sequence[str], found: Misreadings) -> None:
    """Take up every run of letters and digits that can be only one of the labels."""
    wanted = {label for label in labels if len(label) >= MIN_LETTERS}
    for span in _runs(document):
        offered = alternatives_of(document, [span])
        if offered is None or len(offered) < MIN_LETTERS:
            continue
        text = "".join(choice[0][0] for choice in offered)
        near = {label for label in wanted if near_enough(label, text)}
        if len(near) == 1:
            take_up(near.pop(), text, offered, found)


def _runs(document: LaidOutDocument) -> Iterator[Span]:
    """Whole lines, and the numbers in them."""
    for index, line in enumerate(document.reading.lines):
        yield Span(index, 0, len(line.text))
        for number in regex.finditer(r"[0-9A-Z](?: ?[0-9A-Z]){7,}", line.text):
            if number.span() != (0, len(line.text)):
                yield Span(index, *number.span())


def near_enough(label: str, text: str) -> bool:
    """Return True where two texts differ in at most two characters, or in one too many or too few."""
    if len(label) == len(text):
        return sum(a != b for a, b in zip(label, text, strict=True)) <= 2
    longer, shorter = sorted((label, text), key=len, reverse=True)
    return len(longer) == len(shorter) + 1 and _extra(longer, shorter) is not None


def _extra(longer: str, shorter: str) -> int | None:
    """Return the last place whose character only ``longer`` has, if that is the only difference."""
    same = next((place for place, (a, b) in enumerate(zip(longer, shorter, strict=False)) if a != b), len(shorter))
    return same if longer[same + 1 :] == shorter[same:] else None


def take_up(label: str, text: str, offered: Sequence[Alternatives], found: Misreadings) -> None:
    """Note the offers for each character of a label.

    Args:
        label: the true text.
        text: the reading, see :func:`near_enough`.
        offered: choices for each character of ``text``.
        found: added to.
    """
    if len(label) == len(text):
        for true, choice in zip(label, offered, strict=True):
            found.offered[true].append(choice)
    elif len(text) > len(label):
        found.surplus.append(offered[_extra(text, label) or 0])
    else:
        place = _extra(label, text) or 0
        beside = label[max(place - 1, 0) : place] + label[place + 1 : place + 2]
        found.lost.append(label[place] in beside)
