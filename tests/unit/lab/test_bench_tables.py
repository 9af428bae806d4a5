from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from ingestd.document import Cell, Item, Table
from lab.bench.stated import Row
from lab.bench.tables import Counts, ItemCounts, compare, compare_items, grid_of
from tests.support.records import TABLE

HTML = {
    "structure": {
        "tokens": [
            *("<thead>", "<tr>", "<td", ' colspan="2"', ">", "</td>", "</tr>", "</thead>"),
            *("<tbody>", "<tr>", "<td>", "</td>", "<td>", "</td>", "</tr>", "</tbody>"),
        ]
    },
    "cells": [{"tokens": ["<b>", "S", "u", "m", "</b>"]}, {"tokens": ["1", "2"]}, {"tokens": []}],
}


def test_truth_has_the_place_and_spans_of_each_cell() -> None:
    assert grid_of(HTML) == {(0, 0, 1, 2): "Sum", (1, 0, 1, 1): "12", (1, 1, 1, 1): ""}


def found(*cells: Cell) -> Table:
    return replace(TABLE, cells=cells)


def test_a_table_like_its_truth_has_all_right() -> None:
    counts = compare(grid_of(HTML), [found(Cell(0, 0, "Sum", column_span=2), Cell(1, 0, "12"), Cell(1, 1, ""))])
    assert counts == Counts(1, 1, 2, 2, 2, 2, 2, 1, 1)


def test_a_text_in_another_column_is_not_placed_and_a_row_of_two_is_not_kept() -> None:
    two = {(0, 0, 1, 1): "copper", (0, 1, 1, 1): "19.90", (1, 0, 1, 1): "brass", (1, 1, 1, 1): "27.80"}
    moved = found(Cell(0, 0, "19.90"), Cell(0, 1, "copper brass"), Cell(1, 0, ""), Cell(1, 1, "27.80"))
    counts = compare(two, [moved])
    assert (counts.kept, counts.placed) == (0, 1)


def test_no_table_is_none_found() -> None:
    assert compare(grid_of(HTML), []) == Counts(tables=1, rows=2, cells=2, empty=1)


def test_items_are_compared_with_those_that_are_stated() -> None:
    rows = [Row(name, Decimal(2), Decimal(5), Decimal(10)) for name in ("Red pipe", "Blue pipe")]
    pipe, other = Item("Red  pipe", "2", "5", "10.00"), Item("Other", "3", "5", "15.00")
    assert compare_items(rows, [pipe, other]) == ItemCounts(1, 1, 2, 1, 1, 1)
    assert compare_items(rows, [pipe, pipe, pipe]) == ItemCounts(1, 1, 2, 2, 1, 1)
    assert compare_items(rows, [Item("Blue pipe", None, None, "10.00")]).right == 1
    assert compare_items(rows, []) == ItemCounts(1, 0, 2)
