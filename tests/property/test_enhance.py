import cv2
import hypothesis.strategies as st
import numpy as np
from hypothesis import given, settings
from hypothesis.extra.numpy import arrays

from ingestd.config import EnhanceConfig
from ingestd.document import Pixels
from ingestd.layout.geometry import transform
from ingestd.reading.enhance import enhance
from ingestd.reading.enhance.steps import STEPS
from tests.support.print import as_page

FEW = settings(max_examples=60, deadline=None)

sides = st.integers(1, 70) | st.sampled_from([1, 2, 3, 191, 193, 700, 1401])


@st.composite
def pages(draw: st.DrawFn) -> Pixels:
    """Any page: tiny or long, flat, random, or a coarse pattern (which has edges)."""
    height, width = draw(sides), draw(sides)
    kind = draw(st.sampled_from(["flat", "random", "pattern"]))
    if kind == "flat":
        return np.full((height, width, 3), draw(st.integers(0, 255)), np.uint8)
    if kind == "random":
        rng = np.random.default_rng(draw(st.integers(0, 99)))
        return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    cells = draw(arrays(np.uint8, (8, 6, 3)))
    return np.asarray(cv2.resize(cells, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)


plans = st.builds(
    EnhanceConfig,
    plan=st.sampled_from(["auto", "fixed", "none"]),
    steps=st.lists(st.sampled_from(list(STEPS)), max_size=5).map(tuple),
    deskew=st.booleans(),
)


@given(pages(), plans)
@FEW
def test_any_page_under_any_plan_stays_a_page(pixels: Pixels, options: EnhanceConfig) -> None:
    before = pixels.copy()
    page = as_page(pixels)
    result = enhance(page, options)
    np.testing.assert_array_equal(page.pixels, before)
    assert result.pixels.dtype == np.uint8
    assert result.pixels.ndim == 3
    assert result.pixels.shape[2] == 3
    assert min(result.pixels.shape) >= 1
    assert not result.pixels.flags.writeable
    assert all(np.isfinite(value) for value in result.quality.values())
    assert result.decoded_size == page.decoded_size
    if not result.steps:
        assert result.pixels is page.pixels


@given(pages(), plans)
@FEW
def test_the_middle_of_the_result_lies_on_the_page(pixels: Pixels, options: EnhanceConfig) -> None:
    result = enhance(as_page(pixels), options)
    height, width = result.pixels.shape[:2]
    found = transform(result.to_source, [((width - 1) / 2, (height - 1) / 2)])[0]
    slack = 1 + 0.05 * max(pixels.shape)
    assert (found > -slack).all()
    assert (found < np.array(pixels.shape[1::-1]) + slack).all()


@given(pages())
@FEW
def test_the_same_page_always_gets_the_same_result(pixels: Pixels) -> None:
    once, again = (enhance(as_page(pixels.copy()), EnhanceConfig()) for _ in range(2))
    np.testing.assert_array_equal(once.pixels, again.pixels)
    assert once.quality == again.quality
