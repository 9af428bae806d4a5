"""Values are found by where they stand on the page, not by the order of the text."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from ingestd.document import Char, Level, Line, PageInfo, Reading
from ingestd.layout.geometry import as_quad, bounds, rect_quad
from ingestd.layout.rows import lay_out, sub_quad
from tests.support.extraction import drawn, extracted, fields_of, ruled, typed

TOTAL = "total: {type: money, labels: TOTAL}"


def value(tmp_path: Path, fields: str, reading: Reading, name: str = "total", **more: object) -> str | None:
    return fields_of(reading, ruled(tmp_path, fields, **more))[name].value


@pytest.mark.parametrize(
    "text",
    [
        "TOTAL: 12.50",
        "Total   12.50",
        "T O T A L  RM 12.50",
        "TOTAL  (RM)  :  12.50",
        "ＴＯＴＡＬ：￥１２．５０",
        "TOTAL  $12.50  thank you",
        "T0TAL 12.50",
        "1 x thing  TOTAL  12.50",
        "TOTAL\n12.50",
        "TOTAL 12 . 50",
    ],
)
def test_the_value_of_a_label(tmp_path: Path, text: str) -> None:
    assert value(tmp_path, TOTAL, typed(text)) == "12.50"


@pytest.mark.parametrize(
    "text",
    [
        "SUBTOTAL 12.50",
        "TOTAL ITEMS 12.50",
        "TOTAL 12.50%",
        "TOTALS 12.50",
        "TOTAL\n\n\n\n\n12.50",
        "total quantity 12.50",
    ],
)
def test_what_is_not_the_value_of_a_label(tmp_path: Path, text: str) -> None:
    assert value(tmp_path, TOTAL, typed(text)) is None


def test_a_longer_label_keeps_its_value_from_a_shorter_one(tmp_path: Path) -> None:
    fields = """
        total: {type: money, labels: TOTAL}
        net: {type: money, labels: TOTAL EXCL GST}
    """
    found = fields_of(typed("TOTAL EXCL. GST  10.00\nTOTAL  10.60"), ruled(tmp_path, fields))
    assert (found["net"].value, found["total"].value) == ("10.00", "10.60")


def test_a_misread_longer_label_still_wins(tmp_path: Path) -> None:
    fields = """
        total: {type: money, labels: TOTAL}
        net: {type: money, labels: TOTAL EXCLUDING GST}
    """
    found = fields_of(typed("TOTAL EXC1UDlNG G5T  10.00\nTOTAL  10.60"), ruled(tmp_path, fields))
    assert (found["net"].value, found["total"].value) == ("10.00", "10.60")


def test_similar_labels_do_not_steal_from_each_other(tmp_path: Path) -> None:
    fields = """
        code: {type: digits, labels: 发票代码}
        number: {type: digits, labels: 发票号码}
    """
    found = fields_of(typed("发票代码：012001900111\n发票号码：41726358"), ruled(tmp_path, fields))
    assert (found["code"].value, found["number"].value) == ("012001900111", "41726358")


def test_better_labels_come_first(tmp_path: Path) -> None:
    fields = "total: {type: money, labels: [GRAND TOTAL, TOTAL]}"
    assert value(tmp_path, fields, typed("TOTAL  9.00\nGRAND TOTAL  9.50\nTOTAL  8.00")) == "9.50"


@pytest.mark.parametrize(("many", "expected"), [("first", "1.00"), ("last", "3.00"), ("prefer_proved", "1.00")])
def test_many_values_of_one_label(tmp_path: Path, many: str, expected: str) -> None:
    fields = f"total: {{type: money, labels: TOTAL, many: {many}}}"
    assert value(tmp_path, fields, typed("TOTAL 1.00\nTOTAL 2.00\nTOTAL 3.00")) == expected


def test_prefer_proved_takes_the_value_that_passes(tmp_path: Path) -> None:
    fields = "tax_no: {type: code, labels: VAT, check: eu_vat, value: '[A-Z]{2}[0-9A-Z]{8,12}'}"
    reading = typed("VAT DE136695977\nVAT DE136695976")
    found = fields_of(reading, ruled(tmp_path, fields))["tax_no"]
    assert (found.value, found.level) == ("DE136695976", Level.PROVED)


def test_a_label_split_over_boxes(tmp_path: Path) -> None:
    fields = "buyer: {type: name, labels: 名称}"
    reading = drawn(("名", 10, 10, 25, 25), ("称：个人", 70, 12, 130, 26))
    assert value(tmp_path, fields, reading, "buyer") == "个人"


def test_columns_under_their_headers(tmp_path: Path) -> None:
    fields = """
        day: {type: date, labels: DATE, where: below}
        number: {type: digits, labels: NUMBER, where: below}
    """
    reading = drawn(
        ("DATE", 10, 10, 60, 25),
        ("NUMBER", 200, 10, 280, 25),
        ("03.12.2018", 5, 32, 90, 47),
        ("4711", 210, 31, 260, 46),
    )
    found = fields_of(reading, ruled(tmp_path, fields))
    assert (found["day"].value, found["number"].value) == ("2018-12-03", "4711")


def test_one_box_under_two_headers_is_told_apart_by_place(tmp_path: Path) -> None:
    fields = """
        day: {type: date, labels: DATE, where: below}
        number: {type: digits, labels: NUMBER, where: below, value: '\\b\\d{4}\\b'}
    """
    reading = drawn(
        ("DATE", 10, 10, 60, 25), ("NUMBER", 200, 10, 280, 25), ("26/02/18 08:28        4711", 5, 32, 270, 47)
    )
    found = fields_of(reading, ruled(tmp_path, fields))
    assert (found["day"].value, found["number"].value) == ("2018-02-26", "4711")


def test_an_empty_field_of_a_form_takes_nothing_from_the_next(tmp_path: Path) -> None:
    fields = """
        name: {type: name, labels: 名称}
        tax_no: {type: code, labels: 纳税人识别号}
    """
    found = fields_of(typed("名称：\n纳税人识别号：91350100M000100Y43"), ruled(tmp_path, fields))
    assert found["name"].level is Level.MISSING
    assert found["tax_no"].value == "91350100M000100Y43"


def test_zones_tell_fields_with_one_label_apart(tmp_path: Path) -> None:
    fields = """
        buyer: {type: name, labels: NAME, zone: upper}
        seller: {like: buyer, zone: lower}
        right: {like: buyer, zone: east}
    """
    zones = {"upper": [{"above": "ITEMS"}], "lower": [{"below": "ITEMS"}], "east": [{"right_of": "FAR"}]}
    rules = ruled(tmp_path, fields, zones=zones)
    found = fields_of(typed("NAME Ada  x\nITEMS  thing\nNAME Bob             FAR  NAME Cid"), rules)
    assert [found[name].value for name in ("buyer", "seller", "right")] == ["Ada", "Bob", "Cid"]


def test_the_first_definition_of_a_zone_that_applies_counts(tmp_path: Path) -> None:
    fields = "buyer: {type: name, labels: NAME, zone: part}"
    zones = {"part": [{"when": ["DIGITAL"], "area": [0.5, 0, 1, 1]}, {"area": [0, 0, 0.5, 1]}]}
    page = "NAME Ada                 NAME Bob"
    rules = ruled(tmp_path, fields, zones=zones)
    assert fields_of(typed(page), rules)["buyer"].value == "Ada"
    assert fields_of(typed("DIGITAL\n" + page), rules)["buyer"].value == "Bob"


@pytest.mark.parametrize("degrees", [-8, 3, 90, 180])
def test_a_page_may_lie_at_a_slant_or_on_its_side(tmp_path: Path, degrees: float) -> None:
    straight = typed("TOTAL              12.50\nCASH               20.00\nCHANGE              7.50")
    angle = math.radians(degrees)
    turned = tuple(
        Line(
            line.page_index,
            as_quad(
                [
                    (500 + x * math.cos(angle) - y * math.sin(angle), 500 + x * math.sin(angle) + y * math.cos(angle))
                    for x, y in line.quad
                ]
            ),
            line.text,
            line.confidence,
        )
        for line in straight.lines
    )
    assert value(tmp_path, TOTAL, Reading(straight.pages, turned, ())) == "12.50"


def test_the_quad_is_the_value_only(tmp_path: Path) -> None:
    reading = drawn(("TOTAL: 12.50", 0, 0, 120, 20))
    found = fields_of(reading, ruled(tmp_path, TOTAL))["total"]
    assert found.quad is not None and bounds(found.quad) == (70, 0, 120, 20)
    assert found.lines == ((0, 0),)
    assert found.raw == "12.50"


def test_the_quad_follows_the_positions_of_the_characters() -> None:
    positions = [0.05, 0.1, 0.15, 0.5, 0.9]
    chars = tuple(Char(position, ((character, 1.0),)) for position, character in zip(positions, "ABC12", strict=True))
    line = Line(0, rect_quad(0, 0, 200, 10), "ABC12", 1.0, chars)
    assert bounds(sub_quad(line, 3, 5)) == (65, 0, 200, 10)
    assert bounds(sub_quad(line, 0, 3)) == (0, 0, 65, 10)


def test_line_references_count_lines_of_the_reading(tmp_path: Path) -> None:
    found = fields_of(typed("HEAD\nTOTAL  12.50"), ruled(tmp_path, TOTAL))["total"]
    assert found.lines == ((0, 2),)


def test_values_on_later_pages(tmp_path: Path) -> None:
    first = typed("HEAD")
    second = typed("TOTAL 12.50")
    lines = (*first.lines, *(Line(1, line.quad, line.text, 1.0) for line in second.lines))
    reading = Reading((*first.pages, PageInfo(1, 1000, 1400, 100.0, 0, 0.0, {}, ())), lines, ())
    found = fields_of(reading, ruled(tmp_path, TOTAL))["total"]
    assert (found.page_index, found.value) == (1, "12.50")


def test_a_blank_document_has_no_fields_and_no_errors(tmp_path: Path) -> None:
    rules = ruled(tmp_path, "total: {type: money, labels: TOTAL, zone: z}", zones={"z": [{"area": [0, 0, 1, 1]}]})
    blank = Reading((PageInfo(0, 10, 10, 100.0, 0, 0.0, {}, ()),), (), ())
    assert extracted(blank, rules).rule == "unknown"
    assert lay_out(blank).rows == ()


def test_a_letter_inside_a_code_is_no_label(tmp_path: Path) -> None:
    fields = r"""
        no: {type: digits, labels: N, value: '(?<!\d)\d{8}'}
        code: {type: code, labels: CODE, value: '[A-Z0-9]{8}'}
    """
    found = fields_of(typed("CODE 91N4567N\nN12345678"), ruled(tmp_path, fields))
    assert (found["code"].value, found["no"].value) == ("91N4567N", "12345678")
