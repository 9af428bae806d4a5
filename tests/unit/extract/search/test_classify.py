"""Which rule applies: the heaviest; where none or two are, the fallback, for review."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from ingestd.document import Status
from ingestd.extract import RuleSet, load_rules
from tests.support.extraction import extracted, typed

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
