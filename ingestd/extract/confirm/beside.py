"""Labels beside a value that a person gave: the printed words from which a rule could have taken it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import regex

from ingestd.document import FieldType, Line
from ingestd.extract.confirm.taken import value_inside
from ingestd.extract.confirm.typed import Context, read_typed
from ingestd.extract.values.dates import Rejected
from ingestd.layout.geometry import bounds

MAX_LABEL = 40
"""Characters; longer texts are sentences."""
_REACH = 2.5
"""Text heights above a value within which its label is looked for."""
_EDGE = regex.compile(r"^[^\p{L}]+|[^\p{L}]+$")
_WORDS = regex.compile(r"\p{L}[\p{L} .'’/&-]*")

Box = tuple[float, float, float, float]


def labels_beside(lines: Sequence[Line], value: str, of_type: FieldType, context: Context) -> tuple[str, ...]:
    """Find the labels of a value: before it in its line, else left of it, else above it.

    Args:
        lines: of a document.
        value: normalised.
        of_type: of the field.
        context: of the field.

    Returns:
        Each once, in lower case, in reading order of the places where the value stands.
    """
    found: dict[str, None] = {}
    for line in lines:
        piece = value_inside(line.text, of_type, context)
        if _normal(piece, of_type, context) == value:
            found.update(dict.fromkeys(filter(None, map(_label, _around(line, piece, lines)))))
    return tuple(found)


def _normal(text: str, of_type: FieldType, context: Context) -> str | None:
    try:
        return read_typed(text, of_type, context)
    except Rejected:
        return None


def _around(line: Line, piece: str, lines: Sequence[Line]) -> Iterator[str]:
    """Texts that may name the value that is a piece of a line."""
    before = line.text.partition(piece)[0]
    if _label(before):
        yield before
        return
    others = [other for other in lines if other.page_index == line.page_index and other is not line]
    left, top, right, bottom = bounds(line.quad)
    beside = [(bounds(other.quad), other.text) for other in others]
    on_row = [(box, text) for box, text in beside if box[2] <= left + 1 and box[1] < (top + bottom) / 2 < box[3]]
    above = [
        (box, text)
        for box, text in beside
        if box[0] < right and left < box[2] and 0 <= top - box[3] + 1 <= _REACH * (bottom - top)
    ]
    nearest = max(on_row, key=lambda one: one[0][2])[1] if on_row else ""
    if _label(nearest):
        yield nearest
    elif above:
        yield max(above, key=lambda one: one[0][3])[1]


def _label(text: str) -> str:
    """A text as a label: lower case, without signs around it; empty where it cannot be one.

    >>> _label("Jumlah Bayar :"), _label("12.50"), _label("RM"), _label("价税合计（小写）")
    ('jumlah bayar', '', '', '价税合计')
    """
    clean = _EDGE.sub("", regex.split(r"[(（:：]", text.strip())[0]).lower()
    enough = len(clean) > 2 or (len(clean) == 2 and regex.fullmatch(r"\p{Han}+", clean) is not None)
    return clean if enough and len(clean) <= MAX_LABEL and _WORDS.fullmatch(clean) else ""
