from __future__ import annotations

import functools
import io
import os
import struct
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ingestd.files.completeness import complete_on_disk, is_complete
from ingestd.files.tiff import MAX_ENTRIES, MAX_VALUES
from tests.support import documents, einvoices


def _pdf() -> bytes:
    return documents.encoded(documents.picture("one page"), "PDF")


WHOLE: dict[str, Callable[[], bytes]] = {
    "jpeg": lambda: documents.encoded(documents.picture("jpeg"), "JPEG"),
    "jpeg with thumbnail": lambda: documents.oriented("JPEG", 6),
    "progressive jpeg": lambda: documents.encoded(documents.picture("jpeg"), "JPEG", progressive=True),
    "png": lambda: documents.encoded(documents.picture("png"), "PNG"),
    "ppm": lambda: documents.encoded(documents.picture("ppm"), "PPM"),
    "pgm of 16 bits": lambda: b"P5\n20 10\n65535\n" + bytes(400),
    "pbm": lambda: documents.encoded(documents.picture("pbm").convert("1"), "PPM"),
    "plain pbm": lambda: b"P1\n# drawn\n40 30\n" + b"0" * 1200,
    "bmp": lambda: documents.encoded(documents.picture("bmp"), "BMP"),
    "webp": lambda: documents.encoded(documents.picture("webp"), "WEBP"),
    "tiff": lambda: documents.tiff([documents.picture("one"), documents.picture("two")]),
    "big tiff": lambda: documents.encoded(documents.picture("tiff"), "TIFF", big_tiff=True),
    "big-endian tiff": lambda: _big_endian_tiff(),
    "pdf": _pdf,
    "heic": lambda: documents.heic(documents.picture("heic")),
    "xml": einvoices.cii,
    "xml of another form": einvoices.fatturapa,
    "ofd": einvoices.ofd,
    "signed data": lambda: einvoices.signed(einvoices.fatturapa()),
}


def _big_endian_tiff() -> bytes:
    data = io.BytesIO()
    Image.new("I;16B", (40, 30)).save(data, "TIFF")
    return data.getvalue()


@pytest.mark.parametrize("kind", WHOLE)
def test_whole_file_is_complete_and_every_shortened_one_is_not(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "scan"
    content = WHOLE[kind]()
    path.write_bytes(content)
    assert complete_on_disk(path)

    for share in (0.02, 0.3, 0.6, 0.9, 0.97):
        path.write_bytes(content[: int(len(content) * share)])
        assert not complete_on_disk(path), f"{share:.0%} of the file"


def test_padding_after_the_end_is_allowed(tmp_path: Path) -> None:
    path = tmp_path / "scan"
    for kind in ("jpeg", "png", "pdf"):
        path.write_bytes(WHOLE[kind]() + b"\0" * 500)
        assert complete_on_disk(path), kind


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 5000, b"<Invoice>", b"1 0 obj\n", b"MIIB\n", b"PK\x03\x04" + b"x" * 100, b"\xff\xd8\xff"]
)
def test_unknown_content_is_never_complete(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "scan.jpg"
    path.write_bytes(content)
    assert not complete_on_disk(path)


@pytest.mark.parametrize("content", ["notes\n", '{"schema": 1}', "Straße, 发票\n" * 200])
def test_plain_text_is_not_waited_for(tmp_path: Path, content: str) -> None:
    path = tmp_path / "notes.txt"
    path.write_text(content, encoding="utf-8")
    assert complete_on_disk(path)


def test_xml_in_two_bytes_per_character(tmp_path: Path) -> None:
    path = tmp_path / "invoice.xml"
    content = "<?xml version='1.0' encoding='UTF-16'?><!-- <a> --><Invoice><ID>1</ID></Invoice>\n".encode("utf-16")
    path.write_bytes(content)
    assert complete_on_disk(path)
    path.write_bytes(content[:-20])
    assert not complete_on_disk(path)


def test_thumbnail_end_is_not_taken_for_the_end_of_the_picture(tmp_path: Path) -> None:
    thumbnail = documents.encoded(documents.picture("tiny"), "JPEG")
    content = documents.jpeg_with_exif(b"Exif\0\0" + thumbnail)
    path = tmp_path / "scan.jpg"
    path.write_bytes(content[: len(content) - 20])
    assert b"\xff\xd9" in path.read_bytes()
    assert not complete_on_disk(path)


def test_link_and_fifo_are_not_opened(tmp_path: Path) -> None:
    real = tmp_path / "real.png"
    real.write_bytes(WHOLE["png"]())
    link = tmp_path / "link.png"
    link.symlink_to(real)
    fifo = tmp_path / "fifo.png"
    os.mkfifo(fifo)
    assert not complete_on_disk(link)
    assert not complete_on_disk(fifo)


def test_loop_of_tiff_directories_ends(tmp_path: Path) -> None:
    path = tmp_path / "loop.tif"
    path.write_bytes(b"II*\0\x08\0\0\0" + b"\0\0" + b"\x08\0\0\0")
    assert complete_on_disk(path)


@given(st.sampled_from(sorted(WHOLE)), st.data())
@settings(max_examples=300, deadline=None)
def test_mangled_file_is_judged_without_fault(kind: str, data: st.DataObject) -> None:
    content = bytearray(_content(kind))
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, min(len(content) - 1, 400)))
        content[at] = data.draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFF]))
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.seek(0)
        assert is_complete(file) in (True, False)


@functools.cache
def _content(kind: str) -> bytes:
    return WHOLE[kind]()


def test_directory_beyond_what_can_be_sought_is_no_end(tmp_path: Path) -> None:
    path = tmp_path / "far.tif"
    path.write_bytes(b"II+\0\x08\0\0\0" + b"\xff" * 8 + b"\0" * 50)
    assert not complete_on_disk(path)


def test_tiff_of_directories_without_number_is_given_up(tmp_path: Path) -> None:
    """Directories may overlap: a small file could keep the daemon busy for hours."""
    count, number = MAX_ENTRIES // 4, 5
    entries = struct.pack("<HHII", 1, 4, 1, 0) * count
    bytes_each = 2 + len(entries) + 4
    following = [8 + (n + 1) * bytes_each for n in range(number - 1)] + [0]
    directories = b"".join(struct.pack("<H", count) + entries + struct.pack("<I", at) for at in following)
    path = tmp_path / "many.tif"
    path.write_bytes(b"II*\0" + struct.pack("<I", 8) + directories)
    assert not complete_on_disk(path)


def test_tiff_of_a_strip_for_each_byte_is_given_up(tmp_path: Path) -> None:
    """The offsets of so many strips would fill the daemon's memory."""
    count = MAX_VALUES + 1
    path = tmp_path / "strips.tif"
    with path.open("wb") as file:
        file.write(b"II*\0" + struct.pack("<I", 8))
        file.write(struct.pack("<HHHIII", 1, 273, 4, count, 100, 0))
        file.truncate(100 + 4 * count)
    assert not complete_on_disk(path)
