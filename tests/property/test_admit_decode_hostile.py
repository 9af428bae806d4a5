"""Whatever the bytes: pages that keep the contract, or a DocumentError with a code that is documented."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestd.reading.admit import HEAD_BYTES, sniff
from lab.corpus.pdf import PdfPage, Picture, paragraph, pdf, scan_page
from tests.support.documents import (
    encoded,
    float_tiff,
    heic,
    jpeg_with_exif,
    oriented,
    picture,
    quadrants,
    sixteen_bit,
    tiff,
    transparent,
)
from tests.support.hostile import outcome

SMALL = picture("4711", size=(60, 40), font_px=16)
DOCUMENTS = {
    "jpeg": encoded(SMALL, "JPEG"),
    "jpeg-progressive": encoded(SMALL, "JPEG", progressive=True),
    "jpeg-turned": oriented("JPEG", 6),
    "jpeg-exif": jpeg_with_exif(b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"),
    "jpeg-cmyk": encoded(SMALL.convert("CMYK"), "JPEG"),
    "png": encoded(SMALL, "PNG"),
    "png-transparent": transparent((255, 255, 255)),
    "png-deep": sixteen_bit("PNG"),
    "bmp": encoded(SMALL, "BMP"),
    "ppm": encoded(SMALL, "PPM"),
    "pgm-deep": b"P5\n20 10\n65535\n" + bytes(range(200)) * 2,
    "pbm-plain": b"P1\n# drawn\n4 3\n0 1 1 0\n1 0 0 1\n0110\n",
    "webp": encoded(SMALL, "WEBP"),
    "webp-lossless": encoded(SMALL, "WEBP", lossless=True),
    "tiff": tiff([SMALL, quadrants(20, 10), SMALL]),
    "tiff-deflate": tiff([SMALL, SMALL], compression="tiff_adobe_deflate"),
    "tiff-fax": encoded(SMALL.convert("1"), "TIFF", compression="group4", dpi=(204, 98)),
    "tiff-float": float_tiff(),
    "heic": heic(SMALL),
    "avif": encoded(SMALL, "AVIF"),
    "pdf-text": pdf(PdfPage(paragraph(3), size=(300, 850)), PdfPage(size=(50, 50))),
    "pdf-form": pdf(PdfPage(paragraph(1), [Picture(SMALL, 5, 5, 30, 20)], fields=[(10, 10, "value")], nested=True)),
    "pdf-scan": pdf(scan_page(SMALL, size=(60, 40))),
    "pdf-encrypted": pdf(PdfPage(paragraph(1)), user_password=""),
}


@st.composite
def damage(draw: st.DrawFn, content: bytes) -> bytes:
    """The content with some bytes changed, a piece removed or doubled, or the end missing."""
    size = len(content)
    place = st.integers(0, size - 1)
    changed = bytearray(content)
    for at, value in draw(st.lists(st.tuples(place, st.integers(0, 255)), max_size=12)):
        changed[at] = value
    if draw(st.booleans()):
        start, length = draw(place), draw(st.integers(1, 64))
        changed[start : start + length] = changed[start : start + length] * draw(st.integers(0, 2))
    return bytes(changed[: draw(st.integers(size // 8, size))] if draw(st.booleans()) else changed)


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_the_undamaged_document_has_pages(tmp_path: Path, kind: str) -> None:
    assert outcome(tmp_path, DOCUMENTS[kind]) == "pages"


@pytest.mark.parametrize("kind", DOCUMENTS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_documents_give_pages_or_a_reason(tmp_path: Path, kind: str, data: st.DataObject) -> None:
    assert outcome(tmp_path, data.draw(damage(DOCUMENTS[kind])))


@pytest.mark.parametrize(
    "kind", ["jpeg", "png", "bmp", "ppm", "webp", "tiff", "tiff-deflate", "heic", "avif", "pdf-text"]
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_missing_end_is_never_a_page(tmp_path: Path, kind: str, data: st.DataObject) -> None:
    content = DOCUMENTS[kind]
    # What stands behind the last pixel or the trailer may be missing without harm.
    kept = data.draw(st.integers(1, len(content) * 9 // 10))
    # Damaged: cut between two boxes, a HEIC or AVIF looks whole and only lacks the picture.
    assert outcome(tmp_path, content[:kept]) in {"truncated", "damaged", "unsupported"}


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.binary(max_size=100).map(lambda tail: b"\0\0\0\x18ftyp" + tail))
def test_sniffing_takes_any_bytes(head: bytes) -> None:
    found = sniff(head[:HEAD_BYTES])
    assert sniff(head) is None or (found is not None and "/" in found)
