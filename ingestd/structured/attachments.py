"""Invoices that a PDF carries as an attached XML file: ZUGFeRD, Factur-X and the like."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium

from ingestd.errors import DocumentError
from ingestd.extract.stated.invoice import Invoice
from ingestd.reading.pdf_file import open_pdf
from ingestd.structured.forms import invoices_of

NAMES = ("factur-x.xml", "zugferd-invoice.xml", "xrechnung.xml", "order-x.xml", "cii.xml")
"""Names that the standards give the invoice, most usual first; other XML files are tried after them."""
MAX_ATTACHMENTS = 200
MAX_TRIED = 10
"""XML files that are unpacked."""
MAX_BYTES = 32 * 1024 * 1024
"""Bytes of an XML file. PDFium unpacks up to 1 GiB to tell the size, so none is unpacked after one that is larger."""


def attached_invoices(path: Path) -> tuple[list[Invoice], str]:
    """Read the invoices of the first attachment that holds any.

    Returns:
        The invoices, and a sentence where an attachment that should hold one cannot be read. The page is still there,
        so this is not an error.
    """
    problem = ""
    with open_pdf(path) as document:
        for name, data in islice(_xml_files(document), MAX_TRIED):
            if data is None:
                told = f"{name}: an attachment of more than {MAX_BYTES} bytes" if name.lower() in NAMES else ""
                return [], problem or told
            if not data:
                continue
            try:
                return invoices_of(data), ""
            except DocumentError as error:
                problem = problem or (f"{name}: {error.found}" if name.lower() in NAMES else "")
    return [], problem


def _xml_files(document: pypdfium2.PdfDocument) -> Iterator[tuple[str, bytes | None]]:
    """Read the attached XML files, those with a name of the standards first; None: one is larger than MAX_BYTES."""
    handles = [
        pdfium.FPDFDoc_GetAttachment(document.raw, index)
        for index in range(min(pdfium.FPDFDoc_GetAttachmentCount(document.raw), MAX_ATTACHMENTS))
    ]
    named = [(_name(handle), handle) for handle in handles if handle]
    ranks = {name: rank for rank, name in enumerate(NAMES)}
    named.sort(key=lambda entry: ranks.get(entry[0].lower(), len(NAMES)))
    for name, handle in named:
        if name.lower().endswith((".xml", ".p7m", ".xbrl")):
            yield name, _data(handle)


def _name(handle: pdfium.FPDF_ATTACHMENT) -> str:
    size = pdfium.FPDFAttachment_GetName(handle, None, 0)
    buffer = ctypes.create_string_buffer(size)
    pdfium.FPDFAttachment_GetName(handle, ctypes.cast(buffer, ctypes.POINTER(pdfium.FPDF_WCHAR)), size)
    return buffer.raw.decode("utf-16-le", errors="replace").rstrip("\0")


def _data(handle: pdfium.FPDF_ATTACHMENT) -> bytes | None:
    """Return the content of an attachment: empty where it has none, None where it is larger than MAX_BYTES."""
    size = ctypes.c_ulong()
    if not pdfium.FPDFAttachment_GetFile(handle, None, 0, size) or not size.value:
        return b""
    if size.value > MAX_BYTES:
        return None
    buffer = ctypes.create_string_buffer(size.value)
    pdfium.FPDFAttachment_GetFile(handle, buffer, size.value, size)
    return buffer.raw
