"""Images and PDFs of rare variants: decoded another way where there is one, else refused with a true reason."""

from __future__ import annotations

import io
import re
import struct
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from PIL import Image

from ingestd.config import AdmitConfig, DecodeConfig
from ingestd.document import Page
from ingestd.errors import DocumentError
from ingestd.reading.admit import admit, sniff
from ingestd.reading.decode import decode
from lab.corpus.pdf import PdfPage, paragraph, pdf
from tests.support.claims import dropped
from tests.support.documents import encoded, picture, tiff

GREY = np.arange(0, 4096, 16, dtype=np.uint16).reshape(16, 16)
"""Twelve bits, from black to white."""


def page(folder: Path, content: bytes) -> Page:
    admitted = admit(dropped(folder, content), AdmitConfig())
    [found] = decode(admitted, DecodeConfig(), AdmitConfig())
    return found


def refused(folder: Path, content: bytes) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        page(folder, content)
    return caught.value


def directory(order: str, entries: list[tuple[int, int, int]], *, big: bool = False) -> bytes:
    """A TIFF with one directory of single values (tag, type, value); pixels come behind it."""
    magic = struct.pack(order + "2sHHHQ", b"II" if order == "<" else b"MM", 43, 8, 0, 16) if big else None
    head = magic or struct.pack(order + "2sHI", b"II" if order == "<" else b"MM", 42, 8)
    count = struct.pack(order + ("Q" if big else "H"), len(entries))
    rows = b""
    for tag, kind, value in sorted(entries):
        code = {3: "H", 4: "I"}[kind]
        width = 8 if big else 4
        rows += struct.pack(order + ("HHQ" if big else "HHI"), tag, kind, 1)
        rows += struct.pack(order + code, value).ljust(width, b"\0")
    return head + count + rows + bytes(8 if big else 4)


def scan(order: str, samples: bytes, bits: int, photometric: int, *, big: bool = False, compression: int = 1) -> bytes:
    """A TIFF of 16 x 16 grey samples."""
    entries = [
        *((256, 3, 16), (257, 3, 16), (258, 3, bits), (259, 3, compression), (262, 3, photometric)),
        *((273, 4, 0), (277, 3, 1), (278, 3, 16), (279, 4, len(samples))),
    ]
    start = len(directory(order, entries, big=big))
    return (
        directory(
            order, [(273, 4, start) if tag == 273 else (tag, kind, value) for tag, kind, value in entries], big=big
        )
        + samples
    )


def twelve_bits() -> bytes:
    pairs = GREY.reshape(-1, 2).astype(np.uint32)
    packed = (pairs[:, 0] << 12) | pairs[:, 1]
    return b"".join(int(three).to_bytes(3, "big") for three in packed)


@pytest.mark.parametrize(("photometric", "first", "last"), [(1, 0, 255), (0, 255, 0)], ids=["black-is-0", "white-is-0"])
def test_a_tiff_of_twelve_bits(tmp_path: Path, photometric: int, first: int, last: int) -> None:
    pixels = page(tmp_path, scan("<", twelve_bits(), 12, photometric)).pixels
    assert pixels.shape == (16, 16, 3)
    assert (pixels[0, 0, 0], pixels[-1, -1, 0]) == (first, last)


def test_a_big_endian_bigtiff(tmp_path: Path) -> None:
    samples = bytes(range(256))
    content = scan(">", samples, 8, 1, big=True)
    assert (page(tmp_path, content).pixels[..., 0].tobytes()) == samples


def test_a_rare_tiff_of_several_pages_is_refused_rather_than_cut(tmp_path: Path) -> None:
    one = scan("<", twelve_bits(), 12, 0)
    rows = bytearray(one)
    after = 8 + 2 + 9 * 12
    rows[after : after + 4] = struct.pack("<I", len(one))  # the next directory
    second = one[8 : after + 4]
    error = refused(tmp_path, bytes(rows) + second)
    assert error.code == "damaged"
    assert "rare variant" in error.found


