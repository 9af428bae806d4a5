"""A folder with one small rule, and another version of it."""

from __future__ import annotations

from pathlib import Path

_RULE = """\
rule: note
title: Note with an amount
match:
  enough: 1
  signs:
    - {{text: NOTE, weight: 2}}
fields:
  {name}:
    type: money
    labels: {label}
    where: right
"""


def write_rules(folder: Path, *, name: str = "total", label: str = "TOTAL") -> Path:
    """Write note.yaml, which takes the amount to the right of ``label``; return the folder."""
    folder.mkdir(exist_ok=True)
    (folder / "note.yaml").write_text(_RULE.format(name=name, label=label), encoding="utf-8")
    return folder
