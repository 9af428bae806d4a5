"""Search a field's candidates, best first, each with its place on the page.

Labels and values are found on rows and boxes, not in the order of the text. A value stands on the rest of its label's
row, below the label within its width, left of it, or anywhere by its pattern alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import regex

from ingestd.document import Reason, ReasonKind
from ingestd.extract.lexicon.labels import TIMEOUT_S, LabelHit
from ingestd.extract.rulefile.compiled import CompiledField
from ingestd.extract.search.context import Limits, SearchContext, limits_of
from ingestd.extract.values.normalise import NORMALISERS, Caveat, Rejected, Style, Value, money_text
from ingestd.extract.values.validate import CheckOutcome, CheckResult, validate
from ingestd.layout.rows import Row, Span

_MAX_PER_LABEL = 3
"""Values taken from one row beside one label."""

_MIN_DIGITS: Mapping[str, int] = {"money": 1, "date": 3, "digits": 1, "percent": 1}
"""Least digits per row with a value of the type; other rows are skipped."""

_PREFERRED = 0.25
"""Penalty that a value saves by what its field prefers on the same row."""

_COMMON_FORM = 0.5
"""Penalty of a value that looks like any other number."""

_WORDS = 10.0
"""Penalty of an amount that is not printed in figures."""

_PER_DIRECTION, _PER_EDIT = 2.0, 0.25
"""Penalties per direction of ``where`` before the one that found the value, and per misread character of the label."""

_BY_PATTERN = Reason(ReasonKind.PATTERN, "by its pattern")


@dataclass(frozen=True, slots=True, order=True)
class Rank:
    """Order of the candidates of one field: the smaller rank is the better announced candidate."""

    unlabelled: bool = False
    """Found by its pattern alone; comes after everything with a label."""
    penalty: float = 0.0
    """At a label its place in the rule's list, its misread characters and its direction; else what the row adds."""
    nth: int = 0
    """Number of values between the label and this one."""
    meaning: int = 0
    """Index among the meanings of the printed text, the likeliest first."""
    position: float = 0.0
    """Place in reading order: row, and thousandths of it."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One possible value of one field and where it stands."""

    field: str
    value: Value
    raw: str
    """As read."""
    spans: tuple[Span, ...]
    page_index: int
    rank: Rank
    how: Reason
    """Place where it was found."""
    check: CheckResult | None = None
    """Result of the checks of its field, None without any."""
    parts: int = 1
    """Printed numbers other than zero that it is the sum of."""
    column_row: int | None = None
    """Row on which it stands under the header of its field's column, if it does."""
    strayed: bool = False
    """It stands in a zone that does not tell whose it is."""

    @property
    def failed(self) -> bool:
        """A check says that it cannot be right."""
        return self.check is not None and self.check.outcome is CheckOutcome.FAILED

    @property
    def proved(self) -> bool:
        """A checksum proves it."""
        return self.check is not None and self.check.outcome is CheckOutcome.PROVED


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Candidates of one field and the texts that were refused."""

    candidates: tuple[Candidate, ...]
    """Best first."""
    rejected: tuple[str, ...]
    """Reasons against texts of the right form."""
    misread: tuple[Candidate, ...] = ()
    """Texts of the right form without a label whose checksum fails."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A stretch of a row where a value may stand."""

    row: int
    start: int
    end: int
    rank: Rank
    how: Reason
    sure: bool = True


def search(context: SearchContext, field: CompiledField, style: Style) -> SearchResult:
    """List all candidates of one field.

    A pattern that runs out of time ends the search of this field, with the reason.
    """
    candidates: list[Candidate] = []
    rejected: list[str] = []
    inside = limits_of(context, field.spec.zone)
    try:
        for place in _places(context, field, inside):
            try:
                candidates.extend(_candidates(context, field, style, place))
            except Rejected as error:
                rejected.append(str(error))
        candidates.extend(_noughts(context, field, inside))
    except TimeoutError:
        rejected.append(f"the pattern of '{field.name}' takes longer than {TIMEOUT_S} s: make it simpler")
    if inside.weak or (field.spec.zone and len({one.value.text for one in candidates if one.proved}) > 1):
        candidates = [replace(one, strayed=True) for one in candidates]
    misread = tuple(one for one in candidates if one.rank.unlabelled and one.failed)
    kept = [one for one in candidates if not (one.rank.unlabelled and one.failed)]
    return SearchResult(_ranked(kept, field.spec.many), tuple(dict.fromkeys(rejected)), misread)


def _ranked(candidates: Sequence[Candidate], many: str) -> tuple[Candidate, ...]:
    sign = -1 if many == "last" else 1

    def key(candidate: Candidate) -> tuple[bool, bool, bool, float, int, int, float]:
        rank = candidate.rank
        order = rank.unlabelled, rank.penalty, rank.nth, rank.meaning, sign * rank.position
        return many != "prefer_proved" or not candidate.proved, candidate.failed, *order

    return tuple(sorted(candidates, key=key))


