"""The pages on rule files say what is so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import regex

from ingestd.errors import ConfigError
from ingestd.extract import load_rules, run_rule_tests
from tests.support.places import ROOT

DOCS = ROOT / "docs"


def test_schema_names_the_checks() -> None:
    schema = json.loads((DOCS.parent / "rules" / "rules.schema.json").read_text(encoding="utf-8"))
    assert "cn_tax_no" in schema["$defs"]["FieldRule"]["properties"]["check"]["items"]["enum"]


def test_the_example_of_the_page_loads_and_passes_its_test(tmp_path: Path) -> None:
    page = (DOCS / "rules.md").read_text(encoding="utf-8")
    (example,) = regex.findall(r"```yaml\n(.*?)```", page, regex.DOTALL)
    (tmp_path / "parking-ticket.yaml").write_text(example, encoding="utf-8")
    try:
        rules = load_rules(tmp_path)
    except ConfigError as error:
        pytest.fail(str(error))
    assert [result.problems for result in run_rule_tests(rules)] == [()]


def test_every_key_has_a_meaning() -> None:
    empty = [
        line for line in (DOCS / "rules-reference.md").read_text(encoding="utf-8").splitlines() if line.endswith("|  |")
    ]
    assert not empty
