from __future__ import annotations

import base64
import hashlib
import os
import sys
from pathlib import Path

import pytest
from PIL import features

from ingestd.config import AdmitConfig
from ingestd.document import Admitted
from ingestd.errors import DocumentError
from ingestd.files.identity import digest
from ingestd.reading.admit import HEAD_BYTES, admit, sniff
from lab.corpus.pdf import PdfPage, paragraph, pdf
from tests.support.claims import claim_of, dropped
from tests.support.documents import (
    encoded,
    endless_tiff,
    heic,
    picture,
    pixel_bomb_png,
    tiff,
    transparent,
    zip_archive,
)
from tests.support.einvoices import cii, ofd, ofd_parts, packed, signed, signed_in_pieces, ubl

IMAGES = {
    "image/jpeg": encoded(picture(), "JPEG"),
    "image/png": encoded(picture(), "PNG"),
    "image/bmp": encoded(picture(), "BMP"),
    "image/webp": encoded(picture(), "WEBP"),
    "image/x-portable-anymap": encoded(picture(), "PPM"),
    "image/tiff": encoded(picture(), "TIFF"),
    "image/heic": heic(picture()),
    "image/avif": encoded(picture(), "AVIF"),
}


def admitted(folder: Path, content: bytes, **limits: int) -> Admitted:
    return admit(dropped(folder, content), AdmitConfig(**limits))


def refused(folder: Path, content: bytes, **limits: int) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        admitted(folder, content, **limits)
    return caught.value


def test_digest_is_sha256_of_the_content(tmp_path: Path) -> None:
    claim = dropped(tmp_path, bytes(3_000_000))
    assert digest(claim.work_path) == hashlib.sha256(bytes(3_000_000)).hexdigest()


@pytest.mark.parametrize("media_type", IMAGES)
def test_images_are_admitted_whatever_their_name(tmp_path: Path, media_type: str) -> None:
    claim = dropped(tmp_path, IMAGES[media_type], name="letter.zip")
    result = admit(claim, AdmitConfig())
    assert result == Admitted(claim=claim, media_type=media_type, pages_expected=1)


def test_pages_are_counted(tmp_path: Path) -> None:
    assert admitted(tmp_path, tiff([picture()] * 3)).pages_expected == 3
    assert admitted(tmp_path, pdf(PdfPage(), PdfPage())).pages_expected == 2
    assert admitted(tmp_path, encoded(picture(), "WEBP", save_all=True, append_images=[picture("two")])).media_type


def test_a_bigtiff_is_a_tiff(tmp_path: Path) -> None:
    content = encoded(picture(), "TIFF", big_tiff=True)
    assert content[2] == 43
    assert admitted(tmp_path, content).media_type == "image/tiff"


def test_previews_in_a_tiff_are_no_pages(tmp_path: Path) -> None:
    page, preview = picture(), picture().resize((32, 12))
    preview.encoderinfo = {"tiffinfo": {254: 1}}
    assert admitted(tmp_path, tiff([page, preview, page])).pages_expected == 2


def test_a_pdf_may_begin_with_junk(tmp_path: Path) -> None:
    assert admitted(tmp_path, b"\r\n" * 400 + pdf(PdfPage(paragraph()))).media_type == "application/pdf"
    assert sniff(b"\r\n" * 600 + b"%PDF-1.7") == "text/plain"