def _candidates(context: SearchContext, field: CompiledField, style: Style, place: _Place) -> Iterator[Candidate]:
    row = context.document.rows[place.row]
    text = row.text[place.start : place.end]
    if field.not_value is not None and field.not_value.search(text, timeout=TIMEOUT_S):
        return
    spans = row.spans(place.start, place.end)
    rank = place.rank
    preferred = field.prefer is not None and field.prefer.search(row.text, timeout=TIMEOUT_S) is not None
    for order, value in enumerate(NORMALISERS[field.spec.type](text, style)):
        if Caveat.UNSURE in value.caveats and not place.sure:
            continue
        if Caveat.LABELLED_ONLY in value.caveats and rank.unlabelled:
            continue
        penalty = _COMMON_FORM * (Caveat.COMMON_FORM in value.caveats) - _PREFERRED * preferred
        check = validate(value.text, field.spec.check)
        sure = place.sure or (check is not None and check.outcome is CheckOutcome.PROVED)
        yield Candidate(
            field=field.name,
            value=value if sure else replace(value, caveats=value.caveats | Caveat.UNSURE),
            raw=context.document.raw(spans),
            spans=spans,
            page_index=row.page_index,
            rank=Rank(rank.unlabelled, rank.penalty + penalty, rank.nth, order, rank.position),
            how=place.how,
            check=check,
            column_row=place.row if _under_header(context, field, row, place.start, place.end) else None,
        )


def _noughts(context: SearchContext, field: CompiledField, inside: Limits) -> Iterator[Candidate]:
    """Yield 0.00 where words or signs stand for it; it comes after every printed amount."""
    rows = range(len(context.document.rows))
    if field.nought is None:
        return
    if field.no_nought is not None and any(context.matches(field.no_nought, index) for index in rows):
        return
    for index in rows:
        row = context.document.rows[index]
        for start, end in context.matches(field.nought, index) if inside.has_row(context, index) else ():
            spans = row.spans(start, end)
            raw = context.document.raw(spans)
            how = Reason(ReasonKind.PATTERN, f"'{raw}' stands for 0.00")
            rank = Rank(unlabelled=True, penalty=_WORDS, position=_position(index, start))
            yield Candidate(field.name, Value(money_text(Decimal(0))), raw, spans, row.page_index, rank, how)


def _places(context: SearchContext, field: CompiledField, inside: Limits) -> Iterator[_Place]:
    for label, strength in field.strengths.items():
        for hit in context.by_label.get(label, ()):
            if inside.has(context, hit.row, *context.extent(hit)):
                for place in _beside(context, field, hit, strength):
                    left, right = context.document.rows[place.row].extent(place.start, place.end)
                    if inside.left <= (left + right) / 2 <= inside.right:
                        yield place
    if "anywhere" in field.spec.where or "anywhere_if_proved" in field.spec.where:
        yield from _unlabelled(context, field, inside)


def _unlabelled(context: SearchContext, field: CompiledField, inside: Limits) -> Iterator[_Place]:
    """Yield values by their pattern alone; amounts in capital characters announce themselves."""
    sure = "anywhere" in field.spec.where
    if field.spec.unlabelled_zone is not None:
        inside = limits_of(context, field.spec.unlabelled_zone)
    plain = Rank(penalty=_WORDS) if field.spec.type == "capital" else Rank(unlabelled=True)
    min_digits = _MIN_DIGITS.get(field.spec.type, 0)
    for index, row in enumerate(context.document.rows):
        if context.digits[index] < min_digits or not inside.has_row(context, index):
            continue
        for start, end in context.matches(field.value, index):
            if not inside.has(context, index, *row.extent(start, end)):
                continue
            # A checksum tells better than a label of the row above or below which kind of number it is.
            if (field.spec.check and not sure) or not _of_another(context, field, index, start):
                rank = Rank(plain.unlabelled, plain.penalty, position=_position(index, start))
                yield _Place(index, start, end, rank, _BY_PATTERN, sure)


def _of_another(context: SearchContext, field: CompiledField, row: int, start: int) -> bool:
    """Return True where a label that is not this field's stands directly before a value."""
    text = context.document.rows[row].text
    before = [hit for hit in context.by_row.get(row, ()) if hit.end <= start]
    return bool(before) and before[-1].label not in field.strengths and not text[before[-1].end : start].strip(" :.-(")


def _position(row: int, offset: int) -> float:
    """Return the place in reading order."""
    return row + offset / 10_000


def _beside(context: SearchContext, field: CompiledField, hit: LabelHit, strength: int) -> Iterator[_Place]:
    """Yield values at one label, from the first direction of ``where`` that has any."""
    row = context.document.rows[hit.row]
    label = row.text[hit.start : hit.end]
    for order, where in enumerate(field.spec.where):
        if where not in _DIRECTIONS:
            return
        search_at, words = _DIRECTIONS[where]
        how = Reason(ReasonKind.LABEL, f"{words} '{label}'", {"where": where, "label": label})
        stretches = list(search_at(context, field, hit))
        for nth, (index, start, end) in enumerate(stretches):
            penalty = strength + _PER_EDIT * hit.edits + _PER_DIRECTION * order
            rank = Rank(penalty=penalty, nth=nth, position=_position(index, start))
            yield _Place(index, start, end, rank, how)
        if stretches:
            return


