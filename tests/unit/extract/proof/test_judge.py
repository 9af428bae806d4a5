"""Levels and reasons: what proves, what merely repeats, what contradicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from ingestd.document import Char, Field, Level, Line, Reading, Status
from ingestd.layout.geometry import rect_quad
from tests.support.extraction import Doubts, drawn, extracted, fields_of, ruled, texts, typed

SUM = """
    net: {type: money, labels: NET}
    tax: {type: money, labels: TAX}
    rounding: {type: money, labels: ROUNDING}
    total: {type: money, labels: TOTAL, required: true}
"""
MAKES_TOTAL = [{"name": "sum", "equation": "net + tax + rounding? = total", "tolerance": 0.01}]


def levels(found: Mapping[str, Field]) -> dict[str, str]:
    return {name: str(field.level) for name, field in found.items()}


def judged(
    tmp_path: Path,
    text: str,
    fields: str = SUM,
    checks: Sequence[Mapping[str, object]] = MAKES_TOTAL,
    codes: Sequence[str] = (),
    **more: object,
) -> dict[str, Field]:
    return fields_of(typed(text, *codes), ruled(tmp_path, fields, checks=checks, **more))


def test_a_sum_proves_its_parts(tmp_path: Path) -> None:
    found = judged(tmp_path, "NET 10.00\nTAX 0.60\nTOTAL 10.60")
    assert levels(found) == {"net": "proved", "tax": "proved", "rounding": "missing", "total": "proved"}
    assert "sum: 10.00 + 0.60 = 10.60" in texts(found["total"])


def test_rounding_belongs_to_the_sum_where_it_is_printed(tmp_path: Path) -> None:
    found = judged(tmp_path, "NET 10.00\nTAX 0.60\nTOTAL 10.60\nROUNDING 0.02\nTOTAL 10.62")
    assert (found["total"].value, found["total"].level) == ("10.62", Level.PROVED)


def test_a_sum_that_holds_only_nearly_proves_no_digit(tmp_path: Path) -> None:
    found = judged(tmp_path, "NET 10.00\nTAX 0.60\nTOTAL 10.61")
    assert levels(found) == {"net": "read", "tax": "read", "rounding": "missing", "total": "read"}
    assert "sum: 10.00 + 0.60 = 10.61 but for rounding" in texts(found["total"])


def test_a_sum_with_one_part_only_repeats_it(tmp_path: Path) -> None:
    found = judged(tmp_path, "NET 10.00\nTAX 0.00\nTOTAL 10.00")
    assert levels(found) == {"net": "agreed", "tax": "agreed", "rounding": "missing", "total": "agreed"}


def test_a_sum_that_does_not_hold_is_a_conflict_and_keeps_all_numbers(tmp_path: Path) -> None:
    rules = ruled(tmp_path, SUM, checks=MAKES_TOTAL)
    extraction = extracted(typed("NET 10.00\nTAX 0.60\nTOTAL 70.60"), rules)
    total = next(field for field in extraction.fields if field.name == "total")
    assert (total.level, total.value) == (Level.CONFLICT, "70.60")
    assert "sum fails: 10.00 + 0.60 is not 70.60" in texts(total)
    assert extraction.status is Status.REVIEW


def test_a_check_may_be_without_consequence(tmp_path: Path) -> None:
    checks = [{**MAKES_TOTAL[0], "otherwise": "nothing"}]
    found = judged(tmp_path, "NET 10.00\nTAX 0.60\nTOTAL 70.60", checks=checks)
    assert found["total"].level is Level.READ


def test_what_something_else_proves_is_not_doubted_by_a_failing_sum(tmp_path: Path) -> None:
    fields = SUM + "    total_words: {type: capital, labels: WORDS}\n"
    checks: list[Mapping[str, object]] = [{"name": "words", "equation": "total_words = total"}, *MAKES_TOTAL]
    found = judged(tmp_path, "NET 10.00\nTAX 9.60\nTOTAL 10.60\nWORDS 壹拾圆陆角", fields, checks)
    assert found["total"].level is Level.PROVED
    assert found["net"].level is found["tax"].level is Level.CONFLICT


def test_the_equation_chooses_among_candidates(tmp_path: Path) -> None:
    found = judged(tmp_path, "NET 10.00\nTAX 0.60\nTOTAL 5.00\nTOTAL 10.60\nTOTAL 99.00")
    assert (found["total"].value, found["total"].level) == ("10.60", Level.PROVED)


def test_one_printed_number_is_not_two_values(tmp_path: Path) -> None:
    fields = """
        net: {type: money, labels: AMOUNT}
        total: {type: money, labels: AMOUNT}
    """
    checks = [{"name": "same", "equation": "net = total"}]
    assert judged(tmp_path, "AMOUNT 10.00", fields, checks)["total"].level is not Level.PROVED


def test_printed_twice_is_agreed(tmp_path: Path) -> None:
    found = judged(tmp_path, "TOTAL 10.60\nthank you\nTOTAL 10.60", checks=[])
    assert found["total"].level is Level.AGREED


def test_cents_after_a_comma_count_only_where_checked(tmp_path: Path) -> None:
    assert judged(tmp_path, "TOTAL 10,60")["total"].level is Level.CONFLICT
    found = judged(tmp_path, "NET 10.00\nTAX 0.60\nTOTAL 10,60")
    assert (found["total"].value, found["total"].level) == ("10.60", Level.PROVED)


def test_an_amount_without_a_label_counts_only_where_proved(tmp_path: Path) -> None:
    fields = SUM.replace("labels: TOTAL,", "labels: TOTAL, where: [right, anywhere_if_proved],")
    assert judged(tmp_path, "NET 10.00\nTAX 0.60\n 10.60", fields)["total"].level is Level.PROVED
    assert judged(tmp_path, "NET 10.00\nTAX 0.60\n 10.70", fields)["total"].level is Level.MISSING


def test_an_unlabelled_amount_does_not_stand_beside_a_number_that_may_be_no_amount(tmp_path: Path) -> None:
    fields = SUM.replace("labels: TOTAL, ", "labels: TOTAL, where: [right, anywhere_if_proved], ")
    found = judged(tmp_path, "NET 3\nTAX 0.72\nflour 3.72\nTOTAL 36.55", fields)
    assert found["total"].value == "36.55"
    assert found["total"].level is not Level.PROVED


def test_an_unlabelled_amount_needs_the_best_parts(tmp_path: Path) -> None:
    fields = SUM.replace("labels: TOTAL,", "labels: TOTAL, where: [right, anywhere_if_proved],")
    found = judged(tmp_path, "NET 10.00\nNET 3.00\nTAX 0.60\n 3.60", fields)
    assert found["total"].level is Level.MISSING


@pytest.mark.parametrize(("day", "level"), [("25/12/2018", Level.AGREED), ("03/04/2018", Level.READ)])
def test_a_date_that_fits_two_orders_is_never_more_than_read(tmp_path: Path, day: str, level: Level) -> None:
    found = judged(tmp_path, f"DATE {day}\nx\nDATE {day}", "day: {type: date, labels: DATE}", [])
    assert found["day"].level is level


def test_the_order_of_dates_follows_the_signs(tmp_path: Path) -> None:
    dates = {"order": "dmy", "signs": [{"order": "mdy", "regex": r"\bWA \d{5}\b"}]}
    fields = "day: {type: date, labels: DATE}"
    assert judged(tmp_path, "DATE 03/04/2018", fields, [], dates=dates)["day"].value == "2018-04-03"
    assert judged(tmp_path, "WA 98052\nDATE 03/04/2018", fields, [], dates=dates)["day"].value == "2018-03-04"


def test_a_missing_value_says_what_was_found_instead(tmp_path: Path) -> None:
    found = judged(tmp_path, "DATE 31/06/2018", "day: {type: date, labels: DATE}", [])
    assert texts(found["day"]) == ["'31/06/2018' is not a day of the calendar"]


@pytest.mark.parametrize(
    ("required", "text", "status"),
    [
        ("true", "TOTAL 1.00", Status.DONE),
        ("true", "nothing", Status.REVIEW),
        ("agreed", "TOTAL 1.00", Status.REVIEW),
        ("agreed", "TOTAL 1.00\nTOTAL 1.00", Status.DONE),
        ("proved", "TOTAL 1.00\nTOTAL 1.00", Status.REVIEW),
        ("false", "nothing", Status.DONE),
    ],
)
def test_status_follows_what_is_required(tmp_path: Path, required: str, text: str, status: Status) -> None:
    rules = ruled(tmp_path, f"total: {{type: money, labels: TOTAL, required: {required}}}")
    assert extracted(typed(text), rules).status is status


QR = "01,04,3100182130,12345678,100.00,20190302,12345678901234567890,0000,"
INVOICE = """
    invoice_code: {type: digits, labels: CODE, check: cn_invoice_code}
    invoice_no: {type: digits, labels: NUMBER, check: cn_invoice_no}
    date: {type: date, labels: DATE}
    net: {type: money, labels: NET}
    total: {type: money, labels: TOTAL}
