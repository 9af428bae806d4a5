from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from ingestd.config import RecogniseConfig
from ingestd.document import Line, Page, Source
from ingestd.errors import ConfigError
from ingestd.layout.geometry import rect_quad
from ingestd.reading.models import Model
from ingestd.reading.recognise.ensemble import SECOND_SHARE
from ingestd.reading.recognise.recogniser import Recogniser
from tests.support.models import GreyReader, grey_model, opened, recogniser

WHITE = 255


def bars(text: str, charset: str = "ABCDEFGH", frame: int = 8, height: int = 16) -> np.ndarray:
    """A line of grey bars, one a character, ``.`` for white paper."""
    levels = [WHITE if character == "." else charset.index(character) * GreyReader.STEP for character in text]
    return np.repeat(np.repeat(np.array([levels], np.uint8), frame, axis=1), height, axis=0)


def page_of(pixels: np.ndarray, to_source: np.ndarray | None = None) -> Page:
    colour = np.ascontiguousarray(np.repeat(pixels[..., np.newaxis], 3, axis=2))
    height, width = pixels.shape
    return Page(3, colour, 200.0, (width, height), np.eye(3) if to_source is None else to_source)


def sheet(*lines: tuple[int, int, np.ndarray]) -> np.ndarray:
    """White paper, 160 x 400, with lines at (left, top)."""
    paper = np.full((400, 160), WHITE, np.uint8)
    for left, top, line in lines:
        paper[top : top + line.shape[0], left : left + line.shape[1]] = line
    return paper


def box(left: float, top: float, width: float, height: float = 16) -> list[tuple[float, float]]:
    return [(left, top), (left + width, top), (left + width, top + height), (left, top + height)]


def read(
    page: Page, boxes: Sequence[Any], charset: str = "ABCDEFGH", options: dict[str, Any] | None = None, **fields: Any
) -> tuple[Line, ...]:
    model, _ = grey_model(charset, **fields)
    return Recogniser(model, RecogniseConfig(**(options or {}))).read(page, np.array(boxes, np.float32))


def test_a_line_says_what_where_and_how_sure() -> None:
    (line,) = read(page_of(sheet((8, 40, bars("AB.BA")))), [box(8, 40, 40)])
    assert line.text == "ABBA"
    assert line.page_index == 3
    assert line.source is Source.OCR
    assert line.quad == rect_quad(8, 40, 48, 56)
    assert line.confidence == pytest.approx(0.9)
    assert [char.position for char in line.chars] == pytest.approx([0.1, 0.3, 0.7, 0.9])
    assert "".join(char.text for char in line.chars) == line.text


def test_alternatives_are_as_many_as_asked_for_and_never_the_blank() -> None:
    (line,) = read(page_of(sheet((0, 0, bars("C")))), [box(0, 0, 8)], options={"alternatives": 3})
    (char,) = line.chars
    assert [text for text, _ in char.alternatives] == ["C", "A", "B"]
    assert [probability for _, probability in char.alternatives] == pytest.approx([0.9, 0.1 / 8, 0.1 / 8])


def test_quads_are_in_decoded_pixels() -> None:
    """The page was enlarged twofold and shifted on its way here."""
    to_source = np.array([[0.5, 0, 10], [0, 0.5, 20], [0, 0, 1]])
    (line,) = read(page_of(sheet((8, 40, bars("AB"))), to_source), [box(8, 40, 16)])
    assert line.quad == ((14, 40), (22, 40), (22, 48), (14, 48))


def test_lines_come_in_reading_order() -> None:
    pixels = sheet((80, 10, bars("CD")), (0, 12, bars("AB")), (0, 60, bars("EF")))
    lines = read(page_of(pixels), [box(0, 60, 16), box(80, 10, 16), box(0, 12, 16)])
    assert [line.text for line in lines] == ["AB", "CD", "EF"]


