from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from ingestd.config import DetectConfig
from ingestd.document import Page
from ingestd.errors import ConfigError
from ingestd.reading.detect import Detector, find_quads
from ingestd.reading.models import Model
from tests.support.models import detector, opened

Box = tuple[int, int, int, int]


def probability(*boxes: Box, shape: tuple[int, int] = (120, 200), value: float = 0.9) -> np.ndarray:
    """A map with text in these boxes: left, top, right, bottom, the last pixel included."""
    found = np.zeros(shape, np.float32)
    for left, top, right, bottom in boxes:
        found[top : bottom + 1, left : right + 1] = value
    return found


def find(found: np.ndarray, unclip: float = 1.6) -> np.ndarray:
    return find_quads(found, 0.3, 0.5, unclip)


def test_a_region_grows_by_area_over_perimeter() -> None:
    (quad,) = find(probability((50, 40, 110, 50)))
    growth = 60 * 10 * 1.6 / (2 * (60 + 10))
    left, top, right, bottom = 50 - growth, 40 - growth, 110 + growth, 50 + growth
    assert quad.dtype == np.float32
    assert quad == pytest.approx(np.array([(left, top), (right, top), (right, bottom), (left, bottom)]), abs=0.01)


def draw_sloping(
    found: np.ndarray, start: tuple[float, float], size: tuple[float, float], degrees: float
) -> np.ndarray:
    """Text of this width and height from its top left on; its corners."""
    slope = np.deg2rad(degrees)
    along, down = np.array([np.cos(slope), np.sin(slope)]), np.array([-np.sin(slope), np.cos(slope)])
    corners = np.array(start) + np.array([0 * along, size[0] * along, size[0] * along + size[1] * down, size[1] * down])
    cv2.fillConvexPoly(found, np.round(corners).astype(np.int32), 1.0)
    return np.asarray(corners)


def slope_of(quad: np.ndarray) -> float:
    return float(np.degrees(np.arctan2(*(quad[1] - quad[0])[::-1])))


def test_a_sloping_region_keeps_its_slope() -> None:
    found = probability()
    corners = draw_sloping(found, (40, 30), (100, 12), 10)
    (quad,) = find(found)
    assert slope_of(quad) == pytest.approx(10, abs=1)
    assert quad.mean(axis=0) == pytest.approx(np.mean(corners, axis=0), abs=1)


@pytest.mark.parametrize("slope", [0, 8, -8])
def test_a_single_character_lies_as_the_lines_do_whatever_the_shape_of_its_ink(slope: float) -> None:
    found = probability(shape=(160, 200))
    draw_sloping(found, (20, 40), (120, 12), slope)
    draw_sloping(found, (20, 70), (120, 12), slope)
    ink = draw_sloping(found, (100, 110), (18, 18), 40)
    quads = find(found)
    single = quads[np.argmin(np.linalg.norm(quads.mean(axis=1) - ink.mean(axis=0), axis=1))]
    assert [slope_of(quad) for quad in quads] == pytest.approx([slope] * 3, abs=1)
    assert all(cv2.pointPolygonTest(single, tuple(map(float, corner)), False) > 0 for corner in ink)


def test_a_single_character_alone_on_a_page_lies_level() -> None:
    found = probability()
    ink = draw_sloping(found, (100, 50), (18, 18), 30)
    (quad,) = find(found)
    assert slope_of(quad) == pytest.approx(0, abs=0.01)
    assert quad.mean(axis=0) == pytest.approx(ink.mean(axis=0), abs=1)


def test_words_on_one_row_with_a_gap_stay_separate() -> None:
    quads = find(probability((10, 40, 60, 50), (100, 40, 150, 50)))
    assert sorted(quads[:, :, 0].mean(axis=1)) == pytest.approx([35, 125])


@pytest.mark.parametrize(
    "found",
    [
        probability(),
        probability((50, 40, 110, 50), value=0.25),
        probability((50, 40, 110, 50), value=0.45),
        probability((50, 40, 110, 42)),
    ],
    ids=["blank", "below the threshold", "doubtful box", "a hairline"],
)
def test_what_is_no_text_has_no_box(found: np.ndarray) -> None:
    assert find(found).shape == (0, 4, 2)


def test_text_inside_a_frame_is_found_and_the_hole_is_not() -> None:
    found = probability((20, 20, 180, 100))
    found[24:97, 24:177] = 0
    found[50:61, 60:121] = 0.9
    middles = find(found).mean(axis=1)
    assert len(middles) == 1  # the frame itself is mostly empty and falls to the box threshold
    assert middles[0] == pytest.approx([90, 55])


def test_a_region_at_the_edge_is_scored_inside_the_page() -> None:
    assert len(find(probability((0, 0, 60, 10), (140, 109, 199, 119)))) == 2


def page_of(image: Image.Image) -> Page:
    return Page(0, np.asarray(image.convert("RGB"))[..., ::-1].copy(), 200.0, image.size, np.eye(3))


def printed(texts: dict[tuple[int, int], str], size: tuple[int, int], font_px: int) -> tuple[Page, list[Box]]:
    """A page with texts at these places, and the edges of their ink."""
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(font_px)
    edges = []
    for place, text in texts.items():
        draw.text(place, text, fill="black", font=font)
        left, top, right, bottom = map(round, draw.textbbox(place, text, font=font))
        edges.append((left, top, right, bottom))
    return page_of(image), edges