"""


def test_a_code_on_the_page_proves_what_it_repeats(tmp_path: Path) -> None:
    text = "CODE 3100182130\nNUMBER 12345678\nDATE 02/03/2019\nNET 100.00\nTOTAL 116.00"
    found = judged(tmp_path, text, INVOICE, [], [QR], witness="cn_invoice_qr")
    assert levels(found) == {
        "invoice_code": "proved",
        "invoice_no": "proved",
        "date": "proved",
        "net": "proved",
        "total": "read",
    }


DIGITAL_QR = "01,32,,24442000000012345678,116.00,20240105,,0000,"


def test_the_amount_of_a_code_is_without_tax_on_invoices_of_the_older_kinds(tmp_path: Path) -> None:
    found = judged(tmp_path, "TOTAL 100.00", INVOICE, [], [QR], witness="cn_invoice_qr")
    assert found["total"].level is Level.READ
    assert (found["net"].value, found["net"].level) == ("100.00", Level.READ)


def test_an_old_code_that_states_the_printed_total_refutes_no_net(tmp_path: Path) -> None:
    found = judged(tmp_path, "NET 97.09\nTOTAL 100.00", INVOICE, [], [QR], witness="cn_invoice_qr")
    assert levels(found)["net"] == levels(found)["total"] == "read"
    assert "the QR code says the same" in texts(found["total"])


@pytest.mark.parametrize(
    ("text", "proved"), [("NET 100.00\nTOTAL 116.00", "total"), ("NET 116.00\nTOTAL 131.08", "net")]
)
def test_the_amount_of_a_code_of_a_fully_digital_invoice_is_the_one_that_is_printed(
    tmp_path: Path, text: str, proved: str
) -> None:
    found = judged(tmp_path, text, INVOICE, [], [DIGITAL_QR], witness="cn_invoice_qr")
    assert {name: field.level for name, field in found.items() if name in ("net", "total")} == {
        name: Level.PROVED if name == proved else Level.READ for name in ("net", "total")
    }


def test_a_code_that_disagrees_is_a_conflict_with_both_values(tmp_path: Path) -> None:
    found = judged(tmp_path, "NUMBER 12345679", INVOICE, [], [QR], witness="cn_invoice_qr")["invoice_no"]
    assert (found.value, found.level) == ("12345679", Level.CONFLICT)
    assert any("12345678" in reason for reason in texts(found))


def test_what_only_the_code_says_is_read(tmp_path: Path) -> None:
    found = judged(tmp_path, "nothing", INVOICE, [], [QR], witness="cn_invoice_qr")["invoice_no"]
    assert (found.value, found.level, found.raw) == ("12345678", Level.READ, QR)


def test_the_net_of_the_code_helps_the_sum(tmp_path: Path) -> None:
    fields = INVOICE + "    tax: {type: money, labels: TAX}\n"
    checks = [{"name": "sum", "equation": "net + tax = total"}]
    found = judged(tmp_path, "NET 1O0,OO\nTAX 16.00\nTOTAL 116.00", fields, checks, [QR], witness="cn_invoice_qr")
    assert (found["net"].value, found["total"].level) == ("100.00", Level.PROVED)


def test_a_failing_checksum_is_a_conflict_not_a_repair(tmp_path: Path) -> None:
    found = judged(tmp_path, "VAT DE136695977", "no: {type: code, labels: VAT, check: eu_vat}", [])
    assert found["no"].level is Level.CONFLICT


TAX_NO = "no: {type: code, labels: TAX, check: cn_tax_no}"


def test_a_doubtful_character_is_repaired_and_told(tmp_path: Path) -> None:
    text = "TAX 91120100XL0007TTB4"
    reading = drawn((text, 0, 0, 220, 20), doubts={text: {20: {"8": 0.3}}})
    found = fields_of(reading, ruled(tmp_path, TAX_NO))["no"]
    assert (found.value, found.raw, found.level) == ("91120100XL0007TT84", "91120100XL0007TTB4", Level.PROVED)
    assert any("'B' read as 8 (p = 0.3)" in reason for reason in texts(found))


@pytest.mark.parametrize(("step", "level"), [(1, Level.READ), (2, Level.CONFLICT)])
def test_a_number_with_a_hole_in_its_print_lacks_a_character(tmp_path: Path, step: int, level: Level) -> None:
    """Seventeen characters are a possible length, so nothing else speaks against them."""
    text = "TAX 12010000XL000TT84"
    places = [index + (step - 1 if index > 15 else 0) for index in range(len(text))]
    chars = tuple(Char((place + 0.5) / 25, ((character, 0.99),)) for place, character in zip(places, text, strict=True))
    line = Line(0, rect_quad(0, 0, 250, 20), text, 0.99, chars)
    found = fields_of(Reading(typed("x").pages, (line,), ()), ruled(tmp_path, TAX_NO))["no"]
    assert found.level is level
    assert ("the print has room for one more character after '12010000XL00'" in texts(found)) == (step > 1)


def test_a_code_on_the_page_confirms_a_doubtful_character(tmp_path: Path) -> None:
    text = "NUMBER 12345673"
    line = drawn((text, 0, 0, 150, 20), doubts={text: {14: {"8": 0.2}}}).lines
    reading = typed("x", QR)
    reading = type(reading)(reading.pages, line, reading.codes)
    found = fields_of(reading, ruled(tmp_path, INVOICE, witness="cn_invoice_qr"))["invoice_no"]
    assert (found.value, found.raw, found.level) == ("12345678", "12345673", Level.PROVED)


def amounts(tmp_path: Path, doubts: Doubts) -> dict[str, Field]:
    lines = [("NET 10.00", 0, 0, 90, 20), ("TAX 0.60", 0, 30, 80, 50), ("TOTAL 70.60", 0, 60, 110, 80)]
    return fields_of(drawn(*lines, doubts=doubts), ruled(tmp_path, SUM, checks=MAKES_TOTAL))


def test_a_sum_chooses_the_digit_the_reader_had_in_mind(tmp_path: Path) -> None:
    sure = {"NET 10.00": {4: {"7": 0.0001}}, "TAX 0.60": {4: {"8": 0.0001}}}
    total = amounts(tmp_path, {**sure, "TOTAL 70.60": {6: {"1": 0.3}}})["total"]
    assert (total.value, total.raw, total.level) == ("10.60", "70.60", Level.PROVED)
    assert "sum: 10.00 + 0.60 = 10.60; '7' read as 1 (p = 0.3)" in texts(total)


def test_a_digit_that_is_read_as_nought_leaves_no_nought_at_the_head(tmp_path: Path) -> None:
    lines = [("NET 90.00", 0, 0, 90, 20), ("TAX 4.19", 0, 30, 80, 50), ("TOTAL 194.19", 0, 60, 120, 80)]
    doubts = {"NET 90.00": {4: {"7": 0.0001}}, "TAX 4.19": {4: {"8": 0.0001}}, "TOTAL 194.19": {6: {"0": 0.3}}}
    total = fields_of(drawn(*lines, doubts=doubts), ruled(tmp_path, SUM, checks=MAKES_TOTAL))["total"]
    assert (total.value, total.raw, total.level) == ("94.19", "194.19", Level.PROVED)


def test_a_digit_the_reader_all_but_ruled_out_is_not_what_makes_a_sum_right(tmp_path: Path) -> None:
    """That another digit was misread and this one undoes it by chance is likelier."""
    lines = [("NET 1000.00", 0, 0, 110, 20), ("TAX 60.00", 0, 30, 90, 50), ("TOTAL 7060.00", 0, 60, 130, 80)]
    for probability, level in ((0.0012, Level.CONFLICT), (0.2, Level.PROVED)):
        doubts = {"TOTAL 7060.00": {6: {"1": probability}}}
        found = fields_of(drawn(*lines, doubts=doubts), ruled(tmp_path, SUM, checks=MAKES_TOTAL))
        assert found["total"].level is level


def test_two_ways_to_make_a_sum_right_are_none(tmp_path: Path) -> None:
    found = amounts(tmp_path, {"NET 10.00": {4: {"7": 0.3}}, "TOTAL 70.60": {6: {"1": 0.3}}})
    assert (found["total"].value, found["total"].level) == ("70.60", Level.CONFLICT)


def test_a_doubt_that_does_not_make_the_sum_right_changes_nothing(tmp_path: Path) -> None:
    found = amounts(tmp_path, {"TOTAL 70.60": {6: {"2": 0.3}}})
    assert (found["total"].value, found["total"].level) == ("70.60", Level.CONFLICT)


def test_a_code_does_not_make_any_number_on_the_page_the_net(tmp_path: Path) -> None:
    fields = INVOICE.replace("labels: NET}", "labels: NET, where: [right, anywhere_if_proved]}")
    found = judged(tmp_path, "TOTAL 100.00\nthing 100.00", fields, [], [QR], witness="cn_invoice_qr")
    assert levels(found)["net"] == "read"
    assert found["net"].raw == QR
