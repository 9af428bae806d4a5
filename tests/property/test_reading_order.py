"""The order of lines depends on where they are and on nothing else."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestd.layout.order import reading_order

FEW = settings(max_examples=60, deadline=None)
Box = tuple[float, float, float, float]

boxes = st.lists(
    st.tuples(st.floats(0, 900), st.floats(0, 1400), st.floats(10, 400), st.floats(8, 60)), min_size=1, max_size=25
)


def quads(found: list[Box]) -> np.ndarray:
    return np.array(
        [[(x, y), (x + width, y), (x + width, y + height), (x, y + height)] for x, y, width, height in found],
        np.float32,
    )


@FEW
@given(boxes)
def test_every_line_is_read_once(found: list[Box]) -> None:
    assert sorted(reading_order(quads(found))) == list(range(len(found)))


@FEW
@given(st.data(), st.integers(1, 8), st.integers(1, 4), st.floats(-2, 2))
def test_a_table_is_read_row_by_row_whatever_the_order_of_detection(
    data: st.DataObject, rows: int, columns: int, degrees: float
) -> None:
    table: list[Box] = []
    for row in range(rows):
        for column in range(columns):
            jitter = data.draw(st.floats(-4, 4))
            table.append((250 * column, 40 * row + jitter, data.draw(st.floats(60, 200)), 24))
    turn = np.deg2rad(degrees)
    matrix = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    shuffled = data.draw(st.permutations(range(len(table))))
    turned = (quads([table[index] for index in shuffled]) @ matrix).astype(np.float32)
    assert [shuffled[index] for index in reading_order(turned)] == list(range(len(table)))


@FEW
@given(boxes, st.floats(-300, 300), st.floats(-300, 300), st.sampled_from([0.5, 2.0, 4.0]))
def test_moving_and_scaling_change_nothing(found: list[Box], dx: float, dy: float, scale: float) -> None:
    coarse = np.round(quads(found))
    moved = coarse * np.float32(scale) + np.round(np.array([dx, dy], np.float32))
    assert reading_order(moved.astype(np.float32)) == reading_order(coarse)
