"""The table of layers in architecture.md, made from import-linter's contract in pyproject.toml; used by generate.py."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "architecture.md"

_BLOCK = re.compile(r"(<!-- layers:[^>]*-->\n).*?(<!-- end of layers -->)", re.DOTALL)


def architecture() -> str:
    """The page as it is, its table of layers made again."""
    text, count = _BLOCK.subn(lambda block: block[1] + layer_table(ROOT) + block[2], PAGE.read_text(encoding="utf-8"))
    if count != 1:
        raise ValueError(f"{PAGE}: found {count} tables of layers, expected one between '<!-- layers: ... -->' marks")
    return text


def layer_table(root: Path) -> str:
    """Layers from the top, each with its folders and modules and the first line of their docstrings."""
    contracts = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    (layers,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    rows = ["| layer | place | purpose |", "|---|---|---|"]
    for number, layer in enumerate(reversed(layers), start=1):
        for name in re.split(r"\s*[:|]\s*", layer):
            folder = root / "ingestd" / name / "__init__.py"
            source = folder if folder.exists() else root / "ingestd" / f"{name}.py"
            first = (ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or "").partition("\n")[0]
            place = f"{name}/" if source is folder else source.name
            rows.append(f"| {number} | `{place}` | {first.replace('``', '`')} |")
    return "\n".join([*rows[:2], *reversed(rows[2:])]) + "\n"
