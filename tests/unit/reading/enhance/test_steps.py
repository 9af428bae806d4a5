import typing

import cv2
import numpy as np
import pytest

from ingestd import config
from ingestd.document import Pixels
from ingestd.layout.geometry import transform
from ingestd.reading.enhance.image import Stepped, levels
from ingestd.reading.enhance.quality import measure
from ingestd.reading.enhance.steps import MAX_PIXELS, STEPS, deskew, flatten, rescale, stretch
from tests.support.print import grey, noisy, pixels_of, printed, shaded, sloping


def grey_page(**options: int) -> Pixels:
    return grey(printed(**options))


def test_config_knows_exactly_the_steps_there_are() -> None:
    assert typing.get_args(config.StepName) == tuple(STEPS)


def test_classic_chain_is_what_its_names_say() -> None:
    image = noisy(printed(), 10)
    plain = STEPS["grey"](image, 1).image
    np.testing.assert_array_equal(plain, grey(image))
    equalised = cv2.createCLAHE(2.0, (8, 8)).apply(plain)
    np.testing.assert_array_equal(STEPS["clahe"](plain, 2.0).image, equalised)
    np.testing.assert_array_equal(STEPS["gaussian"](plain, 1).image, cv2.GaussianBlur(plain, (3, 3), 0))


def test_closing_fills_specks_and_leaves_the_rest_where_it_is() -> None:
    image = np.full((20, 20), 255, np.uint8)
    image[3, 3] = 0
    image[8:12, 8:12] = 0
    closed = STEPS["closing"](image, 1).image
    image[3, 3] = 255
    np.testing.assert_array_equal(closed, image)


def test_grey_leaves_a_grey_image_alone() -> None:
    image = grey_page()
    assert STEPS["grey"](image, 1).image is image


def test_flatten_makes_the_paper_white_and_even_and_keeps_the_ink() -> None:
    image = grey(shaded(printed(), 0.4))
    flat = flatten(image).image
    assert measure(image).shading > 0.4
    assert measure(flat).shading < 0.1
    assert np.median(flat[-100:]) > 240
    assert flat.min() < 60


def test_flatten_keeps_light_print_on_a_dark_bar_legible() -> None:
    image = grey_page()
    image[300:360] = 30
    cv2.putText(image, "TOTAL 12.50", (50, 340), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 255, 2)
    flat = flatten(image).image[310:350, 50:250]
    assert np.median(flat) < 150
    assert flat.max() == 255


def test_stretch_uses_the_whole_range_and_no_more_gain_than_allowed() -> None:
    image = grey_page(paper=180, ink=120)
    full = stretch(image).image
    assert (full.min(), full.max()) == (0, 255)
    twice = stretch(image, 2.0).image
    assert twice.max() == 255
    assert twice.min() == pytest.approx(255 - 2 * 60, abs=2)


def test_denoise_removes_most_of_the_noise() -> None:
    image = grey(noisy(printed(paper=170, ink=60), 20))
    assert measure(STEPS["denoise"](image, 20.0).image).noise < 0.35 * 20


def test_despeckle_takes_single_pixels_away_and_leaves_the_thinnest_stroke() -> None:
    image = np.full((20, 20), 255, np.uint8)
    image[10, 2:18] = 0
    clean = image.copy()
    image[3, 3] = image[16, 9] = 0
    np.testing.assert_array_equal(STEPS["despeckle"](image, 1).image, clean)


def test_bleed_through_drops_faint_print_and_keeps_dark_print_dark() -> None:
    image = np.full((600, 600, 3), 230, np.uint8)
    image[100:104, 50:550] = 160
    image[300:304, 50:550] = 20
    white = STEPS["bleed_through"](image, 0.4).image
    assert white[102, 300].min() > 245
    assert white[302, 300].max() < 40


def test_flatten_and_stretch_keep_colours() -> None:
    image = shaded(np.full((200, 200, 3), 255, np.uint8), 0.4)
    image[150:160, 50:150] = image[150:160, 50:150] * (0.2, 0.2, 0.9)
    for name in ("flatten", "stretch"):
        blue, green, red = STEPS[name](image, 8.0).image[155, 100].astype(int)
        assert red > max(blue, green) + 40


