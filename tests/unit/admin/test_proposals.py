"""Additions to rules that corrections speak for: proposed with a test, never applied."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from ingestd.admin.correct import Corrector, Wanted
from ingestd.admin.proposals import Proposal, proposals
from ingestd.config.shipped import shipped
from ingestd.extract import RuleSet, extract, load_rules, run_rule_tests
from ingestd.store.database import connect
from tests.support import records
from tests.support.extraction import TODAY, ruled, typed
from tests.support.world import MovedClock

FIELDS = """
merchant: {type: name, labels: Shop, required: true}
total: {type: money, labels: Total, required: true}
date: {type: date, labels: Date}
"""
OTHERS = [{"name": "as ever", "text": "Shop  Papan\nTotal  3.00", "expect": {"total": "3.00"}}]


class Place:
    """A folder of one rule, and documents that people correct."""

    def __init__(self, root: Path, fields: str = FIELDS, **more: object) -> None:
        self.folder = root / "rules"
        self.folder.mkdir()
        self.rules: RuleSet = ruled(self.folder, fields, tests=OTHERS, **more)
        self.db = connect(root / "ingestd.db")
        self.clock = MovedClock()
        self.corrector = Corrector(self.db, self.rules, self.clock, sidecars=False)
        self.count = 0

    def correct(self, page: str, **values: str) -> int:
        """Record a page and correct it."""
        self.count += 1
        reading = typed(page)
        record = replace(records.record(f"{self.count}.pdf"), reading=reading)
        record = replace(record, extraction=extract(reading, self.rules, TODAY))
        document = records.save(self.db, record)
        wanted = [Wanted(name, text) for name, text in values.items()]
        self.corrector.correct(document, wanted, by="anna", anyway=True)
        return document

    def proposals(self) -> list[Proposal]:
        return list(proposals(self.db, self.folder, self.rules, TODAY))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def bills(place: Place, count: int, shop: str = "Kedai Papan", label: str = "Jumlah Bayar") -> list[int]:
    return [
        place.correct(f"Shop  {shop}\n{label}  {number + 7}.50\nCash  20.00", total=f"{number + 7}.5")
        for number in range(count)
    ]


def test_three_like_corrections_propose_a_label_with_its_test(place: Place) -> None:
    ids = bills(place, 3)
    before = {path: path.read_bytes() for path in place.folder.iterdir()}
    [proposal] = place.proposals()
    assert (proposal.seller, proposal.field, proposal.label) == ("Kedai Papan", "total", "jumlah bayar")
    assert proposal.document_ids == tuple(ids)
    [(name, text)] = proposal.additions.items()
    addition = yaml.safe_load(text)
    assert name == "sample.yaml"
    assert addition["fields"] == {"total": {"labels": ["JUMLAH BAYAR", "Total"]}}
    assert addition["tests"][0]["expect"] == {"total": "7.50"}
    assert {path: path.read_bytes() for path in place.folder.iterdir()} == before


def test_rules_with_the_addition_read_new_documents_and_pass_its_test(place: Place, tmp_path: Path) -> None:
    bills(place, 3)
    [proposal] = place.proposals()
    reading = typed("Shop  Kedai Papan\nJumlah Bayar  99.00")
    assert {f.name: f.value for f in extract(reading, proposal.rules, TODAY).fields}["total"] == "99.00"
    results = run_rule_tests(proposal.rules)
    assert len(results) == 2 and not any(result.problems for result in results)
    by_hand = yaml.safe_load((place.folder / "sample.yaml").read_text(encoding="utf-8"))
    addition = yaml.safe_load(proposal.additions["sample.yaml"])
    by_hand["fields"]["total"] |= addition["fields"]["total"]
    by_hand["tests"] += addition["tests"]
    (place.folder / "sample.yaml").write_text(yaml.safe_dump(by_hand), encoding="utf-8")
    pasted = load_rules(place.folder)
    assert not any(result.problems for result in run_rule_tests(pasted))
    place.rules = pasted
    assert place.proposals() == []


def test_two_corrections_or_three_sellers_propose_nothing(place: Place) -> None:
    bills(place, 2)
    for shop in ("One", "Two", "Three"):
        bills(place, 1, shop)
    assert place.proposals() == []


def test_values_that_stand_at_different_words_propose_nothing(place: Place) -> None:
    for label in ("Jumlah Bayar", "Perlu Dibayar", "Baki Akhir"):
        bills(place, 1, label=label)
    assert place.proposals() == []


def test_confirmations_of_what_was_read_propose_nothing(place: Place) -> None:
    for _ in range(3):
        place.correct("Shop  Kedai Papan\nTotal  7.50", total="7.50")
    assert place.proposals() == []


def test_withdrawn_corrections_count_no_more(place: Place) -> None:
    first, *_ = bills(place, 3)
    place.clock.move(1)
    place.corrector.correct(first, [Wanted("total", withdrawn=True)], by="anna")
    assert place.proposals() == []


def test_label_that_breaks_another_test_is_not_proposed(tmp_path: Path) -> None:
    place = Place(tmp_path)
    text = "Shop  Papan\nTotal  3.00\nJumlah Bayar  4.00"
    rule = yaml.safe_load((place.folder / "sample.yaml").read_text(encoding="utf-8"))
    rule["tests"].append({"name": "not this one", "text": text, "expect": {"total": "3.00"}})
    (place.folder / "sample.yaml").write_text(yaml.safe_dump(rule), encoding="utf-8")
    place.rules = load_rules(place.folder)
    bills(place, 3)
    assert place.proposals() == []


def test_label_above_the_value_counts_too(tmp_path: Path) -> None:
    place = Place(tmp_path, "{merchant: {type: name, labels: Shop}, total: {type: money, labels: Total, where: below}}")
    for number in range(3):
        place.correct(
            f"Shop\nKedai Papan\nPerlu Bayar\n{number + 7}.50", merchant="Kedai Papan", total=f"{number + 7}.5"
        )
    assert [(one.field, one.label) for one in place.proposals()] == [("total", "perlu bayar")]


def test_paper_that_no_rule_covers_gets_words_of_its_language(tmp_path: Path) -> None:
    folder, rules = shipped("rules"), load_rules(None)
    db = connect(tmp_path / "ingestd.db")
    corrector = Corrector(db, rules, MovedClock(), sidecars=False)
    for number in range(3):
        page = f"""
            ACME WIDGETS LTD
            12 High Street, London
            INVOICE
            Invoice number  A-10{number}
            Date  2025-11-0{number + 1}
            Widget  1  {number + 70}.00
            Shipping  1  5.00
            Kwazula Mbele  {number + 75}.00
            """
        reading = typed(page)
        record = replace(records.record(f"{number}.pdf"), reading=reading, extraction=extract(reading, rules, TODAY))
        document = records.save(db, record)
        corrector.correct(document, [Wanted("total", f"{number + 75}")], by="anna", anyway=True)
    [proposal] = proposals(db, folder, rules, TODAY)
    assert yaml.safe_load(proposal.additions["lexicon/en.yaml"]) == {"phrases": {"total": ["kwazula mbele"]}}
    [test] = yaml.safe_load(proposal.additions["generic.yaml"])["tests"]
    assert (test["rule"], test["expect"]) == ("invoice", {"total": "75.00"})
