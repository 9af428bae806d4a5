"""Short forms of columns, of which SQL in ``compact_schema`` makes the columns again; exact both ways."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

MEASURES = (
    *("brightness", "contrast", "noise", "edge_width_px", "shading", "text_height_px", "text_share", "skew_deg"),
    *("binary", "specks", "inverted", "bleed_through"),
)
"""Measures of a page that enhancement looked at; ``pages.measures`` has their values in this order."""

PROVENANCE = ("version", "config", "rules", "models")
"""Keys of the provenance; ``documents.origin`` has their values in this order."""

STAGES = (
    *("admit", "decode", "enhance", "detect", "orient", "bleed_through", "recognise", "barcodes", "structured"),
    *("extract", "tables", "careful", "copy"),
)
"""Stages of a document; ``documents.seconds`` has theirs in this order. SQL knows them by place: more go to the end."""

TYPES = ("text", "money", "date", "digits", "code", "capital", "percent", "name")
"""Types of fields; ``type_code`` is the index."""

ABBREVIATIONS = {
    1: "[\"beside '",
    2: "[\"right of '",
    3: "[\"below '",
    4: "'\"]",
    5: '\'","',
    6: "net and tax make the total: ",
    7: "the QR code says the same, its CRC-16 matches",
    14: '["no value where it should stand"]',
    15: '["no value that its label announces"]',
    16: "the amount in capital characters is the total: ",
    17: "check digits of a ",
    18: "checksum mod 31 (GB 32100-2015) passes",
    19: '["by its pattern"',
    20: '["beside the amount"]',
    21: '["in the head"]',
    22: "the sum of the line items",
    23: " in the invoice code fits the date ",
    24: "; the number has no checksum",
    25: "length, province and year have their places; the code has no checksum",
}
"""Control character -> phrase of JSON lists of reasons, in which no control character can stand."""

BOX_UNITS = 10
"""Units of a box in a pixel."""

to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def values_only(content: Mapping[str, Any], names: Sequence[str]) -> str:
    """Write an object as JSON; only its values where its names are these, in this order.

    >>> values_only({"a": 1}, ("a",)), values_only({"b": 1}, ("a",))
    ('[1]', '{"b":1}')
    """
    return to_json(list(content.values()) if tuple(content) == tuple(names) else dict(content))


def values_in_order(content: Mapping[str, Any], names: Sequence[str]) -> str:
    """Write an object as the JSON list of its values, null for a name that it lacks; as it is where it has others.

    >>> values_in_order({"b": 2}, ("a", "b", "c")), values_in_order({"d": 4}, ("a", "b", "c"))
    ('[null,2]', '{"d":4}')
    """
    if not content.keys() <= set(names):
        return to_json(dict(content))
    values = [content.get(name) for name in names]
    while values and values[-1] is None:
        values.pop()
    return to_json(values)


def abbreviate(reasons: str) -> str:
    """Shorten a JSON list of reasons."""
    for code, phrase in reversed(ABBREVIATIONS.items()):
        reasons = reasons.replace(phrase, chr(code))
    return reasons


def place_of(lines: Sequence[Sequence[int]]) -> int | str | None:
    """Shorten places of lines: the line's number if it is one of the first page, None if there are none.

    >>> place_of([[0, 7]]), place_of([]), place_of([[1, 7]])
    (7, None, '[[1,7]]')
    """
    if len(lines) == 1 and lines[0][0] == 0:
        return lines[0][1]
    return to_json(lines) if lines else None


def box_of(quad: Sequence[Sequence[float]] | None) -> list[Any] | None:
    """Return a quad in tenths of a pixel: left, top, right, bottom if it is upright, otherwise all corners.

    A quad that tenths would round is returned as it is.

    >>> box_of([[1, 2], [9, 2], [9, 4.5], [1, 4.5]]), box_of([[1, 2], [9, 3], [9, 4], [1.25, 4]])
    ([10, 20, 90, 45], [[1, 2], [9, 3], [9, 4], [1.25, 4]])
    """
    if quad is None:
        return None
    flat = [value for corner in quad for value in corner]
    units = [round(value * BOX_UNITS) for value in flat]
    if any(unit / BOX_UNITS != value for unit, value in zip(units, flat, strict=True)):
        return [list(corner) for corner in quad]
    left, top, right, bottom = units[0], units[1], units[4], units[5]
    return [left, top, right, bottom] if units == [left, top, right, top, right, bottom, left, bottom] else units


def quad_of(box: Sequence[Any] | None) -> list[list[float]] | None:
    """Return the quad that ``box_of`` shortened."""
    if box is None:
        return None
    if isinstance(box[0], list):
        return list(box)
    units = [box[index] for index in (0, 1, 2, 1, 2, 3, 0, 3)] if len(box) == 4 else box
    values = [unit / BOX_UNITS for unit in units]
    return [values[index : index + 2] for index in range(0, 8, 2)]
