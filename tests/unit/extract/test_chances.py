"""Probabilities of values that a rule found, and what they do to the status."""

from __future__ import annotations

import dataclasses

import pytest

from ingestd.config.shipped import shipped
from ingestd.document import Field, Level, Reading, Status
from ingestd.extract import load_rules
from ingestd.extract.chances import RULE
from ingestd.extract.understand.confidence import probability
from tests.support.extraction import Doubts, drawn, extracted, fields_of, texts

RULES = load_rules(shipped("rules"))
HEAD = ("SAMPLE TRADING SDN BHD", "TAX INVOICE")


def receipt(*body: str, doubts: Doubts | None = None) -> Reading:
    lines = [(text, 10.0, 40.0 * row, 14.0 * len(text), 40.0 * row + 30) for row, text in enumerate((*HEAD, *body))]
    return drawn(*lines, doubts=doubts)


def status_and_field(reading: Reading, name: str) -> tuple[Status, Field]:
    return extracted(reading, RULES).status, fields_of(reading, RULES)[name]


def test_values_that_nothing_speaks_against_are_likely_enough() -> None:
    status, total = status_and_field(receipt("DATE: 21/08/2017", "TOTAL 12.40"), "total")
    assert (status, total.level) == (Status.DONE, Level.READ)
    assert total.probability is not None
    assert total.probability > 0.99
    assert len(texts(total)) == 1


@pytest.mark.parametrize(
    ("body", "name", "said"),
    [
        (
            ("DATE: 21/08/2017", "TOTAL 21.83", "ROUNDING 0.02", "CASH 50.00", "CHANGE 28.15"),
            "total",
            "other amounts on the page make one that differs by a digit or by a rounding",
        ),
        (("DATE: 21/08/2017", "BREAD 39.10", "TOTAL 41.4"), "total", "it does not have two digits after its point"),
        (
            ("DATE: 30/03/2017", "TOTAL 12.40", "30/08/2017 12:04"),
            "date",
            "another value on the page differs from it by one digit",
        ),
    ],
)
def test_value_that_the_page_speaks_against_is_for_review_with_the_reason(
    body: tuple[str, ...], name: str, said: str
) -> None:
    status, field = status_and_field(receipt(*body), name)
    assert status is Status.REVIEW
    assert said in texts(field)


def test_doubtful_characters_are_for_review_unless_the_value_is_proved() -> None:
    unsure = {"TOTAL 12.40": {6: {"7": 0.45}, 7: {"3": 0.45}}}
    status, total = status_and_field(receipt("DATE: 21/08/2017", "TOTAL 12.40", doubts=unsure), "total")
    assert status is Status.REVIEW
    assert "the reader is not sure of its characters" in texts(total)
    proof = ("DATE: 21/08/2017", "TOTAL 12.40", "CASH 20.00", "CHANGE 7.60")
    status, total = status_and_field(receipt(*proof, doubts=unsure), "total")
    assert (status, total.level) == (Status.DONE, Level.PROVED)


def test_value_that_is_only_read_is_for_review_where_the_whole_page_is_hard_to_read() -> None:
    reading = receipt("DATE: 21/08/2017", "TOTAL 12.40")
    blurred = dataclasses.replace(
        reading, lines=tuple(dataclasses.replace(line, confidence=0.8) for line in reading.lines)
    )
    status, total = status_and_field(blurred, "date")
    assert status is Status.REVIEW
    assert "the page is hard to read" in texts(total)


def test_fields_that_are_only_together_too_unlikely_say_why() -> None:
    unsure = {"DATE: 21/08/2017": {6: {"7": 0.3}, 7: {"7": 0.35}}, "TOTAL 12.40": {6: {"7": 0.3}, 7: {"3": 0.35}}}
    reading = receipt("DATE: 21/08/2017", "TOTAL 12.40", doubts=unsure)
    fields = fields_of(reading, RULES)
    chances = [fields[name].probability or 0.0 for name in ("date", "total")]
    assert min(chances) > RULES.review_below > chances[0] * chances[1]
    assert extracted(reading, RULES).status is Status.REVIEW
    assert "the reader is not sure of its characters" in [*texts(fields["date"]), *texts(fields["total"])]


def test_understood_fields_that_keep_a_document_in_review_say_why() -> None:
    reading = drawn(
        ("Muster GmbH", 0.0, 0.0, 150.0, 20.0),
        ("Invoice No.  RE-2024-117", 0.0, 40.0, 300.0, 60.0),
        ("Date  14.03.2024", 0.0, 80.0, 300.0, 100.0),
        ("Total amount  41.40 EUR", 0.0, 120.0, 300.0, 140.0),
        doubts={"Invoice No.  RE-2024-117": {place: {"7": 0.45} for place in (21, 22)}},
    )
    number = fields_of(reading, RULES)["invoice_no"]
    assert extracted(reading, RULES).rule == "invoice"
    assert "the reader is not sure of its characters" in texts(number)


def test_proof_and_agreement_never_lower_a_probability() -> None:
    hard = {"doubt": 0.3, "blur": 0.4}
    assert min(probability(RULE, {"proved": 1.0}), probability(RULE, {**hard, "agreed": 1.0})) > probability(RULE, hard)
