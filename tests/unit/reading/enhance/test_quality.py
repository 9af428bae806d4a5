import cv2
import numpy as np
import pytest
from cv2.typing import MatLike

from ingestd.reading.enhance.quality import Quality, measure
from tests.support.print import grey, noisy, pixels_of, printed, shaded, sloping


def of(pixels: MatLike) -> Quality:
    return measure(grey(pixels))


def test_clean_page_measures_clean() -> None:
    quality = of(printed())
    assert quality.brightness == 1
    assert quality.contrast > 0.7
    assert quality.noise == 0
    assert 1 < quality.edge_width_px < 2.2
    assert quality.shading < 0.05
    assert 0.03 < quality.text_share < 0.25
    assert quality.skew_deg == pytest.approx(0, abs=0.1)
    assert quality.inverted == 0


@pytest.mark.parametrize("sigma", [4, 12, 25])
def test_noise_is_its_sigma_in_grey_levels(sigma: float) -> None:
    # grey paper and ink, so that nothing is cut off at black or white
    assert of(noisy(printed(paper=170, ink=90), sigma)).noise == pytest.approx(sigma, rel=0.1, abs=0.75)


@pytest.mark.parametrize(("paper", "ink"), [(220, 180), (200, 100), (255, 55)])
def test_contrast_is_the_distance_of_paper_and_ink(paper: int, ink: int) -> None:
    # thin strokes hardly anywhere reach the full depth of the ink
    assert of(printed(paper=paper, ink=ink)).contrast == pytest.approx((paper - ink) / 255, rel=0.3)


def test_edges_widen_with_blur_and_not_with_contrast() -> None:
    page = printed(line_px=60)
    widths = [of(cv2.GaussianBlur(page, (0, 0), sigma)).edge_width_px for sigma in (1.0, 1.5, 2.0)]
    assert widths == sorted(widths)
    assert widths[2] > 1.4 * widths[0]
    assert of(printed(paper=220, ink=120)).edge_width_px == pytest.approx(of(printed()).edge_width_px, rel=0.2)


@pytest.mark.parametrize("darkest", [0.3, 0.5, 0.8])
def test_shading_is_how_far_the_light_falls(darkest: float) -> None:
    # the middle nine tenths of the text lie in about four fifths of the fall
    assert of(shaded(printed(), darkest)).shading == pytest.approx(0.8 * (1 - darkest), abs=0.08)


def test_dark_bed_around_the_sheet_is_not_shading() -> None:
    sheet = cv2.copyMakeBorder(printed(), 100, 100, 100, 100, cv2.BORDER_CONSTANT, value=(20, 20, 20))
    assert of(sheet).shading < 0.2


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_text_height_is_in_pixels_of_the_page(scale: int) -> None:
    quality = of(printed(600 * scale, 800 * scale, line_px=30 * scale))
    assert quality.text_height_px == pytest.approx(15 * scale, rel=0.3)


@pytest.mark.parametrize("degrees", [-15, -9.3, -4.1, -1.2, -0.4, 0.3, 0.9, 2.5, 7.7, 12.4, 15])
def test_skew_is_found_to_a_fifth_of_a_degree(degrees: float) -> None:
    assert of(sloping(printed(900, 1200), degrees)).skew_deg == pytest.approx(degrees, abs=0.2)


@pytest.mark.parametrize("turn", [cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_COUNTERCLOCKWISE])
def test_skew_of_a_page_that_lies_on_its_side_is_found_too(turn: int) -> None:
    assert of(cv2.rotate(sloping(printed(), 3), turn)).skew_deg == pytest.approx(3, abs=0.2)


def test_skew_survives_noise_and_low_contrast() -> None:
    assert of(noisy(sloping(printed(900, 1200), 3), 30)).skew_deg == pytest.approx(3, abs=0.2)
    faded = noisy(200 - (255 - sloping(printed(900, 1200), 3)) // 8, 1.5)
    assert of(faded).skew_deg == pytest.approx(3, abs=0.2)


def test_page_steeper_than_the_limit_has_no_skew() -> None:
    assert of(sloping(printed(), 25)).skew_deg == 0


@pytest.mark.parametrize("level", [0, 90, 255])
def test_blank_page_has_no_text(level: int) -> None:
    quality = of(np.full((500, 400, 3), level, np.uint8))
    assert quality == Quality(brightness=level / 255)


def test_noise_alone_is_no_text() -> None:
    quality = of(noisy(np.full((900, 700, 3), 150, np.uint8), 12))
    assert quality.text_share < 0.01
    assert quality.skew_deg == 0


def test_light_print_on_dark_ground_is_inverted() -> None:
    quality = of(cv2.bitwise_not(printed()))
    assert quality.inverted == 1
    assert quality.brightness == 0
    assert quality.text_share == pytest.approx(of(printed()).text_share)
    assert of(shaded(printed(paper=110), 0.5)).inverted == 0


def test_one_bit_scan_is_binary() -> None:
    _, bits = cv2.threshold(grey(printed()), 128, 255, cv2.THRESH_BINARY)
    assert measure(pixels_of(bits)).binary == 1
    assert of(printed(paper=220)).binary < 0.5


def test_mapping_has_every_measure_as_a_plain_number() -> None:
    mapping = of(printed()).as_mapping()
    assert set(mapping) == {field for field in Quality.__dataclass_fields__}
    assert all(type(value) is float for value in mapping.values())


def test_flipped_pixels_of_a_fax_are_specks_and_print_is_not() -> None:
    bits = np.where(printed() > 127, 255, 0).astype(np.uint8)
    assert of(bits).specks < 0.001
    flipped = np.random.default_rng(1).random(bits.shape[:2]) < 0.01
    assert of(np.where(flipped[..., np.newaxis], 255 - bits, bits)).specks == pytest.approx(0.009, abs=0.003)
