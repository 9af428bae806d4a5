from __future__ import annotations

import cv2
import numpy as np
import pytest

from ingestd.document import Code, Field, Level, Line, Pixels, Quad, frozen
from ingestd.layout.geometry import rect_quad
from ingestd.output.annotate import LEVEL_COLOURS, annotate


def page(width: int = 900, height: int = 600, grey: int = 240) -> Pixels:
    return frozen(np.full((height, width, 3), grey, np.uint8))


def line(quad: Quad) -> Line:
    return Line(0, quad, "text", 0.9)


def field(name: str, quad: Quad | None, level: Level = Level.READ) -> Field:
    return Field(name, "1", "1", level, 0, quad)


def of_colour(picture: Pixels, level: Level) -> np.typing.NDArray[np.bool_]:
    """Where the pure colour of a level is: outlines and labels."""
    return np.asarray((picture == np.array(LEVEL_COLOURS[level])).all(axis=2))


def labels(picture: Pixels, level: Level) -> list[tuple[int, int, int, int]]:
    """Boxes (left, top, width, height) of the filled patches of a level's colour, outlines opened away."""
    mask = cv2.morphologyEx(of_colour(picture, level).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((9, 9)))
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((10, 10)))
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask)
    return [(int(x), int(y), int(w), int(h)) for x, y, w, h, _ in stats[1:]]


def overlap(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> bool:
    return a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] and b[1] < a[1] + a[3]


def test_a_page_without_anything_stays_as_it_is_and_is_copied() -> None:
    pixels = page()
    picture = annotate(pixels, [], [], [])
    assert (picture == pixels).all()
    assert picture.flags.writeable and not np.shares_memory(picture, pixels)


@pytest.mark.parametrize("level", [Level.PROVED, Level.AGREED, Level.READ, Level.CONFLICT])
def test_a_field_is_boxed_and_labelled_in_the_colour_of_its_level(level: Level) -> None:
    quad = rect_quad(300, 300, 500, 330)
    picture = annotate(page(), [line(quad)], [], [field("total", quad, level)])
    drawn = of_colour(picture, level)
    assert drawn[300, 310:490].all() and drawn[330, 310:490].all(), "outline"
    assert not drawn[312:318, 320:480].any(), "the value itself is not covered"
    ((x, y, width, height),) = labels(picture, level)
    assert y + height <= 304 and abs(x - 300) < 5, "label above, flush left"
    assert width > 60 and 10 < height < 40
    inside = picture[y : y + height, x : x + width]
    assert (inside > 230).all(axis=2).mean() > 0.05, "white letters"


def test_levels_have_different_colours_dark_enough_for_white_letters() -> None:
    assert len(set(LEVEL_COLOURS.values())) == len(Level)
    for blue, green, red in LEVEL_COLOURS.values():
        luminance = (0.0722 * blue + 0.7152 * green + 0.2126 * red) / 255
        assert luminance < 0.6


def test_labels_do_not_cover_each_other_or_other_fields() -> None:
    quads = [rect_quad(300, 200 + 36 * row, 480, 230 + 36 * row) for row in range(5)]
    fields = [field(f"field_{row}", quad) for row, quad in enumerate(quads)]
    picture = annotate(page(), [line(quad) for quad in quads], [], fields)
    found = labels(picture, Level.READ)
    assert len(found) == 5
    for index, one in enumerate(found):
        assert not any(overlap(one, other) for other in found[index + 1 :])
        assert not any(overlap(one, (304, 204 + 36 * row, 172, 22)) for row in range(5))


def test_labels_stay_on_the_page() -> None:
    corners = [(0, 0), (800, 0), (0, 570), (800, 570)]
    fields = [field("seller_tax_no", rect_quad(x, y, x + 100, y + 30)) for x, y in corners]
    found = labels(annotate(page(), [], [], fields), Level.READ)
    assert len(found) == 4
    for x, y, width, height in found:
        assert x >= 0 and y >= 0 and x + width <= 900 and y + height <= 600 and width > 70


def test_missing_fields_have_nothing_to_draw() -> None:
    pixels = page()
    assert (annotate(pixels, [], [], [field("tax", None, Level.MISSING)]) == pixels).all()


def test_lines_and_codes_are_drawn_thinner_than_fields() -> None:
    text, code, found = (rect_quad(left, 300, left + 150, 330) for left in (50, 350, 650))
    picture = annotate(page(), [line(text)], [Code(0, code, "QR", "x")], [field("date", found)])
    changed = (picture != 240).any(axis=2)

    def thickness(column: int) -> int:
        return int(changed[290:310, column].sum())

    assert 0 < thickness(180) < thickness(780)
    assert thickness(480) > 0


def test_turned_quads_are_followed() -> None:
    quad: Quad = ((300.0, 200.0), (420.0, 260.0), (400.0, 300.0), (280.0, 240.0))
    picture = annotate(page(), [], [], [field("total", quad, Level.PROVED)])
    strength = 240 - picture[..., 2].astype(int)  # the green of PROVED has little red
    assert strength[228:233, 358:363].max() > 100, "middle of the upper edge"
    assert 0 < strength[248:252, 348:352].min() <= strength[248:252, 348:352].max() < 60, "inside: tinted"
    assert strength[205, 415] == 0, "within the bounds, outside the quad"


def test_a_page_smaller_than_any_label_and_quads_beyond_it_do_no_harm() -> None:
    quads = [rect_quad(-20, -10, 60, 50), rect_quad(100, 100, 140, 120)]
    picture = annotate(page(30, 20), [], [], [field("total", quad) for quad in quads])
    assert picture.shape == (20, 30, 3)


def test_labels_grow_with_the_page() -> None:
    heights = []
    for scale in (1, 4):
        quad = rect_quad(300 * scale, 300 * scale, 500 * scale, 330 * scale)
        picture = annotate(page(900 * scale, 600 * scale), [line(quad)], [], [field("total", quad)])
        heights.append(max(height for _, _, _, height in labels(picture, Level.READ)))
    assert 3 < heights[1] / heights[0] < 5
