"""Tests inside rule files: each thing that they can expect is reported where it is not so."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingestd.extract import run_rule_tests
from tests.support.extraction import ruled

FIELDS = """
    net: {type: money, labels: NET}
    tax: {type: money, labels: TAX}
    total: {type: money, labels: TOTAL}
    no: {type: code, labels: TAX NO, check: cn_tax_no, value: '[A-Z0-9]{18}'}
"""
SUM = {"name": "sum", "equation": "net + tax = total"}
PAGE = "NET 10.00\nTAX 0.60\nTOTAL 10.60"
DOUBTFUL = {"text": "TAX NO 91120100XL0007TTB4", "box": [0, 0, 250, 20], "doubts": {23: {"8": 0.3}}}


def outcome(tmp_path: Path, **test: object) -> str:
    rules = ruled(tmp_path, FIELDS, checks=[SUM], tests=[{"name": "example", **test}])
    (result,) = run_rule_tests(rules)
    return " ".join(result.problems)


@pytest.mark.parametrize(
    "test",
    [
        {"text": PAGE, "expect": {"total": "10.60"}, "levels": {"total": "proved"}, "leave": ["no"], "status": "done"},
        {"text": PAGE.replace("10.60", "70.60"), "fails": ["sum"], "levels": {"net": "conflict"}, "status": "review"},
        {"lines": [DOUBTFUL], "expect": {"no": "91120100XL0007TT84"}, "repaired": ["no"], "levels": {"no": "proved"}},
        {"text": PAGE, "rule": "sample", "items": 0},
    ],
)
def test_what_is_so_passes(tmp_path: Path, test: dict[str, object]) -> None:
    assert outcome(tmp_path, **test) == ""


@pytest.mark.parametrize(
    ("test", "problem"),
    [
        ({"expect": {"total": "10.61"}}, "total is '10.60' (proved: "),
        ({"levels": {"total": "read"}}, "expected level read"),
        ({"leave": ["total"]}, "expected nothing"),
        ({"repaired": ["total"]}, "expected a repaired value"),
        ({"fails": ["sum"]}, "check 'sum' holds, expected it to fail"),
        ({"status": "review"}, "status done, expected review"),
        ({"items": 1}, "0 line items, expected 1"),
        ({"rule": "other"}, "taken for 'sample', expected 'other'"),
    ],
)
def test_what_is_not_so_is_told(tmp_path: Path, test: dict[str, object], problem: str) -> None:
    assert problem in outcome(tmp_path, text=PAGE, **test)
