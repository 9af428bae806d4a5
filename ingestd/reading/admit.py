"""Admit: look at the bytes of a claimed file and decide whether they may be decoded.

Content decides, never the name. Everything here reads headers and directories only: no page is
decoded, and no loop runs as long as a hostile file asks for.
"""

from __future__ import annotations

import base64
import binascii
import re
import zipfile
from pathlib import Path

from ingestd.config import AdmitConfig
from ingestd.document import Admitted, Claim
from ingestd.errors import DocumentError
from ingestd.files.media_types import (
    AVIF,
    BMP,
    HEIC,
    JPEG,
    NETPBM,
    NOUNS,
    OFD,
    PDF,
    PNG,
    SIGNED,
    STRUCTURED,
    TIFF,
    WEBP,
    XML,
)
from ingestd.files.netpbm import header_of
from ingestd.files.size import require_size
from ingestd.reading.formats import decoding, open_image, page_frames, too_many_pixels, truncated
from ingestd.reading.pdf_file import open_pdf, shortfall

HEAD_BYTES = 4096
"""Bytes of a file that ``sniff`` looks at."""

_PDF_OBJECT = re.compile(rb"\s*(?:%[^\r\n]{0,80}[\r\n]\s*)?\d{1,10} \d{1,5} obj\b")
"""Start of a PDF that has lost its header."""
_PDF_HEADER_WITHIN = 1024
"""Readers accept junk before %PDF- up to here (ISO 32000-1, annex H, note 13)."""

_SIGNATURES = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"II*\0", TIFF),
    (b"MM\0*", TIFF),
    (b"II+\0", TIFF),
    (b"MM\0+", TIFF),
    (b"GIF8", "image/gif"),
    (b"\0\0\0\x0cjP  \r\n", "image/jp2"),
    (b"\0\0\0\x0cJXL \r\n", "image/jxl"),
    (b"\xff\x0a", "image/jxl"),
    (b"8BPS", "image/vnd.adobe.photoshop"),
    (b"%!PS", "application/postscript"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"{\\rtf", "application/rtf"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"\x1f\x8b", "application/gzip"),
    (b"MZ", "application/x-executable"),
    (b"\x7fELF", "application/x-executable"),
    (b"#!", "text/x-script"),
)

_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"mif3"}
_AVIF_BRANDS = {b"avif", b"avis"}
_BMP_HEADER_SIZES = {12, 16, 40, 52, 56, 64, 108, 124}

_XML_START = re.compile(r"<(?:\?xml|!--|[a-z_][\w.-]*:?[\w.-]*[\s>])")
"""A declaration, a comment or an element; lower case."""
_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
"""Object identifier of signed data (RFC 5652) in DER."""
_OFD_ROOT = b"OFD.xml"

_OURS = "application/vnd.ingestd+json"
_OUR_START = re.compile(r'\{\s*"(?:schema": \d+,|file": ".*",\s*"source_path":)')
"""Sidecar, or reason beside a failed file; lower case."""

_EXPORT = "export it as PDF and drop that"
_CONVERT = "convert it to PNG or PDF"
_UNPACK = "unpack it and drop the files in it"
_OTHERS = {
    "image/gif": ("a GIF image", _CONVERT),
    "image/jp2": ("a JPEG 2000 image", _CONVERT),
    "image/jxl": ("a JPEG XL image", _CONVERT),
    "image/svg+xml": ("an SVG drawing", _EXPORT),
    "image/vnd.adobe.photoshop": ("a Photoshop file", _CONVERT),
    "application/postscript": ("a PostScript file", "convert it to PDF"),
    "application/rtf": ("an RTF text", _EXPORT),
    "application/x-ole-storage": ("an old Office document or an Outlook message", _EXPORT),
    "application/vnd.openxmlformats": ("an Office document", _EXPORT),
    "application/vnd.oasis.opendocument": ("an OpenDocument file", _EXPORT),
    "application/zip": ("a ZIP archive", _UNPACK),
    "application/vnd.rar": ("a RAR archive", _UNPACK),
    "application/x-7z-compressed": ("a 7-Zip archive", _UNPACK),
    "application/gzip": ("a gzip archive", _UNPACK),
    "application/x-executable": ("a program", "remove it"),
    "text/x-script": ("a script", "remove it"),
    "video/mp4": ("a video", "take a photo instead"),
    "text/html": ("a web page", _EXPORT),
    "text/plain": ("a text file", _EXPORT),
    _OURS: ("a file that ingestd wrote about a document", "drop the document itself"),
}


def sniff(head: bytes) -> str | None:
    """Return the media type of a file from its first HEAD_BYTES bytes, or None where they say nothing known.

    Tells the admitted types, and the others well enough to name them.

    >>> sniff(b"%PDF-1.7")
    'application/pdf'
    >>> sniff(b"dear customer")
    'text/plain'
    """
    for signature, media_type in _SIGNATURES:
        if head.startswith(signature):
            return media_type
    if head.startswith(b"PK\x03\x04") or head.startswith(b"PK\x05\x06"):
        return _sniff_zip(head)
    if head[4:8] == b"ftyp":
        return _sniff_ftyp(head)
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return WEBP
    # Two letters are too little: texts begin with BM too.
    if head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in _BMP_HEADER_SIZES:
        return BMP
    if header_of(head) is not None:
        return NETPBM
    if b"%PDF-" in head[:_PDF_HEADER_WITHIN] or _PDF_OBJECT.match(head):
        return PDF
    if _is_signed(head):
        return SIGNED
    return _sniff_text(head)


