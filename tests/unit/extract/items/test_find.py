from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from ingestd.document import Cell, Field, Item, Level, Line, Reading, Table
from ingestd.extract.items.find import items_of_tables
from ingestd.layout.geometry import rect_quad
from tests.support.records import TABLE

LINE = Line(0, rect_quad(0, 0, 10, 10), "text", 0.9)


def table(*rows: Sequence[str], header: int = 1) -> Table:
    cells = [Cell(y, x, text, lines=(0,)) for y, row in enumerate(rows) for x, text in enumerate(row)]
    edges = tuple(n / len(rows) for n in range(len(rows) + 1))
    columns = tuple(n / len(rows[0]) for n in range(len(rows[0]) + 1))
    return replace(TABLE, row_edges=edges, column_edges=columns, header_rows=header, cells=tuple(cells))


def items(*tables: Table, **sums: str) -> tuple[Item, ...]:
    fields = [Field(name, value, value, Level.READ) for name, value in sums.items()]
    return items_of_tables(Reading((), (LINE,), (), tables), fields)


HEAD = ("Bezeichnung", "Menge", "Einzelpreis", "USt", "Gesamt")
PIPE = ("Kupferrohr", "2 m", "1.100,50 €", "19 %", "2.201,00 €")
BEND = ("Bogen", "10", "0,995", "19 %", "9,95")


def test_rows_that_multiply_and_add_up_are_items() -> None:
    assert items(table(HEAD, PIPE, BEND), net="2210.95") == (
        Item("Kupferrohr", "2", "1100.5", "2201.00", "19%"),
        Item("Bogen", "10", "0.995", "9.95", "19%"),
    )


def test_the_sums_below_and_lines_between_are_not_items() -> None:
    note, net, total = ("15 mm", "", "", "", ""), ("Netto", "", "", "", "2.210,95"), ("Summe", "", "", "", "2.631,03")
    assert len(items(table(HEAD, PIPE, note, BEND, net, total), net="2210.95")) == 2


def test_items_go_on_in_the_table_of_the_next_page() -> None:
    assert len(items(table(HEAD, PIPE), table(HEAD, BEND), net="2210.95")) == 2


def test_columns_may_stand_in_any_order() -> None:
    [item] = items(table(("Amount", "Price", "Qty", "What"), ("$3,500", "$1,750.00", "2", "Course")), total="3500.00")
    assert item == Item("Course", "2", "1750", "3500.00")


@pytest.mark.parametrize(
    "rows",
    [
        [("", "Netto", "100,00"), ("", "USt 19 %", "19,00"), ("", "Summe", "119,00")],
        [("USt", "Netto", "Steuer"), ("19", "100,00", "19,00"), ("7", "0,00", "0,00")],
        [("Item", "Qty", "Price", "Amount"), ("Pipe", "2", "10.00", "19.00")],
        [("Item", "Qty", "Price", "Amount"), ("Pipe", "2", "10.00", "20.00"), ("Bend", "1", "5.00", "5.00")],
        [("Item", "Qty", "Price", "Amount"), ("Pipe", "2", "10.00", "20.00"), ("Porto", "", "", "5.00")],
    ],
    ids=["sums", "rates", "no product", "another sum", "a row without a product"],
)
def test_what_does_not_fit_is_left_out(rows: list[tuple[str, ...]]) -> None:
    assert items(table(*rows), net="119.00") == ()


def test_a_tax_without_a_known_label_is_no_item() -> None:
    rows = [("Item", "Qty", "Price", "Amount"), ("Pipe", "2", "50.00", "100.00"), ("Pajak", "", "", "19.00")]
    assert [item.name for item in items(table(*rows), total="119.00")] == ["Pipe"]


def test_without_a_sum_or_a_table_there_are_no_items() -> None:
    assert items(table(HEAD, PIPE)) == ()
    assert items(net="2201.00") == ()


def test_a_table_of_another_paper_is_left_alone() -> None:
    blank = Reading((), (replace(LINE, text=""),), (), (table(HEAD, PIPE),))
    assert items_of_tables(blank, [Field("net", "2201.00", None, Level.READ)]) == ()
