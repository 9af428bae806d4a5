from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from ingestd.errors import DocumentError
from ingestd.structured import package
from ingestd.structured.package import Package, integrity
from tests.support.einvoices import ofd_parts, packed, signed_parts

SIGNATURES = "Doc_0/Signs/Signatures.xml"


def opened(folder: Path, content: bytes) -> Package:
    path = folder / "drop.ofd"
    path.write_bytes(content)
    return Package(path)


def refused(folder: Path, content: bytes, part: str = "a.xml") -> DocumentError:
    with pytest.raises(DocumentError) as caught, opened(folder, content) as parts:
        parts.read(part)
    return caught.value


def test_parts_are_found_however_their_paths_are_written(tmp_path: Path) -> None:
    with opened(tmp_path, packed({"/Doc_0\\a.xml": b"<a/>"})) as parts:
        assert "Doc_0/a.xml" in parts
        assert parts.tree("Doc_0/a.xml").name == "a"


def test_tags_with_an_empty_prefix_are_mended(tmp_path: Path) -> None:
    with opened(tmp_path, packed({"a.xml": b'<:a xmlns:="urn:x"><:b>1</:b></:a>'})) as parts:
        assert parts.tree("a.xml").value("b") == "1"


def test_a_missing_part_is_damage(tmp_path: Path) -> None:
    error = refused(tmp_path, packed({"b.xml": b""}))
    assert (error.code, error.found) == ("damaged", "an OFD document that is damaged (its part a.xml is missing)")


def test_damaged_archives(tmp_path: Path) -> None:
    content = packed({"a.xml": b"<a/>" * 1000})
    assert refused(tmp_path, content[:-30]).code == "damaged"
    assert refused(tmp_path, content[:50] + b"\xff" * 20 + content[70:]).code == "damaged"
    assert refused(tmp_path, b"").code == "damaged"


def test_encrypted_parts_are_damage(tmp_path: Path) -> None:
    content = bytearray(packed({"a.xml": b"<a/>"}))
    content[6] |= 1
    content[content.rindex(b"PK\1\2") + 8] |= 1
    assert refused(tmp_path, bytes(content)).code == "damaged"


def test_bombs_are_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "MAX_PART_BYTES", 1000)
    assert refused(tmp_path, packed({"a.xml": bytes(100_000)})).code == "too-large"


def test_all_parts_together_are_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "MAX_ALL_BYTES", 1000)
    with opened(tmp_path, packed({"a.xml": bytes(600), "b.xml": bytes(600)})) as parts:
        assert len(parts.read("a.xml")) == 600
        with pytest.raises(DocumentError) as caught:
            parts.read("b.xml")
    assert caught.value.code == "too-large"


def test_the_number_of_parts_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "MAX_PARTS", 3)
    assert refused(tmp_path, packed({f"{index}": b"" for index in range(4)})).code == "too-large"


def checked(folder: Path, parts: dict[str, bytes]) -> tuple[str, bool]:
    with opened(folder, packed(parts)) as content:
        return integrity(content, SIGNATURES)


def test_agreeing_digests(tmp_path: Path) -> None:
    parts = signed_parts(ofd_parts())
    assert checked(tmp_path, parts) == (
        "intact: all 3 digests of its signature agree (the signature itself is not verified)",
        True,
    )


def test_a_changed_part_is_named(tmp_path: Path) -> None:
    parts = signed_parts(ofd_parts())
    parts["OFD.xml"] += b" "
    assert checked(tmp_path, parts) == ("changed since it was signed: OFD.xml", False)


def test_a_removed_part_is_a_change(tmp_path: Path) -> None:
    parts = signed_parts(ofd_parts())
    del parts["OFD.xml"]
    assert not checked(tmp_path, parts)[1]


def test_a_list_that_is_missing_is_told(tmp_path: Path) -> None:
    parts = signed_parts(ofd_parts())
    del parts["Doc_0/Signs/S/Signature.xml"]
    sentence, intact = checked(tmp_path, parts)
    assert sentence.startswith("its signature cannot be read: an OFD document that is damaged")
    assert not intact


def test_unknown_methods_cannot_be_checked(tmp_path: Path) -> None:
    sentence, _ = checked(tmp_path, signed_parts(ofd_parts(), method="1.2.3"))
    assert sentence == "its signature lists no digests that can be checked"


def test_parts_of_the_same_name(tmp_path: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("a.xml", b"<one/>")
        archive.writestr("a.xml", b"<two/>")
    with opened(tmp_path, file.getvalue()) as parts:
        assert parts.tree("a.xml").name == "two"
