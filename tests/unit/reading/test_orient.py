from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from ingestd.config import OrientConfig
from ingestd.document import Page, frozen
from ingestd.errors import ConfigError
from ingestd.layout.geometry import Quads, sizes, transform
from ingestd.reading.orient import Classifier, upright
from tests.support.models import classifier, opened, recogniser

Ask = Callable[[Page, Quads], np.ndarray]

TEXTS = ("Corner Shop Ltd", "Receipt 2024-117", "Milk and bread", "Apples, green", "TOTAL RM 80.90", "Thank you!")


def receipt() -> np.ndarray:
    image = Image.new("RGB", (300, 380), "white")
    draw = ImageDraw.Draw(image)
    for row, text in enumerate(TEXTS):
        draw.text((24, 24 + 56 * row), text, fill="black", font=ImageFont.load_default(24))
    return np.asarray(image)[..., ::-1]


def lying(quarters: int, pixels: np.ndarray) -> Page:
    """The page as it comes from a scanner after its original was turned clockwise."""
    turned = np.ascontiguousarray(np.rot90(pixels, -quarters))
    height, width = turned.shape[:2]
    return Page(0, frozen(turned), 150.0, (width, height), np.diag([2.0, 2.0, 1.0]), rotation_deg=90)


def found_lying(quarters: int) -> Quads:
    """The lines of the receipt as a detector finds them: from the top left of the page as it lies."""
    quads = boxes(*((18, 20 + 56 * row, 230, 34) for row in range(len(TEXTS))))
    for turn in range(quarters):
        height = receipt().shape[turn % 2]
        quads = np.stack([height - quads[..., 1], quads[..., 0]], axis=-1)
    return np.roll(quads, quarters, axis=1)


def boxes(*found: tuple[float, float, float, float]) -> Quads:
    """Quads of left, top, width, height."""
    return np.array([[(x, y), (x + w, y), (x + w, y + h), (x, y + h)] for x, y, w, h in found], np.float32)


def answering(*, heads: float = 0.0, upward: float = 0.0, legible: Callable[[np.ndarray], float]) -> tuple[Ask, Ask]:
    """A classifier and a reader that answer by the direction of reading alone.

    Args:
        heads: vote on lines that run to the right; the opposite for lines that run to the left.
        upward: the same for lines that run downward, and upward.
        legible: confidence by the unit vector of the reading direction.
    """

    def directions(quads: Quads) -> np.ndarray:
        along = quads[:, 1] - quads[:, 0]
        return np.asarray(along / np.linalg.norm(along, axis=1, keepdims=True))

    def classify(_page: Page, quads: Quads) -> np.ndarray:
        right, down = directions(quads).T
        vote = np.where(np.abs(right) > 0.5, heads, upward)
        return np.where(np.where(np.abs(right) > 0.5, right, down) > 0, vote, 1 - vote)

    def confidence(_page: Page, quads: Quads) -> np.ndarray:
        return np.array([legible(direction) for direction in directions(quads).round()])

    return classify, confidence


def reads_only(direction: tuple[int, int]) -> Callable[[np.ndarray], float]:
    return lambda seen: 0.95 if tuple(seen) == direction else 0.4


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_a_receipt_is_turned_upright(quarters: int) -> None:
    page = lying(quarters, receipt())
    turned, quads = upright(page, found_lying(quarters), classifier(), recogniser().mean_char_confidence)
    assert (turned.pixels == receipt()).all()
    assert turned.rotation_deg == (90 - 90 * quarters) % 360
    assert (turned.dpi, turned.decoded_size) == (page.dpi, page.decoded_size)
    assert (quads == found_lying(0)).all()


@pytest.mark.parametrize(
    ("quarters", "found", "answers"),
    [
        (1, boxes((10, 20, 8, 90)), answering(upward=1, legible=reads_only((0, -1)))),
        (2, boxes((10, 20, 90, 8)), answering(heads=1, legible=reads_only((-1, 0)))),
        (3, boxes((10, 20, 8, 90)), answering(upward=0, legible=reads_only((0, 1)))),
    ],
)
def test_quads_and_page_turn_together(quarters: int, found: Quads, answers: tuple[Ask, Ask]) -> None:
    """A mark in the picture stays under its corner, and both stay where they were in the decoded page."""
    pixels = np.zeros((120, 200, 3), np.uint8)
    corner = found[0, 0].astype(int)
    pixels[corner[1], corner[0]] = 255
    page = lying(0, pixels)
    turned, quads = upright(page, found, *answers)
    assert turned.rotation_deg == 90 + 90 * quarters if quarters < 3 else turned.rotation_deg == 0
    (mark,) = np.argwhere(turned.pixels[..., 0])[:, ::-1]
    assert transform(turned.to_source, mark + 0.5) == pytest.approx(transform(page.to_source, corner + 0.5))
    before, after = transform(page.to_source, found)[0], transform(turned.to_source, quads)[0]
    assert np.array(sorted(after.tolist())) == pytest.approx(np.array(sorted(before.tolist())))
    width, height = sizes(quads)[0]
    assert (width, height) == (90, 8)
    assert not turned.pixels.flags.writeable
    assert not turned.to_source.flags.writeable


