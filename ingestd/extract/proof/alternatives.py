"""What the reader had in mind: per character of a value what else it might have been, and the room around it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from ingestd.document import Char, Line
from ingestd.layout.geometry import as_quads, sizes
from ingestd.layout.rows import Sheet, Span, fold

_HOLE, _NO_HOLE = 1.7, 1.45
"""From this many usual distances on there is room for another character, up to that many there is none."""

Choice = tuple[tuple[str, float], ...]
"""What one character can be, most probable first."""


def choices(sheet: Sheet, spans: Sequence[Span]) -> tuple[Choice, ...] | None:
    """What every letter and digit of the spans can be, or None where the reader did not say.

    Characters are folded and upper case; spaces and punctuation are left out.
    """
    found: list[Choice] = []
    for span in spans:
        line = sheet.reading.lines[span.line]
        if not _told(line):
            return None
        found += [_choice(char) for char in line.chars[span.start : span.end] if char.text.isalnum()]
    return tuple(found)


def _told(line: Line) -> bool:
    return len(line.chars) == len(line.text)


def _choice(char: Char) -> Choice:
    options: dict[str, float] = {}
    for text, probability in char.alternatives:
        folded = fold(text)[0].upper()
        if len(folded) == 1 and folded.isalnum():
            options[folded] = options.get(folded, 0.0) + probability
    return tuple(sorted(options.items(), key=lambda option: -option[1]))


def hole(sheet: Sheet, spans: Sequence[Span]) -> int | None:
    """How many letters and digits of the spans stand before the only place with room for one more, None without it."""
    steps = room(sheet, spans)
    widest = sorted(steps)[-2:]
    if len(widest) < 2 or widest[1] < _HOLE or widest[0] > _NO_HOLE:
        return None
    return steps.index(widest[1]) + 1


def room(sheet: Sheet, spans: Sequence[Span]) -> tuple[float, ...]:
    """Distance from each letter or digit of the spans to the next one, in usual distances of this value.

    Returns:
        One number less than :func:`choices` has characters; 1 where something else stands between the two,
        empty where the reader gave no positions.
    """
    steps: list[float | None] = []
    for order, span in enumerate(spans):
        line = sheet.reading.lines[span.line]
        if not _told(line):
            return ()
        ((width, _),) = sizes(as_quads([line.quad])).tolist()
        chars = [(index, line.chars[index]) for index in range(span.start, span.end) if line.text[index].isalnum()]
        steps += [None] if order and chars else []
        steps += [
            (b.position - a.position) * width if second == first + 1 else None
            for (first, a), (second, b) in pairwise(chars)
        ]
    known = [step for step in steps if step is not None]
    usual = median(known) if known else 0.0
    return tuple(1.0 if step is None or usual <= 0 else step / usual for step in steps)
