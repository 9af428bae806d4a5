"""Every pitfall has a test that carries its number, and the page of promises names tests that exist."""

from __future__ import annotations

import re

from tests.support.places import ROOT

PAGE = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
TESTS = {
    name: path.name
    for path in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.M)
}


def test_every_pitfall_has_a_test_with_its_number() -> None:
    listed = {int(number) for number in re.findall(r"^(\d+)\. ", PAGE, re.M)}
    assert listed == set(range(1, 21))
    numbers = (re.match(r"test_pitfall_(\d\d(?:_and_\d\d)*)_", name) for name in TESTS)
    tested = {int(number) for found in numbers if found for number in found[1].split("_and_")}
    assert tested == listed


def test_tests_that_the_page_names_exist() -> None:
    for name in re.findall(r"`(test_\w+?)_?(?:\.\.\.)?`", PAGE):
        assert any(known.startswith(name) for known in TESTS), name
    for file in re.findall(r"`(test_\w+\.py)`", PAGE):
        assert file in TESTS.values(), file
