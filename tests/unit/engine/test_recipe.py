from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ingestd.app import pipelines
from ingestd.config import parse, reading_hash
from ingestd.config.shipped import shipped
from ingestd.engine.recipe import Recipe, recipe_of
from ingestd.errors import ConfigError

FOUND = {"version": "1", "config": "c", "rules": "r", "models": "m"}


def test_machine_reads_with_the_rules_and_options_of_the_daemon(tmp_path: Path) -> None:
    shutil.copytree(shipped("rules"), tmp_path / "rules")
    with (tmp_path / "rules" / "en-receipt.yaml").open("ab") as file:
        file.write(b"# mine, with \xe5\x8f\x91\r\n")
    config = parse(
        "inboxes: [{path: inbox}]\nextract: {rules: rules}\nreading: {effort: careful}\nreview: {below: 0.9}\n"
        "engine: {time_limit_s: 7}\n",
        tmp_path / "config.yaml",
    )
    rules = pipelines.rules_of(config)
    recipe = Recipe.model_validate_json(recipe_of(config, {**FOUND, "rules": rules.hash}).text)
    recipe.put_rules(tmp_path / "there")
    there = recipe.config(tmp_path / "there", None, workers=3)
    assert reading_hash(there) == reading_hash(config)
    assert (there.review, there.admit, there.ledger) == (config.review, config.admit, config.ledger)
    assert (there.engine.time_limit_s, there.engine.workers) == (7, 3)
    assert pipelines.rules_of(there) == rules


def test_hash_changes_with_the_content() -> None:
    one = Recipe(provenance=FOUND, sections={}, rules={"a.yaml": "x"}, time_limit_s=1)
    assert one.hash == Recipe.model_validate_json(one.text).hash
    assert one.hash != Recipe(provenance=FOUND, sections={}, rules={"a.yaml": "y"}, time_limit_s=1).hash


def test_what_differs_is_named_with_its_remedy() -> None:
    recipe = Recipe(provenance=FOUND, sections={}, rules={}, time_limit_s=1)
    recipe.require(FOUND)
    with pytest.raises(ConfigError) as caught:
        recipe.require({**FOUND, "models": "other", "version": "2"})
    assert caught.value.problems == (
        "version: found 2, expected 1; install the same version",
        "models: found other, expected m; install the models of the daemon, or name their folder with --models",
    )


def test_rules_stay_in_their_folder(tmp_path: Path) -> None:
    recipe = Recipe(provenance=FOUND, sections={}, rules={"../a.yaml": "x"}, time_limit_s=1)
    with pytest.raises(ValueError, match="expected a plain name"):
        recipe.put_rules(tmp_path / "rules")
    assert not (tmp_path / "a.yaml").exists()
