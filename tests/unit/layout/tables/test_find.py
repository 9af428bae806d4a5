from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from ingestd.document import Char, Line, Table
from ingestd.layout.geometry import as_quad, transform
from ingestd.layout.tables.find import find_tables
from ingestd.layout.tables.ruling import NO_RULES, RuledLines

HEIGHT = 20.0
WIDTH = 10.0
"""Of a character."""

Text = tuple[float, str]
"""Left edge and text of a line."""


def line(left: float, top: float, text: str, angle: float = 0.0) -> Line:
    right = left + WIDTH * len(text)
    corners = [(left, top), (right, top), (right, top + HEIGHT), (left, top + HEIGHT)]
    chars = tuple(Char((index + 0.5) / len(text), ((char, 1.0),)) for index, char in enumerate(text))
    return Line(0, as_quad(transform(turn(angle), corners)), text, 0.9, chars)


def turn(degrees: float) -> NDArray[np.float64]:
    sine, cosine = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
    return np.array([(cosine, -sine, 0), (sine, cosine, 0), (0, 0, 1)])


def page(*rows: Sequence[Text], pitch: float = 30.0, angle: float = 0.0) -> list[Line]:
    return [line(x, 100 + pitch * n, text, angle) for n, row in enumerate(rows) for x, text in row]


def rules(*segments: tuple[float, float, float, float]) -> RuledLines:
    return np.array([[(x0, y0), (x1, y1)] for x0, y0, x1, y1 in segments], np.float64).reshape(-1, 2, 2)


def box(xs: Sequence[float], ys: Sequence[float]) -> list[tuple[float, float, float, float]]:
    flat = [(xs[0], y, xs[-1], y) for y in ys]
    return [*flat, *((x, ys[0], x, ys[-1]) for x in xs)]


def grid(table: Table) -> list[list[str]]:
    """Texts by row and column; ``<`` where a cell spans on to the right, ``^`` where it spans down."""
    texts = [["?"] * table.columns for _ in range(table.rows)]
    for cell in table.cells:
        for row in range(cell.row, cell.row + cell.row_span):
            for column in range(cell.column, cell.column + cell.column_span):
                assert texts[row][column] == "?", "cells overlap"
                texts[row][column] = "^" if row > cell.row else "<"
        texts[cell.row][cell.column] = cell.text
    return texts


HEAD = [(0, "Item"), (300, "Qty"), (400, "Price"), (520, "Amount")]
ITEMS = (
    [(0, "Copper pipe"), (300, "2"), (400, "10.00"), (520, "20.00")],
    [(0, "Bend"), (300, "10"), (400, "1.50"), (520, "15.00")],
    [(0, "Solder"), (400, "7.25"), (520, "7.25")],
)


@pytest.mark.parametrize("angle", [0, 3, 90, 180])
def test_aligned_rows_are_a_table_with_empty_cells(angle: float) -> None:
    [table] = find_tables(page(HEAD, *ITEMS, angle=angle))
    assert grid(table) == [
        ["Item", "Qty", "Price", "Amount"],
        ["Copper pipe", "2", "10.00", "20.00"],
        ["Bend", "10", "1.50", "15.00"],
        ["Solder", "", "7.25", "7.25"],
    ]
    assert table.header_rows == 1


def test_cells_name_their_lines() -> None:
    [table] = find_tables(page(HEAD, *ITEMS), first=7)
    lines = {cell.text: cell.lines for cell in table.cells if cell.text}
    assert lines["Item"] == (7,)
    assert lines["Solder"] == (19,)


def test_edges_go_from_side_to_side() -> None:
    [table] = find_tables(page(HEAD, *ITEMS))
    for edges, count in ((table.row_edges, 4), (table.column_edges, 4)):
        assert (edges[0], edges[-1], len(edges)) == (0.0, 1.0, count + 1)
        assert list(edges) == sorted(edges)


def test_wrapped_text_stays_in_the_row_of_its_cell() -> None:
    wrapped = [(0, "coated on both sides")]
    [table] = find_tables(page(HEAD, [(0, "Copper pipe, 15 mm,"), *ITEMS[0][1:]], wrapped, *ITEMS[1:]))
    assert [row[0] for row in grid(table)] == ["Item", "Copper pipe, 15 mm, coated on both sides", "Bend", "Solder"]