def test_a_rare_compression_is_named(tmp_path: Path) -> None:
    error = refused(tmp_path, scan("<", bytes(64), 8, 1, compression=34661))
    assert (error.code, error.found) == ("unsupported", "a TIFF image compressed as JBIG, which no decoder here knows")


def test_a_bmp_whose_bits_lie_unusually(tmp_path: Path) -> None:
    masks = struct.pack("<III", 0x3FF, 0x3FF << 10, 0x3FF << 20)  # ten bits for each colour
    pixel = struct.pack("<I", 0x3FF << 20)
    header = struct.pack("<IiiHHIIiiII", 40, 8, 8, 1, 32, 3, 64 * 4, 0, 0, 0, 0)
    content = b"BM" + struct.pack("<IHHI", 66 + 64 * 4, 0, 0, 66) + header + masks + pixel * 64
    assert page(tmp_path, content).pixels.reshape(-1, 3).max(axis=0).tolist() == [255, 0, 0]


def test_a_png_whose_animation_is_faulty(tmp_path: Path) -> None:
    plain = encoded(picture(), "PNG")
    control = b"acTL" + struct.pack(">II", 3, 0)
    chunk = struct.pack(">I", 8) + control + struct.pack(">I", 0x12345678)
    content = plain[:33] + chunk + plain[33:]
    np.testing.assert_array_equal(page(tmp_path, content).pixels, page(tmp_path, plain).pixels)


def test_heif_without_room_for_brands_is_no_video() -> None:
    assert sniff(b"\0\0\0\x10ftypmif3heic\0\0\0\0mini") == "image/heic"
    assert sniff(b"\0\0\0\x10ftypmif3avif\0\0\0\0mini") == "image/avif"


def test_a_pdf_without_its_header_is_read(tmp_path: Path) -> None:
    content = pdf(PdfPage(paragraph(2)))
    assert len(page(tmp_path, content[content.index(b"1 0 obj") :]).text_lines) == 2


def encrypted(**options: object) -> bytes:
    copy = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf(PdfPage(paragraph(2))))) as document:
        document.save(copy, encryption=pikepdf.Encryption(owner="owner", **options))  # type: ignore[arg-type]
    return copy.getvalue()


def test_a_pdf_that_pdfium_does_not_decrypt_is_read_by_qpdf(tmp_path: Path) -> None:
    content = encrypted(user="", R=6)
    spoilt = re.sub(rb"/Perms <[0-9a-f]+>", b"/Perms <" + b"00" * 16 + b">", content)
    assert spoilt != content
    assert len(page(tmp_path, spoilt).text_lines) == 2


def test_a_password_is_asked_for(tmp_path: Path) -> None:
    error = refused(tmp_path, encrypted(user="secret"))
    assert (error.code, error.found) == ("encrypted", "a PDF that asks for a password")


def test_an_unknown_filter_is_named(tmp_path: Path) -> None:
    content = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Kids[]/Count 0>>\n"
    content += b"endobj\n3 0 obj\n<</Length 4/Filter/BrotliDecode>>stream\nabcd\nendstream\nendobj\n"
    content += b"trailer\n<</Root 1 0 R/Size 4>>\n%%EOF\n"
    error = refused(tmp_path, content)
    assert error.code == "unsupported"
    assert "BrotliDecode" in error.found


def test_a_pdf_shorter_than_stated_says_so(tmp_path: Path) -> None:
    content = pdf(PdfPage()).replace(b"%PDF-1.4\n", b"%PDF-1.4\n%<< /Linearized 1 /L 999999 >>\n")
    assert "of which its first object states 999999" in refused(tmp_path, content).found


def test_previews_do_not_make_a_tiff_rare(tmp_path: Path) -> None:
    assert page(tmp_path, tiff([picture()])).index == 0
    with Image.open(io.BytesIO(tiff([picture()]))) as image:
        assert image.format == "TIFF"
