"""Alternatives that the recogniser kept for the characters of a value, and the spacing between them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from ingestd.document import Char, Line
from ingestd.layout.geometry import as_quads, sizes
from ingestd.layout.rows import LaidOutDocument, Span, fold

_MIN_GAP = 1.7
"""Least spacing that leaves room for another character."""

_MAX_SPACING = 1.45
"""Greatest spacing at which there is certainly none."""

Alternatives = tuple[tuple[str, float], ...]
"""Characters that one printed character can be, each with its probability (0-1), most probable first."""


def alternatives_of(document: LaidOutDocument, spans: Sequence[Span]) -> tuple[Alternatives, ...] | None:
    """Return the alternatives of every letter and digit of the spans, or None where a line has none.

    Characters are folded and upper case; spaces and punctuation are left out.
    """
    found: list[Alternatives] = []
    for span in spans:
        line = document.reading.lines[span.line]
        if not _has_alternatives(line):
            return None
        found += [_folded(char) for char in line.chars[span.start : span.end] if char.text.isalnum()]
    return tuple(found)


def _has_alternatives(line: Line) -> bool:
    return len(line.chars) == len(line.text)


def _folded(char: Char) -> Alternatives:
    options: dict[str, float] = {}
    for text, probability in char.alternatives:
        folded = fold(text)[0].upper()
        if len(folded) == 1 and folded.isalnum():
            options[folded] = options.get(folded, 0.0) + probability
    return tuple(sorted(options.items(), key=lambda option: -option[1]))


def gap(document: LaidOutDocument, spans: Sequence[Span]) -> int | None:
    """Find the only place of a value with room for another character.

    Returns:
        The number of letters and digits before it; None where there is no such place, or more than one.
    """
    steps = spacing(document, spans)
    widest = sorted(steps)[-2:]
    if len(widest) < 2 or widest[1] < _MIN_GAP or widest[0] > _MAX_SPACING:
        return None
    return steps.index(widest[1]) + 1


def spacing(document: LaidOutDocument, spans: Sequence[Span]) -> tuple[float, ...]:
    """Measure the distance from each letter or digit of a value to the next, in the median distance of the value.

    Returns:
        One number less than :func:`alternatives_of` has characters; 1 where something else stands between the two.
        Empty where the recogniser gave no positions.
    """
    steps: list[float | None] = []
    for order, span in enumerate(spans):
        line = document.reading.lines[span.line]
        if not _has_alternatives(line):
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
