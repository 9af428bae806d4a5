from __future__ import annotations

import numpy as np
import pytest

from ingestd.layout.geometry import sizes, turned
from ingestd.reading.crop import crop
from ingestd.reading.recognise.batch import Batch, fill, plan_batches


def rectangle(left: float, top: float, width: float, height: float) -> list[tuple[float, float]]:
    return [(left, top), (left + width, top), (left + width, top + height), (left, top + height)]


def quads(*rectangles: list[tuple[float, float]]) -> np.ndarray:
    return np.array(rectangles, np.float32)


def gradient(height: int = 60, width: int = 80) -> np.ndarray:
    """Blue grows to the right, green downward."""
    page = np.zeros((height, width, 3), np.uint8)
    page[..., 0] = np.arange(width)
    page[..., 1] = np.arange(height)[:, np.newaxis]
    return page


def test_lines_that_round_up_to_one_width_share_a_batch() -> None:
    assert list(plan_batches([30, 9, 32, 16, 31], 8, min_width=16, max_width=100, lines=8)) == [
        Batch((1, 3), (9, 16), 16),
        Batch((0, 4, 2), (30, 31, 32), 32),
    ]


@pytest.mark.parametrize(("lines", "most", "sizes_of_batches"), [(2, 999, [2, 2, 1]), (8, 48, [3, 2]), (8, 8, [1] * 5)])
def test_a_batch_is_bounded_in_lines_and_in_pixels(lines: int, most: int, sizes_of_batches: list[int]) -> None:
    batches = list(plan_batches([16] * 5, 8, min_width=8, max_width=most, lines=lines))
    assert [len(batch.indices) for batch in batches] == sizes_of_batches
    assert sorted(index for batch in batches for index in batch.indices) == list(range(5))


def test_no_lines_make_no_batches() -> None:
    assert list(plan_batches([], 8, min_width=8, max_width=100, lines=8)) == []


def test_lines_lie_left_and_the_rest_is_padding() -> None:
    page = gradient()
    rows = fill(page, quads(rectangle(0, 0, 80, 16), rectangle(10, 20, 5, 16)), Batch((1,), (5,), 8), 16, 128)
    assert rows.shape == (1, 16, 8, 3)
    assert (rows[0, :, :5] == page[20:36, 10:15]).all()
    assert (rows[0, :, 5:] == 128).all()


def test_a_crop_of_the_same_size_is_the_page_itself() -> None:
    page = gradient()
    assert (crop(page, quads(rectangle(3, 7, 40, 20))[0], 40, 20) == page[7:27, 3:43]).all()


def test_a_crop_follows_the_reading_direction() -> None:
    page = gradient()
    (downward,) = turned(quads(rectangle(10, 5, 8, 40)), 1)
    straight = crop(page, downward, 40, 8)
    assert (straight == np.rot90(page[5:45, 10:18])).all()
    assert sizes(downward[np.newaxis]).tolist() == [[40, 8]]


def test_a_sloping_line_is_straightened() -> None:
    page = gradient(200, 200)
    slope = np.deg2rad(20)
    along, down = np.array([np.cos(slope), np.sin(slope)]), np.array([-np.sin(slope), np.cos(slope)])
    start = np.array([60.5, 40.5])
    corners = np.array([start, start + 80 * along, start + 80 * along + 20 * down, start + 20 * down], np.float32)
    straight = crop(page, corners, 80, 20)
    middles = start + (np.arange(80)[:, np.newaxis] + 0.5) * along + 10 * down - 0.5
    assert np.abs(straight[9:11, :, 0].mean(axis=0) - middles[:, 0]).max() < 1
    assert np.abs(straight[9:11, :, 1].mean(axis=0) - middles[:, 1]).max() < 1


def test_shrinking_averages_instead_of_skipping() -> None:
    page = np.zeros((400, 400, 3), np.uint8)
    page[:, ::2] = 200  # stripes that sampling every fourth pixel would see as black or white
    assert np.ptp(crop(page, quads(rectangle(0, 0, 400, 200))[0], 100, 50)) <= 2
    assert crop(page, quads(rectangle(0, 0, 400, 200))[0], 100, 50).mean() == pytest.approx(100, abs=2)


def test_outside_the_page_its_edge_goes_on() -> None:
    page = np.full((20, 20, 3), 90, np.uint8)
    assert (crop(page, quads(rectangle(-10, -10, 60, 40))[0], 60, 40) == 90).all()


def test_a_degenerate_quad_has_a_size() -> None:
    assert sizes(quads([(5, 5)] * 4)).tolist() == [[1, 1]]
    assert crop(gradient(), quads([(5, 5)] * 4)[0], 4, 16).shape == (16, 4, 3)
