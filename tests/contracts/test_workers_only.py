"""Documents are parsed by workers only: nothing that the daemon's own process runs reaches a decoder or a model."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "ingestd"

DAEMON = [
    *("daemon", "reception", "custody", "patience", "hooks", "program", "ledger", "reasons", "report", "spool"),
    *("service", "health", "metrics", "notify", "verify", "explain", "query", "structure", "logs"),
    *("watch/inbox", "watch/observe", "watch/settle", "record/store", "record/sidecar", "record/backup"),
]
"""Modules that run outside of workers and meet files that nobody has looked at yet."""

PARSERS = {"PIL", "cv2", "pypdfium2", "zxingcpp", "pillow_heif", "onnxruntime"}
STAGES = {"formats", "decode", "enhance", "detect", "orient", "recognise", "barcodes", "pipeline", "models", "annotate"}


def imports(path: Path) -> set[str]:
    """Dotted names; of a module from which names are imported each ``module.name``."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("module", DAEMON)
def test_module_of_the_daemon_parses_nothing(module: str) -> None:
    for name in imports(PACKAGE / f"{module}.py"):
        assert name.split(".")[0] not in PARSERS, f"{module} imports {name}"
        if name.startswith("ingestd."):
            assert name.split(".")[1] not in STAGES, f"{module} imports {name}"
            assert name.split(".")[1] != "admit" or name == "ingestd.admit.digest", f"{module} imports {name}"
