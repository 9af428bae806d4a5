"""Ruled lines of a page in the frame of its text. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingestd.layout.row_groups import Edges

RuledLines = NDArray[np.float64]
"""Ends of straight printed lines, (N, 2, 2), in decoded pixels."""
NO_RULES: RuledLines = np.zeros((0, 2, 2))
MAX_SLOPE = 0.15
"""Slope to an axis of the text by which a line still counts as a rule."""

FLAT_BREAK, UPRIGHT_BREAK = 1.5, 0.8
"""Breaks of horizontal and vertical rules that are closed, in heights: two tables may stand below each other."""
OFFSET = 0.4
"""Heights by which the parts of a broken rule are out of line."""
MEET = 0.05
"""Share of a wall's length within which it meets the rules at its ends."""
INSIDE, BEYOND = 0.15, 0.5
"""Shares of a text's height by which a horizontal and a vertical stroke may stand out of its box, which is tight."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One ruled line along an axis."""

    at: float
    """Place across it: y of a horizontal rule, x of a vertical one, at its middle."""
    start: float
    end: float
    """Extent along it."""
    slope: float
    """Change of ``at`` per pixel along it."""

    @property
    def length(self) -> float:
        """Length in pixels."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Ruling:
    """Rules of a page, or of one table."""

    flat: tuple[Rule, ...]
    upright: tuple[Rule, ...]


def ruling_of(lines: RuledLines, height: float) -> Ruling:
    """Sort ruled lines by their direction, and join the parts of broken ones.

    Args:
        lines: in the frame of the text.
        height: of a line of text, in pixels.
    """
    flat, upright = [], []
    for (ax, ay), (bx, by) in lines.tolist():
        across, down = abs(bx - ax), abs(by - ay)
        if down <= MAX_SLOPE * across:
            flat.append(_rule(ax, ay, bx, by))
        elif across <= MAX_SLOPE * down:
            upright.append(_rule(ay, ax, by, bx))
    return Ruling(_joined(flat, FLAT_BREAK * height, height), _joined(upright, UPRIGHT_BREAK * height, height))


def _rule(start: float, at_start: float, end: float, at_end: float) -> Rule:
    if end < start:
        start, at_start, end, at_end = end, at_end, start, at_start
    return Rule((at_start + at_end) / 2, start, end, (at_end - at_start) / max(end - start, 1.0))


def _joined(rules: Iterable[Rule], join: float, height: float) -> tuple[Rule, ...]:
    """Join rules that go on from each other."""
    found: list[Rule] = []
    for rule in sorted(rules, key=lambda rule: rule.start):
        for index, before in enumerate(found):
            ahead = before.at + before.slope * (rule.start - (before.start + before.end) / 2)
            near = rule.at + rule.slope * (rule.start - rule.end) / 2
            if rule.start - before.end <= join and abs(near - ahead) <= OFFSET * height:
                found[index] = _together(before, rule)
                break
        else:
            found.append(rule)
    return tuple(found)


def _together(one: Rule, other: Rule) -> Rule:
    if other.end <= one.end:
        return one
    at_start = one.at + one.slope * (one.start - one.end) / 2
    at_end = other.at + other.slope * (other.end - other.start) / 2
    return _rule(one.start, at_start, other.end, at_end)


def without_strokes(ruling: Ruling, boxes: Sequence[Edges]) -> Ruling:
    """Leave out what lies inside the box of a text: strokes of large characters."""
    flat = [
        rule
        for rule in ruling.flat
        if not any(
            left - INSIDE * (bottom - top) <= rule.start
            and rule.end <= right + INSIDE * (bottom - top)
            and top + INSIDE * (bottom - top) < rule.at < bottom - INSIDE * (bottom - top)
            for left, top, right, bottom in boxes
        )
    ]
    upright = [
        rule
        for rule in ruling.upright
        if _ends_on(rule, flat)
        or not any(
            left < rule.at < right
            and top - BEYOND * (bottom - top) <= rule.start
            and rule.end <= bottom + BEYOND * (bottom - top)
            for left, top, right, bottom in boxes
        )
    ]
    return Ruling(tuple(flat), tuple(upright))


def _ends_on(upright: Rule, flat: Sequence[Rule]) -> bool:
    """Tell whether a vertical rule runs from one horizontal rule to another, as the wall of a cell does."""
    slack = MEET * upright.length
    crossing = [rule.at for rule in flat if rule.start <= upright.at + slack and upright.at - slack <= rule.end]
    return all(any(abs(at - end) <= slack for at in crossing) for end in (upright.start, upright.end))


def levelled(rules: Sequence[Rule]) -> float:
    """Return the slope of most of the length of rules; 0 without any."""
    total = sum(rule.length for rule in rules)
    passed = 0.0
    for rule in sorted(rules, key=lambda rule: rule.slope):
        passed += rule.length
        if 2 * passed >= total:
            return rule.slope
    return 0.0
