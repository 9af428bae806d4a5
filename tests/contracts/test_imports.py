"""Imports go down only; stages never import each other."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "ingestd"

LAYERS = [
    {"document", "errors", "resources", "notify", "program"},
    {"config"},
    {"logs"},
    {"crop", "geometry", "int8", "spool", "structure"},
    {"formats"},
    {"watch", "admit", "decode", "enhance", "models", "barcodes", "extract", "record", "annotate"},
    {"detect", "orient", "recognise", "headline", "ledger"},
    {"reasons"},
    {"custody", "explain", "patience", "query", "report", "verify"},
    {"hooks", "pipeline", "reception", "reextract", "export"},
    {"engine", "display"},
    {"check", "notices"},
    {"daemon"},
    {"health"},
    {"metrics"},
    {"app"},
    {"service"},
    {"commands"},
    {"cli"},
    {"__main__", "__init__"},
]
"""From the bottom up. A module may import from lower layers and from its own package only."""

STAGES = {"watch", "admit", "decode", "enhance", "detect", "orient", "recognise", "barcodes", "extract"}

RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}


def part(path: Path) -> str:
    relative = path.relative_to(PACKAGE)
    return relative.parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "ingestd":
            found |= {alias.name for alias in node.names if alias.name != "__version__"}
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("ingestd."):
            found.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("ingestd.")}
    return found


FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down(path: Path) -> None:
    here = part(path)
    assert here in RANK, f"{here} has no layer yet: give it one here and in docs/architecture.md"
    for other in imported(path) - {here}:
        assert other in RANK, f"{path} imports {other}, which has no layer"
        assert RANK[other] < RANK[here], f"{here} imports {other}, which is not below it"
        assert not {here, other} <= STAGES, f"the stages {here} and {other} know each other"


def test_only_models_imports_onnxruntime() -> None:
    users = [part(path) for path in FILES if "import onnxruntime" in path.read_text(encoding="utf-8")]
    assert users == ["models"]


def test_nothing_asks_whether_it_is_tested() -> None:
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        assert "PYTEST" not in text
        assert "is_testing" not in text
