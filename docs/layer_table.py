"""Tables of layers in architecture.md, made from import-linter's contracts in pyproject.toml; used by generate.py."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "architecture.md"

_BLOCK = re.compile(r"(<!-- layers of (\S+):[^>]*-->\n).*?(<!-- end of layers -->)", re.DOTALL)


def architecture() -> str:
    """Return the page with its tables made again.

    Raises:
        ValueError: the page does not have one table per contract of layers.
    """
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    layers = {contract["containers"][0]: contract["layers"] for contract in contracts if contract["type"] == "layers"}
    text = PAGE.read_text(encoding="utf-8")
    found = sorted(package for _, package, _ in _BLOCK.findall(text))
    if found != sorted(layers):
        raise ValueError(f"{PAGE}: found tables of layers of {found}, expected one of each of {sorted(layers)}")
    return _BLOCK.sub(lambda block: block[1] + layer_table(ROOT, block[2], layers[block[2]]) + block[3], text)


def layer_table(root: Path, package: str, layers: list[str]) -> str:
    """Return layers from the top, each with its folders and modules and the first line of their docstrings.

    Args:
        root: of the project.
        package: that the layers divide, such as ``ingestd.extract``.
        layers: from the top, as import-linter takes them.
    """
    folder = root.joinpath(*package.split("."))
    rows = ["| layer | place | purpose |", "|---|---|---|"]
    for number, layer in zip(range(len(layers), 0, -1), layers, strict=True):
        rows += [f"| {number} | {_row(folder, name)} |" for name in sorted(re.split(r"\s*[:|]\s*", layer))]
    return "\n".join(rows) + "\n"


def _row(folder: Path, name: str) -> str:
    package = folder / name / "__init__.py"
    source = package if package.exists() else folder / f"{name}.py"
    first = (ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or "").partition("\n")[0]
    return f"`{f'{name}/' if source is package else source.name}` | {first.replace('``', '`')}"