@pytest.mark.parametrize(
    ("found", "answers"),
    [
        (boxes(), answering(legible=lambda _: 0.5)),
        (boxes((10, 10, 90, 9)), answering(heads=0.1, legible=reads_only((-1, 0)))),
        (boxes((10, 10, 90, 9)), answering(heads=0.33, legible=reads_only((-1, 0)))),
        (boxes((10, 10, 90, 9)), answering(heads=0.55, legible=lambda seen: 0.97 if seen[0] < 0 else 0.9)),
        (boxes((10, 10, 90, 9)), answering(heads=1.0, legible=lambda _: 0.9)),
        (boxes((10, 10, 90, 9)), answering(heads=1.0, legible=reads_only((1, 0)))),
        (boxes((10, 10, 12, 9), (40, 10, 9, 12)), answering(heads=1.0, legible=reads_only((-1, 0)))),
        (boxes((10, 10, 9, 90)), answering(upward=0.0, legible=lambda _: 0.9)),
        (boxes((10, 10, 9, 90)), answering(upward=1.0, legible=reads_only((1, 0)))),
        (
            boxes((10, 10, 90, 9), (10, 30, 90, 9), (150, 10, 9, 100)),
            answering(upward=1.0, legible=reads_only((0, -1))),
        ),
    ],
    ids=[
        "no lines",
        "upright",
        "the classifier doubts",
        "the classifier is undecided, and it hardly reads better",
        "reads as well either way",
        "reads better as it lies",
        "too short to tell",
        "a column of upright characters, or digits",
        "a column that reads better as it stands",
        "one line up the margin",
    ],
)
def test_without_evidence_a_page_stays(found: Quads, answers: tuple[Ask, Ask]) -> None:
    page = lying(0, np.zeros((120, 200, 3), np.uint8))
    turned, quads = upright(page, found, *answers)
    assert turned is page
    assert quads is found


def test_a_clearly_better_reading_decides_where_the_classifier_is_undecided() -> None:
    page = lying(0, np.zeros((120, 200, 3), np.uint8))
    turned, _ = upright(page, boxes((10, 10, 90, 9)), *answering(heads=0.45, legible=reads_only((-1, 0))))
    assert turned.rotation_deg == 270


@pytest.mark.parametrize(("direction", "rotation"), [((0, -1), 180), ((0, 1), 0)])
def test_reading_tells_up_from_down_where_the_classifier_is_undecided(
    direction: tuple[int, int], rotation: int
) -> None:
    page = lying(0, np.zeros((120, 200, 3), np.uint8))
    wrong = 0.3 if direction == (0, -1) else 0.7
    turned, _ = upright(page, boxes((10, 10, 9, 90)), *answering(upward=wrong, legible=reads_only(direction)))
    assert turned.rotation_deg == rotation


def test_lines_on_their_side_that_read_well_turn_the_page_although_single_characters_do_not() -> None:
    """Handwriting is joined: squares cut out of it read badly every way round."""
    classify, _ = answering(upward=1, legible=lambda _: 0.0)

    def confidence(_page: Page, quads: Quads) -> np.ndarray:
        long = sizes(quads)[:, 0] > 2 * sizes(quads)[:, 1]
        up = (quads[:, 1] - quads[:, 0])[:, 1] < 0
        return np.where(long & up, 0.7, 0.3)

    page = lying(0, np.zeros((120, 200, 3), np.uint8))
    turned, _ = upright(page, boxes((10, 10, 9, 90)), classify, confidence)
    assert turned.rotation_deg == 180


@pytest.mark.parametrize(("vote", "lines"), [(0.0, [4]), (0.2, [4, 6])], ids=["clear", "less so"])
def test_an_upright_page_is_never_read_for_it_and_few_lines_are_classified(vote: float, lines: list[int]) -> None:
    asked: list[int] = []

    def classify(_page: Page, quads: Quads) -> np.ndarray:
        asked.append(len(quads))
        return np.full(len(quads), vote)

    def confidence(_page: Page, _quads: Quads) -> np.ndarray:
        raise AssertionError("reading is dear and only confirms a turn")

    page = lying(0, np.zeros((120, 200, 3), np.uint8))
    upright(page, boxes(*((10, 12 * row, 90, 9) for row in range(60))), classify, confidence)
    assert asked == lines


def test_the_classifier_tells_lines_that_stand_on_their_head() -> None:
    page = lying(0, receipt())
    quads = boxes((18, 20, 240, 34), (18, 244, 240, 34))
    heads = classifier()(page, np.concatenate([quads, np.roll(quads, 2, axis=1)]))
    assert heads.round().tolist() == [0, 0, 1, 1]


def test_another_kind_of_model_is_refused() -> None:
    assert OrientConfig().model == "ppocr-mobile-cls"
    with pytest.raises(ConfigError, match="expected a line-orientation"):
        Classifier(opened("ppocrv6-small-det"))
