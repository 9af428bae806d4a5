"""Several papers in one file: each has fields of its own, and nothing mixes two."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ingestd.document import Extraction, Field, PageRole, Paper, Reading, Status
from ingestd.extract import RuleSet, extract, load_rules
from ingestd.extract.rulefile.model import RuleTest
from ingestd.extract.selftest import reading_of
from ingestd.layout.geometry import as_quad
from tests.support.extraction import TODAY
from tests.support.places import ROOT

FIRST = """
Nordlicht Handels GmbH
RECHNUNG
Rechnungsnummer: 2024-311
Rechnungsdatum: 05.03.2024
Nettobetrag        100,00
MwSt 19 %           19,00
Gesamtbetrag       119,00
"""
SECOND = """
Werkstatt Sommer KG
RECHNUNG
Rechnungsnummer: W-7781
Rechnungsdatum: 11.04.2024
Nettobetrag        200,00
MwSt 19 %           38,00
Gesamtbetrag       238,00
"""
SECOND_PAGE = """
Nordlicht Handels GmbH
Rechnungsnummer: 2024-311
Seite 2 von 2
Nettobetrag        100,00
MwSt 19 %           19,00
Gesamtbetrag       119,00
"""
WITHOUT_NUMBER = """
Position 4         60,00
Zahlbar bis 04.04.2024
Gesamtbetrag       119,00
"""


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return load_rules(ROOT / "rules")


def read(text: str) -> Reading:
    return reading_of(RuleTest(name="paper", text=text.strip("\n")))


def pages(*texts: str) -> Reading:
    """One text per page."""
    readings = [read(text) for text in texts]
    lines = [replace(line, page_index=index) for index, one in enumerate(readings) for line in one.lines]
    infos = [replace(one.pages[0], index=index) for index, one in enumerate(readings)]
    return Reading(tuple(infos), tuple(lines), ())


def beside(*texts: str, apart: float = 500) -> Reading:
    """The texts side by side on one page, in steps of so many pixels."""
    readings = [read(text) for text in texts]
    lines = [
        replace(line, quad=as_quad([(x + apart * place, y) for x, y in line.quad]))
        for place, one in enumerate(readings)
        for line in one.lines
    ]
    return Reading(readings[0].pages, tuple(lines), ())


def said(paper: Extraction | Paper) -> dict[str, str]:
    return {field.name: field.value for field in paper.fields if field.value is not None}


def on_its_own(text: str, rules: RuleSet) -> dict[str, str]:
    return said(extract(read(text), rules, TODAY))


def test_two_invoices_in_one_file_have_fields_of_their_own(rules: RuleSet) -> None:
    found = extract(pages(FIRST, SECOND), rules, TODAY)
    assert said(found) == on_its_own(FIRST, rules)
    (second,) = found.further
    assert said(second) == on_its_own(SECOND, rules)
    assert (second.pages, second.area) == ((1,), None)


def test_fields_of_a_further_paper_name_the_lines_of_the_whole_file(rules: RuleSet) -> None:
    reading = pages(FIRST, SECOND)

    def text_of(field: Field) -> str:
        return " ".join(reading.lines[line].text for _, line in field.lines)

    (second,) = extract(reading, rules, TODAY).further
    for field in second.fields:
        if field.lines:
            assert field.raw is not None and field.raw in text_of(field)
            assert {page for page, _ in field.lines} == {1}


@pytest.mark.parametrize("follower", [SECOND_PAGE, SECOND_PAGE.replace("Seite 2 von 2", ""), WITHOUT_NUMBER])
def test_a_second_page_is_not_another_paper(rules: RuleSet, follower: str) -> None:
    assert extract(pages(FIRST, follower), rules, TODAY).further == ()


SUMMARY = """
Nordlicht Handels GmbH
Übersicht der Rechnungen und Quittungen
Zeitraum 01.01.2024 bis 31.12.2024
Summe              357,00
"""
WITHOUT_TOTAL = """
Werkstatt Sommer KG
RECHNUNG
Rechnungsnummer: W-7781
Rechnungsdatum: 11.04.2024
Position 1          60,00
Position 2         140,00
"""


def test_a_summary_before_invoices_does_not_hide_that_they_are_several(rules: RuleSet) -> None:
    found = extract(pages(SUMMARY, FIRST, SECOND), rules, TODAY)
    assert said(found)["invoice_no"] == "2024-311"
    assert [said(paper)["invoice_no"] for paper in found.further] == ["W-7781"]


def test_an_invoice_whose_total_is_on_its_second_page_begins_with_its_first(rules: RuleSet) -> None:
    found = extract(pages(FIRST, WITHOUT_TOTAL, SECOND), rules, TODAY)
    (further,) = found.further
    assert further.pages == (1, 2)


def test_a_second_page_belongs_to_the_paper_before_it(rules: RuleSet) -> None:
    found = extract(pages(FIRST, SECOND_PAGE, SECOND), rules, TODAY)
    assert [paper.pages for paper in found.further] == [(2,)]
    assert said(found)["total"] == "119.00"


def test_two_papers_side_by_side_are_not_added_up(rules: RuleSet) -> None:
    found = extract(beside(FIRST, SECOND), rules, TODAY)
    assert said(found) == on_its_own(FIRST, rules)
    (second,) = found.further
    assert said(second) == on_its_own(SECOND, rules)
    assert second.area is not None and second.area[0][0] >= 500


def test_three_papers_side_by_side_are_told_apart(rules: RuleSet) -> None:
    third = SECOND.replace("W-7781", "W-9012").replace("Sommer", "Winter")
    found = extract(beside(FIRST, SECOND, third), rules, TODAY)
    papers: list[Extraction | Paper] = [found, *found.further]
    assert [said(paper)["invoice_no"] for paper in papers] == ["2024-311", "W-7781", "W-9012"]


def test_two_copies_side_by_side_are_one_paper(rules: RuleSet) -> None:
    assert extract(beside(FIRST, FIRST), rules, TODAY).further == ()


def test_columns_of_one_invoice_are_one_paper(rules: RuleSet) -> None:
    labels, values = "", ""
    for line in FIRST.strip().splitlines():
        label, _, value = line.rpartition("  ")
        labels, values = f"{labels}\n{label or line}", f"{values}\n{value if label else '-'}"
    assert extract(beside(labels, values), rules, TODAY).further == ()


def test_a_file_is_for_review_while_one_of_its_papers_is(rules: RuleSet) -> None:
    open_paper = SECOND.replace("Gesamtbetrag       238,00", "Gesamtbetrag       239,00")
    found = extract(pages(FIRST, open_paper), rules, TODAY)
    (second,) = found.further
    assert second.status is Status.REVIEW
    assert found.status is Status.REVIEW


def with_roles(reading: Reading, *roles: PageRole) -> Reading:
    return replace(reading, pages=tuple(replace(p, role=r) for p, r in zip(reading.pages, roles, strict=True)))


def test_separated_pages_are_papers_and_separators_are_of_none(rules: RuleSet) -> None:
    separator = "PATCH T"
    reading = pages(SECOND_PAGE, FIRST, separator, SECOND)
    begins, continues = PageRole.BEGINS, PageRole.CONTINUES
    found = extract(with_roles(reading, begins, continues, PageRole.SEPARATOR, begins), rules, TODAY)
    assert found.pages == (0, 1)
    assert [paper.pages for paper in found.further] == [(3,)]
    assert said(found.further[0]) == on_its_own(SECOND, rules)


def test_pages_that_are_said_to_go_on_are_one_paper(rules: RuleSet) -> None:
    found = extract(with_roles(pages(FIRST, SECOND), PageRole.BEGINS, PageRole.CONTINUES), rules, TODAY)
    assert (found.further, found.pages) == ((), ())


def test_content_divides_what_separators_leave(rules: RuleSet) -> None:
    third = SECOND.replace("W-7781", "W-9012").replace("Sommer", "Winter").replace("11.04", "12.05")
    reading = pages(FIRST, SECOND, "", third, "")
    free = PageRole.FREE
    found = extract(with_roles(reading, free, free, PageRole.SEPARATOR, PageRole.BEGINS, free), rules, TODAY)
    assert [found.pages, *(paper.pages for paper in found.further)] == [(0,), (1,), (3, 4)]


def test_pages_without_text_belong_to_the_paper_before_or_after(rules: RuleSet) -> None:
    found = extract(pages("", FIRST, "", SECOND, ""), rules, TODAY)
    assert [found.pages, *(paper.pages for paper in found.further)] == [(0, 1, 2), (3, 4)]


def test_the_only_paper_knows_that_a_page_is_blank(rules: RuleSet) -> None:
    found = extract(with_roles(pages(FIRST, ""), PageRole.FREE, PageRole.BLANK), rules, TODAY)
    assert (found.further, found.pages, found.area) == ((), (0,), None)
    assert said(found) == on_its_own(FIRST, rules)


def test_the_first_of_two_papers_beside_each_other_has_its_part_of_the_page(rules: RuleSet) -> None:
    found = extract(beside(FIRST, SECOND), rules, TODAY)
    assert found.pages == (0,)
    assert found.area is not None and found.area[1][0] < 500


def above(*texts: str, gap: float = 120) -> Reading:
    """The texts one above another on one page, so many pixels apart."""
    readings, lines, top = [read(text) for text in texts], [], 0.0
    for one in readings:
        edges = [y for line in one.lines for _, y in line.quad]
        shift = top - min(edges)
        lines += [replace(line, quad=as_quad([(x, y + shift) for x, y in line.quad])) for line in one.lines]
        top += max(edges) - min(edges) + gap
    return Reading(readings[0].pages, tuple(lines), ())


RECEIPT = """
KEDAI BUKU MERANTI SDN BHD
TAX INVOICE
Date: 03/08/2024
Books        20.00
Pens          5.00
Total        25.00
Cash         30.00
Change        5.00
"""
SLIP = """
Zahlschein
Nordlicht Handels GmbH
IBAN DE89 3704 0044 0532 0130 00
Verwendungszweck 2024-311
Betrag       119,00
EUR          119,00
"""


def test_papers_above_each_other_are_not_added_up(rules: RuleSet) -> None:
    found = extract(above(FIRST, SECOND), rules, TODAY)
    assert said(found) == on_its_own(FIRST, rules)
    (second,) = found.further
    assert said(second) == on_its_own(SECOND, rules)
    assert found.area is not None and second.area is not None
    assert found.area[2][1] < second.area[0][1]


def test_the_sum_of_taxes_below_a_receipt_is_not_another_paper(rules: RuleSet) -> None:
    summary = """
    TAX SUMMARY
    Tax(RM)
    Date: 03/08/2024
    Amount       23.58
    Tax           1.42
    Total        23.58
    """
    assert extract(above(RECEIPT, summary), rules, TODAY).further == ()


def test_receipts_in_a_grid_are_told_apart(rules: RuleSet) -> None:
    receipts = [
        RECEIPT.replace("MERANTI", name).replace("03/08", day).replace("25.00", total).replace("20.00", part)
        for name, day, part, total in (
            ("MERANTI", "03/08", "20.00", "25.00"),
            ("SENTOSA", "04/08", "30.00", "35.00"),
            ("HARAPAN", "05/08", "40.00", "45.00"),
            ("PELANGI", "06/08", "50.00", "55.00"),
        )
    ]
    upper, lower = beside(*receipts[:2]), beside(*receipts[2:])
    bottom = max(y for line in upper.lines for _, y in line.quad) + 120
    moved = [replace(line, quad=as_quad([(x, y + bottom) for x, y in line.quad])) for line in lower.lines]
    found = extract(Reading(upper.pages, (*upper.lines, *moved), ()), rules, TODAY)
    papers: list[Extraction | Paper] = [found, *found.further]
    assert sorted(said(paper)["total"] for paper in papers) == ["25.00", "35.00", "45.00", "55.00"]


@pytest.mark.parametrize("lower", [SLIP, FIRST, SECOND_PAGE, WITHOUT_NUMBER, SLIP.replace("119,00", "60,00")])
def test_what_belongs_to_an_invoice_below_it_is_not_another_paper(rules: RuleSet, lower: str) -> None:
    assert extract(above(FIRST, lower), rules, TODAY).further == ()


def test_more_papers_beside_each_other_than_are_told_apart_lose_no_line(rules: RuleSet) -> None:
    texts = [SECOND.replace("W-7781", f"W-{n}000").replace("Sommer", name) for n, name in enumerate("ABCDEFGHIJ", 1)]
    reading = beside(*texts)
    found = extract(reading, rules, TODAY)
    papers: list[Extraction | Paper] = [found, *found.further]
    areas = [paper.area for paper in papers]
    for line in reading.lines:
        x = line.quad[0][0]
        assert any(area is not None and area[0][0] <= x <= area[1][0] for area in areas), line.text
