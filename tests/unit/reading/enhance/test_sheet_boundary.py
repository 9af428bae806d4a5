"""Photographed sheets and dark borders: found where they are, left alone where there is any doubt."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ingestd.config import EnhanceConfig
from ingestd.document import Pixels
from ingestd.layout.geometry import transform
from ingestd.reading.enhance import enhance
from ingestd.reading.enhance.image import Stepped
from ingestd.reading.enhance.scan_border import border, find_border
from ingestd.reading.enhance.sheet_boundary import find_sheet, sheet_boundary
from tests.support.print import as_page, grey, noisy, printed, shaded

CORNERS = np.array([(150.0, 90.0), (720.0, 130.0), (790.0, 900.0), (90.0, 860.0)])
DESK = 60
AUTO = EnhanceConfig()


def photographed(page: Pixels, corners: NDArray[np.float64] = CORNERS, desk: int = DESK) -> Pixels:
    """The page as a sheet with these corners on a dark desk of 900x1000 px."""
    height, width = page.shape[:2]
    own = np.array([(0, 0), (width - 1, 0), (width - 1, height - 1), (0, height - 1)], np.float32)
    matrix = cv2.getPerspectiveTransform(own, corners.astype(np.float32))
    scene = cv2.warpPerspective(page, matrix, (900, 1000), borderValue=(desk, desk, desk))
    return noisy(cv2.GaussianBlur(scene, (0, 0), 0.8), 3)


def test_corners_of_a_sheet_are_found() -> None:
    found = find_sheet(grey(photographed(printed())))
    assert found is not None
    np.testing.assert_allclose(found, CORNERS, atol=4)


def test_sheet_under_a_shadow_as_dark_as_the_lit_desk_is_found() -> None:
    photo = photographed(printed())
    light = np.where(np.arange(900) > 500, 0.4, 1.0)[np.newaxis, :, np.newaxis]
    dimmed = (photo * cv2.GaussianBlur(np.repeat(light, 1000, axis=0), (0, 0), 25)[..., np.newaxis]).astype(np.uint8)
    found = find_sheet(grey(dimmed))
    assert found is not None
    np.testing.assert_allclose(found, CORNERS, atol=5)


def test_points_on_the_straightened_sheet_map_back_to_the_photo() -> None:
    photo = photographed(printed())
    cv2.circle(photo, (400, 500), 6, (0, 0, 255), -1)
    result = enhance(as_page(photo), AUTO)
    assert result.steps[0] == "sheet_boundary"
    red = (result.pixels[..., 2] > 200) & (result.pixels[..., 1] < 80)
    rows, columns = np.nonzero(red)
    found = transform(result.to_source, [(columns.mean(), rows.mean())])[0]
    np.testing.assert_allclose(found, (400, 500), atol=1)
    assert result.dpi == pytest.approx(150, rel=0.15)


def test_what_is_measured_is_the_sheet() -> None:
    result = enhance(as_page(photographed(printed())), AUTO)
    assert result.quality["shading"] < 0.1
    assert result.quality["brightness"] > 0.9


@pytest.mark.parametrize(
    "corners",
    [
        [(150, -40), (720, -30), (790, 900), (90, 860)],  # cut off by the frame
        [(150, 90), (720, 130), (400, 900), (90, 600)],  # no right angles
        [(150, 90), (350, 90), (350, 250), (150, 250)],  # a small part of the picture
    ],
)
def test_doubtful_sheet_is_left_alone(corners: list[tuple[float, float]]) -> None:
    assert find_sheet(grey(photographed(printed(), np.array(corners, float)))) is None


def test_bright_box_on_a_dark_page_with_print_beside_it_is_no_sheet() -> None:
    scene = photographed(printed(), desk=150)
    for y in range(30, 990, 24):
        cv2.putText(scene, "print beside the sheet, as much of it as on it", (4, y), 0, 0.5, (0, 0, 0), 1)
    scene = np.where(photographed(np.full_like(printed(), 255), desk=0) > 128, photographed(printed(), desk=150), scene)
    assert find_sheet(grey(scene.astype(np.uint8))) is None


@pytest.mark.parametrize("pixels", [printed(), shaded(printed(), 0.3), noisy(printed(), 40), 255 - printed()])
def test_page_without_surroundings_has_no_sheet_and_no_border(pixels: Pixels) -> None:
    assert find_sheet(grey(pixels)) is None
    assert find_border(grey(pixels)) is None


def test_printed_frame_is_no_sheet() -> None:
    page = printed(900, 1200)
    page[:150] = 255
    cv2.putText(page, "CERTIFICATE", (250, 60), cv2.FONT_HERSHEY_SIMPLEX, 1.5, (0, 0, 0), 3)
    cv2.rectangle(page, (60, 100), (840, 1140), (0, 0, 0), 8)
    assert find_sheet(grey(page)) is None


def scanned(page: Pixels) -> Pixels:
    """The page on the dark bed of a scanner, which shows as a wedge on the left and a bar below."""
    scan = cv2.copyMakeBorder(page, 0, 90, 60, 0, cv2.BORDER_CONSTANT, value=(20, 20, 20))
    cv2.fillPoly(scan, [np.array([(0, 0), (100, 0), (60, 890), (0, 890)])], (20, 20, 20))
    return noisy(scan, 2)


def test_dark_border_is_painted_over_and_cut_off() -> None:
    page = scanned(printed())
    cv2.circle(page, (400, 400), 6, (0, 0, 255), -1)
    result = enhance(as_page(page), AUTO)
    assert result.steps == ("border",)
    assert result.pixels.shape[0] < page.shape[0] - 80
    assert result.pixels[:, :20].min() > 200
    rows, columns = np.nonzero((result.pixels[..., 2] > 200) & (result.pixels[..., 1] < 80))
    np.testing.assert_allclose(transform(result.to_source, [(columns.mean(), rows.mean())])[0], (400, 400), atol=1)


def test_dark_heading_with_light_print_stays() -> None:
    page = printed()
    page[:120] = 25
    cv2.putText(page, "INVOICE 2041", (40, 80), cv2.FONT_HERSHEY_SIMPLEX, 1.6, (255, 255, 255), 3)
    assert find_border(grey(page)) is None


@pytest.mark.parametrize("step", [sheet_boundary, border])
def test_step_leaves_a_page_without_surroundings_as_it_is(step: Callable[[Pixels, float], Stepped]) -> None:
    page = printed()
    assert step(page, 1.0).image is page
    assert step(page, 1.0).matrix is None


def test_surroundings_stay_where_the_configuration_says_so() -> None:
    page = as_page(photographed(printed()))
    assert "sheet_boundary" not in enhance(page, EnhanceConfig(cut_out=False)).steps
    assert enhance(page, EnhanceConfig(plan="none")).pixels is page.pixels
