"""Money documents: what is proved depends on nothing but the paper."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestd.document import Extraction, Level, Reading
from ingestd.extract import extract, load_rules
from ingestd.extract.rulefile.model import RuleTest
from ingestd.extract.selftest import reading_of
from ingestd.layout.geometry import as_quad
from tests.support.extraction import TODAY
from tests.support.papers import PAPERS
from tests.support.places import ROOT

RULES = load_rules(ROOT / "rules")
papers = st.sampled_from(sorted(PAPERS))
asides = st.sampled_from(
    [
        *("Have a nice day", "Qualität seit Generationen", "Les chiens doivent être tenus en laisse"),
        *(
            "Gracias por su visita",
            "www.example.org",
            "* * *",
            "Wash at 30 degrees",
            "客服热线",
            "Follow the blue signs",
        ),
    ]
)
often = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def read(lines: list[str]) -> Extraction:
    return extract(reading_of(RuleTest(name="paper", text="\n".join(lines))), RULES, TODAY)


def lines_of(name: str) -> list[str]:
    return [line[8:] for line in PAPERS[name][0].splitlines()]


def said(extraction: Extraction) -> dict[str, tuple[str | None, Level]]:
    return {field.name: (field.value, field.level) for field in extraction.fields}


@given(papers, asides, st.data())
@often
def test_a_line_that_has_nothing_to_do_with_it_changes_no_proved_value(
    name: str, aside: str, data: st.DataObject
) -> None:
    lines = lines_of(name)
    before = said(read(lines))
    at = data.draw(st.integers(0, len(lines)), label="row")
    after = said(read([*lines[:at], aside, *lines[at:]]))
    proved = {key for key, (_, level) in before.items() if level is Level.PROVED}
    changed = {key: after.get(key) for key in proved if after.get(key, (None,))[0] not in (before[key][0], None)}
    assert not changed


@given(papers, st.randoms(use_true_random=False))
@often
def test_the_order_in_which_lines_were_read_changes_nothing(name: str, random: Random) -> None:
    reading = reading_of(RuleTest(name="paper", text="\n".join(lines_of(name))))
    shuffled = list(reading.lines)
    random.shuffle(shuffled)
    assert said(extract(replace(reading, lines=tuple(shuffled)), RULES, TODAY)) == said(extract(reading, RULES, TODAY))


def scaled(reading: Reading, factor: float, shift: float) -> Reading:
    lines = tuple(
        replace(line, quad=as_quad([(factor * x + shift, factor * y + shift) for x, y in line.quad]))
        for line in reading.lines
    )
    pages = tuple(
        replace(page, width_px=round(page.width_px * factor + shift), height_px=round(page.height_px * factor + shift))
        for page in reading.pages
    )
    return replace(reading, lines=lines, pages=pages)


@given(papers, st.floats(0.2, 8.0), st.floats(0, 500))
@often
def test_the_resolution_of_the_scan_changes_nothing(name: str, factor: float, shift: float) -> None:
    reading = reading_of(RuleTest(name="paper", text="\n".join(lines_of(name))))
    assert said(extract(scaled(reading, factor, shift), RULES, TODAY)) == said(extract(reading, RULES, TODAY))
