"""Chinese invoices whose print is off, whose labels were lost or misread: whatever is proved is right."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import date
from random import Random

import pytest

from ingestd.document import Level, Reading
from ingestd.extract import RuleSet, extract, load_rules
from lab.corpus import INVOICE_KINDS, Composition, composed
from lab.corpus.paper_reading import reading_of
from lab.corpus.sheet import Shape, Sheet, Text
from tests.support.places import ROOT

TODAY = date(2026, 11, 27)
SEEDS = range(3000, 3004)
SPOILT = {
    "as printed": (0.0, 0.0, 0.0),
    "print half a row up": (-3.0, 0.0, 0.0),
    "print half a row down": (3.0, 0.0, 0.0),
    "labels lost": (0.0, 0.5, 0.0),
    "misread": (0.0, 0.0, 0.1),
    "everything": (3.0, 0.5, 0.05),
}
"""Millimetres by which the print is too low, chance that a text of the form is lost, and that a letter is misread."""


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return load_rules(ROOT / "rules")


def spoilt(paper: Composition, rng: Random, down: float, lost: float, misread: float) -> Reading:
    def shapes(sheet: Sheet) -> Iterator[Shape]:
        for shape in sheet.shapes:
            if not isinstance(shape, Text) or shape.upright_column or shape.ink not in {"form", "print"}:
                continue
            if shape.ink == "print":
                yield dataclasses.replace(shape, y=shape.y + down)
            elif rng.random() >= lost:
                yield shape

    sheets = [dataclasses.replace(sheet, shapes=list(shapes(sheet))) for sheet in paper.sheets]
    return reading_of(sheets, rng, misread, "\0")


@pytest.mark.parametrize("way", SPOILT)
@pytest.mark.parametrize("kind", INVOICE_KINDS)
def test_nothing_wrong_is_proved(kind: str, way: str, rules: RuleSet) -> None:
    proved = 0
    for seed in SEEDS:
        paper = composed(kind, seed)
        found = extract(spoilt(paper, Random(seed), *SPOILT[way]), rules, TODAY)
        given = {field.name: field.value for field in found.fields if field.level is Level.PROVED}
        assert given == {name: paper.truth.get(name) for name in given}
        proved += len(given)
    assert proved
