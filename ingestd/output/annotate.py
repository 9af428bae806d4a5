"""Draw the results of reading on a page: thin boxes around lines, coloured and labelled ones around fields.

Labels are field names and levels, which are ASCII: OpenCV's fonts know no Chinese.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ingestd.document import Code, Field, Level, Line, Pixels, Quad
from ingestd.layout.geometry import as_quads, bounds, sizes

Colour = tuple[int, int, int]
"""Blue, green, red."""
Rect = tuple[int, int, int, int]
"""Left, top, right, bottom in px; right and bottom excluded."""

LEVEL_COLOURS: dict[Level, Colour] = {
    Level.CONFIRMED: (160, 60, 90),
    Level.PROVED: (60, 142, 30),
    Level.AGREED: (150, 132, 0),
    Level.READ: (0, 122, 224),
    Level.CONFLICT: (44, 36, 206),
    Level.MISSING: (120, 120, 120),
}
"""Green, teal, amber, red, grey; dark enough for white letters on them."""
_LINE_COLOUR: Colour = (196, 150, 96)
_CODE_COLOUR: Colour = (160, 60, 120)
_WHITE: Colour = (255, 255, 255)

_FONT = cv2.FONT_HERSHEY_DUPLEX
_LABEL_OF_LINE = 0.42
"""Cap height of a label as a share of the page's median line height ..."""
_LABEL_OF_PAGE = 1 / 130
"""... and the minimum as a share of the page's longest side: legible when the page fills a screen."""
_MIN_LABEL_PX = 9
"""Minimum cap height on small pages."""
_TINT = 0.16
"""Share of its colour that a field's box is filled with."""


@dataclass(frozen=True, slots=True)
class _Style:
    """Sizes that fit the page, in px."""

    cap_height: float
    stroke: int

    @property
    def pad(self) -> int:
        return max(2, round(self.cap_height * 0.4))

    def label_size(self, text: str) -> tuple[int, int]:
        """Return width and height of a label with its padding."""
        (width, height), baseline = cv2.getTextSize(text, _FONT, self.font_scale, self.text_stroke)
        return width + 2 * self.pad, height + baseline // 2 + 2 * self.pad

    @property
    def font_scale(self) -> float:
        return cv2.getFontScaleFromHeight(_FONT, round(self.cap_height), self.text_stroke)

    @property
    def text_stroke(self) -> int:
        return max(1, round(self.cap_height / 16))


