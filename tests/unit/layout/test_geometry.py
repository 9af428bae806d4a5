from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestd.document import Quad
from ingestd.layout import geometry


def turned(quad: Quad, degrees: float) -> Quad:
    angle = math.radians(degrees)
    turn = np.array([(math.cos(angle), -math.sin(angle), 0), (math.sin(angle), math.cos(angle), 0), (0, 0, 1)])
    return geometry.as_quad(geometry.transform(turn, quad))


@given(st.floats(-180, 180), st.floats(1, 500), st.floats(1, 50))
def test_size_and_angle_survive_turning(degrees: float, width: float, height: float) -> None:
    quad = turned(geometry.rect_quad(0, 0, width, height), degrees)
    assert geometry.quad_size(quad) == pytest.approx((width, height), abs=0.05)
    difference = (geometry.quad_angle(quad) - degrees + 180) % 360 - 180
    assert abs(difference) < 2.5


@given(st.floats(-180, 180), st.floats(-5, 200), st.floats(-4, 4))
def test_row_continues_in_any_direction(degrees: float, gap: float, step: float) -> None:
    before = geometry.rect_quad(0, 0, 100, 12)
    after = geometry.rect_quad(100 + gap, step, 200 + gap, step + 12)
    assert geometry.continues_row(turned(before, degrees), turned(after, degrees))


def test_line_below_or_before_is_another_row() -> None:
    line = geometry.rect_quad(100, 100, 200, 112)
    for other in ((100, 114, 200, 126), (210, 108, 300, 120), (0, 100, 90, 112)):
        assert not geometry.continues_row(line, geometry.rect_quad(*other))


def test_homography_divides_by_its_scale() -> None:
    assert geometry.transform(np.diag([2.0, 2.0, 4.0]), [(4, 8)]).tolist() == [[2.0, 4.0]]


def test_quad_of_wrong_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"shape \(4, 2\)"):
        geometry.as_quad([(0, 0), (1, 1)])