def _is_signed(head: bytes) -> bool:
    """Tell whether a file is signed data (CMS), in DER or as base64."""
    start = head[:80]
    if head.startswith((b"MI", b"-----BEGIN")):
        text = re.sub(rb"-----[A-Z0-9 ]+-----|\s", b"", head[:400])[:80]
        try:
            start = base64.b64decode(text)
        except binascii.Error:
            return False
    return start[:1] == b"\x30" and _SIGNED_DATA in start[:40]


def _sniff_zip(head: bytes) -> str:
    if b"mimetypeapplication/vnd.oasis.opendocument" in head:
        return "application/vnd.oasis.opendocument"
    if b"[Content_Types].xml" in head or b"_rels/.rels" in head:
        return "application/vnd.openxmlformats"
    return OFD if _OFD_ROOT in head else "application/zip"


def _sniff_ftyp(head: bytes) -> str:
    """Name the type of an ISO base media file: the major brand counts most, then the compatible ones."""
    box = head[8 : max(16, min(int.from_bytes(head[:4]), 256))]
    # A file of brand mif3 has no room for more brands: its minor version is one (ISO/IEC 23008-12, low overhead).
    start = 4 if box[:4] == b"mif3" else 8
    brands = [box[:4], *(box[at : at + 4] for at in range(start, len(box), 4))]
    if _AVIF_BRANDS & set(brands):
        return AVIF
    if _HEIC_BRANDS & set(brands):
        return HEIC
    return "video/mp4"


def _sniff_text(head: bytes) -> str | None:
    if not head:
        return None
    encoding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    # The head may end in the middle of a character.
    text = head.decode(encoding, errors="replace").removesuffix("\N{REPLACEMENT CHARACTER}")
    start = text.lstrip().lower()
    if start.startswith(("<!doctype html", "<html")):
        return "text/html"
    if "<svg" in start[:1000]:
        return "image/svg+xml"
    if _XML_START.match(start):
        return XML  # its encoding may be another one
    if any(not (sign.isprintable() or sign.isspace()) for sign in text) or "\N{REPLACEMENT CHARACTER}" in text:
        return None
    return _OURS if _OUR_START.match(start) else "text/plain"


def admit(claim: Claim, options: AdmitConfig) -> Admitted:
    """Decide whether a claimed file may be decoded.

    Args:
        claim: the file; ``work_path`` is read.
        options: limits on bytes, pages and pixels of a page.

    Raises:
        DocumentError: with code ``empty``, ``unsupported``, ``too-large``, ``too-many-pages``,
            ``too-many-pixels``, ``encrypted``, ``truncated``, ``damaged`` or ``no-pages``.
    """
    path = claim.work_path
    require_size(path.lstat(), options.max_bytes)
    with path.open("rb") as file:
        media_type = sniff(file.read(HEAD_BYTES))
    if media_type == "application/zip" and _is_ofd(path):
        media_type = OFD
    if media_type not in NOUNS:
        raise _unsupported(media_type)
    if media_type in STRUCTURED:
        return Admitted(claim=claim, media_type=media_type, pages_expected=1)
    pages = _pdf_pages(path) if media_type == PDF else _image_pages(path, media_type, options)
    if pages > options.max_pages:
        # Of a TIFF nothing is known but that there is one page too many.
        found = f"a PDF of {pages} pages" if media_type == PDF else f"a TIFF of more than {options.max_pages} pages"
        raise DocumentError(
            found,
            expected=f"at most {options.max_pages} pages (admit.max_pages)",
            fix="split it, or raise admit.max_pages",
            code="too-many-pages",
        )
    return Admitted(claim=claim, media_type=media_type, pages_expected=pages)


def _is_ofd(path: Path) -> bool:
    """Tell whether a ZIP archive is an OFD document: its directory says so, wherever the root part lies."""
    try:
        with zipfile.ZipFile(path) as archive:
            return "OFD.xml" in archive.NameToInfo
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return False


def _unsupported(media_type: str | None) -> DocumentError:
    noun, fix = _OTHERS.get(media_type or "", ("a file of unknown type", _EXPORT))
    return DocumentError(
        noun,
        expected="JPEG, PNG, BMP, WebP, PNM, TIFF, HEIC, AVIF, PDF, OFD or an e-invoice as XML, whatever the name says",
        fix=fix,
        code="unsupported",
    )


def _pdf_pages(path: Path) -> int:
    with open_pdf(path) as document:
        if short := shortfall(path):
            raise truncated(PDF, short)
        return len(document)


def _image_pages(path: Path, media_type: str, options: AdmitConfig) -> int:
    limit = options.max_pixels
    with open_image(path, media_type, limit) as image, decoding(path, media_type, limit):
        frames = page_frames(image, options.max_pages)
        for frame in frames[: options.max_pages]:
            if frame != image.tell():
                image.seek(frame)
            width, height = image.size
            if width * height > limit:
                raise too_many_pixels(width * height, limit)
        return len(frames)
