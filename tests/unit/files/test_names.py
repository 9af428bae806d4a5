"""Names that are safe to store, free to take, and below the archive."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given

from ingestd.files import archive_layout, names
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


def folder(layout: str, **values: str) -> tuple[Path, str]:
    received = datetime(2026, 8, 3, tzinfo=UTC)
    facts = {"name": "a/../b.pdf", "inbox": "in", "rule": "rule"}
    return archive_layout.archive_folder(Path("/archive"), layout, received=received, values=values, **facts)


def test_archive_layout() -> None:
    assert folder("{received:%Y/%m}/{name}") == (Path("/archive/2026/08"), "a_.._b.pdf")
    assert folder("{inbox}/{rule}/{name}") == (Path("/archive/in/rule"), "a_.._b.pdf")


@pytest.mark.parametrize("layout", ["{nobody}/{name}", "../{name}", "/etc/{name}", "", "{0}", "{name.x}"])
def test_archive_layout_that_cannot_be_used(layout: str) -> None:
    with pytest.raises(ValueError, match=r"spool\.layout"):
        folder(layout)


FIELDS = {"date": "2026-03-09", "seller_name": "ACME: Söhne/Co.", "invoice_no": "R 12", "total": "119.00"}


def test_archive_layout_with_fields() -> None:
    layout = "{date:%Y}/{seller_name}/{date}_{invoice_no}_{total}_{kind}"
    assert folder(layout, **FIELDS) == (Path("/archive/2026/ACME_ Söhne_Co"), "2026-03-09_R 12_119.00_rule.pdf")
    assert folder("{invoice_no} {name}", **FIELDS) == (Path("/archive"), "R 12 a_.._b.pdf")


def test_fields_that_are_missing_have_fallbacks() -> None:
    assert folder("{date:%Y}/{seller_name}/{name}") == (Path("/archive/_/_"), "a_.._b.pdf")
    assert folder("{date|received:%Y-%m}/{name}") == (Path("/archive/2026-08"), "a_.._b.pdf")
    assert folder("{date|received:%Y-%m}/{name}", date="2025-01-31") == (Path("/archive/2025-01"), "a_.._b.pdf")
    assert folder("{seller_name|inbox|'x'}/{name}")[0] == Path("/archive/in")
    assert folder("{seller_name|'no seller'}/{name}")[0] == Path("/archive/no seller")
    assert folder("{seller_name}/{invoice_no}", merchant="Shop", receipt_no="7") == (Path("/archive/Shop"), "7.pdf")
    assert folder("{date|received:%Y}/{name}", date="no date")[0] == Path("/archive/2026")


@pytest.mark.parametrize(
    ("value", "part"),
    [
        ("..", "_"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("nul", "_nul"),
        ("COM1.tar", "_COM1.tar"),
        ("a\0b\nc\u202egpj.exe", "a_b_c_gpj.exe"),
        (" -rf . ", "rf"),
        ("票" * 100, "票" * 26),
        ("C:\\x|y?", "C__x_y_"),
        ("{name}%s$(id)", "{name}%s$(id)"),
        ("\ud800", "_"),
    ],
)
def test_values_are_one_safe_part_of_a_path(value: str, part: str) -> None:
    assert folder("{seller_name}/{name}", seller_name=value)[0] == Path("/archive") / part


def test_files_beside_an_original_are_found_from_either_side() -> None:
    original = Path("/archive/scan.pdf")
    for beside in (names.sidecar_path(original), names.error_path(original)):
        assert original in names.originals_of(beside)
    assert names.originals_of(original) == ()
    for odd in (".json", ".error.json"):
        assert Path("/archive/" + odd) not in names.originals_of(Path("/archive/" + odd))
