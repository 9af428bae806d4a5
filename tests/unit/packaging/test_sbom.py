"""The bill of materials names every package and model with its licence and hashes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

import pytest
import yaml

from tests.support.places import ROOT


@pytest.fixture(scope="module")
def bill() -> dict[str, Any]:
    written = subprocess.run(
        [sys.executable, ROOT / "packaging" / "sbom.py"], capture_output=True, check=True, timeout=60
    )
    content: dict[str, Any] = json.loads(written.stdout)
    return content


def test_it_is_cyclonedx(bill: dict[str, Any]) -> None:
    assert (bill["bomFormat"], bill["specVersion"], bill["version"]) == ("CycloneDX", "1.5", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", bill["serialNumber"])
    references = [component["bom-ref"] for component in bill["components"]]
    assert len(references) == len(set(references))
    assert bill["dependencies"][0]["dependsOn"] == references


def test_every_locked_package_is_listed_with_licence_and_hashes(bill: dict[str, Any]) -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", lock, re.MULTILINE))
    listed = {one["name"]: one for one in bill["components"] if one["type"] == "library"}
    assert {name: one["version"] for name, one in listed.items()} == locked
    hashes = {digest["content"] for one in listed.values() for digest in one["hashes"]}
    assert hashes == set(re.findall(r"sha256:([0-9a-f]{64})", lock))
    assert all(one["licenses"][0]["license"]["name"] for one in listed.values())
    assert listed["pebble"]["licenses"][0]["license"]["name"] == "LGPL-3.0"


def test_every_model_is_listed_with_its_hash(bill: dict[str, Any]) -> None:
    models = yaml.safe_load((ROOT / "models" / "manifest.yaml").read_text(encoding="utf-8"))["models"]
    listed = {one["name"]: one["hashes"][0]["content"] for one in bill["components"] if "model" in one["type"]}
    assert listed == {model["name"]: model["sha256"] for model in models}
