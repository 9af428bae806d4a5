"""Read a structured document: pages with text, and codes that hold its invoices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ingestd.config import AdmitConfig
from ingestd.document import Admitted, Code, Line, Page
from ingestd.errors import DocumentError
from ingestd.extract.stated.invoice import Invoice, as_code, problem_code
from ingestd.files.media_types import OFD, PDF, STRUCTURED
from ingestd.structured.attachments import attached_invoices
from ingestd.structured.drawing import DPI, PAGE_SIZE, draw, rows_of
from ingestd.structured.forms import invoices_of
from ingestd.structured.ofd import DPI as OFD_DPI
from ingestd.structured.ofd import Ofd
from ingestd.structured.package import Package


def structured_pages(admitted: Admitted, limits: AdmitConfig, only: int | None = None) -> Iterator[Page]:
    """Yield the pages of an OFD document, or a page per invoice of an XML file, with their text and a picture.

    Args:
        admitted: of a type of STRUCTURED.
        limits: on pages, and pixels of a page.
        only: index of the one page to yield; None: all.

    Raises:
        DocumentError: as :func:`~ingestd.structured.forms.invoices_of` and :class:`~ingestd.structured.ofd.Ofd`;
            ``too-many-pages`` and ``too-many-pixels`` beyond the limits.
    """
    if admitted.media_type == OFD:
        with Package(admitted.claim.work_path) as package:
            document = Ofd(package)
            _check("pages", len(document), limits.max_pages)
            for page in document.pages():
                if only in (None, page.index):
                    _check("pixels", page.width_px * page.height_px, limits.max_pixels)
                    yield _page(page.index, (page.width_px, page.height_px), OFD_DPI, page.lines)
        return
    invoices = invoices_of(admitted.claim.work_path.read_bytes())
    _check("pages", len(invoices), limits.max_pages)
    for index, invoice in enumerate(invoices):
        if only in (None, index):
            yield _page(index, PAGE_SIZE, DPI, rows_of(invoice, index))


def _check(noun: str, count: int, limit: int) -> None:
    if count > limit:
        raise DocumentError(
            f"a document with {count} {noun}",
            expected=f"at most {limit}",
            fix=f"split it, or raise admit.max_{noun}",
            code=f"too-many-{noun}",
        )


def stated_invoices(admitted: Admitted) -> tuple[Code, ...]:
    """Read the invoices that a file states as data: XML, OFD, or an attachment of a PDF; none of other files."""
    if admitted.media_type == PDF:
        found, problem = attached_invoices(admitted.claim.work_path)
        return (problem_code(problem),) if problem else tuple(map(as_code, found))
    if admitted.media_type not in STRUCTURED:
        return ()
    if admitted.media_type == OFD:
        return _of_package(admitted)
    invoices = invoices_of(admitted.claim.work_path.read_bytes())
    return tuple(as_code(replace(invoice, drawn=True), index) for index, invoice in enumerate(invoices))


def _of_package(admitted: Admitted) -> tuple[Code, ...]:
    with Package(admitted.claim.work_path) as package:
        document = Ofd(package)
        for _page_read in document.pages():
            pass  # the text objects that tags refer to are known afterwards
        invoice: Invoice | None = document.invoice()
    return () if invoice is None else (as_code(invoice),)


def _page(index: int, size: tuple[int, int], dpi: float, lines: tuple[Line, ...]) -> Page:
    return Page(index, draw(size, lines), dpi, size, np.eye(3), text_lines=lines)
