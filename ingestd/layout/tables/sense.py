"""Tell a table from text that stands in columns by chance: running text, labels beside values, lists. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ingestd.layout.tables.build import Draft, DraftTable
from ingestd.layout.tables.entries import is_numeric

MIN_TEXTS = 3
"""Cells with text of a table with boxed cells."""
MIN_FILLED = 0.25
"""Share of its cells that have text."""
MIN_FILLED_LOOSE = 0.4
"""The same of a table that rules do not box: axes of charts have few texts."""
NUMBERS = 0.6
"""Share of a column's texts that are numbers in a column of numbers."""
MIN_RULES = 2
"""Rules as wide as a table above, in or below it that tell it from other text."""
FULL_OF_TWO = 0.7
"""Share of rows with both texts in a table of two columns."""
LONG = 60
"""Characters of a cell of running text."""
RUNNING = 0.3
"""Share of cells with running text that a table without rules may have."""
_MARK = re.compile(r"[\[(]?(?:\d{1,3}|[A-Za-z]|[ivxIVX]+|[•·●▪■◆*–-])[\]).、:]?")
_LABEL_END = (":", "：")


def is_table(table: DraftTable) -> bool:
    """Tell whether a draft is a table."""
    rows, columns = len(table.ys) - 1, len(table.xs) - 1
    texts = [cell for cell in table.cells if cell.pieces]
    if table.grid is not None:
        if len(texts) < MIN_TEXTS or len(texts) < MIN_FILLED * len(table.cells):
            return False
        filled = [sum(row in cell.rows for cell in texts) for row in range(rows)]
        return columns >= 2 and (sum(count >= 2 for count in filled) >= 2 or max(filled) >= MIN_TEXTS)
    if rows < 2 or columns < 2 or len(texts) < 4 or _is_running(texts):
        return False
    by_column = [[cell for cell in texts if cell.columns == range(n, n + 1)] for n in range(columns)]
    filled = [sum(cell.rows.start == row for cell in texts) for row in range(rows)]
    full = sum(count >= max(2, columns / 2) for count in filled)
    if full < 2 or _is_list(by_column) or _is_labels(texts, columns):
        return False
    if len(texts) < MIN_FILLED_LOOSE * rows * columns:
        return False
    if table.rules >= MIN_RULES:
        return columns > 2 or full >= FULL_OF_TWO * rows
    body = [[cell for cell in column if cell.rows.start >= table.header] for column in by_column]
    numeric = sum(_is_numeric(column) for column in body)
    if columns == 2:
        return False
    return (full >= 3 or table.header > 0) and numeric + (table.header > 0) >= 2


def _is_running(cells: Sequence[Draft]) -> bool:
    return sum(len(cell.text) > LONG for cell in cells) > RUNNING * len(cells)


def _is_numeric(column: Sequence[Draft]) -> bool:
    return bool(column) and sum(is_numeric(cell.text) for cell in column) >= NUMBERS * len(column)


def _is_list(columns: Sequence[Sequence[Draft]]) -> bool:
    """Tell whether two columns are the marks of a list and its texts."""
    if len(columns) != 2 or not columns[0]:
        return False
    marks = sum(_MARK.fullmatch(cell.text) is not None for cell in columns[0])
    words = sum(not is_numeric(cell.text) for cell in columns[1])
    return 2 * marks > len(columns[0]) and 2 * words > len(columns[1])


def _is_labels(cells: Sequence[Draft], columns: int) -> bool:
    """Tell whether cells are labels beside their values: many end or begin with a colon."""
    labels = sum(cell.text.endswith(_LABEL_END) or cell.text.startswith(_LABEL_END) for cell in cells)
    return labels * (columns + 1) >= len(cells)
