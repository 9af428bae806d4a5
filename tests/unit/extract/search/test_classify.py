"""Which rule applies: the heaviest; where none or two are, the fallback, for review."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from ingestd.document import Status
from ingestd.extract import RuleSet, load_rules, run_rule_tests
from ingestd.extract.explanation import explain
from tests.support.extraction import TODAY, extracted, typed

ORDER = {"title": "Order", "fields": {"no": {"type": "digits", "labels": "NUMBER"}}}
ANY = {"title": "Any", "fallback": True, "fields": {"day": {"type": "date", "where": "anywhere"}}}


def rules(folder: Path, **matches: object) -> RuleSet:
    for name, match in matches.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump({"rule": name, "match": match, **ORDER}), "utf-8")
    (folder / "any.yaml").write_text(yaml.safe_dump({"rule": "any", **ANY}), "utf-8")
    return load_rules(folder)


def sign(text: str, weight: float = 1.0) -> dict[str, object]:
    return {"text": text, "weight": weight}


Match = dict[str, object]
PAGE = "PURCHASE ORDER\nDATE 25/12/2017"


@pytest.mark.parametrize(
    ("one", "other", "chosen"),
    [
        ({"signs": [sign("PURCHASE ORDER", 2)]}, {"signs": [sign("DATE")]}, "one"),
        ({"signs": [sign("PURCHASE ORDER")]}, {"signs": [sign("DATE")]}, "unknown"),
        ({"signs": [sign("PURCHASE ORDER")], "enough": 2}, {"signs": [sign("INVOICE")]}, "unknown"),
        ({"signs": [sign("PURCHASE ORDER")], "need": "SELLER"}, {"signs": [sign("DATE")]}, "other"),
        ({"signs": [sign("PURCHASE ORDER")], "unless": "DATE"}, {"signs": [sign("ORDER")]}, "other"),
        ({"signs": [{"regex": "^PUR.*ORDER$"}]}, {"signs": [{"code": "^ORDER:"}]}, "one"),
    ],
)
def test_the_heaviest_rule_that_may_apply_is_chosen(
    tmp_path: Path, one: dict[str, object], other: dict[str, object], chosen: str
) -> None:
    assert extracted(typed(PAGE), rules(tmp_path, one=one, other=other)).rule == chosen


def test_a_code_on_the_page_is_a_sign(tmp_path: Path) -> None:
    both = rules(tmp_path, one={"signs": [sign("ORDER")]}, other={"signs": [{"code": "^ORDER:", "weight": 3}]})
    assert extracted(typed(PAGE, "ORDER:1"), both).rule == "other"


def test_a_document_that_two_rules_match_equally_well_is_reviewed_with_generic_fields(tmp_path: Path) -> None:
    tied = rules(tmp_path, one={"signs": [sign("PURCHASE ORDER")]}, other={"signs": [sign("DATE")]})
    found = extracted(typed(PAGE), tied)
    assert (found.rule, found.status) == ("unknown", Status.REVIEW)
    assert [(field.name, field.value) for field in found.fields] == [("day", "2017-12-25")]


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"signs": [sign("DATE", 3)]}, "other weighs 3 (DATE 3)"),
        ({"signs": [sign("DATE")], "enough": 2}, "other weighs 1 (DATE 1), less than its 'enough' of 2"),
        (
            {"signs": [sign("DATE")], "need": "SELLER"},
            "other weighs 1 (DATE 1), needs 'SELLER', which is not printed",
        ),
        (
            {"signs": [{"regex": "^PURCHASE"}], "unless": "DATE"},
            "other weighs 1 (regex ^PURCHASE 1), 'DATE' of its 'unless' is printed",
        ),
    ],
)
def test_rules_that_compete_are_told_with_weights_signs_and_objections(
    tmp_path: Path, other: dict[str, object], told: str
) -> None:
    both = rules(tmp_path, one={"signs": [sign("PURCHASE ORDER", 2), sign("INVOICE")]}, other=other)
    scores = explain(typed(PAGE), both, TODAY).scores
    assert {score.wording for score in scores} == {"one weighs 2 (PURCHASE ORDER 2)", told}


def test_a_rule_without_a_sign_on_the_document_does_not_compete(tmp_path: Path) -> None:
    both = rules(tmp_path, one={"signs": [sign("PURCHASE ORDER")]}, other={"signs": [sign("INVOICE")]})
    assert [score.name for score in explain(typed(PAGE), both, TODAY).scores] == ["one"]


def test_a_test_of_a_rule_file_names_the_rules_that_outweigh_it(tmp_path: Path) -> None:
    example = {"name": "order", "text": PAGE}
    one = {"rule": "one", "match": {"signs": [sign("PURCHASE ORDER", 2)]}, **ORDER, "tests": [example]}
    (tmp_path / "one.yaml").write_text(yaml.safe_dump(one), "utf-8")
    (result,) = run_rule_tests(rules(tmp_path, other={"signs": [sign("DATE", 2.5)]}))
    assert result.problems == (
        "taken for 'other', expected 'one'; other weighs 2.5 (DATE 2.5); one weighs 2 (PURCHASE ORDER 2)",
    )
