"""Labels of one rule on a laid-out document, and the zones that they mark."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property

from ingestd.extract.lexicon.labels import TIMEOUT_S, LabelHit, SqueezedDocument, compete
from ingestd.extract.rulefile.compiled import CompiledRule, Pattern, split_label, zone_texts
from ingestd.extract.rulefile.model import Rule, Zone
from ingestd.layout.rows import LaidOutDocument


@dataclass(frozen=True)
class SearchContext:
    """Laid-out document with the labels of one rule."""

    document: LaidOutDocument
    rule: Rule
    hits: tuple[LabelHit, ...]
    _matches: dict[tuple[Pattern, int], tuple[tuple[int, int], ...]] = field(default_factory=dict, repr=False)

    def matches(self, pattern: Pattern, row: int) -> tuple[tuple[int, int], ...]:
        """Return start and end of every match on a row; kept, because fields of one type share their pattern.

        Raises:
            TimeoutError: the pattern takes too long.
        """
        if (pattern, row) not in self._matches:
            found = pattern.finditer(self.document.rows[row].text, timeout=TIMEOUT_S)
            self._matches[pattern, row] = tuple(match.span() for match in found)
        return self._matches[pattern, row]

    @cached_property
    def by_row(self) -> dict[int, list[LabelHit]]:
        """Hits of each row, left to right."""
        rows: dict[int, list[LabelHit]] = {}
        for hit in self.hits:
            rows.setdefault(hit.row, []).append(hit)
        return rows

    @cached_property
    def by_label(self) -> dict[str, list[LabelHit]]:
        """Hits of each label, top to bottom."""
        labels: dict[str, list[LabelHit]] = {}
        for hit in self.hits:
            labels.setdefault(hit.label, []).append(hit)
        return labels

    @cached_property
    def digits(self) -> tuple[int, ...]:
        """Number of digits per row."""
        return tuple(sum(map(str.isdigit, row.text)) for row in self.document.rows)

    @cached_property
    def amount_columns(self) -> dict[str, tuple[float, float]]:
        """Left and right edge of the headers of amounts that were read, by column."""
        columns = self.rule.items.columns if self.rule.items is not None else {}
        return {
            column: self.extent(hit)
            for column in ("unit_price", "amount", "tax")
            for label in columns.get(column, ())
            for hit in self.of(label)[:1]
        }

    @cached_property
    def middles(self) -> tuple[float, ...]:
        """Vertical middle per row."""
        return tuple((row.top + row.bottom) / 2 for row in self.document.rows)

    def of(self, label: str) -> list[LabelHit]:
        """Return the hits of any alternative of a label text, top to bottom."""
        found = [hit for text in split_label(label) for hit in self.by_label.get(text, ())]
        return sorted(found, key=lambda hit: (hit.row, hit.start))

    @cached_property
    def printed(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of all text on the first page that has any."""
        if not self.document.rows:
            return 0.0, 0.0, 0.0, 0.0
        rows = [row for row in self.document.rows if row.page_index == self.document.rows[0].page_index]
        return (
            min(row.boxes[0].left for row in rows),
            min(row.top for row in rows),
            max(box.right for row in rows for box in row.boxes),
            max(row.bottom for row in rows),
        )

    def rows_of_page(self, row: int) -> tuple[int, int]:
        """Return first and last row of the page of a row."""
        page = self.document.rows[row].page_index
        rows = [index for index, other in enumerate(self.document.rows) if other.page_index == page]
        return rows[0], rows[-1]

    def extent(self, hit: LabelHit) -> tuple[float, float]:
        """Return left and right edge of a hit."""
        return self.document.rows[hit.row].extent(hit.start, hit.end)


def locate_labels(squeezed: SqueezedDocument, rule: CompiledRule) -> SearchContext:
    """Find all labels of a rule."""
    return SearchContext(squeezed.document, rule.spec, compete(rule.scanner.scan(squeezed)))


@dataclass(frozen=True, slots=True)
class Limits:
    """Edges of a part of the page, in the frame of the text; rows by index."""

    first_row: int
    last_row: int
    left: float
    right: float
    top: float
    bottom: float
    weak: bool = False
    """The zone does not tell whose a value is."""

    def within(self, first_row: int, last_row: int) -> Limits:
        """Return these limits, narrowed to the given rows."""
        return replace(self, first_row=max(self.first_row, first_row), last_row=min(self.last_row, last_row))

    def has_row(self, context: SearchContext, row: int) -> bool:
        """Return True where the vertical middle of a row lies inside."""
        return self.first_row <= row <= self.last_row and self.top <= context.middles[row] <= self.bottom

    def has(self, context: SearchContext, row: int, left: float, right: float) -> bool:
        """Return True where the middle of a part of a row lies inside."""
        return self.left <= (left + right) / 2 <= self.right and self.has_row(context, row)


_NOWHERE = Limits(1, 0, 0, 0, 0, 0)


def limits_of(context: SearchContext, zone: str | None) -> Limits:
    """Locate a zone: the whole document without one, nothing where none of its definitions applies."""
    everywhere = Limits(0, len(context.document.rows), -math.inf, math.inf, -math.inf, math.inf)
    if zone is None:
        return everywhere
    for definition in context.rule.zones[zone]:
        if _applies(context, definition):
            return replace(_limits(context, definition, everywhere), weak=definition.weak)
    return _NOWHERE


def _applies(context: SearchContext, zone: Zone) -> bool:
    wanted = set(zone_texts(zone)) - set(zone.unless)
    return all(context.of(text) for text in wanted) and not any(context.of(text) for text in zone.unless)


def _limits(context: SearchContext, zone: Zone, limits: Limits) -> Limits:
    if zone.above:
        row = context.of(zone.above)[0].row
        limits = limits.within(context.rows_of_page(row)[0], row - 1)
    if zone.below:
        row = context.of(zone.below)[0].row
        limits = limits.within(row + 1, context.rows_of_page(row)[1])
    if zone.starting_at:
        row = context.of(zone.starting_at)[0].row
        limits = limits.within(row, context.rows_of_page(row)[1])
    if zone.left_of:
        limits = replace(limits, right=context.extent(context.of(zone.left_of)[0])[0])
    if zone.right_of:
        limits = replace(limits, left=context.extent(context.of(zone.right_of)[0])[0])
    if zone.area:
        left, top, right, bottom = context.printed
        width, height = right - left, bottom - top
        limits = replace(
            limits,
            left=max(limits.left, left + zone.area[0] * width),
            right=min(limits.right, left + zone.area[2] * width),
            top=top + zone.area[1] * height,
            bottom=top + zone.area[3] * height,
        )
    return limits
