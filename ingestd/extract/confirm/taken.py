"""Text that a person takes from the page with a click or a box, cut down to a value of its field."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import regex

from ingestd.document import FieldType, Line, Quad
from ingestd.extract.confirm.typed import MAX_CHARACTERS, Context, read_typed
from ingestd.extract.values.dates import Rejected
from ingestd.layout.geometry import rect_quad

Box = tuple[float, float, float, float]
"""Left, top, right and bottom in decoded pixels."""

_AMOUNT = regex.compile(r"[(-]?\d[\d.,' ]*\d\)?-?|\d")
_DATE = regex.compile(r"\d[\d\s./~年月日-]{4,}\d日?|\d{1,2}[\s.-][A-Za-z]{3,9}[\s.,-]{1,2}\d{2,4}")
_CODE = regex.compile(r"[0-9A-Za-z][0-9A-Za-z\-/.]*")
_PIECES = {
    FieldType.MONEY: _AMOUNT,
    FieldType.DATE: _DATE,
    FieldType.DIGITS: _CODE,
    FieldType.CODE: _CODE,
    FieldType.PERCENT: regex.compile(r"\d+(?:[.,]\d+)?\s?%"),
}
"""Type -> form of a value inside a longer text."""
_GROUPED = regex.compile(r"(?=.*\d)[0-9A-Z]+(?:[ .\-/][0-9A-Z]+)*")
"""A number in groups, such as GB 980 7806 84."""
_LABEL = regex.compile(r"^[^:：]{1,20}[:：]\s*")


def text_inside(lines: Sequence[Line], box: Box) -> tuple[str, Quad] | None:
    """Read the characters inside a box, and the corners of what they cover; None where there are none.

    Args:
        lines: of one page, in reading order.
        box: as drawn; a character counts where its centre is inside.
    """
    parts = [part for line in lines if (part := _part(line, box)) is not None]
    if not parts:
        return None
    boxes = [cover for _, cover in parts]
    left, top = min(one[0] for one in boxes), min(one[1] for one in boxes)
    right, bottom = max(one[2] for one in boxes), max(one[3] for one in boxes)
    return " ".join(text for text, _ in parts), rect_quad(left, top, right, bottom)


def _part(line: Line, box: Box) -> tuple[str, Box] | None:
    """The characters of a line inside a box, and what they cover."""
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = line.quad
    places = _positions(line)
    inside = []
    for number, place in enumerate(places):
        x = (ax + dx) / 2 + place * ((bx + cx) - (ax + dx)) / 2
        y = (ay + dy) / 2 + place * ((by + cy) - (ay + dy)) / 2
        if box[0] <= x <= box[2] and box[1] <= y <= box[3]:
            inside.append(number)
    text = "".join(line.text[number] for number in inside).strip()
    if not text:
        return None
    first, last = places[inside[0]], places[inside[-1]]
    half = 0.5 / len(places)
    start, end = max(0.0, first - half), min(1.0, last + half)
    corners = [(ax + (bx - ax) * t, ay + (by - ay) * t) for t in (start, end)]
    corners += [(dx + (cx - dx) * t, dy + (cy - dy) * t) for t in (start, end)]
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return text, (min(xs), min(ys), max(xs), max(ys))


def _positions(line: Line) -> list[float]:
    """Centres of the characters along a line, 0 to 1; spread evenly where the reader did not say."""
    if len(line.chars) == len(line.text):
        return [char.position for char in line.chars]
    return [(number + 0.5) / len(line.text) for number in range(len(line.text))]


def value_inside(text: str, of_type: FieldType, context: Context) -> str:
    """Cut a text down to a value of a type; the whole text where it has none.

    Args:
        text: as read from the page, labels included.
        of_type: of the field.
        context: of the field.

    >>> from datetime import date
    >>> context = Context(date(2026, 8, 3))
    >>> value_inside("Total due: RM 1,234.50", FieldType.MONEY, context)
    '1,234.50'
    >>> value_inside("Invoice date 12.03.2026", FieldType.DATE, context)
    '12.03.2026'
    >>> value_inside("名称：永辉超市", FieldType.NAME, context), value_inside("No. A-771", FieldType.CODE, context)
    ('永辉超市', 'A-771')
    >>> value_inside("VAT No: GB 980 7806 84", FieldType.CODE, context)
    'GB 980 7806 84'
    """
    whole = " ".join(text.split())[:MAX_CHARACTERS]
    return next((piece for piece in _pieces(whole, of_type) if _is_value(piece, of_type, context)), whole)


def _pieces(text: str, of_type: FieldType) -> Iterator[str]:
    """Parts of a text that may be the value, the likelier first."""
    form = _PIECES.get(of_type)
    if form is None:
        yield _LABEL.sub("", text)
        return
    found = [match.group().strip() for match in form.finditer(text)]
    if of_type in (FieldType.DIGITS, FieldType.CODE):
        if _GROUPED.fullmatch(rest := _LABEL.sub("", text)):
            yield rest
        found = sorted((one for one in found if any(map(str.isdigit, one))), key=len)
    yield from reversed(found)


def _is_value(text: str, of_type: FieldType, context: Context) -> bool:
    try:
        return read_typed(text, of_type, context) is not None
    except Rejected:
        return False
