"""Imports go down only, by folder: the contracts of pyproject.toml hold."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.places import ROOT

FILES = sorted((ROOT / "ingestd").rglob("*.py"))


def test_contracts_of_import_linter_hold() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    ran = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_only_reading_models_imports_onnxruntime() -> None:
    users = [path.relative_to(ROOT) for path in FILES if "import onnxruntime" in path.read_text(encoding="utf-8")]
    assert users == [Path("ingestd/reading/models.py")]


def test_nothing_asks_whether_it_is_tested() -> None:
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        assert "PYTEST" not in text
        assert "is_testing" not in text