def holds(quad: np.ndarray, edges: Box, slack: float) -> bool:
    """Whether an upright quad goes round these edges, neither cutting them nor reaching far beyond."""
    left, top, right, bottom = edges
    inside = (quad.min(axis=0) <= (left + 3, top + 3)).all() and (quad.max(axis=0) >= (right - 3, bottom - 3)).all()
    beyond = (quad.min(axis=0) >= (left - slack, top - slack)).all()
    return bool(inside and beyond and (quad.max(axis=0) <= (right + slack, bottom + slack)).all())


def test_every_line_of_a_receipt_is_found_where_it_is() -> None:
    texts = {
        (40, 30): "CORNER SHOP",
        (40, 90): "2 x Tea",
        (300, 92): "9.00",
        (40, 150): "TOTAL RM",
        (300, 150): "80.90",
    }
    page, edges = printed(texts, (420, 230), 26)
    quads = detector().detect(page)
    assert len(quads) == len(texts)
    for line in edges:
        assert sum(holds(quad, line, slack=16) for quad in quads) == 1


def test_a_blank_page_has_no_lines() -> None:
    page = page_of(Image.new("RGB", (300, 200), "white"))
    assert detector().detect(page).shape == (0, 4, 2)


class Striped:
    """A network that finds three lines of a given thickness, or nothing, and notes the sizes it was shown."""

    def __init__(self, thickness: int) -> None:
        self._thickness = thickness
        self.seen: list[tuple[int, int]] = []

    def get_inputs(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(name="x")]

    def run(self, _outputs: None, feeds: dict[str, np.ndarray], _options: object) -> list[np.ndarray]:
        height, width = feeds["x"].shape[2:]
        self.seen.append((width, height))
        found = np.zeros((1, 1, height, width), np.float32)
        for top in range(10, 100, 30) if self._thickness else ():
            found[0, 0, top : top + self._thickness, 10:-10] = 1
        return [found]


def looked_at(page: tuple[int, int], thickness: int = 0, **options: Any) -> list[tuple[int, int]]:
    """Widths and heights of the inputs that a page of this width and height leads to."""
    network = Striped(thickness)
    model = Model(opened("ppocrv6-small-det").entry, network)
    pixels = np.zeros((*page[::-1], 3), np.uint8)
    Detector(model, DetectConfig(**options)).detect(Page(0, pixels, 200.0, page, np.eye(3)))
    return network.seen


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ((1654, 2339), (672, 960)),
        ((2339, 1654), (960, 672)),
        ((600, 1500), (384, 960)),
        ((600, 6000), (320, 3200)),
        ((200, 100), (384, 192)),
        ((4, 3000), (32, 6016)),
        ((2, 2), (32, 32)),
        ((300, 30000), (160, 15808)),
    ],
    ids=["A4", "A4 across", "receipt", "long receipt", "snippet", "hairline", "dot", "endless"],
)
def test_the_input_follows_the_page(page: tuple[int, int], expected: tuple[int, int]) -> None:
    assert looked_at(page)[0] == expected


def test_the_input_size_can_be_configured() -> None:
    assert looked_at((1654, 2339), longest_side=640)[0] == (448, 640)


def test_fine_print_is_looked_at_more_closely() -> None:
    first, second = looked_at((1654, 2339), thickness=4)
    assert first == (672, 960)
    assert second[1] > 1.1 * first[1]
    assert second[0] * second[1] < 2_700_000


def test_coarse_print_is_not() -> None:
    assert len(looked_at((1654, 2339), thickness=12)) == 1


def test_fine_print_is_found() -> None:
    """Six-point print at 200 dpi in one corner of a sheet; at the first scale every line is 6 px high."""
    texts = {(60, 60 + 22 * row): f"{row} the quick brown fox jumps over 4711 lazy dogs" for row in range(12)}
    page, edges = printed(texts, (1000, 1654), 17)
    quads = detector().detect(page)
    assert sum(any(holds(quad, line, slack=12) for quad in quads) for line in edges) == len(texts)


class FarSighted:
    """A network that finds a speck on inputs wider than 700 px, and writing as large as the page on others."""

    def get_inputs(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(name="x")]

    def run(self, _outputs: None, feeds: dict[str, np.ndarray], _options: object) -> list[np.ndarray]:
        height, width = feeds["x"].shape[2:]
        edges = (height // 2, height // 2 + 8, 20, 60) if width > 700 else (20, height - 20, 20, width - 20)
        found = np.zeros((1, 1, height, width), np.float32)
        found[0, 0, edges[0] : edges[1], edges[2] : edges[3]] = 1
        return [found]


def test_writing_that_fills_the_page_is_found_from_farther_away() -> None:
    detector = Detector(Model(opened("ppocrv6-small-det").entry, FarSighted()), DetectConfig())
    quads = detector.detect(Page(0, np.zeros((600, 1150, 3), np.uint8), 200.0, (1150, 600), np.eye(3)))
    assert np.ptp(quads[:, :, 0]) > 1000


def test_a_page_without_boxes_is_looked_at_twice() -> None:
    assert looked_at((1654, 2339)) == [(672, 960), (352, 480)]


def test_another_kind_of_model_is_refused() -> None:
    with pytest.raises(ConfigError, match="expected a detector"):
        Detector(opened("ppocr-mobile-cls"), DetectConfig())
