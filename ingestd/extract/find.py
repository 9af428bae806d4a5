"""Where on the page a field's value may stand: candidates, best first, each with its place.

Labels and values are found on rows and boxes, not in the order of the text: a value stands on the rest of
its label's row, below the label within its width, left of it, or anywhere by its pattern alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import regex

from ingestd.extract.compiled import FieldPlan, Plan, split_label, zone_texts
from ingestd.extract.labels import TIMEOUT_S, Hit, compete
from ingestd.extract.layout import Row, Sheet, Span
from ingestd.extract.normalise import NORMALISERS, Rejected, Style, Value
from ingestd.extract.rule import Rule, Zone
from ingestd.extract.validate import Outcome, Verdict, validate

_MOST_PER_LABEL = 3
"""Values taken from one row beside one label."""

UNLABELLED = 99.0
"""Ranks from here on belong to values without a label."""

_ANYWHERE = 100.0
"""Rank of a value without a label, worse than any label's."""


_NUMERIC = frozenset({"money", "date", "digits", "percent"})
"""Types whose values contain a digit."""

_PREFERRED = 0.25
"""How much a value gains in rank by what its field prefers on the same row."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One possible value of one field and where it stands."""

    field: str
    value: Value
    raw: str
    """As read."""
    spans: tuple[Span, ...]
    page_index: int
    rank: tuple[float, ...]
    """Lower is better; says how well it is announced."""
    how: str
    """Where it was found, in words."""
    verdict: Verdict | None = None

    @property
    def failed(self) -> bool:
        """Whether a check says it cannot be right."""
        return self.verdict is not None and self.verdict.outcome is Outcome.FAILED

    @property
    def proved(self) -> bool:
        """Whether a checksum proves it."""
        return self.verdict is not None and self.verdict.outcome is Outcome.PROVED


@dataclass(frozen=True, slots=True)
class Found:
    """What the search for one field brought."""

    candidates: tuple[Candidate, ...]
    """Best first."""
    rejected: tuple[str, ...]
    """Reasons for which texts of the right shape were not taken."""


