"""Where on the page a field's value may stand: candidates, best first, each with its place.

Labels and values are found on rows and boxes, not in the order of the text: a value stands on the rest of
its label's row, below the label within its width, left of it, or anywhere by its pattern alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import regex

from ingestd.document import Reason, ReasonKind
from ingestd.extract.rulefile.compiled import FieldPlan
from ingestd.extract.rulefile.labels import TIMEOUT_S, Hit
from ingestd.extract.search.context import Limits, Scene, limits_of
from ingestd.extract.values.normalise import NORMALISERS, Rejected, Style, Value
from ingestd.extract.values.validate import Outcome, Verdict, validate
from ingestd.layout.rows import Row, Span

_MOST_PER_LABEL = 3
"""Values taken from one row beside one label."""

UNLABELLED = 99.0
"""Ranks from here on belong to values without a label."""

_ANYWHERE = 100.0
"""Rank of a value without a label, worse than any label's."""


_FEWEST_DIGITS: Mapping[str, int] = {"money": 1, "date": 3, "digits": 1, "percent": 1}
"""Digits that a row must have to hold a value of a type; to pass rows by quickly."""

_PREFERRED = 0.25
"""How much a value gains in rank by what its field prefers on the same row."""


_BARE = 0.5
"""How much a value loses in rank that looks like any other number."""

_BY_PATTERN = Reason(ReasonKind.PATTERN, "by its pattern")


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
    how: Reason
    """Where it was found."""
    verdict: Verdict | None = None
    parts: int = 1
    """How many printed numbers that are not zero it is the sum of."""
    column_row: int | None = None
    """Row on which it stands under the header of its field's column."""

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


@dataclass(frozen=True, slots=True)
class _Place:
    """A stretch of a row where a value may stand."""

    row: int
    start: int
    end: int
    rank: tuple[float, ...]
    how: Reason
    sure: bool = True


def search(scene: Scene, field: FieldPlan, style: Style) -> Found:
    """All candidates of one field.

    A pattern that runs out of time ends the search of this field, with the reason.
    """
    candidates: list[Candidate] = []
    rejected: list[str] = []
    inside = limits_of(scene, field.spec.zone)
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
        if not (place.sure or value.sure) or (value.labelled_only and place.rank[0] >= UNLABELLED):
            continue
        verdict = validate(value.text, field.spec.check)
        if place.rank[0] >= UNLABELLED and verdict is not None and verdict.outcome is Outcome.FAILED:
            continue
        rank = (
            place.rank[0] - _PREFERRED * preferred + _BARE * value.bare,
            *place.rank[1:-1],
            float(order),
            place.rank[-1],
        )
        yield Candidate(
            field=field.name,
            value=value if place.sure else replace(value, sure=False),
            raw=scene.sheet.raw(spans),
            spans=spans,
            page_index=row.page_index,
            rank=rank,
            how=place.how,
            verdict=verdict,
            column_row=place.row if _under_header(scene, field, row, place.start, place.end) else None,
        )


def _places(scene: Scene, field: FieldPlan, inside: Limits) -> Iterator[_Place]:
    for label, strength in field.strengths.items():
        for hit in scene.by_label.get(label, ()):
            if inside.has(scene, hit.row, *scene.extent(hit)):
                yield from _beside(scene, field, hit, strength)
    if "anywhere" in field.spec.where or "anywhere_if_proved" in field.spec.where:
        sure = "anywhere" in field.spec.where
        fewest = _FEWEST_DIGITS.get(field.spec.type, 0)
        for index, row in enumerate(scene.sheet.rows):
            if scene.digits[index] < fewest or not inside.has_row(scene, index):
                continue
            for start, end in scene.matches(field.value, index):
                if inside.has(scene, index, *row.extent(start, end)):
                    yield _Place(index, start, end, (_ANYWHERE, 0.0, _order(index, start)), _BY_PATTERN, sure)


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
        how = Reason(ReasonKind.LABEL, f"{words} '{label}'", {"where": where, "label": label})
        stretches = list(search_at(scene, field, hit))
        for nth, (index, start, end) in enumerate(stretches):
            rank = (strength + hit.edits / 4 + 2 * order, float(nth), _order(index, start))
            yield _Place(index, start, end, rank, how)
        if stretches:
            return


Stretch = tuple[int, int, int]
"""Row, start and end of a value."""


def _right(scene: Scene, field: FieldPlan, hit: Hit) -> Iterator[Stretch]:
    """Values on the rest of the row, up to the next label; only fillers may stand before the first."""
    row = scene.sheet.rows[hit.row]
    position, found = hit.end, []
    for match in field.value.finditer(row.text, hit.end, _limit(scene, field, hit), timeout=TIMEOUT_S):
        begin, position = position, match.end()
        if field.between.fullmatch(row.text, begin, match.end(), timeout=TIMEOUT_S):
            continue
        if field.between.fullmatch(row.text, begin, match.start(), timeout=TIMEOUT_S) is None:
            break
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
    """Whether a value stands under the header of the field's column rather than another amount's.

    Where the header was not read, the value must stand clear of the others.
    """
    if field.spec.column is None or scene.rule.items is None or field.spec.column in scene.amount_columns:
        return field.spec.column is None or _under_header(scene, field, row, start, end)
    first, last = row.extent(start, end)
    return all(first > 2 * right - left or last < 2 * left - right for left, right in scene.amount_columns.values())


def _under_header(scene: Scene, field: FieldPlan, row: Row, start: int, end: int) -> bool:
    """Whether the header of the field's column was read and is the nearest of all amounts' to a value."""
    if field.spec.column not in scene.amount_columns:
        return False
    first, last = row.extent(start, end)
    away = {column: abs(left + right - first - last) for column, (left, right) in scene.amount_columns.items()}
    return min(away, key=lambda column: away[column]) == field.spec.column
