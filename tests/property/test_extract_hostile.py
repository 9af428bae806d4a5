"""Whatever stands on a page and whatever a rule asks for: an answer, in bounded time, with the raw text kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestd.document import Code, Level, Line, PageInfo, Reading
from ingestd.extract import extract, load_rules
from ingestd.layout.geometry import rect_quad
from tests.support.extraction import TODAY, fields_of, ruled, typed
from tests.support.places import ROOT

RULES = load_rules(ROOT / "rules")
PAGE = PageInfo(0, 1000, 1000, 100.0, 0, 0.0, {}, ())

words = st.sampled_from(
    [
        *("TOTAL", "发票代码", "价税合计（大写）", "合计", "DATE", "GST ID", "名称：", "纳税人识别号", "RM", "¥"),
        "12.50",
        *("2018-02-31", "91120100XL0007TT84", "伍拾贰圆柒角", "01,04,", "RECHNUNG", "1,2,3,4", "((((", "0" * 80),
        *(" ", "\u202e", "ß", "Ⅻ", "٣"),
    ]
)
texts = st.one_of(st.text(max_size=40), st.lists(words, max_size=6).map(" ".join))
places = st.tuples(st.floats(0, 900), st.floats(0, 900), st.floats(0, 200), st.floats(0, 60))


def line(place: tuple[float, float, float, float], text: str) -> Line:
    left, top, width, height = place
    return Line(0, rect_quad(left, top, left + width, top + height), text, 0.9)


readings = st.builds(
    lambda lines, codes: Reading((PAGE,), tuple(lines), tuple(codes)),
    st.lists(st.builds(line, places, texts), max_size=12),
    st.lists(st.builds(lambda text: Code(0, rect_quad(0, 0, 9, 9), "QR", text), texts), max_size=2),
)


@given(readings)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_page_gives_an_answer(reading: Reading) -> None:
    extraction = extract(reading, RULES, TODAY)
    for field in extraction.fields:
        assert (field.value is None) == (field.level is Level.MISSING)
        assert field.reasons
        assert all(0 <= index < len(reading.lines) for _, index in field.lines)
        if field.lines and len(field.lines) == 1:
            assert field.raw is not None and field.raw in reading.lines[field.lines[0][1]].text


CELLS: Mapping[str, Callable[[int], str]] = {
    "amounts": lambda index: f"{index * 7919 % 99991 / 100:.2f}",
    "equal amounts": lambda index: "1.00",
    "labels": lambda index: "TOTAL",
    "labels and amounts": lambda index: f"VAT {index / 100:.2f}" if index % 2 else "Total incl. VAT",
    "discounts": lambda index: f"discount {index % 1000 / 100:.2f}",
    "days": lambda index: f"{index % 28 + 1:02}/{index % 12 + 1:02}/2018",
    "headings of parties": lambda index: f"Bill to: Company {index} Ltd",
    "misread words": lambda index: "invo1ce numbor tota1 amounl"[: 20 + index % 8],
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("name", "columns", "count"),
    [*((name, 20, 3_000) for name in CELLS), ("amounts", 10_000, 10_000), ("labels", 10_000, 10_000)],
)
def test_a_page_of_thousands_of_cells_ends(name: str, columns: int, count: int) -> None:
    cells = [line((50.0 * (i % columns), 12.0 * (i // columns), 40, 9), CELLS[name](i)) for i in range(count)]
    assert extract(Reading((PAGE,), (line((0, -20, 200, 9), "INVOICE"), *cells), ()), RULES, TODAY).fields


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", ["1 " * 500, "1." * 500, "-" * 999 + "1", "И1٣" * 300, "12345 town - " * 70])
def test_lines_that_look_like_many_values_end(text: str) -> None:
    lines = [line((0, 12.0 * row, 900, 9), text) for row in range(100)]
    assert extract(Reading((PAGE,), (line((0, -20, 200, 9), "INVOICE"), *lines), ()), RULES, TODAY).fields


def test_sums_that_double_in_every_row_end() -> None:
    texts = ["INVOICE", *(f"VAT {2**power % 10**9 / 100:.2f}" for power in range(60)), "Total 123456.78"]
    lines = tuple(line((0, 12.0 * row, 900, 9), text) for row, text in enumerate(texts))
    assert extract(Reading((PAGE,), lines, ()), RULES, TODAY).fields


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", ["TOTAL " + "1,111." * 3000, "TOTAL " * 3000, "0" * 20_000, "价税合计" * 5000])
def test_a_page_made_to_keep_patterns_busy_ends(text: str) -> None:
    lines = [line((0, 10 * row, 900, 9), text) for row in range(10)]
    assert extract(Reading((PAGE,), tuple(lines), ()), RULES, TODAY).fields


@pytest.mark.timeout(20)
def test_a_pattern_that_the_probes_let_pass_ends_with_its_reason(tmp_path: Path) -> None:
    rules = ruled(tmp_path, "no: {type: code, where: anywhere, value: '(?:[xy]+z?)+$'}")
    found = fields_of(typed("xy" * 400 + "!"), rules)["no"]
    assert found.level is Level.MISSING
    assert "make it simpler" in found.reasons[0].text
