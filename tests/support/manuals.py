"""The manuals as data: their commands and links."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from tests.support.places import ROOT

MANUALS = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "lab/**/*.md", "models/**/*.md", "samples/*.md")
    for path in ROOT.glob(pattern)
)


def name(path: Path) -> str:
    """Path below the root of the project, for test ids and messages."""
    return path.relative_to(ROOT).as_posix()


def commands(text: str) -> list[str]:
    """Commands in the code blocks of a page, in order, without their comments."""
    found: list[str] = []
    fence = shell = False
    code = ""
    for row in text.splitlines():
        if row.startswith("```"):
            fence = not fence
            shell = fence and row.strip("`") in {"", "sh", "bash"}
        elif shell if fence else row.startswith("    "):
            code += row
            if code.endswith("\\"):
                code = code[:-1]
                continue
            if command := re.sub(r"(^|\s{2,})#.*", "", code).strip():
                found.append(command)
            code = ""
    return found


def section(text: str, title: str) -> str:
    """Text below a heading of the second level."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    assert found, f"no section '{title}'"
    return found[1]


def words(command: str) -> list[str]:
    """Words of a command, or none where the row is no shell command (a drawing, configuration)."""
    try:
        return shlex.split(command)
    except ValueError:
        return []
