"""Tables whose cells are boxed by rules: the grid that crossing rules draw, and the cells that its walls part. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ingestd.layout.tables.ruling import Rule, Ruling, levelled

REACH = 0.4
"""Heights of a line of text within which two rules meet."""
NEAR = 0.5
"""Heights within which two parallel rules are one."""
WALL = 0.5
"""Share of a cell's side that a rule covers if it parts two cells."""
MAX_FIELDS = 5000
"""Fields of a grid; more is a pattern, not a table."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Grid of one table, in a frame that is sheared so that its rules are level."""

    xs: tuple[float, ...]
    """Edges of columns at the middle of its height."""
    ys: tuple[float, ...]
    """Edges of rows at the middle of its width."""
    tilt: float
    """Change of y per pixel along horizontal rules."""
    lean: float
    """Change of x per pixel along vertical rules."""
    cells: tuple[tuple[range, range], ...]
    """Rows and columns of each cell."""
    open_rows: frozenset[int]
    """Rows without a rule on their left or right side."""

    def levelled(self, x: float, y: float) -> tuple[float, float]:
        """Return a point of the frame of the text as it lies on the grid."""
        middle_x, middle_y = (self.xs[0] + self.xs[-1]) / 2, (self.ys[0] + self.ys[-1]) / 2
        return x - self.lean * (y - middle_y), y - self.tilt * (x - middle_x)

    def back(self, x: float, y: float) -> tuple[float, float]:
        """Return a point of the grid in the frame of the text."""
        middle_x, middle_y = (self.xs[0] + self.xs[-1]) / 2, (self.ys[0] + self.ys[-1]) / 2
        return x + self.lean * (y - middle_y), y + self.tilt * (x - middle_x)


def grids_of(ruling: Ruling, texts: Sequence[tuple[float, float]], height: float) -> Iterator[Grid]:
    """Yield the grids that rules draw which cross or meet each other.

    Args:
        ruling: of the page.
        texts: middle of each text.
        height: of a line of text, in pixels.
    """
    parts = list(_connected(ruling, REACH * height))
    while parts:
        flat, upright = parts.pop()
        grid = _grid(flat, upright, height) if len(flat) >= 2 and upright else None
        if grid is None:
            continue
        at = _pause(grid, upright, texts)
        if at is None:
            yield grid
        else:
            parts.append(([rule for rule in flat if rule.at > at], [rule for rule in upright if _middle(rule) > at]))
            parts.append(([rule for rule in flat if rule.at <= at], [rule for rule in upright if _middle(rule) <= at]))


def _middle(rule: Rule) -> float:
    return (rule.start + rule.end) / 2


def _pause(grid: Grid, upright: Sequence[Rule], texts: Sequence[tuple[float, float]]) -> float | None:
    """Return the height of a row with neither vertical rules nor text: two tables below each other; None without."""
    for top, bottom in pairwise(grid.ys):
        covered = any(min(rule.end, bottom) - max(rule.start, top) > (bottom - top) / 2 for rule in upright)
        inside = any(top < y < bottom and grid.xs[0] < x < grid.xs[-1] for x, y in texts)
        if not covered and not inside and grid.ys[0] < top and bottom < grid.ys[-1]:
            return (top + bottom) / 2
    return None


def _connected(ruling: Ruling, reach: float) -> Iterator[tuple[list[Rule], list[Rule]]]:
    """Yield the rules that hang together."""
    flat, upright = ruling.flat, ruling.upright
    left = set(range(len(upright)))
    seen = set[int]()
    for start in range(len(flat)):
        if start in seen:
            continue
        seen.add(start)
        queue, across, down = [start], [flat[start]], []
        while queue:
            rule = flat[queue.pop()]
            for index in [index for index in left if _meet(rule, upright[index], reach)]:
                left.discard(index)
                down.append(upright[index])
                more = [n for n in range(len(flat)) if n not in seen and _meet(flat[n], upright[index], reach)]
                seen.update(more)
                queue += more
                across += [flat[n] for n in more]
        yield across, down


def _meet(flat: Rule, upright: Rule, reach: float) -> bool:
    y = flat.at + flat.slope * (upright.at - (flat.start + flat.end) / 2)
    x = upright.at + upright.slope * (flat.at - (upright.start + upright.end) / 2)
    return flat.start - reach <= x <= flat.end + reach and upright.start - reach <= y <= upright.end + reach


