"""Stretches of rows that may be a table without vertical rules: rows whose gaps stand above each other. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ingestd.layout.tables.columns import SHRUNK
from ingestd.layout.tables.entries import is_numeric
from ingestd.layout.tables.pieces import Piece
from ingestd.layout.tables.ruling import Rule

MIN_GAP = 0.4
"""Gap between two cells of a row, in heights."""
SHARED = 0.3
"""Heights that gaps of two rows have in common."""
LOOK_BACK = 3
"""Rows with several cells that the next one is compared with."""
MAX_SINGLE = 4
"""Rows with one text between two rows of cells: wrapped text, headings inside of the table."""
MAX_PAUSE = 2.5
"""Space between two rows of a table, in heights, where no rule runs through it."""
WIDE_PAUSE, MANY = 4.5, 3
"""The same between rows that have at least so many gaps above each other."""
FRAME = 1.5
"""Heights by which the rules above and below a table differ in their ends."""

MIN_FRAME = 2
"""Rules as wide as the rows that make a frame."""
MAX_HEADS = 2
"""Rows of text above the first of two rules, where it is the one below the headers."""
MAX_NOTES = 3
"""Rows of text below the last rule that are left out; more are a part of the table, such as sums."""
WIDE = 0.8
"""Share of a table's width from which a row may be running text."""

MAX_RUNNING = 3
"""Columns of running text on a page."""
RUNNING = 12.0
"""Width of a line of running text per height."""

MIN_HEADERS = 3
"""Names in a row that may head the columns of another table."""
_LABEL = re.compile(r"[^\W\d]\s{0,3}[)\]]?\s{0,3}[:：](?:\s|$|(?<=：))|^[:：]")

Gap = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Block:
    """Rows ``first`` to ``end`` (exclusive) of a part of the page."""

    first: int
    end: int


def gaps_of(row: Sequence[Piece], height: float) -> list[Gap]:
    """Return the gaps between the pieces of a row."""
    edge = SHRUNK * height
    return [
        (one.right - edge, other.left + edge)
        for one, other in pairwise(row)
        if other.left - one.right + 2 * edge >= MIN_GAP * height
    ]


def blocks_of(rows: Sequence[Sequence[Piece]], height: float, flat: Sequence[Rule]) -> list[Block]:
    """Find the stretches of rows with gaps above each other, each with the rows that its rules enclose.

    Args:
        rows: pieces of each row of a part of the page, from the top.
        height: of a line of text, in pixels.
        flat: horizontal rules.
    """
    gaps = [[] if _is_running(row) or _has_label(row) else gaps_of(row, height) for row in rows]
    found: list[Block] = []
    start = 0
    while start < len(rows):
        if not gaps[start]:
            start += 1
            continue
        end = _end(rows, gaps, start, height, flat)
        if end - start >= 2:
            found.append(_enclosed(Block(start, end), rows, height, flat, found[-1].end if found else 0))
        start = max(end, start + 1)
    return found


def _is_running(row: Sequence[Piece]) -> bool:
    """Tell whether a row of text is lines of running text beside each other."""
    return len(row) <= MAX_RUNNING and all(piece.width >= RUNNING * piece.height for piece in row)


def _end(
    rows: Sequence[Sequence[Piece]], gaps: Sequence[Sequence[Gap]], start: int, height: float, flat: Sequence[Rule]
) -> int:
    """Return where the stretch that begins with a row ends."""
    last, many = start, [start]
    for row in range(start + 1, len(rows)):
        pause = _pause(rows[row - 1], rows[row])
        alike = max(_shared(gaps[row], gaps[other], height) for other in many[-LOOK_BACK:])
        most = WIDE_PAUSE if alike >= MANY else MAX_PAUSE
        if pause > most * height and not _is_ruled(rows[row - 1], rows[row], flat):
            break
        if not gaps[row]:
            if row - last > MAX_SINGLE:
                break
            continue
        if not alike:
            break
        if _is_header(rows[row]) and _has_numbers(rows[many[-1]]) and not _is_framed(rows[row], height, flat):
            break
        last = row
        many.append(row)
    return last + 1


def _has_label(row: Sequence[Piece]) -> bool:
    """Tell whether a label stands before its value, with a colon: such rows are of a form or a note."""
    return any(_LABEL.search(piece.text.strip()) is not None for piece in row)


def _is_header(row: Sequence[Piece]) -> bool:
    """Tell whether a row may head the columns of another table."""
    return len(row) >= MIN_HEADERS and not any(is_numeric(piece.text) for piece in row)


