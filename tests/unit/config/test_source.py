"""YAML files that people write: lines of keys, aliases, encodings, and values that do not exist."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from ingestd.config.source import _TypedLoader, decoded, read_source
from ingestd.errors import ConfigError
from tests.support.places import ROOT

PATH = Path("a.yaml")


def test_lines_of_keys_and_of_list_entries() -> None:
    source = read_source("a:\n  - b: 1\n  - c\nd: {e: 2}\n", PATH, "'a:'")
    places = (("a",), ("a", 0, "b"), ("a", 1), ("d", "e"), ("d", "unknown", "deeper"))
    assert [source.line(at) for at in places] == [1, 2, 3, 4, 4]
    assert source.report([(("d",), "second"), (("a",), "first")]) == ["a.yaml:1: first", "a.yaml:4: second"]


def test_values_are_typed_only_where_aliases_are_allowed() -> None:
    text = "a: 1\nb: no\n"
    assert read_source(text, PATH, "").data == {"a": 1, "b": False}
    assert read_source(text, PATH, "", no_aliases="copy it").data == {"a": "1", "b": "no"}


def test_aliases_are_taken_or_refused() -> None:
    text = "a: &x {c: 1}\nb:\n  <<: *x\n"
    assert read_source(text, PATH, "").data["b"] == {"c": 1}
    with pytest.raises(ConfigError) as error:
        read_source(text, PATH, "", no_aliases="copy it")
    assert error.value.problems == (
        "a.yaml:1: anchors and aliases are not understood; copy it",
        "a.yaml:3: '<<' is not understood; copy it",
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1\nb: 2\na: 3", "a.yaml:3: 'a' is given twice, first on line 1; keep one of them"),
        ("a:\n\t- b", "a.yaml:2: not valid YAML at column 1: found a tab, expected spaces; replace tabs by spaces"),
        ("a: 1\nb: \x07", "a.yaml:2: not valid YAML: found the control character U+0007; remove it"),
        ("? [a]\n: b", "a.yaml:1: a key that is not a plain word; expected 'name: value'"),
        (
            "a: 1\n---\nb: 2",
            "a.yaml:2: not valid YAML at column 1: found a second document, expected one; remove the line '---'",
        ),
        (
            "a: !!python/name:os.x ''",
            "a.yaml:1: not valid YAML at column 4: found a tag ('!'), expected plain values; remove it, or put the text"
            " in quotes",
        ),
        ("word", "a.yaml:1: found a single value, expected keys such as 'a:'"),
    ],
)
def test_problems_name_line_and_fix(text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as error:
        read_source(text, PATH, "'a:'")
    assert error.value.problems == (problem,)


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ("发票".encode("utf-16"), "a.yaml:1: found text in UTF-16, expected UTF-8"),
        ("a: 1\nb: 发票".encode("gbk"), "a.yaml:2: found text in another encoding, perhaps GBK, expected UTF-8"),
        (b"a: \xff\xff\x80", "a.yaml:1: found bytes that are not UTF-8, expected UTF-8"),
    ],
)
def test_another_encoding_is_named(data: bytes, found: str) -> None:
    with pytest.raises(ConfigError, match=found):
        decoded(data, PATH)


def test_a_byte_order_mark_of_utf8_is_accepted() -> None:
    assert read_source(decoded(b"\xef\xbb\xbfa: 1", PATH), PATH, "").data == {"a": 1}


@pytest.mark.parametrize("path", sorted((ROOT / "rules").rglob("*.yaml")), ids=lambda path: path.stem)
@pytest.mark.parametrize("advice", [None, "copy it"])
def test_both_parsers_read_the_same(path: Path, advice: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    text = path.read_text(encoding="utf-8")
    fast = read_source(text, path, "", no_aliases=advice)
    monkeypatch.setattr("ingestd.config.source._FAST_LOADER", yaml.BaseLoader)
    monkeypatch.setattr("ingestd.config.source._FastTypedLoader", _TypedLoader)
    assert read_source(text, path, "", no_aliases=advice) == fast
