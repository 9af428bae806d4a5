"""The rule files that ship: they load, carry tests, and pass them."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import pytest

from ingestd.extract import RuleSet, load_rules, run_rule_tests
from tests.support.places import ROOT

FOLDER = ROOT / "rules"


@pytest.fixture(scope="module")
def shipped() -> RuleSet:
    return load_rules(FOLDER)


def test_every_test_inside_the_rule_files_passes(shipped: RuleSet) -> None:
    failed = [
        f"{result.rule}: {result.name}: {problem}" for result in run_rule_tests(shipped) for problem in result.problems
    ]
    assert not failed


def test_every_rule_carries_tests_except_the_fallback(shipped: RuleSet) -> None:
    assert all(rule.tests for rule in shipped.rules if not rule.fallback)


def test_there_is_a_fallback(shipped: RuleSet) -> None:
    assert shipped.fallback is not None


def test_a_rule_set_travels_to_worker_processes(shipped: RuleSet) -> None:
    copy = pickle.loads(pickle.dumps(shipped))
    assert copy.hash == shipped.hash
    assert len(copy.compiled) == len(shipped.compiled)


def test_hash_follows_the_content(shipped: RuleSet, tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path, dirs_exist_ok=True)
    assert load_rules(tmp_path).hash == shipped.hash
    changed = tmp_path / "generic.yaml"
    changed.write_text(changed.read_text(encoding="utf-8") + "# note\n", encoding="utf-8")
    assert load_rules(tmp_path).hash != shipped.hash
