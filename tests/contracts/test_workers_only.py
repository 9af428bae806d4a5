"""Documents are parsed by workers only: nothing that the daemon's own process runs reaches a decoder or a model."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.support.places import ROOT

PACKAGE = ROOT / "ingestd"

DAEMON = [
    "output/sidecar.py",
    "cli/logs.py",
    *sorted(
        str(path.relative_to(PACKAGE))
        for folder in ("daemon", "store", "watch", "files", "admin", "web")
        for path in (PACKAGE / folder).glob("*.py")
        if path.name not in {"preflight.py", "reextract.py"}
    ),
]
"""Modules that run outside of workers and meet files that nobody has looked at yet."""

PARSERS = {"PIL", "cv2", "pypdfium2", "zxingcpp", "pillow_heif", "onnxruntime", "pikepdf"}
PARSING = ("ingestd.reading", "ingestd.pipeline", "ingestd.output.annotate", "ingestd.output.searchable")


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
    for name in imports(PACKAGE / module):
        assert name.split(".")[0] not in PARSERS, f"{module} imports {name}"
        assert not name.startswith(PARSING), f"{module} imports {name}"
