from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestd.layout.geometry import transform, turned
from ingestd.layout.order import reading_order
from ingestd.layout.row_groups import group_rows, text_edges


def box(left: float, top: float, width: float, height: float = 20) -> list[tuple[float, float]]:
    return [(left, top), (left + width, top), (left + width, top + height), (left, top + height)]


def order_of(*boxes: list[tuple[float, float]]) -> list[int]:
    return reading_order(np.array(boxes, np.float32).reshape(-1, 4, 2))


def rows_of(*boxes: list[tuple[float, float]], degrees: float = 0.0) -> list[list[int]]:
    """Rows of boxes that are turned clockwise about the origin."""
    turn = math.radians(degrees)
    matrix = np.array([(math.cos(turn), -math.sin(turn), 0), (math.sin(turn), math.cos(turn), 0), (0, 0, 1)])
    return group_rows(text_edges(transform(matrix, np.array(boxes, np.float64).reshape(-1, 4, 2))))


@given(st.floats(-180, 180), st.floats(-5, 200), st.floats(-4, 4))
def test_a_row_goes_on_in_any_direction(degrees: float, gap: float, step: float) -> None:
    assert rows_of(box(0, 0, 100, 12), box(100 + gap, step, 100, 12), degrees=degrees) == [[0, 1]]


@pytest.mark.parametrize("below", [box(100, 114, 100, 12), box(210, 107, 90, 12), box(0, 107, 90, 12)])
def test_a_line_lower_by_more_than_half_is_in_another_row(below: list[tuple[float, float]]) -> None:
    assert rows_of(box(100, 100, 100, 12), below) == [[0], [1]]


def test_small_print_at_the_foot_of_large_print_is_in_its_row() -> None:
    assert rows_of(box(0, 26, 80, 14), box(100, 0, 150, 40)) == [[0, 1]]


def test_of_two_rows_the_one_that_shares_more_height_goes_on() -> None:
    assert rows_of(box(0, 0, 80, 20), box(0, 21, 80, 20), box(100, 14, 80, 20)) == [[0], [1, 2]]


def test_no_boxes_have_no_rows() -> None:
    assert rows_of() == []


def test_nothing_has_an_order() -> None:
    assert order_of() == []


def test_rows_come_before_columns() -> None:
    assert order_of(box(300, 2, 60), box(0, 100, 90), box(0, 0, 80), box(310, 98, 50)) == [2, 0, 1, 3]


def test_a_small_box_beside_a_tall_one_is_in_its_row() -> None:
    assert order_of(box(200, 14, 60, 14), box(0, 0, 150, 40), box(0, 60, 300)) == [1, 0, 2]


def test_lines_above_each_other_are_never_in_one_row() -> None:
    """Tight print: boxes overlap by a third of their height."""
    assert order_of(box(0, 26, 200), box(0, 13, 190), box(0, 0, 210)) == [2, 1, 0]


def test_a_row_that_bends_stays_together() -> None:
    bent = [box(110 * place, 0.6 * place * place, 100) for place in range(8)]
    below = [box(110 * place, 30 + 0.6 * place * place, 100) for place in range(8)]
    assert order_of(*below, *bent) == [*range(8, 16), *range(8)]


@pytest.mark.parametrize("degrees", [-4, -1, 1, 4])
def test_a_page_that_is_not_level_is_read_in_rows(degrees: float) -> None:
    turn = np.deg2rad(degrees)
    matrix = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    table = np.array([box(250 * column, 30 * row, 120) for row in range(12) for column in range(4)], np.float32)
    assert reading_order((table @ matrix).astype(np.float32)) == list(range(48))


def test_columns_of_text_that_runs_downward_go_from_right_to_left() -> None:
    columns = np.array([box(0, 0, 30, 400), box(60, 0, 30, 390), box(120, 5, 30, 180), box(120, 200, 30, 180)])
    assert reading_order(turned(columns.astype(np.float32), 1)) == [2, 3, 1, 0]


def column(left: float, top: float, lines: int, width: float = 300) -> list[list[tuple[float, float]]]:
    """A column of running text: its last line is short."""
    return [box(left, top + 20 * line, width if line < lines - 1 else width / 3, 12) for line in range(lines)]


@pytest.mark.parametrize("shift", [0, 7], ids=["on one grid", "on grids of their own"])
@pytest.mark.parametrize("gutter", [-4, 6, 40])
def test_columns_of_text_are_read_one_after_another(gutter: float, shift: float) -> None:
    boxes = [column(left, top, 9) for left, top in ((0, 0), (300 + gutter, shift), (600 + 2 * gutter, 0))]
    assert order_of(*(line for lines in boxes for line in lines)) == list(range(27))


def test_headings_across_the_columns_part_what_is_above_from_what_is_below() -> None:
    page = [box(100, 0, 450, 14), *column(0, 30, 8), *column(340, 30, 8), box(80, 200, 500, 14)]
    page += [*column(0, 230, 7), *column(340, 230, 7)]
    assert order_of(*page) == list(range(len(page)))


def test_a_table_across_the_page_is_read_by_row_although_a_gutter_runs_through_it() -> None:
    cells = [box(150 * place, 20 * row, 60, 12) for row in range(6) for place in range(5)]
    text = [*column(0, 150, 8, 315), *column(335, 150, 8, 315)]
    assert order_of(*cells, *text) == list(range(len(cells) + len(text)))


@pytest.mark.parametrize("widths", [(120, 60), (300, 40), (40, 60)], ids=["form", "receipt", "table"])
def test_labels_and_values_are_read_row_by_row(widths: tuple[float, float]) -> None:
    rows = [box(left, 20 * row, width, 12) for row in range(12) for left, width in zip((0, 400), widths, strict=True)]
    assert order_of(*rows) == list(range(24))
