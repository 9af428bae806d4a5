"""Names that are safe to store, free to take, and below the archive."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given

from ingestd.files import names
from tests.support.records import file_names


def test_names_that_are_taken_or_promised_get_a_code(tmp_path: Path) -> None:
    promised: set[Path] = set()

    def target(name: str) -> Path:
        path = names.free_target(tmp_path, name, "abcd", promised.__contains__)
        promised.add(path)
        return path

    (tmp_path / "scan.pdf").touch()
    assert target("scan.pdf").name == "scan-abcd.pdf"
    assert target("scan.pdf").name == "scan-abcd-2.pdf"
    assert target("other.pdf").name == "other.pdf"
    (tmp_path / "noted.pdf.error.json").touch()
    assert target("noted.pdf").name == "noted-abcd.pdf"


@given(file_names)
def test_any_name_becomes_one_that_can_be_stored_and_added_to(name: str) -> None:
    safe = names.safe_name(name)
    assert 0 < len(os.fsencode(safe)) <= 215
    assert "/" not in safe
    assert safe not in (".", "..")
    safe.encode()  # is UTF-8
    assert names.safe_name(safe) == safe


def test_long_name_keeps_its_suffix() -> None:
    assert names.safe_name("票" * 84 + ".pdf").endswith("票.pdf")
    assert len(names.safe_name("x" * 251 + ".pdf")) == 215


def folder(layout: str) -> tuple[Path, str]:
    received = datetime(2026, 8, 3, tzinfo=UTC)
    return names.archive_folder(Path("/archive"), layout, received=received, name="a/../b.pdf", inbox="in", rule="rule")


def test_archive_layout() -> None:
    assert folder("{received:%Y/%m}/{name}") == (Path("/archive/2026/08"), "a_.._b.pdf")
    assert folder("{inbox}/{rule}/{name}") == (Path("/archive/in/rule"), "a_.._b.pdf")


@pytest.mark.parametrize("layout", ["{nobody}/{name}", "../{name}", "/etc/{name}", "", "{0}", "{name.x}"])
def test_archive_layout_that_cannot_be_used(layout: str) -> None:
    with pytest.raises(ValueError, match=r"spool\.layout"):
        folder(layout)


def test_files_beside_an_original_are_found_from_either_side() -> None:
    original = Path("/archive/scan.pdf")
    for beside in (names.sidecar_path(original), names.error_path(original)):
        assert original in names.originals_of(beside)
    assert names.originals_of(original) == ()
    for odd in (".json", ".error.json"):
        assert Path("/archive/" + odd) not in names.originals_of(Path("/archive/" + odd))
