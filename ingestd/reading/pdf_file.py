"""Opening of PDF files: forms ready to be drawn, faults told truly, and what PDFium alone does not open."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from io import BytesIO
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium

from ingestd.errors import DocumentError
from ingestd.files.media_types import PDF
from ingestd.reading.formats import damaged, truncated, unsupported_variant

_TAIL_BYTES = 65_536
_HEADER = b"%PDF-"
_HEADER_WITHIN = 1024
_MAX_SEARCHED = 64 * 1024 * 1024
"""Bytes in which names of filters are looked for."""
_FILTER = re.compile(rb"/Filter\s*\[?\s*/(\w{1,40}Decode)\b")
_FILTERS = frozenset(
    b"ASCIIHexDecode ASCII85Decode LZWDecode FlateDecode RunLengthDecode CCITTFaxDecode JBIG2Decode DCTDecode"
    b" JPXDecode".split()
)
"""Filters of ISO 32000-2, table 6."""
_NO_HANDLER = -1


@contextmanager
def open_pdf(path: Path) -> Iterator[pypdfium2.PdfDocument]:
    """Open a PDF with its forms ready to be drawn, and close it for certain.

    Raises:
        DocumentError: ``encrypted``, ``truncated``, ``damaged``, ``unsupported`` or ``no-pages``.
    """
    # Not PdfDocument(path): it takes the last error of an earlier document for the reason why
    # one without pages does not open.
    handle, content = pdfium.FPDF_LoadDocument(os.fsencode(path), None), b""
    if not handle:
        code = pdfium.FPDF_GetLastError()
        content = _mended(path, code)
        handle = pdfium.FPDF_LoadMemDocument64(content, len(content), None) if content else None
        if not handle:
            raise _fault(path, code)
    with closing(pypdfium2.PdfDocument(handle)) as document:
        if len(document) < 1:
            raise _without_pages(path, document)
        document.init_forms()
        yield document
    del content  # PDFium reads it for as long as the document is open


def _mended(path: Path, code: int) -> bytes:
    """Return the content of a file that PDFium does not open, made so that it does; empty where nothing helps."""
    if code == pdfium.FPDF_ERR_FORMAT:
        content = path.read_bytes()
        return b"" if _HEADER in content[:_HEADER_WITHIN] else _HEADER + b"1.7\n" + content
    return _decrypted(path) if code == pdfium.FPDF_ERR_PASSWORD else b""


def _decrypted(path: Path) -> bytes:
    """Return a copy without encryption, where qpdf knows how to open the file with an empty password."""
    try:
        import pikepdf
    except ImportError:  # of the extra 'searchable'
        return b""
    copy = BytesIO()
    try:
        with pikepdf.open(path) as pdf:
            pdf.save(copy, encryption=False)
    except (pikepdf.PdfError, pikepdf.PasswordError):
        return b""
    return copy.getvalue()


def _fault(path: Path, code: int) -> DocumentError:
    if code in (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY):
        return _encrypted("a PDF that asks for a password")
    if short := shortfall(path):
        return truncated(PDF, short)
    return _unknown_filter(path) or damaged(PDF, "its objects cannot be found")


def _encrypted(found: str) -> DocumentError:
    return DocumentError(
        found,
        expected="one that opens without",
        fix="save it without password protection and drop it again",
        code="encrypted",
    )


def _without_pages(path: Path, document: pypdfium2.PdfDocument) -> DocumentError:
    """Say why no page is found, which there usually is: it cannot be decrypted or unpacked."""
    if pdfium.FPDF_GetSecurityHandlerRevision(document) != _NO_HANDLER:
        return _encrypted("a PDF whose pages cannot be decrypted without a password")
    return _unknown_filter(path) or DocumentError(
        "a PDF without pages", expected="at least one page", fix="export it again", code="no-pages"
    )


def _unknown_filter(path: Path) -> DocumentError | None:
    """Say that objects are packed in a way that PDFium does not know; None where they are not."""
    with path.open("rb") as file:
        unknown = sorted({name for name in _FILTER.findall(file.read(_MAX_SEARCHED)) if name not in _FILTERS})
    if not unknown:
        return None
    return unsupported_variant(PDF, f"with the filter {unknown[0].decode('latin-1')}, which PDFium does not know")


def shortfall(path: Path) -> str:
    """Say what shows that the end of a PDF is missing; empty where nothing does.

    PDFium rebuilds such files and shows what is there, so pages and parts of pages would be
    missing without a word.
    """
    with path.open("rb") as file:
        head = file.read(_HEADER_WITHIN)
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _TAIL_BYTES))
        tail = file.read()
    linearized = re.search(rb"/Linearized\b.*?/L\s+(\d{1,18})\b", head, re.DOTALL)
    if linearized and int(linearized[1]) > size:
        return f"{size} bytes, of which its first object states {int(linearized[1])}"
    return "" if b"%%EOF" in tail or b"startxref" in tail else "no end-of-file marker"
