from __future__ import annotations

from ingestd.cli.headline import headline
from tests.support.records import record


def test_headline_names_who_when_how_much_and_how_sure() -> None:
    line = headline(record(fields={"merchant": "永辉超市", "date": "2026-08-03", "total": "12.50"}), 0.94)
    assert line == "en-receipt · 永辉超市 · date 2026-08-03 (proved) · total 12.50 (proved) · 1 page, 2 lines · 0.9 s"


def test_headline_leaves_out_what_is_missing_and_escapes_what_is_strange() -> None:
    assert headline(record(fields={"merchant": "a\x1b[2J", "total": None}, pages=2)) == (
        "en-receipt · a\\x1b[2J · 2 pages, 4 lines"
    )
