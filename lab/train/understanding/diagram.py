"""Reliability diagram as SVG: share right against probability, per bin, with the count of each."""

from __future__ import annotations

from collections.abc import Sequence

from lab.train.understanding.fitting import Bin

SIDE = 320
"""Width and height of the panel in pixels."""
MARGIN = 48
BLUE, GREY = "#2563eb", "#9ca3af"


def draw(found: Sequence[Bin]) -> str:
    """Return the diagram.

    Args:
        found: bins of one split, by rising probability.
    """
    width, height = SIDE + 2 * MARGIN + 150, SIDE + 2 * MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" '
        'font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<rect x="{MARGIN}" y="{MARGIN}" width="{SIDE}" height="{SIDE}" fill="none" stroke="{GREY}"/>',
        f'<line x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}" stroke="{GREY}" stroke-dasharray="4 4"/>',
        f'<text x="{_x(0.5)}" y="{height - 12}" text-anchor="middle">probability given</text>',
        f'<text x="14" y="{_y(0.5)}" text-anchor="middle" transform="rotate(-90 14 {_y(0.5)})">share right</text>',
    ]
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(f'<text x="{_x(tick)}" y="{_y(0) + 16}" text-anchor="middle">{tick:g}</text>')
        parts.append(f'<text x="{_x(0) - 6}" y="{_y(tick) + 4}" text-anchor="end">{tick:g}</text>')
    points = " ".join(f"{_x(one.expected)},{_y(one.right)}" for one in found)
    parts.append(f'<polyline points="{points}" fill="none" stroke="{BLUE}"/>')
    column = _x(1) + 20
    parts.append(f'<text x="{column}" y="{MARGIN + 10}" font-weight="bold">probability: right of values</text>')
    for index, one in enumerate(found):
        parts.append(f'<circle cx="{_x(one.expected)}" cy="{_y(one.right)}" r="4" fill="{BLUE}"/>')
        text = f"{one.low:g} to {one.high:g}: {round(one.right * one.count)} of {one.count}"
        parts.append(f'<text x="{column}" y="{MARGIN + 30 + 18 * index}">{text}</text>')
    return "\n".join((*parts, "</svg>")) + "\n"


def _x(share: float) -> float:
    return round(MARGIN + share * SIDE, 1)


def _y(share: float) -> float:
    return round(MARGIN + (1 - share) * SIDE, 1)