Stretch = tuple[int, int, int]
"""Row, start and end of a value."""


def _right(context: SearchContext, field: CompiledField, hit: LabelHit) -> Iterator[Stretch]:
    """Yield values on the rest of the row, up to the next label; only fillers may precede the first."""
    row = context.document.rows[hit.row]
    position, found = hit.end, []
    for match in field.value.finditer(row.text, hit.end, _limit(context, field, hit), timeout=TIMEOUT_S):
        begin, position = position, match.end()
        if field.between.fullmatch(row.text, begin, match.end(), timeout=TIMEOUT_S):
            continue
        if field.between.fullmatch(row.text, begin, match.start(), timeout=TIMEOUT_S) is None:
            break
        if _in_column(context, field, row, match.start(), match.end()):
            found.append((hit.row, match.start(), match.end()))
        if len(found) == _MAX_PER_LABEL:
            break
    if len(found) == 1 or not field.spec.alone:
        yield from found


def _limit(context: SearchContext, field: CompiledField, hit: LabelHit) -> int:
    """Return the end of the label's part of the row: the next label that is not a filler."""
    text = context.document.rows[hit.row].text
    for other in context.by_row[hit.row]:
        if len(other.label) == 1:
            continue  # a letter of a code as likely as a label
        if other.start >= hit.end and field.between.fullmatch(text, hit.end, other.end, timeout=TIMEOUT_S) is None:
            return other.start
    return len(text)


def _left(context: SearchContext, field: CompiledField, hit: LabelHit) -> Iterator[Stretch]:
    """Yield the value just before the label on its row."""
    row = context.document.rows[hit.row]
    before = [other.end for other in context.by_row[hit.row] if other.end <= hit.start]
    last = None
    for found in field.value.finditer(row.text, max(before, default=0), hit.start, timeout=TIMEOUT_S):
        last = found
    if last is not None and field.between.fullmatch(row.text, last.end(), hit.start, timeout=TIMEOUT_S):
        yield hit.row, last.start(), last.end()


def _below(context: SearchContext, field: CompiledField, hit: LabelHit) -> Iterator[Stretch]:
    """Yield values of the next rows within the label's width, until another label stands there."""
    row = context.document.rows[hit.row]
    box = row.boxes[row.box_at(hit.start)]
    left, right = row.extent(hit.start, hit.end)
    for index in range(hit.row + 1, len(context.document.rows)):
        other = context.document.rows[index]
        if other.page_index != row.page_index or other.top - box.bottom > field.spec.reach * box.height:
            return
        if other.bottom < box.bottom + 0.3 * box.height:
            continue
        found_any = False
        for found in field.value.finditer(other.text, timeout=TIMEOUT_S):
            first, last = other.extent(found.start(), found.end())
            if first < right + box.height and left - box.height < last and not _labelled(context, index, found):
                found_any = True
                yield index, found.start(), found.end()
        blocked = any(a < right and left < b for a, b in map(context.extent, context.by_row.get(index, ())))
        if found_any or blocked:
            return


_DIRECTIONS: Mapping[str, tuple[Callable[[SearchContext, CompiledField, LabelHit], Iterator[Stretch]], str]] = {
    "right": (_right, "right of"),
    "below": (_below, "below"),
    "left": (_left, "left of"),
}


def _labelled(context: SearchContext, row: int, found: regex.Match[str]) -> bool:
    """Return True for a match that is part of a label, or stands at another label on its row."""
    hits = context.by_row.get(row, ())
    text = context.document.rows[row].text
    for hit in hits:
        if hit.start < found.end() and found.start() < hit.end:
            return True
        if hit.end <= found.start() and len(text[hit.end : found.start()].strip(" :.-")) == 0:
            return text[hit.end : found.start()].count("  ") == 0 or hit.end == found.start()
    return False


def _in_column(context: SearchContext, field: CompiledField, row: Row, start: int, end: int) -> bool:
    """Return True for a value under the header of the field's column rather than of another amount.

    Where the header was not read, the value must stand clear of the others.
    """
    if field.spec.column is None or context.rule.items is None or field.spec.column in context.amount_columns:
        return field.spec.column is None or _under_header(context, field, row, start, end)
    first, last = row.extent(start, end)
    return all(first > 2 * right - left or last < 2 * left - right for left, right in context.amount_columns.values())


def _under_header(context: SearchContext, field: CompiledField, row: Row, start: int, end: int) -> bool:
    """Return True where the header of the field's column was read and is the nearest header of an amount."""
    if field.spec.column not in context.amount_columns:
        return False
    first, last = row.extent(start, end)
    away = {column: abs(left + right - first - last) for column, (left, right) in context.amount_columns.items()}
    return min(away, key=lambda column: away[column]) == field.spec.column