def test_a_text_that_goes_on_over_the_next_row_spans_both() -> None:
    notes = ("Captive for more than a year,", "always a control", "Caught in the field with no", "sign of the disease")
    rows = [[(0, str(number)), (150, "07/13/2012"), (350, note)] for number, note in enumerate(notes, 380)]
    [table] = find_tables(page([(0, "Bird"), (150, "Date"), (350, "Status")], *rows))
    assert [row[2] for row in grid(table)] == ["Status", f"{notes[0]} {notes[1]}", "^", f"{notes[2]} {notes[3]}", "^"]


def test_a_heading_between_rows_is_a_row() -> None:
    [table] = find_tables(page(HEAD, [(0, "Pipes")], *ITEMS, [(0, "Tools")], ITEMS[1]))
    assert [row[0] for row in grid(table)] == ["Item", "Pipes", "Copper pipe", "Bend", "Solder", "Tools", "Bend"]


def test_text_around_its_numbers_is_one_row() -> None:
    lines = page(HEAD, [(0, "Copper pipe of")], [(300, "2"), (400, "10.00"), (520, "20.00")], [(0, "15 mm")])
    [table] = find_tables([*lines, *page([], [], [], [], *ITEMS[1:])])
    assert grid(table)[1] == ["Copper pipe of 15 mm", "2", "10.00", "20.00"]


def test_a_line_over_two_columns_is_divided() -> None:
    [table] = find_tables(page(HEAD, [(0, "Copper pipe"), (300, "2"), (400, "10.00       20.00")], *ITEMS))
    assert grid(table)[1] == ["Copper pipe", "2", "10.00", "20.00"]


def test_a_header_spans_the_columns_over_whose_middle_it_stands() -> None:
    above = [(180, "Male"), (440, "Female")]
    below = [(120, "n"), (240, "%"), (400, "n"), (520, "%")]
    rows = ([(0, name), (120, "12"), (240, "3.4"), (400, "15"), (520, "4.5")] for name in ("Young", "Old"))
    lines = page(above, below, *rows)
    [table] = find_tables(
        lines, rules((0, 90, 560, 90), (110, 127, 270, 127), (390, 127, 550, 127), (0, 155, 560, 155))
    )
    assert grid(table)[:2] == [["", "Male", "<", "Female", "<"], ["", "n", "%", "n", "%"]]
    assert table.header_rows == 2


def test_rules_of_the_same_width_enclose_a_table() -> None:
    caption, note = [(0, "Table 1: what was bought")], [(0, "Prices without tax")]
    lines = page(caption, HEAD, *ITEMS, note)
    [table] = find_tables(lines, rules(*((0, y, 580, y) for y in (125, 155, 245))))
    assert [row[0] for row in grid(table)] == ["Item", "Copper pipe", "Bend", "Solder"]


def test_words_between_rules_are_a_table() -> None:
    rows = [[(0, "Dog"), (200, "barks"), (400, "brown")], [(0, "Cat"), (200, "purrs"), (400, "black")]]
    lines = page([(0, "Animal"), (200, "Sound"), (400, "Colour")], *rows)
    assert not find_tables(lines)
    [table] = find_tables(lines, rules(*((0, y, 460, y) for y in (95, 125, 185))))
    assert grid(table)[1:] == [["Dog", "barks", "brown"], ["Cat", "purrs", "black"]]


def test_boxes_part_cells_whatever_their_text() -> None:
    lines = page([(10, "Name"), (210, "Ada Lovelace")], [(10, "Born"), (210, "1815")], [(10, "Place"), (210, "London")])
    [table] = find_tables(lines, rules(*box([0, 200, 400], [95, 125, 155, 185])))
    assert grid(table) == [["Name", "Ada Lovelace"], ["Born", "1815"], ["Place", "London"]]


def test_lines_inside_a_box_are_one_cell() -> None:
    lines = page([(10, "Use"), (210, "clean before use,")], [(210, "then dry")], [(10, "Store"), (210, "dry and dark")])
    [table] = find_tables(lines, rules(*box([0, 200, 400], [95, 155, 185])))
    assert grid(table) == [["Use", "clean before use, then dry"], ["Store", "dry and dark"]]


def test_a_missing_wall_makes_a_cell_span() -> None:
    lines = page([(150, "Resistance")], [(10, "cold"), (210, "warm")], [(10, "1.5"), (210, "2.5")])
    walls = [(0, y, 400, y) for y in (95.0, 125.0, 155.0, 185.0)]
    [table] = find_tables(lines, rules(*walls, (0, 95, 0, 185), (400, 95, 400, 185), (200, 125, 200, 185)))
    assert grid(table) == [["Resistance", "<"], ["cold", "warm"], ["1.5", "2.5"]]