def _grid(flat: Sequence[Rule], upright: Sequence[Rule], height: float) -> Grid | None:
    """Lay the grid; None where it has too few cells or too many rules."""
    tilt, lean = levelled(flat), levelled(upright)
    left = min([rule.at for rule in upright] + [rule.start for rule in flat])
    right = max([rule.at for rule in upright] + [rule.end for rule in flat])
    top = min([rule.at for rule in flat] + [rule.start for rule in upright])
    bottom = max([rule.at for rule in flat] + [rule.end for rule in upright])
    across = [_moved(rule, tilt, (left + right) / 2) for rule in flat]
    down = [_moved(rule, lean, (top + bottom) / 2) for rule in upright]
    xs = _places(down, height)
    ys = _places(across, height)
    for places, rules, least in ((xs, across, 2 * height), (ys, down, height)):
        low, high = min(rule.start for rule in rules), max(rule.end for rule in rules)
        if places[0] - low > least:
            places.insert(0, low)
        if high - places[-1] > least:
            places.append(high)
    if len(xs) < 2 or len(ys) < 2 or len(xs) * len(ys) > MAX_FIELDS:
        return None
    cells = _cells(xs, ys, across, down, height)
    outer = [
        row
        for row, (start, end) in enumerate(pairwise(ys))
        if not all(_is_covered(down, x, start, end, NEAR * height) for x in (xs[0], xs[-1]))
    ]
    return Grid(tuple(xs), tuple(ys), tilt, lean, tuple(cells), frozenset(outer))


def _moved(rule: Rule, slope: float, middle: float) -> Rule:
    """Shear a rule so that rules of this slope are level."""
    return Rule(rule.at - slope * ((rule.start + rule.end) / 2 - middle), rule.start, rule.end, rule.slope - slope)


def _places(rules: Sequence[Rule], height: float) -> list[float]:
    """Return the places of rules across them; near ones are one, where their length says."""
    found: list[list[Rule]] = []
    for rule in sorted(rules, key=lambda rule: rule.at):
        if found and rule.at - found[-1][-1].at <= NEAR * height:
            found[-1].append(rule)
        else:
            found.append([rule])
    return [sum(rule.at * rule.length for rule in group) / sum(rule.length for rule in group) for group in found]


def _cells(
    xs: Sequence[float], ys: Sequence[float], flat: Sequence[Rule], upright: Sequence[Rule], height: float
) -> list[tuple[range, range]]:
    """Join the fields of the grid that no wall parts; joined fields are rectangles."""
    rows, columns = len(ys) - 1, len(xs) - 1
    near = NEAR * height
    beside = [
        [_is_covered(upright, xs[column + 1], ys[row], ys[row + 1], near) for column in range(columns - 1)]
        for row in range(rows)
    ]
    below = [
        [_is_covered(flat, ys[row + 1], xs[column], xs[column + 1], near) for column in range(columns)]
        for row in range(rows - 1)
    ]
    seen: set[tuple[int, int]] = set()
    boxes: list[_Box] = []
    for start in ((row, column) for row in range(rows) for column in range(columns)):
        if start not in seen:
            boxes.append(_open_field(start, beside, below, seen))
    return [(range(top, bottom + 1), range(left, right + 1)) for top, left, bottom, right in sorted(_apart(boxes))]


_Box = tuple[int, int, int, int]
"""First row, first column, last row, last column."""


def _open_field(
    start: tuple[int, int],
    beside: Sequence[Sequence[bool]],
    below: Sequence[Sequence[bool]],
    seen: set[tuple[int, int]],
) -> _Box:
    """Return the box of the fields that no wall parts from one; they are noted as seen."""
    seen.add(start)
    queue, found = [start], [start]
    while queue:
        row, column = queue.pop()
        around = (
            ((row, column + 1), column < len(beside[row]) and not beside[row][column]),
            ((row, column - 1), column > 0 and not beside[row][column - 1]),
            ((row + 1, column), row < len(below) and not below[row][column]),
            ((row - 1, column), row > 0 and not below[row - 1][column]),
        )
        more = [place for place, is_open in around if is_open and place not in seen]
        seen.update(more)
        queue += more
        found += more
    rows, columns = [row for row, _ in found], [column for _, column in found]
    return min(rows), min(columns), max(rows), max(columns)


def _apart(boxes: Sequence[_Box]) -> list[_Box]:
    """Join boxes that overlap until none do."""
    found: list[_Box] = []
    left = list(boxes)
    while left:
        box = left.pop()
        over = [one for one in found if _overlap(one, box)]
        if over:
            found = [one for one in found if one not in over]
            parts = [box, *over]
            tops, lefts, bottoms, rights = zip(*parts, strict=True)
            left.append((min(tops), min(lefts), max(bottoms), max(rights)))
        else:
            found.append(box)
    return found


def _overlap(one: _Box, other: _Box) -> bool:
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


def _is_covered(rules: Sequence[Rule], at: float, start: float, end: float, near: float) -> bool:
    """Tell whether rules at a place cover most of the stretch between two edges."""
    covered = sum(
        max(0.0, min(rule.end, end) - max(rule.start, start)) for rule in rules if abs(rule.at - at) <= 2 * near
    )
    return covered >= WALL * (end - start)