@pytest.mark.parametrize("name", ["two\nlines", "~tilde", os.fsdecode(b"inv\xe9lid"), "x" * 255])
@pytest.mark.parametrize("content", [IMAGES["image/png"], pdf(PdfPage())], ids=["png", "pdf"])
def test_names_do_not_matter(tmp_path: Path, name: str, content: bytes) -> None:
    assert admit(dropped(tmp_path, content, name), AdmitConfig()).pages_expected == 1


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (b"GIF89a", "image/gif"),
        (zip_archive(), "application/zip"),
        (zip_archive("[Content_Types].xml", "word/document.xml"), "application/vnd.openxmlformats"),
        (b"PK\x05\x06" + bytes(18), "application/zip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
        (b"MZ\x90\0", "application/x-executable"),
        (b"\x7fELF\2\1\1", "application/x-executable"),
        (b"#!/bin/sh\n", "text/x-script"),
        (b"\0\0\0\x18ftypisom\0\0\2\0isomiso2", "video/mp4"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0avifmif1", "image/avif"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "image/heic"),
        (b"  <!DOCTYPE html><p>", "text/html"),
        (b"<?xml version='1.0'?><invoice/>", "application/xml"),
        (b"\xef\xbb\xbf<rsm:CrossIndustryInvoice xmlns:rsm='x'>", "application/xml"),
        (b"<!-- made by hand --><Invoice>", "application/xml"),
        ("<?xml version='1.0' encoding='GBK'?><EInvoice>发票".encode("gbk"), "application/xml"),
        ("\ufeffRechnung".encode(), "text/plain"),
        ("<?xml version='1.0' encoding='utf-16'?><Invoice/>".encode("utf-16"), "application/xml"),
        (ofd(), "application/ofd"),
        (signed(cii()), "application/pkcs7-mime"),
        (signed_in_pieces(cii()), "application/pkcs7-mime"),
        (base64.b64encode(signed(cii())), "application/pkcs7-mime"),
        (base64.encodebytes(signed(cii())), "application/pkcs7-mime"),
        (b"-----BEGIN CERTIFICATE-----\n" + base64.b64encode(bytes(300)), "text/plain"),
        (b"<?xml version='1.0'?><svg/>", "image/svg+xml"),
        (b"<- arrows are not elements", "text/plain"),
        (b'{\n "schema": 1,\n "id": 7,', "application/vnd.ingestd+json"),
        (b'{\n  "file": "a.png",\n  "source_path": "/inbox/a.png",', "application/vnd.ingestd+json"),
        (b'{"file": "a.png"}', "text/plain"),
        ("Rechnung für Müller, 发票".encode(), "text/plain"),
        ("Rechnung für Müller, 发票".encode("utf-16"), "text/plain"),
        (b"BMW invoice, not a bitmap at all", "text/plain"),
        (bytes(range(256)), None),
        (b"", None),
    ],
)
def test_others_are_told_apart(head: bytes, media_type: str | None) -> None:
    assert sniff(head) == media_type


def test_a_text_is_one_even_where_the_head_cuts_a_character() -> None:
    assert sniff(("x" + "发" * 2000).encode()[:HEAD_BYTES]) == "text/plain"


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (zip_archive(), "a ZIP archive"),
        (b"GIF89a", "a GIF image"),
        (b"dear customer", "a text file"),
        (b"\1\2\3\4", "a file of unknown type"),
    ],
)
def test_what_is_not_supported_is_named(tmp_path: Path, content: bytes, found: str) -> None:
    error = refused(tmp_path, content)
    assert (error.code, error.found) == ("unsupported", found)
    assert "PDF" in error.expected


@pytest.mark.parametrize(
    ("content", "media_type"),
    [(ubl(), "application/xml"), (ofd(), "application/ofd"), (signed(ubl()), "application/pkcs7-mime")],
)
def test_structured_documents_are_admitted_whatever_their_name(tmp_path: Path, content: bytes, media_type: str) -> None:
    assert admit(dropped(tmp_path, content, name="letter.jpg"), AdmitConfig()).media_type == media_type


def test_an_ofd_document_is_known_wherever_its_root_lies(tmp_path: Path) -> None:
    first = {"Doc_0/large.bin": os.urandom(2 * HEAD_BYTES)}
    assert admitted(tmp_path, packed(first | ofd_parts())).media_type == "application/ofd"


def test_an_empty_file(tmp_path: Path) -> None:
    assert refused(tmp_path, b"").code == "empty"


def test_too_many_bytes(tmp_path: Path) -> None:
    content = IMAGES["image/png"]
    assert refused(tmp_path, content, max_bytes=len(content) - 1).code == "too-large"
    assert admitted(tmp_path, content, max_bytes=len(content))


def test_too_many_pages(tmp_path: Path) -> None:
    for content in (tiff([picture()] * 3), pdf(PdfPage(), PdfPage(), PdfPage())):
        error = refused(tmp_path, content, max_pages=2)
        assert error.code == "too-many-pages"
        assert "admit.max_pages" in error.fix
        assert admitted(tmp_path, content, max_pages=3).pages_expected == 3