@dataclass(frozen=True)
class Scene:
    """A laid-out document and the labels of one rule found on it."""

    sheet: Sheet
    rule: Rule
    hits: tuple[Hit, ...]

    @cached_property
    def by_row(self) -> dict[int, list[Hit]]:
        """Hits of each row, left to right."""
        rows: dict[int, list[Hit]] = {}
        for hit in self.hits:
            rows.setdefault(hit.row, []).append(hit)
        return rows

    @cached_property
    def by_label(self) -> dict[str, list[Hit]]:
        """Hits of each label, top to bottom."""
        labels: dict[str, list[Hit]] = {}
        for hit in self.hits:
            labels.setdefault(hit.label, []).append(hit)
        return labels

    @cached_property
    def numbered(self) -> tuple[int, ...]:
        """Rows with a digit on them."""
        return tuple(i for i, row in enumerate(self.sheet.rows) if any(map(str.isdigit, row.text)))

    def of(self, label: str) -> list[Hit]:
        """Hits of any alternative of a label text, top to bottom."""
        found = [hit for text in split_label(label) for hit in self.by_label.get(text, ())]
        return sorted(found, key=lambda hit: (hit.row, hit.start))

    @cached_property
    def printed(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of all text on the first page that has any."""
        if not self.sheet.rows:
            return 0.0, 0.0, 0.0, 0.0
        rows = [row for row in self.sheet.rows if row.page_index == self.sheet.rows[0].page_index]
        return (
            min(row.boxes[0].left for row in rows),
            min(row.top for row in rows),
            max(box.right for row in rows for box in row.boxes),
            max(row.bottom for row in rows),
        )

    def extent(self, hit: Hit) -> tuple[float, float]:
        """Left and right edge of a hit."""
        return self.sheet.rows[hit.row].extent(hit.start, hit.end)


def look(sheet: Sheet, plan: Plan) -> Scene:
    """Find all labels of a rule."""
    return Scene(sheet, plan.spec, compete(plan.scanner.scan(sheet)))


@dataclass(frozen=True, slots=True)
class _Place:
    """A stretch of a row where a value may stand."""

    row: int
    start: int
    end: int
    rank: tuple[float, ...]
    how: str
    sure: bool = True


def search(scene: Scene, field: FieldPlan, style: Style) -> Found:
    """All candidates of one field.

    A pattern that runs out of time ends the search of this field, with the reason.
    """
    candidates: list[Candidate] = []
    rejected: list[str] = []
    inside = _zone_test(scene, field)
    try:
        for place in _places(scene, field, inside):
            try:
                candidates.extend(_candidates(scene, field, style, place))
            except Rejected as error:
                rejected.append(str(error))
    except TimeoutError:
        rejected.append(f"the pattern of '{field.name}' takes longer than {TIMEOUT_S} s: make it simpler")
    return Found(_ranked(candidates, field.spec.many), tuple(dict.fromkeys(rejected)))


def _ranked(candidates: Sequence[Candidate], many: str) -> tuple[Candidate, ...]:
    def key(candidate: Candidate) -> tuple[object, ...]:
        where = (-candidate.rank[-1]) if many == "last" else candidate.rank[-1]
        proved = candidate.proved if many == "prefer_proved" else False
        return (not proved, candidate.failed, *candidate.rank[:-1], where)

    return tuple(sorted(candidates, key=key))


def _candidates(scene: Scene, field: FieldPlan, style: Style, place: _Place) -> Iterator[Candidate]:
    row = scene.sheet.rows[place.row]
    text = row.text[place.start : place.end]
    if field.not_value is not None and field.not_value.search(text, timeout=TIMEOUT_S):
        return
    spans = row.spans(place.start, place.end)
    preferred = field.prefer is not None and field.prefer.search(row.text, timeout=TIMEOUT_S) is not None
    for order, value in enumerate(NORMALISERS[field.spec.type](text, style)):
        if not (place.sure or value.sure):
            continue
        verdict = validate(value.text, field.spec.check)
        if place.rank[0] >= UNLABELLED and verdict is not None and verdict.outcome is Outcome.FAILED:
            continue
        rank = (place.rank[0] - _PREFERRED * preferred, *place.rank[1:-1], float(order), place.rank[-1])
        yield Candidate(
            field.name,
            value if place.sure else replace(value, sure=False),
            scene.sheet.raw(spans),
            spans,
            row.page_index,
            rank,
            place.how,
            verdict,
        )


def _places(scene: Scene, field: FieldPlan, inside: _Zone) -> Iterator[_Place]:
    for label, strength in field.strengths.items():
        for hit in scene.by_label.get(label, ()):
            if inside.has(scene, hit.row, *scene.extent(hit)):
                yield from _beside(scene, field, hit, strength)
    if "anywhere" in field.spec.where or "anywhere_if_proved" in field.spec.where:
        sure = "anywhere" in field.spec.where
        for index in scene.numbered if field.spec.type in _NUMERIC else range(len(scene.sheet.rows)):
            row = scene.sheet.rows[index]
            for found in field.value.finditer(row.text, timeout=TIMEOUT_S):
                if inside.has(scene, index, *row.extent(found.start(), found.end())):
                    rank = (_ANYWHERE, 0.0, _order(index, found.start()))
                    yield _Place(index, found.start(), found.end(), rank, "by its pattern", sure)


def _order(row: int, offset: int) -> float:
    """Position in reading order."""
    return row + offset / 10_000


def _beside(scene: Scene, field: FieldPlan, hit: Hit, strength: int) -> Iterator[_Place]:
    """Values at one label: the first direction of ``where`` that has any."""
    row = scene.sheet.rows[hit.row]
    label = row.text[hit.start : hit.end]
    for order, where in enumerate(field.spec.where):
        if where not in _DIRECTIONS:
            return
        search_at, words = _DIRECTIONS[where]
        stretches = list(search_at(scene, field, hit))
        for nth, (index, start, end) in enumerate(stretches):
            rank = (strength + hit.edits / 4 + order / 2, float(nth), _order(index, start))
            yield _Place(index, start, end, rank, f"{words} '{label}'")
        if stretches:
            return


Stretch = tuple[int, int, int]
"""Row, start and end of a value."""


def _right(scene: Scene, field: FieldPlan, hit: Hit) -> Iterator[Stretch]:
    """Values on the rest of the row, up to the next label; only fillers may stand before the first."""
    row = scene.sheet.rows[hit.row]
    position, found = hit.end, []
    for match in field.value.finditer(row.text, hit.end, _limit(scene, field, hit), timeout=TIMEOUT_S):
        if field.between.fullmatch(row.text, position, match.start(), timeout=TIMEOUT_S) is None:
            break
        position = match.end()
        if _in_column(scene, field, row, match.start(), match.end()):
            found.append((hit.row, match.start(), match.end()))
        if len(found) == _MOST_PER_LABEL:
            break
    if len(found) == 1 or not field.spec.alone:
        yield from found


def _limit(scene: Scene, field: FieldPlan, hit: Hit) -> int:
    """Where the part of the row that belongs to a label ends: at the next one, unless that is mere filling."""
    text = scene.sheet.rows[hit.row].text
    for other in scene.by_row[hit.row]:
        if other.start >= hit.end and field.between.fullmatch(text, hit.end, other.end, timeout=TIMEOUT_S) is None:
            return other.start
    return len(text)


def _left(scene: Scene, field: FieldPlan, hit: Hit) -> Iterator[Stretch]:
    """The value just before the label on its row."""
    row = scene.sheet.rows[hit.row]
    before = [other.end for other in scene.by_row[hit.row] if other.end <= hit.start]
    last = None
    for found in field.value.finditer(row.text, max(before, default=0), hit.start, timeout=TIMEOUT_S):
        last = found
    if last is not None and field.between.fullmatch(row.text, last.end(), hit.start, timeout=TIMEOUT_S):
        yield hit.row, last.start(), last.end()


def _below(scene: Scene, field: FieldPlan, hit: Hit) -> Iterator[Stretch]:
    """Values of the next rows within the label's width, until another label stands there."""
    row = scene.sheet.rows[hit.row]
    box = row.boxes[row.box_at(hit.start)]
    left, right = row.extent(hit.start, hit.end)
    for index in range(hit.row + 1, len(scene.sheet.rows)):
        other = scene.sheet.rows[index]
        if other.page_index != row.page_index or other.top - box.bottom > field.spec.reach * box.height:
            return
        if other.bottom < box.bottom + 0.3 * box.height:
            continue
        found_any = False
        for found in field.value.finditer(other.text, timeout=TIMEOUT_S):
            first, last = other.extent(found.start(), found.end())
            if first < right + box.height and left - box.height < last and not _labelled(scene, index, found):
                found_any = True
                yield index, found.start(), found.end()
        blocked = any(a < right and left < b for a, b in map(scene.extent, scene.by_row.get(index, ())))
        if found_any or blocked:
            return


_DIRECTIONS: Mapping[str, tuple[Callable[[Scene, FieldPlan, Hit], Iterator[Stretch]], str]] = {
    "right": (_right, "right of"),
    "below": (_below, "below"),
    "left": (_left, "left of"),
}


def _labelled(scene: Scene, row: int, found: regex.Match[str]) -> bool:
    """Whether a match is itself (part of) a label, or announced by another one on its row."""
    hits = scene.by_row.get(row, ())
    text = scene.sheet.rows[row].text
    for hit in hits:
        if hit.start < found.end() and found.start() < hit.end:
            return True
        if hit.end <= found.start() and len(text[hit.end : found.start()].strip(" :.-")) == 0:
            return text[hit.end : found.start()].count("  ") == 0 or hit.end == found.start()
    return False


def _in_column(scene: Scene, field: FieldPlan, row: Row, start: int, end: int) -> bool:
    """Whether a value stands under the header of the field's column rather than another amount's."""
    items = scene.rule.items
    if field.spec.column is None or items is None:
        return True
    first, last = row.extent(start, end)
    centre = (first + last) / 2
    distances: dict[str, float] = {}
    for column in ("unit_price", "amount", "tax"):
        for label in items.columns.get(column, ()):
            for hit in scene.of(label)[:1]:
                a, b = scene.extent(hit)
                distances.setdefault(column, abs((a + b) / 2 - centre))
    return not distances or min(distances, key=lambda column: distances[column]) == field.spec.column


@dataclass(frozen=True, slots=True)
class _Zone:
    """Limits of a part of the page, in the frame of the text; rows by index."""

    first_row: int
    last_row: int
    left: float
    right: float
    top: float
    bottom: float

    def has(self, scene: Scene, row: int, left: float, right: float) -> bool:
        """Whether the middle of a stretch of a row lies inside."""
        if not self.first_row <= row <= self.last_row or not self.left <= (left + right) / 2 <= self.right:
            return False
        middle = (scene.sheet.rows[row].top + scene.sheet.rows[row].bottom) / 2
        return self.top <= middle <= self.bottom


_NOWHERE = _Zone(1, 0, 0, 0, 0, 0)


def _zone_test(scene: Scene, field: FieldPlan) -> _Zone:
    infinite = float("inf")
    everywhere = _Zone(0, len(scene.sheet.rows), -infinite, infinite, -infinite, infinite)
    if field.spec.zone is None:
        return everywhere
    for zone in scene.rule.zones[field.spec.zone]:
        if _applies(scene, zone):
            return _limits(scene, zone, everywhere)
    return _NOWHERE


def _applies(scene: Scene, zone: Zone) -> bool:
    wanted = set(zone_texts(zone)) - set(zone.unless)
    return all(scene.of(text) for text in wanted) and not any(scene.of(text) for text in zone.unless)


def _limits(scene: Scene, zone: Zone, limits: _Zone) -> _Zone:
    if zone.above:
        limits = replace(limits, last_row=scene.of(zone.above)[0].row - 1)
    if zone.below:
        limits = replace(limits, first_row=scene.of(zone.below)[-1].row + 1)
    if zone.left_of:
        limits = replace(limits, right=scene.extent(scene.of(zone.left_of)[0])[0])
    if zone.right_of:
        limits = replace(limits, left=scene.extent(scene.of(zone.right_of)[0])[0])
    if zone.area:
        left, top, right, bottom = scene.printed
        width, height = right - left, bottom - top
        limits = replace(
            limits,
            left=max(limits.left, left + zone.area[0] * width),
            right=min(limits.right, left + zone.area[2] * width),
            top=top + zone.area[1] * height,
            bottom=top + zone.area[3] * height,
        )
    return limits