def test_blank_and_doubtful_boxes_are_left_out() -> None:
    page = page_of(sheet((0, 0, bars("AB"))))
    assert len(read(page, [box(0, 0, 16), box(0, 100, 64)])) == 1
    assert read(page, [box(0, 0, 16)], options={"min_confidence": 0.95}) == ()


def test_a_page_without_boxes_has_no_lines() -> None:
    assert read(page_of(sheet()), []) == ()


@pytest.mark.parametrize("blank", [0, 3, -1])
def test_the_blank_may_be_any_class(blank: int) -> None:
    (line,) = read(page_of(sheet((0, 0, bars("AB.BH")))), [box(0, 0, 40)], blank=blank)
    assert line.text == "ABBH"


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_logits_become_probabilities_at_the_temperature_of_the_model(temperature: float) -> None:
    page = page_of(sheet((0, 0, bars("AB"))))
    (line,) = read(page, [box(0, 0, 16)], options={"min_confidence": 0}, output="logits", temperature=temperature)
    sure = np.exp(5 / temperature)
    assert line.confidence == pytest.approx(sure / (sure + 8), rel=1e-5)


def test_probabilities_can_be_calibrated_too() -> None:
    (line,) = read(page_of(sheet((0, 0, bars("A")))), [box(0, 0, 8)], temperature=2.0)
    sure, rest = 0.9**0.5, (0.1 / 8) ** 0.5
    assert line.confidence == pytest.approx(sure / (sure + 8 * rest), rel=1e-5)


def test_spaces_at_the_ends_are_no_text() -> None:
    (line,) = read(page_of(sheet((0, 0, bars("DADBD", "ABCD")))), [box(0, 0, 40)], charset="ABC ")
    assert line.text == "A B"
    assert len(line.chars) == 3
    assert read(page_of(sheet((0, 0, bars("D", "ABCD")))), [box(0, 0, 8)], charset="ABC ") == ()


def test_text_is_composed_and_full_width_forms_stay() -> None:
    (line,) = read(page_of(sheet((0, 0, bars("ABC", "ABC")))), [box(0, 0, 24)], charset="e\u0301（")
    assert line.text == "é（"
    assert len(line.chars) == 2


def test_inputs_are_no_wider_than_the_lines_need() -> None:
    model, network = grey_model("ABCD", min_width=16, max_width=96)
    page = page_of(
        sheet((0, 0, bars("ABCD")), (0, 30, bars("AB")), (0, 60, bars("ABCA")), (0, 90, bars("ABCDABCDABCDABCDABCD")))
    )
    boxes = np.array([box(0, 0, 27), box(0, 30, 16), box(0, 60, 32), box(0, 90, 160)], np.float32)
    lines = Recogniser(model, RecogniseConfig()).read(page, boxes)
    assert network.shapes == [(1, 3, 16, 16), (2, 3, 16, 32), (1, 3, 16, 96)]
    assert [line.text for line in lines][:3] == ["ABC", "AB", "ABCA"]


def test_lines_may_be_condensed() -> None:
    model, network = grey_model("ABCD", condense=0.5)
    lines = Recogniser(model, RecogniseConfig()).read(
        page_of(sheet((0, 0, bars("ABCD", frame=16)))), np.array([box(0, 0, 64)], np.float32)
    )
    assert network.shapes == [(1, 3, 16, 32)]
    assert lines[0].text == "ABCD"


def test_long_columns_are_read_downward() -> None:
    downward = np.rot90(bars("ABCDEF"), -1)
    (line,) = read(page_of(sheet((20, 30, downward))), [box(20, 30, 16, 48)])
    assert line.text == "ABCDEF"
    assert line.quad == ((36, 30), (36, 78), (20, 78), (20, 30))