def test_claims_of_endless_pages_are_refused_without_counting_them(tmp_path: Path) -> None:
    assert refused(tmp_path, pdf(PdfPage(), claimed_pages=1_000_000)).found == "a PDF of 1000000 pages"
    assert refused(tmp_path, endless_tiff(5000), max_pages=20).code == "too-many-pages"


def test_too_many_pixels_are_refused_from_the_header(tmp_path: Path) -> None:
    error = refused(tmp_path, pixel_bomb_png())
    assert (error.code, error.found) == ("too-many-pixels", "an image of 3600000000 pixels")


@pytest.mark.parametrize("media_type", IMAGES)
def test_the_pixel_limit_is_exact(tmp_path: Path, media_type: str) -> None:
    width, height = picture().size
    assert refused(tmp_path, IMAGES[media_type], max_pixels=width * height - 2).code == "too-many-pixels"
    assert admitted(tmp_path, IMAGES[media_type], max_pixels=width * height)


def test_the_largest_page_of_a_tiff_counts(tmp_path: Path) -> None:
    content = tiff([picture(), picture(size=(640, 480))])
    assert refused(tmp_path, content, max_pixels=640 * 480 - 1).code == "too-many-pixels"


def test_pitfall_19_honest_large_scans_are_admitted(tmp_path: Path) -> None:
    # A3 at 1200 dpi; Pillow by itself warns from 89 and refuses from 179 million pixels on.
    assert admitted(tmp_path, pixel_bomb_png(14_031, 14_000)).pages_expected == 1


def test_a_pdf_with_a_password(tmp_path: Path) -> None:
    error = refused(tmp_path, pdf(PdfPage(paragraph()), user_password="secret"))
    assert error.code == "encrypted"
    assert admitted(tmp_path, pdf(PdfPage(paragraph()), user_password="")).pages_expected == 1


def test_a_pdf_without_pages_even_after_one_with_a_password(tmp_path: Path) -> None:
    refused(tmp_path, pdf(PdfPage(), user_password="secret"))
    assert refused(tmp_path, pdf(claimed_pages=0)).code == "no-pages"


@pytest.mark.parametrize("kept", [0.3, 0.9])
def test_a_truncated_pdf(tmp_path: Path, kept: float) -> None:
    content = pdf(PdfPage(paragraph()), PdfPage(paragraph()))
    assert refused(tmp_path, content[: int(len(content) * kept)]).code == "truncated"


def test_a_pdf_shorter_than_it_says_is_truncated(tmp_path: Path) -> None:
    content = pdf(PdfPage()).replace(b"%PDF-1.4\n", b"%PDF-1.4\n%<< /Linearized 1 /L 999999 >>\n")
    assert refused(tmp_path, content).code == "truncated"


def test_a_pdf_without_objects_is_damaged(tmp_path: Path) -> None:
    assert refused(tmp_path, b"%PDF-1.4 rubbish\n%%EOF").code == "damaged"


@pytest.mark.parametrize("media_type", sorted(IMAGES.keys() - {"image/x-portable-anymap"}))  # its header is shorter
def test_an_image_cut_in_its_header_is_truncated(tmp_path: Path, media_type: str) -> None:
    assert refused(tmp_path, IMAGES[media_type][:30]).code == "truncated"


def test_a_damaged_header(tmp_path: Path) -> None:
    content = bytearray(IMAGES["image/bmp"])
    content[28] = 77  # bits per pixel
    assert refused(tmp_path, bytes(content)).code == "damaged"


def test_pipes_and_links_are_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    target = dropped(tmp_path, transparent((0, 0, 0))).work_path
    (tmp_path / "link").symlink_to(target)
    for name in ("pipe", "link"):
        with pytest.raises(DocumentError, match="not a regular file"):
            admit(claim_of(tmp_path / name), AdmitConfig())


def test_heic_without_its_decoder_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    error = refused(tmp_path, IMAGES["image/heic"])
    assert error.code == "unsupported"
    assert "pip install 'ingestd[heic]'" in error.fix


def test_avif_without_its_decoder_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "check", lambda feature: feature != "avif")
    assert refused(tmp_path, IMAGES["image/avif"]).code == "unsupported"


def test_faults_of_the_disk_are_not_blamed_on_the_document(tmp_path: Path) -> None:
    claim = dropped(tmp_path, IMAGES["image/png"])
    claim.work_path.unlink()
    with pytest.raises(FileNotFoundError):
        admit(claim, AdmitConfig())
