"""Filters in addresses."""

from __future__ import annotations

import pytest

from ingestd.store.listing import Filters
from ingestd.web.errors import Problem
from ingestd.web.filters import filters_of


def test_every_filter_is_read() -> None:
    address = {
        "kind": "en-receipt",
        "status": "review",
        "seller": " 腾讯 ",
        "date_from": "2026-01-01",
        "date_to": "20260131",
        "total_from": "1,234.5",
        "total_to": "-0.05",
        "level": "conflict",
        "text": "发票",
        "before": "7",
        "other": "x",
    }
    assert filters_of(address) == Filters(
        kind="en-receipt",
        status="review",
        seller="腾讯",
        date_from="2026-01-01",
        date_to="2026-01-31",
        total_from=123450,
        total_to=-5,
        level="conflict",
        text="发票",
    )
    assert filters_of({"kind": "", "text": "  "}) == Filters()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", "open"),
        ("level", "sure"),
        ("date_from", "3.3.2026"),
        ("date_to", "2026-02-30"),
        ("total_from", "1e9"),
        ("total_to", "12.345"),
        ("total_to", "9" * 13),
        ("text", "x" * 201),
        ("seller", "x" * 201),
    ],
)
def test_value_that_a_filter_does_not_take_is_named(name: str, value: str) -> None:
    with pytest.raises(Problem) as caught:
        filters_of({name: value})
    assert caught.value.status == 422
    assert caught.value.message.startswith(f"{name}: found")
