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


@given(st.floats(-180, 180), st.floats(10, 500), st.floats(5, 50))
def test_size_and_angle_survive_turning(degrees: float, width: float, height: float) -> None:
    quads = geometry.as_quads([turned(geometry.rect_quad(0, 0, width, height), degrees)])
    assert geometry.sizes(quads)[0] == pytest.approx((width, height), abs=0.2)
    difference = (math.degrees(geometry.angles(quads)[0]) - degrees + 180) % 360 - 180
    assert abs(difference) < 2.5


def test_homography_divides_by_its_scale() -> None:
    assert geometry.transform(np.diag([2.0, 2.0, 4.0]), [(4, 8)]).tolist() == [[2.0, 4.0]]


def test_quad_of_wrong_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"shape \(4, 2\)"):
        geometry.as_quad([(0, 0), (1, 1)])


def test_no_quads_make_an_array_without_rows() -> None:
    assert geometry.as_quads([]).shape == (0, 4, 2)
