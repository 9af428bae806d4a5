"""Rows that may be line items, out of tables or out of rows of text: their texts, and the numbers in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from ingestd.document import Table
from ingestd.extract.items.numbers import Number, numbers_in
from ingestd.layout.rows import LaidOutDocument, Row

MAX_NUMBERS = 12
"""Numbers per row; a row with more is not an item."""
SLACK = 0.8
"""Heights by which the numbers of a column may differ in their left and in their right edges, and in their middles."""

Roles = Mapping[int, frozenset[str]]
"""Line of the reading -> roles of the labels in it."""
ALONE = "alone"
"""Stands among the roles of a line with nothing but a label."""
HEADS = frozenset(("item", "quantity", "unit_price"))
"""Roles of labels that head the columns of a list of items, and nothing else."""


@dataclass(frozen=True, slots=True)
class Text:
    """Text of a cell, or of a line."""

    left: float
    right: float
    text: str
    roles: frozenset[str] = frozenset()
    """Of the labels in it."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A number and its place."""

    number: Number
    text: int
    """Index of its text in the row."""
    left: float
    right: float


@dataclass(frozen=True)
class ItemRow:
    """Row of a table, or row of text."""

    texts: tuple[Text, ...]
    numbers: tuple[Placed, ...]
    slack: float
    """By which the edges of a column may differ."""
    page_index: int
    top: float = 0.0
    bottom: float = 0.0
    heads: bool = False
    """It heads the columns of a table."""

    @cached_property
    def roles(self) -> frozenset[str]:
        """Roles of the labels in the row."""
        return frozenset[str]().union(*(text.roles for text in self.texts))

    @cached_property
    def is_header(self) -> bool:
        """Labels of columns stand in the row."""
        return self.heads or (bool(self.roles & HEADS) and len(self.roles - {ALONE}) > 1 and len(self.plain) <= 1)

    @cached_property
    def plain(self) -> tuple[int, ...]:
        """Indices of the numbers other than rates."""
        return tuple(index for index, one in enumerate(self.numbers) if not one.number.percent)

    @cached_property
    def rates(self) -> tuple[int, ...]:
        """Indices of the rates."""
        return tuple(index for index, one in enumerate(self.numbers) if one.number.percent)

    def aligned(self, with_: Placed) -> Iterator[int]:
        """Yield the indices of the numbers in the column of another."""
        for index, one in enumerate(self.numbers):
            left, right = one.left - with_.left, one.right - with_.right
            near = min(abs(left), abs(right), abs(left + right) / 2) <= self.slack
            if near and one.number.percent == with_.number.percent:
                yield index


def rows_of_table(table: Table, roles: Roles) -> list[ItemRow]:
    """Return the rows of a table; columns are counted, and take the place of pixels."""
    lines = {(cell.row, cell.column): cell.lines for cell in table.cells}
    return [
        _of_cells(
            [
                Text(column, column + 0.5, text, _said(lines.get((index, column), ()), roles))
                for column, text in enumerate(cells)
            ],
            table.page_index,
            heads=index < table.header_rows,
        )
        for index, cells in enumerate(table.texts())
    ]


def _said(lines: Iterable[int], roles: Roles) -> frozenset[str]:
    return frozenset[str]().union(*(roles.get(line, ()) for line in lines))


def _of_cells(texts: Sequence[Text], page_index: int, *, heads: bool) -> ItemRow:
    numbers = []
    for index, text in enumerate(() if heads else texts):
        for order, number in enumerate(numbers_in(text.text)):
            at = text.left + order / 100
            numbers.append(Placed(number, index, at, at))
    return ItemRow(tuple(texts), _few(numbers), 0.001, page_index, heads=heads)


def rows_of_text(document: LaidOutDocument, roles: Roles) -> list[ItemRow]:
    """Return the rows of text of a document."""
    return [_of_boxes(row, roles) for row in document.rows]


def _of_boxes(row: Row, roles: Roles) -> ItemRow:
    texts = tuple(Text(box.left, box.right, box.text, roles.get(box.line, frozenset())) for box in row.boxes)
    numbers = []
    if any(character.isdigit() for character in row.text):
        for index, (box, start) in enumerate(zip(row.boxes, row.starts, strict=True)):
            for number in numbers_in(box.text):
                left, right = row.extent(start + number.start, start + number.end)
                numbers.append(Placed(number, index, left, right))
    height = min(box.height for box in row.boxes)
    return ItemRow(texts, _few(numbers), SLACK * height, row.page_index, row.top, row.bottom)


def _few(numbers: Sequence[Placed]) -> tuple[Placed, ...]:
    return tuple(numbers) if len(numbers) <= MAX_NUMBERS else ()
