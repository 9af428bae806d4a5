"""Papers on one page: beside each other, or one above another, as receipts lie on the glass of a scanner."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from statistics import median

from ingestd.document import Code, Extraction, Quad, Reading
from ingestd.extract.apart import stand_above, stand_apart
from ingestd.layout.geometry import as_quads, bounds, rect_quad
from ingestd.layout.row_groups import text_edges

MIN_LINES = 5
"""Lines of text of one of two papers on a page."""
MIN_GAP_HEIGHTS = 3.0
"""Text heights between two papers."""
MAX_PAPERS = 8
"""On one page."""
_MAX_GAPS = 3
"""Gaps between two papers, one above the other, that are tried: the widest."""

Reader = Callable[[Reading], Extraction]
"""Extracts the fields of one paper."""
Cut = tuple[list[int], list[int]]
"""Line numbers on either side of a gap."""


@dataclass(frozen=True, slots=True)
class Part:
    """One paper of a file and what was read of it."""

    pages: tuple[int, ...]
    """Indices, ascending."""
    area: Quad | None
    """Part of its page in decoded pixels; None: whole pages."""
    reading: Reading
    """Of this paper; lines of others have no text."""
    extraction: Extraction


def parts_of_page(reading: Reading, page: int, read: Reader, whole: Extraction) -> tuple[Part, ...]:
    """Tell the papers on a page apart; none where it is one paper.

    Args:
        reading: of the whole file.
        page: its index.
        read: how the fields of one paper are extracted.
        whole: what was read of the page as one paper. Papers above each other are looked for where it has totals on
            both sides of a gap: the one that was taken, and a rival.
    """
    numbers = [number for number, line in enumerate(reading.lines) if line.page_index == page and line.text]
    division = _Division(reading, page, read, _heights_of_totals(whole))
    halves = division.halves(numbers)
    return tuple(part for half, of in halves for part in division.divided(half, of, 1))


@dataclass(frozen=True, slots=True)
class _Division:
    """Division of one page by the gaps in its text."""

    reading: Reading
    page: int
    read: Reader
    totals: tuple[float, ...]
    """Places of the totals down the page."""

    def divided(self, numbers: list[int], part: Part, depth: int) -> list[Part]:
        """Divide a part further into papers, in reading order; itself where nothing says that it is several."""
        halves = self.halves(numbers) if 2**depth < MAX_PAPERS else []
        return [one for half, of in halves for one in self.divided(half, of, depth + 1)] or [part]

    def halves(self, numbers: Sequence[int]) -> list[tuple[list[int], Part]]:
        """Return the two sides of the first gap whose sides are different papers; none where there is none."""
        for cut, is_above in self._cuts(numbers):
            parts = [self._part(half) for half in cut]
            apart = stand_above if is_above else stand_apart
            if apart(parts[0].extraction, parts[1].extraction):
                return list(zip(cut, parts, strict=True))
        return []

    def _cuts(self, numbers: Sequence[int]) -> Iterator[tuple[Cut, bool]]:
        """Yield the gaps to try, and whether they lie between parts above each other."""
        if len(numbers) < 2 * MIN_LINES:
            return
        edges = text_edges(as_quads(self.reading.lines[number].quad for number in numbers))
        height = median(bottom - top for _, top, _, bottom in edges)
        for cut in _gaps(numbers, [(left, right) for left, _, right, _ in edges], MIN_GAP_HEIGHTS * height)[:1]:
            yield cut, False
        for cut in _gaps(numbers, [(top, bottom) for _, top, _, bottom in edges], MIN_GAP_HEIGHTS * height):
            if self._has_totals_on_both_sides(cut):
                yield cut, True

    def _has_totals_on_both_sides(self, cut: Cut) -> bool:
        below = min(bounds(self.reading.lines[number].quad)[1] for number in cut[1])
        return any(total < below for total in self.totals) and any(total >= below for total in self.totals)

    def _part(self, numbers: Sequence[int]) -> Part:
        edges = [bounds(self.reading.lines[number].quad) for number in numbers]
        left, top = min(edge[0] for edge in edges), min(edge[1] for edge in edges)
        right, bottom = max(edge[2] for edge in edges), max(edge[3] for edge in edges)
        area = rect_quad(left, top, right, bottom)
        codes = tuple(code for code in self.reading.codes if code.page_index == self.page and _lies_in(code, area))
        part = of_lines(self.reading, frozenset(numbers), codes)
        return Part((self.page,), area, part, self.read(part))


def _heights_of_totals(whole: Extraction) -> tuple[float, ...]:
    """Return how far down the page the total and its rivals stand."""
    field = next((field for field in whole.fields if field.name == "total" and field.value is not None), None)
    if field is None:
        return ()
    quads = [field.quad, *(rival.quad for rival in field.candidates if rival.value != field.value)]
    return tuple(sum(y for _, y in quad) / 4 for quad in quads if quad is not None)


def _gaps(numbers: Sequence[int], spans: Sequence[tuple[float, float]], least: float) -> list[Cut]:
    """Find the gaps that no line crosses, widest first.

    Args:
        numbers: of the lines.
        spans: begin and end of each along the direction of the cut.
        least: width of a gap.
    """
    ordered = sorted(zip(spans, numbers, strict=True))
    reach = list(accumulate((end for (_, end), _ in ordered), max))
    widths = [(ordered[at][0][0] - reach[at - 1], at) for at in range(MIN_LINES, len(ordered) - MIN_LINES + 1)]
    found = sorted(((width, at) for width, at in widths if width >= least), key=lambda gap: -gap[0])[:_MAX_GAPS]
    return [
        (sorted(number for _, number in ordered[:at]), sorted(number for _, number in ordered[at:])) for _, at in found
    ]


def of_lines(reading: Reading, kept: Collection[int], codes: tuple[Code, ...]) -> Reading:
    """Return a reading in which lines of other papers keep their numbers and lose their texts."""
    lines = (
        line if number in kept else dataclasses.replace(line, text="", chars=())
        for number, line in enumerate(reading.lines)
    )
    return dataclasses.replace(reading, lines=tuple(lines), codes=codes)


def _lies_in(code: Code, area: Quad) -> bool:
    """Tell whether a code is on a paper or, as codes stand at rims, above or below its text."""
    (left, top), _, (right, bottom), _ = area
    x, y = (sum(corner[axis] for corner in code.quad) / 4 for axis in (0, 1))
    margin = 0.25 * (bottom - top)
    return left <= x <= right and top - margin <= y <= bottom + margin