def test_a_single_tall_character_is_read_as_it_stands() -> None:
    """Both ways are tried where a box is only somewhat taller than wide; across it is one bar, downward a blur."""
    (line,) = read(page_of(sheet((20, 30, bars("C", frame=16, height=24)))), [box(20, 30, 16, 24)])
    assert line.text[0] == "C"
    assert line.quad[0] == (20, 30)


def test_confidence_of_each_quad_is_the_mean_of_its_characters() -> None:
    model, _ = grey_model("ABCD")
    page = page_of(sheet((0, 0, bars("AB"))))
    legible = Recogniser(model, RecogniseConfig()).mean_char_confidence(
        page, np.array([box(0, 100, 16), box(0, 0, 16)], np.float32)
    )
    assert legible.tolist() == pytest.approx([0, 0.9])


@pytest.mark.parametrize(
    ("surely", "aside", "is_asked"), [(0.9, 0, False), (0.9, 4, False), (0.9, 8, True), (0.6, 0, True)]
)
def test_a_line_that_another_reading_was_sure_of_is_not_read_again(surely: float, aside: int, is_asked: bool) -> None:
    """Enlarged twofold; the line that is known stands up to half its height aside, in decoded pixels half of that."""
    page = page_of(sheet((8, 40, bars("ABCD"))), np.diag([0.5, 0.5, 1.0]))
    (known,) = read(page, [box(8, 40, 32)], charset="WXYZ", surely=surely)
    known = replace(known, quad=rect_quad(4 + aside / 2, 20, 20 + aside / 2, 28))
    model, network = grey_model("ABCD")
    boxes = np.array([box(8, 40, 32), box(8, 140, 32)], np.float32)
    (line,) = Recogniser(model, RecogniseConfig()).read(page, boxes, [known])
    assert line.text == ("ABCD" if is_asked else "WXYZ")
    assert line.quad == rect_quad(4, 20, 20, 28)
    assert sum(count for count, *_ in network.shapes) == (2 if is_asked else 1)


def test_nothing_is_asked_where_every_line_is_known() -> None:
    page = page_of(sheet((8, 40, bars("AB"))))
    known = read(page, [box(8, 40, 16)])
    model, network = grey_model("ABCD")
    assert Recogniser(model, RecogniseConfig()).read(page, np.array([box(8, 40, 16)], np.float32), known) == known
    assert network.shapes == []


def second_opinion(
    lines: Sequence[np.ndarray], *, surely: float, below: float
) -> tuple[tuple[Line, ...], list[tuple[int, ...]]]:
    """Lines read by a first network that is sure to 0.9 of each bar and knows the classes as A, B, C, 4; and by a
    second that calls them a, b, c, d; and the shapes of the second one's inputs."""
    first, _ = grey_model("ABC4")
    second, network = grey_model("abcd", surely=surely)
    places = [(0, 30 * index, line) for index, line in enumerate(lines)]
    boxes = [box(left, top, line.shape[1]) for left, top, line in places]
    options = RecogniseConfig(second_below=below, min_confidence=0)
    return Recogniser(first, options, second).read(page_of(sheet(*places)), np.array(boxes, np.float32)), network.shapes


def test_only_unsure_lines_are_read_again() -> None:
    """The probability of a line is that of all its characters: two at 0.9 are 0.81, four are 0.66."""
    lines, shapes = second_opinion([bars("AB"), bars("ABCD")], surely=0.95, below=0.7)
    assert [line.text for line in lines] == ["AB", "abcd"]
    assert shapes == [(1, 3, 16, 32)]


def test_both_readings_are_made_into_one() -> None:
    ((line,), shapes) = second_opinion([bars("AB")], surely=0.85, below=0.9)
    assert line.text == "ab"
    assert dict(line.chars[0].alternatives)["A"] == pytest.approx(0.9 * (1 - SECOND_SHARE))
    assert line.confidence == pytest.approx(0.85 * SECOND_SHARE)
    assert len(shapes) == 1


