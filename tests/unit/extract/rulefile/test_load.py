"""Rule files: every problem at once, each with file and line."""

from __future__ import annotations

import shutil
from pathlib import Path
from textwrap import dedent

import pytest

from ingestd.errors import ConfigError
from ingestd.extract import load_rules
from tests.support.places import ROOT

SOUND = """\
rule: note
title: Note
match:
  signs:
    - text: NOTE
fields:
  total:
    type: money
    labels: TOTAL
"""


def problems(folder: Path, text: str, name: str = "note.yaml") -> list[str]:
    (folder / name).write_text(dedent(text), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_rules(folder)
    return [problem.removeprefix(f"{folder}/") for problem in caught.value.problems]


def test_a_sound_file_loads(tmp_path: Path) -> None:
    (tmp_path / "note.yaml").write_text(SOUND, encoding="utf-8")
    (rule,) = load_rules(tmp_path).rules
    assert rule.fields["total"].labels == ("TOTAL",)


def test_all_problems_of_all_files_come_at_once_with_their_lines(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text("rule: [\n", encoding="utf-8")
    found = problems(
        tmp_path,
        """\
        rule: note
        title: Note
        match:
          signs:
            - text: NOTE
        colour: red
        fields:
          total:
            type: money
            labels: TOTAL
            value: '(['
          code:
            type: code
            lables: CODE
            check: isbn
        """,
    )
    assert [problem.split(": ")[0] for problem in found] == [
        "note.yaml:6",
        "note.yaml:11",
        "note.yaml:14",
        "note.yaml:15",
        "other.yaml:2",
    ]
    text = "\n".join(found)
    assert "not a valid regex" in text
    assert "fields.code.lables: unknown key" in text
    assert "expected one of cn_check_code" in text
    assert "colour: unknown key" in text


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("rule: note", "rule: memo", 1, "give both the same name"),
        ("    labels: TOTAL\n", "    required: true\n", 7, "can never be found"),
        (
            "  total:\n    type: money\n    labels: TOTAL\n",
            "  x: {type: code}\nwitness: cn_invoice_qr\n",
            7,
            "never be found",
        ),
        ("    labels: TOTAL\n", "    where: anywhere_if_proved\n", 9, "a check or an equation"),
        ("    labels: TOTAL\n", "    labels: TOTAL\n    where: anywhere\n", 10, "are never used"),
        ("    labels: TOTAL\n", "    labels: TOTAL\n    not_label: Total\n", 9, "is also a 'not_label'"),
        ("    labels: TOTAL\n", "    labels: TOTAL\n    zone: buyer\n", 10, "not among the zones"),
        ("    labels: TOTAL\n", "    labels: TOTAL\n    column: amount\n", 10, "not among the columns"),
        ("    labels: TOTAL\n", "    labels: '---'\n", 9, "at least one letter or digit"),
        ("    labels: TOTAL\n", "    like: net\n", 9, "is not a field of this rule"),
        ("    labels: TOTAL\n", "    like: total\n", 9, "leads back to itself"),
        ("    labels: TOTAL\n", "    labels: TOTAL\n    value: '(\\w+\\s?)+$'\n", 10, "can run without end"),
        ("    labels: TOTAL\n", "    labels: TOTAL\n    prefer: '(\\w+\\s?)+$'\n", 10, "can run without end"),
        ("    labels: TOTAL\n", "    labels: TOTAL\n    labels: SUM\n", 10, "given twice"),
        ("    labels: TOTAL\n", "    labels: &a TOTAL\n    not_label: *a\n", 9, "anchors and aliases"),
        ("match:\n  signs:\n    - text: NOTE\n", "fallback: false\n", 1, "give 'match'"),
        ("    - text: NOTE\n", "    - {text: NOTE, code: X}\n", 5, "exactly one of"),
    ],
)
def test_what_cannot_work_is_refused(tmp_path: Path, old: str, new: str, line: int, words: str) -> None:
    assert old in SOUND
    found = problems(tmp_path, SOUND.replace(old, new))
    assert any(words in problem and problem.startswith(f"note.yaml:{line}:") for problem in found), found


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ("checks: [{name: sum, equation: net + tax = total}]", "names 'net', which is not a field"),
        ("checks: [{name: sum, equation: total + total = total}]", "names a field twice"),
        ("checks: [{name: sum, equation: total plus tax}]", "is not an equation"),
        ("checks: [{name: sum}]", "give either 'equation' or 'relation'"),
        ("checks: [{name: year, relation: cn_code_year}]", "'of' names the fields"),
        ("tests: [{name: t}]", "give either 'text' or 'lines'"),
        ("tests: [{name: t, text: x, expect: {sum: '1'}}]", "names 'sum', which is not a field"),
    ],
)
def test_checks_and_tests_must_make_sense(tmp_path: Path, extra: str, words: str) -> None:
    assert any(words in problem for problem in problems(tmp_path, SOUND + extra + "\n"))


def test_equations_are_about_amounts(tmp_path: Path) -> None:
    text = SOUND + "  day: {type: date, labels: DATE}\nchecks: [{name: sum, equation: day = total}]\n"
    assert any("which is not an amount" in problem for problem in problems(tmp_path, text))


def test_two_fallbacks_are_one_too_many(tmp_path: Path) -> None:
    text = SOUND.replace("match:\n  signs:\n    - text: NOTE\n", "fallback: true\n")
    (tmp_path / "memo.yaml").write_text(text.replace("rule: note", "rule: memo"), encoding="utf-8")
    assert any("at most one" in problem for problem in problems(tmp_path, text))


def test_an_empty_folder_is_no_rule_set(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no rule files"):
        load_rules(tmp_path)


def test_other_than_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "note.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"note\.yaml:1: found text in UTF-16, expected UTF-8; save"):
        load_rules(tmp_path)


def test_a_list_is_no_rule(tmp_path: Path) -> None:
    assert problems(tmp_path, "- rule\n") == ["note.yaml:1: found a list, expected keys such as 'rule:' and 'fields:'"]


def test_a_copied_field_takes_what_it_does_not_say_itself(tmp_path: Path) -> None:
    text = SOUND + "  net: {like: total, labels: NET}\n"
    (tmp_path / "note.yaml").write_text(text, encoding="utf-8")
    (rule,) = load_rules(tmp_path).rules
    assert rule.fields["net"].type == "money"
    assert rule.fields["net"].labels == ("NET",)


def test_a_file_is_parsed_once_until_it_changes(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    shutil.copytree(ROOT / "rules", folder)
    first, second = load_rules(folder), load_rules(folder)
    assert all(one is other for one, other in zip(first.rules, second.rules, strict=True))
    path = min(folder.glob("*.yaml"))
    path.write_text(f"{path.read_text(encoding='utf-8')}# changed\n", encoding="utf-8")
    third = load_rules(folder)
    assert (third.rules[0] is first.rules[0], third.hash == first.hash) == (False, False)