def test_rows_in_one_tall_box_are_rows() -> None:
    lines = page(
        [(10, "Item"), (210, "Qty"), (310, "Amount")],
        *(
            [(10, a), (210, b), (310, c)]
            for a, b, c in [("Pipe", "2", "20.00"), ("Bend", "10", "15.00"), ("Solder", "1", "7.25")]
        ),
    )
    [table] = find_tables(lines, rules(*box([0, 200, 300, 400], [95, 125, 215])))
    assert [row[0] for row in grid(table)] == ["Item", "Pipe", "Bend", "Solder"]
    assert table.header_rows == 1


def test_columns_without_rules_inside_a_frame_are_columns() -> None:
    rows = [[(10, f"row {n}"), (210, f"{n}.5"), (290, f"{n}.7"), (370, f"{n}.9")] for n in range(5)]
    [table] = find_tables(page(*rows), rules(*box([0, 150, 440], [95, 245])))
    assert grid(table)[2] == ["row 2", "2.5", "2.7", "2.9"]


def test_two_grids_with_nothing_between_are_two_tables() -> None:
    first = page([(10, "a"), (110, "1")], [(10, "b"), (110, "2")])
    second = page([], [], [], [(10, "c"), (60, "3"), (160, "5")], [(10, "d"), (60, "4"), (160, "6")])
    walls = [*box([0, 100, 220], [95, 125, 155]), *box([0, 50, 150, 220], [185, 215, 245])]
    found = find_tables([*first, *second], rules(*walls))
    assert [(table.rows, table.columns) for table in found] == [(2, 2), (2, 3)]


def test_a_blank_form_keeps_its_empty_rows() -> None:
    lines = page([(10, "Date"), (110, "Name"), (210, "Hours")], [(10, "1 May"), (110, "Ada"), (210, "8")])
    [table] = find_tables(lines, rules(*box([0, 100, 200, 300], [95, 125, 155, 185, 215])))
    assert grid(table)[2:] == [["", "", ""], ["", "", ""]]


PROSE = "the quick brown fox jumps over it"


@pytest.mark.parametrize(
    "rows",
    [
        [[(0, PROSE), (400, PROSE)]] * 12,
        [[(0, PROSE)]] * 8,
        [[(0, f"{n}."), (60, PROSE)] for n in range(1, 8)],
        [[(0, "Invoice no:"), (200, "4711")], [(0, "Date:"), (200, "2026-01-02")], [(0, "Total:"), (200, "12.00")]] * 2,
        [[(0, "TOTAL"), (300, "12.00")], [(0, "CASH"), (300, "20.00")], [(0, "CHANGE"), (300, "8.00")]] * 2,
        [[(0, "Ada Ltd"), (250, "Bank of Nowhere"), (500, "Tel 555 01")]] * 4,
    ],
    ids=["columns of prose", "prose", "list", "labels", "sums of a receipt", "footer"],
)
def test_other_text_is_not_a_table(rows: list[list[Text]]) -> None:
    assert find_tables(page(*rows)) == ()


def test_a_page_without_text_has_no_table() -> None:
    assert find_tables([], NO_RULES) == ()


def test_rules_through_large_letters_draw_no_grid() -> None:
    title = Line(0, as_quad([(0, 0), (400, 0), (400, 80), (0, 80)]), "INVOICE", 0.9)
    strokes = [(x, 5.0, x, 75.0) for x in (40.0, 120.0, 200.0)] + [(20.0, y, 380.0, y) for y in (20.0, 40.0, 60.0)]
    assert find_tables([title, *page(*[[(0, PROSE)]] * 4)], rules(*strokes)) == ()


def test_a_pattern_of_rules_is_searched_in_bounds() -> None:
    places = [15.0 * n for n in range(100)]
    lines = page(*[[(60 * x, f"{x}") for x in range(20)] for _ in range(40)])
    assert len(find_tables(lines, rules(*box(places, places)))) <= 1


def test_a_stamp_over_a_table_leaves_its_walls() -> None:
    stamp = Line(0, as_quad([(150, 90), (350, 90), (350, 190), (150, 190)]), "PAID", 0.9)
    lines = page(*[[(10, f"row {n}"), (210, f"{n}.5"), (310, f"{n}.7")] for n in range(3)])
    [table] = find_tables([*lines, stamp], rules(*box([0, 200, 300, 400], [95, 125, 155, 185])))
    assert (table.rows, table.columns) == (3, 3)
