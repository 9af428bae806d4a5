"""Money documents: a proved value stays what it is beside text that has nothing to do with it; hostile text ends."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestd.document import Level, Line, PageInfo, Reading
from ingestd.extract import extract, load_rules
from ingestd.layout.geometry import bounds, rect_quad
from lab.corpus.paper_grammar import paper
from tests.support.extraction import TODAY
from tests.support.places import ROOT

RULES = load_rules(ROOT / "rules")
PAGE = PageInfo(0, 1600, 2200, 200.0, 0, 0.0, {}, ())
LETTERS = st.text(alphabet="bcdfghjklmnpqrstvwxyz", min_size=4, max_size=12)
SEEDS = st.integers(0, 400)


def proved(reading: Reading) -> dict[str, str | None]:
    return {one.name: one.value for one in extract(reading, RULES, TODAY).fields if one.level is Level.PROVED}


def below(reading: Reading, text: str) -> Reading:
    """Add a line below everything that stands on the last page."""
    last = reading.pages[-1]
    bottom = max(bounds(line.quad)[3] for line in reading.lines if line.page_index == last.index)
    added = Line(last.index, rect_quad(120, bottom + 60, 120 + 12 * len(text), bottom + 84), text, 1.0)
    return Reading(reading.pages, (*reading.lines, added), reading.codes)


@given(SEEDS, st.lists(LETTERS, min_size=1, max_size=4))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_words_without_a_meaning_change_no_proved_value(seed: int, words: list[str]) -> None:
    reading = paper(seed).reading()
    before, after = proved(reading), proved(below(reading, " ".join(words)))
    assert after == before


@given(SEEDS, st.integers(10_000_000, 99_999_999))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_number_without_a_label_changes_no_proved_amount(seed: int, number: int) -> None:
    reading = paper(seed).reading()
    before, after = proved(reading), proved(below(reading, f"{number}"))
    assert {name: after.get(name) for name in before} == before


amounts = st.decimals(0, 99_999, places=2).map(str)
labels = st.sampled_from(
    ["Total", "Net", "VAT 20%", "Subtotal", "Discount", "Tip", "Rounding", "Cash", "Change", "Tax"]
)
rows = st.lists(st.tuples(labels, st.lists(amounts, min_size=1, max_size=4)), min_size=30, max_size=60)


@pytest.mark.timeout(60)
@given(rows)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_page_full_of_labelled_amounts_ends(rows: list[tuple[str, list[str]]]) -> None:
    lines = []
    for row, (label, values) in enumerate(rows):
        top = 20 + 30 * row
        lines.append(Line(0, rect_quad(50, top, 250, top + 24), label, 1.0))
        for column, value in enumerate(values):
            left = 400 + 250 * column
            lines.append(Line(0, rect_quad(left, top, left + 14 * len(value), top + 24), value, 1.0))
    found = extract(Reading((PAGE,), tuple(lines), ()), RULES, TODAY)
    assert all(one.probability is None or 0 <= one.probability <= 1 for one in found.fields)