def annotate(pixels: Pixels, lines: Sequence[Line], codes: Sequence[Code], fields: Sequence[Field]) -> Pixels:
    """Return a copy of a page with its lines, codes and fields drawn on it.

    Args:
        pixels: the decoded page, uint8, HxWx3, BGR; not changed.
        lines: of this page.
        codes: of this page.
        fields: of this page; those without a quad (missing ones) are left out.
    """
    style = _style(pixels, lines)
    picture = np.array(pixels, np.uint8)
    for line in lines:
        _outline(picture, line.quad, _LINE_COLOUR, max(1, style.stroke // 2))
    boxes = [(code.quad, code.kind, _CODE_COLOUR) for code in codes]
    placed = [(field.quad, field) for field in fields if field.quad is not None]
    boxes += [(quad, f"{field.name} {field.level.value}", LEVEL_COLOURS[field.level]) for quad, field in placed]
    boxes.sort(key=lambda box: (bounds(box[0])[1], bounds(box[0])[0], box[1]))
    for quad, _, colour in boxes:
        _tint(picture, quad, colour)
        _outline(picture, quad, colour, style.stroke)
    taken = [_rect(quad) for quad, _, _ in boxes]
    text = [_rect(line.quad) for line in lines]
    labels: list[Rect] = []
    for quad, label, colour in boxes:
        place = _place(_rect(quad), style.label_size(label), picture.shape, labels, taken, text)
        labels.append(place)
        _label(picture, place, label, colour, style)
    return picture


def _style(pixels: Pixels, lines: Sequence[Line]) -> _Style:
    longest = max(pixels.shape[:2])
    median = float(np.median(sizes(as_quads(line.quad for line in lines))[:, 1])) if lines else 0.0
    cap_height = max(median * _LABEL_OF_LINE, longest * _LABEL_OF_PAGE, _MIN_LABEL_PX)
    return _Style(cap_height, stroke=max(1, round(cap_height / 6)))


def _outline(picture: Pixels, quad: Quad, colour: Colour, width: int) -> None:
    cv2.polylines(picture, [_corners(quad)], True, colour, width, cv2.LINE_AA)


def _corners(quad: Quad) -> np.typing.NDArray[np.int32]:
    return np.asarray(quad).round().astype(np.int32)


def _rect(quad: Quad) -> Rect:
    left, top, right, bottom = bounds(quad)
    return round(left), round(top), round(right) + 1, round(bottom) + 1


def _tint(picture: Pixels, quad: Quad, colour: Colour) -> None:
    """Lay a little of the colour over the inside; text stays readable."""
    left, top, right, bottom = _rect(quad)
    window = picture[max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
    if not window.size:
        return
    mask = np.zeros(window.shape[:2], np.uint8)
    cv2.fillPoly(mask, [_corners(quad) - (max(0, left), max(0, top))], 255)
    tinted = window * (1 - _TINT) + np.array(colour) * _TINT
    window[mask > 0] = tinted.astype(np.uint8)[mask > 0]


def _place(
    box: Rect,
    size: tuple[int, int],
    page: Sequence[int],
    labels: Sequence[Rect],
    boxes: Sequence[Rect],
    text: Sequence[Rect],
) -> Rect:
    """Choose the place where a label covers least: other labels weigh most, then fields, then other text."""

    def cost(place: Rect) -> float:
        return 20 * _covered(place, labels) + 4 * _covered(place, boxes) + _covered(place, text)

    candidates = [_inside(left, top, size, page) for left, top in _around(box, size)]
    return min(candidates, key=cost)


def _around(box: Rect, size: tuple[int, int]) -> Iterable[tuple[int, int]]:
    """Yield left top corners to try in order of preference: above, beside, below, further away."""
    left, top, right, bottom = box
    width, height = size
    middle = (top + bottom - height) // 2
    yield from ((left, top - height), (right, middle), (right - width, top - height))
    yield from ((left, bottom), (right - width, bottom), (left - width, middle))
    for y in (top - 2 * height, bottom + height):
        yield from ((left, y), (right - width, y))


def _inside(left: int, top: int, size: tuple[int, int], page: Sequence[int]) -> Rect:
    """Return the label's rectangle, moved into the page as far as it fits there."""
    x = max(0, min(left, page[1] - size[0]))
    y = max(0, min(top, page[0] - size[1]))
    return x, y, x + size[0], y + size[1]


def _covered(place: Rect, others: Iterable[Rect]) -> int:
    """Count the pixels of ``place`` that others cover, once for each.

    >>> _covered((0, 0, 4, 4), [(2, 2, 9, 9), (8, 8, 9, 9)])
    4
    """
    area = 0
    for left, top, right, bottom in others:
        width = min(place[2], right) - max(place[0], left)
        height = min(place[3], bottom) - max(place[1], top)
        area += max(0, width) * max(0, height)
    return area


def _label(picture: Pixels, place: Rect, text: str, colour: Colour, style: _Style) -> None:
    """Draw white letters on the level's colour, legible on any background."""
    left, top, right, bottom = place
    cv2.rectangle(picture, (left, top), (right - 1, bottom - 1), colour, cv2.FILLED)
    cv2.rectangle(picture, (left, top), (right - 1, bottom - 1), _WHITE, 1)
    (_, height), _ = cv2.getTextSize(text, _FONT, style.font_scale, style.text_stroke)
    origin = (left + style.pad, top + style.pad + height)
    cv2.putText(picture, text, origin, _FONT, style.font_scale, _WHITE, style.text_stroke, cv2.LINE_AA)