def _has_numbers(row: Sequence[Piece]) -> bool:
    return 2 * sum(is_numeric(piece.text) for piece in row[1:]) >= len(row[1:])


def _is_framed(row: Sequence[Piece], height: float, flat: Sequence[Rule]) -> bool:
    """Tell whether rules of the same width run above and below a row."""
    frame = frame_of(row, height, flat)
    return bool(frame) and frame[0].at < _middle(row) < frame[-1].at


def _pause(above: Sequence[Piece], below: Sequence[Piece]) -> float:
    return min(piece.top for piece in below) - max(piece.bottom for piece in above)


def _is_ruled(above: Sequence[Piece], below: Sequence[Piece], flat: Sequence[Rule]) -> bool:
    top, bottom = min(piece.middle for piece in above), max(piece.middle for piece in below)
    left, right = min(piece.left for piece in below), max(piece.right for piece in below)
    return any(top < rule.at < bottom and rule.start < right and left < rule.end for rule in flat)


def _shared(one: Sequence[Gap], other: Sequence[Gap], height: float) -> int:
    """Return the number of gaps of a row that stand above or below those of another."""
    return sum(any(min(a[1], b[1]) - max(a[0], b[0]) >= SHARED * height for b in other) for a in one)


def frame_of(pieces: Sequence[Piece], height: float, flat: Sequence[Rule]) -> list[Rule]:
    """Return the rules above, in and below a stretch of rows that end where it does, or a little beside, from the top.

    Most tables without vertical rules have two or three of the same width.
    """
    left, right = min(piece.left for piece in pieces), max(piece.right for piece in pieces)
    slack = FRAME * height
    near = [rule for rule in flat if rule.start <= left + slack and right - slack <= rule.end]
    best: list[Rule] = []
    for one in near:
        alike = [rule for rule in near if abs(rule.start - one.start) <= slack and abs(rule.end - one.end) <= slack]
        best = max(best, alike, key=len)
    return sorted(best, key=lambda rule: rule.at)


def _enclosed(block: Block, rows: Sequence[Sequence[Piece]], height: float, flat: Sequence[Rule], least: int) -> Block:
    """Add the rows between the block and the rules that frame it; leave out those beyond them."""
    pieces = [piece for row in rows[block.first : block.end] for piece in row]
    frame = frame_of(_telling(rows[block.first : block.end]), height, flat)
    if len(frame) < MIN_FRAME:
        return block
    width = max(piece.right for piece in pieces) - min(piece.left for piece in pieces)
    first, end = block.first, block.end
    for rule in reversed(frame):
        grown = first
        while grown > least and _middle(rows[grown - 1]) > rule.at:
            grown -= 1
        if not _may_belong(rows[grown : first + 1], width, height):
            break
        first = grown
    for rule in frame:
        grown = end
        while grown < len(rows) and _middle(rows[grown]) < rule.at:
            grown += 1
        if not _may_belong(rows[end - 1 : grown], width, height):
            break
        end = grown
    return _without_outside(Block(first, end), rows, frame)


def _telling(rows: Sequence[Sequence[Piece]]) -> list[Piece]:
    """Return the pieces of the rows with the most of them: others may be beside the table."""
    most = max(map(len, rows))
    return [piece for row in rows if 2 * len(row) >= most for piece in row]


def _middle(row: Sequence[Piece]) -> float:
    return sum(piece.middle for piece in row) / len(row)


def _may_belong(rows: Sequence[Sequence[Piece]], width: float, height: float) -> bool:
    """Tell whether rows between a block and a rule may be part of the table: few, near, and none running text."""
    wide = sum(max(piece.width for piece in row) >= WIDE * width for row in rows)
    near = all(_pause(above, below) <= MAX_PAUSE * height for above, below in pairwise(rows))
    return len(rows) <= MAX_SINGLE + 1 and wide <= 1 and near


def _without_outside(block: Block, rows: Sequence[Sequence[Piece]], frame: Sequence[Rule]) -> Block:
    """Leave out captions and notes above the first of three rules and below the last, or far from the first of two."""
    first, end = block.first, block.end
    above = sum(_middle(row) < frame[0].at for row in rows[first:end])
    below = sum(_middle(row) > frame[-1].at for row in rows[first:end])
    if len(frame) > MIN_FRAME or above > MAX_HEADS:
        first += above
    if len(frame) > MIN_FRAME and below <= MAX_NOTES:
        end -= below
    return Block(first, end) if end - first >= 2 else block