def test_codes_are_read_again_however_sure_they_are() -> None:
    lines, shapes = second_opinion([bars("ABCD" * 4), bars("ABC" * 5), bars("AB")], surely=0.95, below=0.1)
    assert [line.text for line in lines[1:]] == ["ABC" * 5, "AB"]
    ((count, _, height, width),) = shapes
    assert (count, height) == (1, 16)
    assert width == pytest.approx(128 / 1.2, abs=8)  # a box a tenth taller above and below, scaled to the same height


def test_nothing_is_read_again_where_all_is_sure() -> None:
    lines, shapes = second_opinion([bars("AB")], surely=0.95, below=0.5)
    assert [line.text for line in lines] == ["AB"]
    assert shapes == []


def test_what_the_first_network_does_not_see_is_asked_of_the_second() -> None:
    """The first knows fewer classes, so dark bars are white paper to it."""
    first, _ = grey_model("A")
    second, _ = grey_model("ABCD")
    page = page_of(sheet((0, 0, bars("CD"))))
    (line,) = Recogniser(first, RecogniseConfig(), second).read(page, np.array([box(0, 0, 16)], np.float32))
    assert line.text == "CD"


def test_what_is_still_unsure_is_asked_of_the_third() -> None:
    """Four bars at 0.9 are sure to 0.66, two to 0.81."""
    first, _ = grey_model("ABC4")
    third, network = grey_model("wxyz", surely=0.99)
    opened_models: list[str] = []

    def open_third() -> Model:
        opened_models.append("third")
        return third

    page = page_of(sheet((0, 0, bars("AB")), (0, 30, bars("ABCD"))))
    boxes = [np.array([box(0, 0, 16)], np.float32), np.array([box(0, 30, 32)], np.float32)]
    reader = Recogniser(first, RecogniseConfig(third_below=0.7, min_confidence=0), third=open_third)
    assert [line.text for line in reader.read(page, boxes[0])] == ["AB"]
    assert opened_models == []
    for _ in range(2):
        assert [line.text for line in reader.read(page, boxes[1])] == ["wxyz"]
    assert opened_models == ["third"]
    assert network.shapes == [(1, 3, 16, 32)] * 2


def test_another_kind_of_model_is_refused() -> None:
    with pytest.raises(ConfigError, match="expected a recogniser"):
        Recogniser(opened("ppocrv6-small-det"), RecogniseConfig())
    with pytest.raises(ConfigError, match="expected a recogniser"):
        Recogniser(opened("crnn-base"), RecogniseConfig(), opened("ppocrv6-small-det"))


def test_the_shipped_model_reads_print() -> None:
    image = Image.new("RGB", (420, 120), "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(28)
    texts = {(12, 10): "TOTAL RM 80.90", (300, 10): "1", (12, 70): "25/12/2018 No: A-4711"}
    for place, text in texts.items():
        draw.text(place, text, fill="black", font=font)
    boxes = np.array([np.reshape(box(*_edges(draw, place, text, font)), (4, 2)) for place, text in texts.items()])
    page = Page(0, np.array(image)[..., ::-1].copy(), 200.0, (420, 120), np.eye(3))
    lines = recogniser().read(page, boxes.astype(np.float32))
    assert [line.text for line in lines] == list(texts.values())
    assert all(line.confidence > 0.9 for line in lines)
    positions = [char.position for char in lines[0].chars]
    assert positions == sorted(positions)
    # the R of "RM" is where it was printed
    left, _, width, _ = _edges(draw, (12, 10), "TOTAL RM 80.90", font)
    printed = draw.textlength("TOTAL ", font) + draw.textlength("R", font) / 2 + 12
    assert left + width * lines[0].chars[6].position == pytest.approx(printed, abs=10)


def _edges(draw: Any, place: tuple[int, int], text: str, font: Any) -> tuple[float, float, float, float]:
    left, top, right, bottom = draw.textbbox(place, text, font=font)
    return left - 4, top - 4, right - left + 8, bottom - top + 8
