from __future__ import annotations

from pathlib import Path
from random import Random
from xml.etree import ElementTree

import numpy as np
import pytest
import yaml

from ingestd.extract import load_rules
from ingestd.extract.understand.features import AGAINST
from ingestd.extract.understand.weights import Weights, load_weights
from lab.bench.known import Known
from lab.corpus.degrade import degrade
from lab.corpus.paper_grammar import paper
from lab.train.understanding.__main__ import WEIGHTS, with_probabilities
from lab.train.understanding.diagram import draw
from lab.train.understanding.fitting import bins, calibration_error, chance, fit
from lab.train.understanding.samples import Sample, damaged, drawn_samples, rule_samples_of
from lab.train.understanding.spoilt import spoil
from tests.support.extraction import typed
from tests.support.places import ROOT


def sample(right: bool, **features: float) -> Sample:
    return Sample("total", features, right, "tune", "a document")


def labelled(count: int, share: float, **features: float) -> list[Sample]:
    return [sample(index < share * count, **features) for index in range(count)]


def test_probabilities_are_the_shares_that_were_right() -> None:
    fitted = fit(labelled(400, 0.95, closes=1.0) + labelled(400, 0.6, closes=0.0))
    assert chance(fitted, {"closes": 1.0}) == pytest.approx(0.95, abs=0.01)
    assert chance(fitted, {"closes": 0.0}) == pytest.approx(0.6, abs=0.01)


def test_better_evidence_never_lowers_a_probability() -> None:
    """Documents that say otherwise by chance do not turn a sign around."""
    fitted = fit(labelled(100, 0.7, closes=1.0, loose=1.0) + labelled(100, 0.9, closes=0.0, loose=0.0))
    assert fitted.get("closes", 0.0) == 0.0
    assert fitted["loose"] < 0


def test_documents_of_the_report_split_do_not_count() -> None:
    others = [Sample("total", {"closes": 1.0}, False, "report", "b") for _ in range(1000)]
    known = labelled(100, 0.9, closes=1.0) + labelled(100, 0.5, closes=0.0)
    assert fit(known + others) == fit(known)


def test_drawn_papers_give_samples_of_every_kind_of_field() -> None:
    samples = list(drawn_samples(load_rules(ROOT / "rules"), range(25)))
    assert {one.field for one in samples} == {
        *("invoice_no", "date", "seller_name", "seller_tax_no", "net", "tax", "total"),
    }
    right = [one.right for one in samples if one.split == "drawn"]
    assert sum(right) > 0.9 * len(right)


def test_a_damaged_copy_loses_lines_and_doubts_what_it_misreads() -> None:
    reading = paper(5).reading()
    copies = [damaged(reading, Random(seed)) for seed in range(30)]
    assert min(len(copy.lines) for copy in copies) < len(reading.lines)
    whole = {line.text for line in reading.lines}
    misread = [line for copy in copies for line in copy.lines if line.text not in whole]
    assert misread
    assert all(min(char.alternatives[0][1] for char in line.chars) < 1 for line in misread)


def test_bins_compare_probability_and_share_right() -> None:
    found = bins([0.6] * 10 + [0.999] * 10, [True] * 6 + [False] * 4 + [True] * 10)
    assert [(one.count, one.right) for one in found] == [(10, 0.6), (10, 1.0)]
    assert calibration_error(found) == pytest.approx(0.0005)


def test_the_diagram_is_a_picture_with_a_point_per_bin() -> None:
    found = bins([0.2, 0.85, 1.0], [False, True, True])
    circles = ElementTree.fromstring(draw(found)).findall("{*}circle")
    assert len(circles) == 3


def test_writing_keeps_the_rest_of_the_file() -> None:
    text = WEIGHTS.read_text(encoding="utf-8")
    written = with_probabilities(text, {"seller_tax_no": {"score": 0.5, "bias": 1.0}})
    before, after = Weights.model_validate(yaml.safe_load(text)), Weights.model_validate(yaml.safe_load(written))
    assert after.probability["tax_no"] == {"score": 0.5, "bias": 1.0}
    assert after.model_copy(update={"probability": before.probability}) == before
    assert {name: after.probability[name] for name in ("date", "rule")} == {
        name: before.probability[name] for name in ("date", "rule")
    }


def test_values_that_a_rule_found_give_samples_without_those_that_are_contradicted() -> None:
    reading = typed("""
        SAMPLE TRADING SDN BHD
        TAX INVOICE
        DATE:  21/08/2017
        TOTAL  12.40
        """)
    document = Known(Path("a receipt"), "", {("date",): "2017-08-21", ("total",): "12.90", ("merchant",): "SAMPLE"})
    found = list(rule_samples_of(reading, load_rules(ROOT / "rules"), document, "spoilt"))
    assert [(one.field, one.right, one.split) for one in found] == [("rule", True, "spoilt"), ("rule", False, "spoilt")]


def test_pages_are_spoilt_alike_with_the_same_seed() -> None:
    page = np.full((60, 120, 3), 255, np.uint8)
    page[20:30, 20:100] = 0
    first, again = (spoil(page, "photo", 2, 1) for _ in range(2))
    assert np.array_equal(first, again)
    assert np.array_equal(spoil(page, "jpeg", 3, 1), degrade(page, "jpeg", 3, 1))


def test_shipped_weights_have_the_known_signs() -> None:
    for weights in load_weights().probability.values():
        for name, weight in weights.items():
            if name != "bias":
                assert weight <= 0 if name in AGAINST else weight >= 0
