"""The checker of words finds what CONTRIBUTING.md forbids and lets plain English pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.words import problems

LONG = "word " * 26


def found(folder: Path, name: str, text: str) -> list[str]:
    path = folder / Path(name).name
    path.write_text(text, encoding="utf-8")
    return [row.partition(": ")[2] for row in problems(path, name)]


@pytest.mark.parametrize(
    ("name", "text", "part"),
    [
        ("a.py", '"""What the module does."""', "docstring opens with 'What the module'"),
        ("a.py", 'def f():\n    """Whether it is so."""', "docstring opens with 'Whether it is'"),
        ("a.py", f'"""{LONG}."""', "sentence of 26 words"),
        ("a.py", "# read anew", "'anew'"),
        ("a.py", "MOST_LINES = 3", "'MOST_LINES'"),
        ("a.py", 'x = f"{y} is no date"', "'is no date'"),
        ("docs/a.md", "It waits for ever.", "'for ever'"),
        ("docs/a.md", "One row a document.", "'row a document'"),
        ("docs/a.md", "| Who | nobody |", "'nobody'"),
        ("docs/a.md", f"First.\n{LONG}\n", "sentence of 26 words"),
        ("docs/a.md", "Right in 97 % of all cases.", "figure '97 %'"),
    ],
)
def test_forbidden_words_are_found(tmp_path: Path, name: str, text: str, part: str) -> None:
    (row,) = found(tmp_path, name, text)
    assert part in row


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.py", '"""Names of fields by kind."""\nmost = "there is no such file"\n'),
        ("a.py", 'def f():\n    """Say what became of the file."""\n'),
        ("docs/a.md", "```\nVAT 20 % nobody anew\n```\n"),
        ("docs/a.md", f"- {'word ' * 20}\n- {'word ' * 20}\n\n| {'word ' * 20} | {'word ' * 20} |\n"),
        ("docs/a.md", f"{'word ' * 20}. `Code` {'word ' * 20}.\n"),
        ("docs/a.md", "One row per document; it is no longer there.\n"),
        ("docs/benchmarks.md", "Right in 97 % of all cases."),
    ],
)
def test_plain_english_passes(tmp_path: Path, name: str, text: str) -> None:
    assert found(tmp_path, name, text) == []


def test_a_problem_is_at_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("One.\n\n```\ncode\n```\n\nRead it anew.\n", encoding="utf-8")
    assert [row.partition(":")[0] for row in problems(path, "docs/a.md")] == ["7"]