def test_sharpen_steepens_edges() -> None:
    blurred = pixels_of(cv2.GaussianBlur(grey_page(line_px=60, paper=200, ink=60), (0, 0), 1.5))
    assert measure(STEPS["sharpen"](blurred, 1.0).image).edge_width_px < measure(blurred).edge_width_px


def test_invert_twice_is_nothing() -> None:
    image = printed()
    np.testing.assert_array_equal(STEPS["invert"](STEPS["invert"](image, 1).image, 1).image, image)


def ink_centre(image: np.ndarray) -> tuple[float, float]:
    weights = 255.0 - image.astype(np.float64)
    if weights.ndim == 3:
        weights = weights.mean(axis=2)
    rows, columns = np.mgrid[: weights.shape[0], : weights.shape[1]]
    return (columns * weights).sum() / weights.sum(), (rows * weights).sum() / weights.sum()


def moved_spot(image: np.ndarray, stepped: Stepped, x: float, y: float) -> tuple[float, float]:
    """How far what the step's matrix says of the spot at (x, y) is from where it is seen."""
    assert stepped.matrix is not None
    said = transform(stepped.matrix, [(x, y)])[0]
    across, down = np.abs(said - ink_centre(stepped.image))
    return float(across), float(down)


@pytest.mark.parametrize("degrees", [-14.0, -3.0, 0.8, 9.0])
@pytest.mark.parametrize(("x", "y"), [(12, 9), (280, 30), (20, 370), (150, 200)])
def test_deskew_says_where_every_pixel_went(degrees: float, x: int, y: int) -> None:
    image = np.full((400, 300, 3), 255, np.uint8)
    cv2.circle(image, (x, y), 4, (0, 0, 0), -1)
    assert max(moved_spot(image, deskew(image, degrees), x, y)) < 0.1


@pytest.mark.parametrize("factor", [0.37, 0.5, 1.5, 2.0])
def test_size_says_where_every_pixel_went(factor: float) -> None:
    image = np.full((400, 300), 255, np.uint8)
    cv2.circle(image, (250, 31), 6, 0, -1)
    assert max(moved_spot(image, rescale(image, factor), 250, 31)) < 0.1


def test_deskew_levels_and_fills_with_paper() -> None:
    image = sloping(printed(paper=240), 6)
    image[(image == 255).all(axis=2)] = 240
    level = deskew(image, 6.0)
    assert abs(measure(grey(level.image)).skew_deg) < 0.2
    assert abs(int(level.image[0, 0, 0]) - 240) <= 3


def test_deskew_drops_empty_corners_and_nothing_else() -> None:
    image = sloping(printed(), 8)
    level = deskew(image, 8.0)
    assert level.image.size < 0.6 * image.size
    assert np.count_nonzero(level.image < 128) == pytest.approx(np.count_nonzero(image < 128), rel=0.05)


def test_deskew_keeps_a_lone_page_number_in_the_corner() -> None:
    image = np.full((2200, 1600), 255, np.uint8)
    image[1000:1100, 700:900] = 0
    cv2.putText(image, "2", (1560, 2190), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 0, 2, cv2.LINE_AA)
    assert max(moved_spot(image, deskew(image, 4.0), *ink_centre(image))) < 0.1


def test_deskew_keeps_the_whole_of_a_page_without_background() -> None:
    image = np.random.default_rng(0).integers(0, 256, (400, 300), dtype=np.uint8)
    stepped = deskew(image, -5.0)
    assert stepped.matrix is not None
    corners = transform(stepped.matrix, [(0, 0), (299, 0), (299, 399), (0, 399)])
    assert corners.min() > -1
    assert (corners < np.array(stepped.image.shape[::-1])).all()


def test_size_stops_growing() -> None:
    strip = np.zeros((10, MAX_PIXELS // 10), np.uint8)
    assert rescale(strip, 2.0).image is strip


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 0.95, 1.0])
def test_levels_is_a_quantile(share: float) -> None:
    image = np.random.default_rng(0).integers(20, 200, (91, 53)).astype(np.uint8)
    assert abs(levels(image, share) - np.quantile(image, share)) <= (20 if share == 0 else 1)
