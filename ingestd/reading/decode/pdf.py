"""Pages of a PDF: its own text where that covers the page, and always the raster."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import cv2
import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium
from pypdfium2 import PdfiumError

from ingestd.config import DecodeConfig
from ingestd.document import Admitted, Line, Matrix, Page, Pixels, frozen
from ingestd.files.media_types import PDF
from ingestd.layout.geometry import transform
from ingestd.reading.decode.coverage import explains
from ingestd.reading.decode.faults import Skip, skipping
from ingestd.reading.decode.text_layer import text_lines
from ingestd.reading.formats import damaged, decoding, too_many_pixels
from ingestd.reading.pdf_file import open_pdf

POINTS_PER_INCH = 72.0

_SCAN_COVERAGE = 0.5
"""A page of which images cover more than this is a scan, whatever text lies on or under it."""
_SCAN_DPI = (150.0, 400.0)
_ENOUGH_PX = 2000
"""A scan with a longer side than this is not enlarged, however few dots per inch it claims."""
_SHARE_OF_SCAN = 0.25
"""Images that cover this share of the page decide its resolution."""
_MAX_SIDE_PX = 30_000
"""OpenCV warps nothing beyond 32767 px."""
_MAX_IMAGES = 10_000
_MAX_LOST = 0.01
"""Share of a page's characters that flattening may change; more, and the page is read without it."""
_GRID = 128


@dataclass(frozen=True, slots=True)
class _Placed:
    """An image as it lies on the page."""

    corners: tuple[tuple[float, float], ...]
    """In points, page space."""
    dpi: float
    area: float
    """Square points."""


def pdf_pages(
    admitted: Admitted, options: DecodeConfig, max_pixels: int, only: int | None = None, skip: Skip | None = None
) -> Iterator[Page]:
    """Yield the pages of a PDF, or one of them.

    Raises:
        DocumentError: see ``ingestd.reading.decode.decode``.
    """
    path = admitted.claim.work_path
    with open_pdf(path) as document, _Flattened(path) as flattened:
        for index in range(min(len(document), admitted.pages_expected)):
            if only not in (None, index):
                continue
            page = None
            with skipping(index, skip), decoding(path, PDF, max_pixels):
                page = _read(document, flattened, index, options, max_pixels)
            if page is not None:
                yield page


class _Flattened:
    """A second copy of a document, opened when the first page needs it, whose pages are flattened.

    Flattening makes filled-in forms, stamps and other annotations part of a page's content. It cannot be undone, and
    PDFium spoils the fonts of some pages by it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._opened = ExitStack()
        self._document: pypdfium2.PdfDocument | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def page(self, index: int) -> pypdfium2.PdfPage | None:
        """Return a flattened page; None where flattening changes nothing or fails."""
        if self._document is None:
            self._document = self._opened.enter_context(open_pdf(self._path))
        with closing(self._document[index]) as page:
            flattened = pdfium.FPDFPage_Flatten(page, pdfium.FLAT_NORMALDISPLAY)
        return self._document[index] if flattened == pdfium.FLATTEN_SUCCESS else None


def _read(
    document: pypdfium2.PdfDocument, flattened: _Flattened, index: int, options: DecodeConfig, max_pixels: int
) -> Page:
    with closing(_load(document, flattened, index)) as pdf_page:
        images = _images(pdf_page, max_pixels)
        coverage = _coverage(pdf_page, images)
        dpi = _scan_dpi(pdf_page, images) if coverage > _SCAN_COVERAGE else float(options.pdf_dpi)
        pixels, dpi = _raster(pdf_page, dpi, max_pixels)
        height, width = pixels.shape[:2]
        lines: tuple[Line, ...] = ()
        if options.text_layer == "auto" and coverage <= _SCAN_COVERAGE:
            lines = text_lines(pdf_page, pixels, to_pixels(pdf_page, width, height), index)
            if not explains(lines, pixels, dpi):
                lines = ()
        return Page(
            index=index,
            pixels=frozen(pixels),
            dpi=dpi,
            decoded_size=(width, height),
            to_source=frozen(np.eye(3)),
            text_lines=lines,
        )


def _load(document: pypdfium2.PdfDocument, flattened: _Flattened, index: int) -> pypdfium2.PdfPage:
    """Load a page with its annotations made part of its content, where that keeps the text it has."""
    try:
        pdf_page = document[index]
        if _has_marks(pdf_page):
            flat = flattened.page(index)
            if flat is not None and _keeps_text(pdf_page, flat):
                pdf_page.close()
                pdf_page = flat
            elif flat is not None:
                flat.close()
    except PdfiumError as error:
        raise damaged(PDF, f"page {index + 1} of {len(document)} cannot be found") from error
    width, height = pdf_page.get_size()
    if not (math.isfinite(width) and math.isfinite(height) and width > 0 and height > 0):
        pdf_page.close()
        raise damaged(PDF, f"page {index + 1} has no size")
    return pdf_page


def _has_marks(pdf_page: pypdfium2.PdfPage) -> bool:
    """Tell whether a page has annotations that may show text; links do not."""
    for index in range(pdfium.FPDFPage_GetAnnotCount(pdf_page)):
        annotation = pdfium.FPDFPage_GetAnnot(pdf_page, index)
        subtype = pdfium.FPDFAnnot_GetSubtype(annotation)
        pdfium.FPDFPage_CloseAnnot(annotation)
        if subtype != pdfium.FPDF_ANNOT_LINK:
            return True
    return False


def _keeps_text(plain: pypdfium2.PdfPage, flat: pypdfium2.PdfPage) -> bool:
    """Tell whether nearly all characters of a page are still there once it is flattened."""
    before, after = _counted(plain), _counted(flat)
    return (before - after).total() <= _MAX_LOST * before.total()


def _counted(pdf_page: pypdfium2.PdfPage) -> Counter[str]:
    with closing(pdf_page.get_textpage()) as text:
        return Counter("".join(text.get_text_range().split()))


def _images(pdf_page: pypdfium2.PdfPage, max_pixels: int) -> list[_Placed]:
    """List the images on a page.

    Raises:
        DocumentError: ``too-many-pixels``; rendering would have to decode the whole of it.
    """
    placed = []
    objects = pdf_page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE])
    for image in itertools.islice(objects, _MAX_IMAGES):
        width, height = image.get_px_size()
        if width * height > max_pixels:
            raise too_many_pixels(width * height, max_pixels)
        # An image fills the unit square of its own space; inside forms, each form adds its own.
        matrix, container = image.get_matrix(), image.container
        while container is not None:
            matrix, container = matrix.multiply(container.get_matrix()), container.container
        across, along = math.hypot(matrix.a, matrix.b), math.hypot(matrix.c, matrix.d)
        area = abs(matrix.a * matrix.d - matrix.b * matrix.c)
        if area > 0 and math.isfinite(area):
            corners = tuple(matrix.on_point(x, y) for x, y in ((0, 0), (1, 0), (1, 1), (0, 1)))
            placed.append(_Placed(corners, POINTS_PER_INCH * max(width / across, height / along), area))
    return placed


def _coverage(pdf_page: pypdfium2.PdfPage, images: list[_Placed]) -> float:
    """Measure the share of the page (0-1) that lies under images, on a coarse grid."""
    grid = np.zeros((_GRID, _GRID), np.uint8)
    to_grid = to_pixels(pdf_page, _GRID, _GRID)
    for image in images:
        corners = np.clip(transform(to_grid, image.corners), -_GRID, 2 * _GRID)
        cv2.fillConvexPoly(grid, corners.round().astype(np.int32), 1)
    return float(grid.mean())


def _scan_dpi(pdf_page: pypdfium2.PdfPage, images: list[_Placed]) -> float:
    """Return the native resolution of the images that make up the page, within bounds.

    Of layers (a coarse background, a sharp mask with the text) the sharpest counts.
    """
    page_width, page_height = pdf_page.get_size()
    covered, native = 0.0, 0.0
    for image in sorted(images, key=lambda image: -image.dpi):
        covered, native = covered + image.area, image.dpi
        if covered > _SHARE_OF_SCAN * page_width * page_height:
            break
    least, most = _SCAN_DPI
    if native * max(page_width, page_height) / POINTS_PER_INCH > _ENOUGH_PX:
        # Programs that make a point of each pixel claim 72 dpi for a sharp picture.
        least = min(least, native)
    return min(most, max(least, native))


def _raster(pdf_page: pypdfium2.PdfPage, dpi: float, max_pixels: int) -> tuple[Pixels, float]:
    """Render at this resolution, or at the highest one within the limits; return both."""
    width, height = pdf_page.get_size()
    area, girth = width * height, width + height
    scale = min(
        dpi / POINTS_PER_INCH,
        (_MAX_SIDE_PX - 1) / max(width, height),
        # Sides are rounded up: the positive root of (width * scale + 1) * (height * scale + 1) = max_pixels.
        (math.sqrt(girth**2 + 4 * area * (max_pixels - 1)) - girth) / (2 * area),
    )
    bitmap = pdf_page.render(scale=scale, may_draw_forms=True)
    with closing(bitmap):
        pixels = bitmap.to_numpy()
    return np.ascontiguousarray(pixels), round(scale * POINTS_PER_INCH, 1)


def to_pixels(pdf_page: pypdfium2.PdfPage, width: int, height: int) -> Matrix:
    """Return the matrix from page space (points, y up, before /Rotate) to pixels of a raster of this size."""
    left, bottom, right, top = pdf_page.get_bbox()
    across, up = 1 / (right - left), 1 / (top - bottom)
    unit = {
        0: [[across, 0, -left * across], [0, -up, top * up]],
        90: [[0, up, -bottom * up], [across, 0, -left * across]],
        180: [[-across, 0, right * across], [0, up, -bottom * up]],
        270: [[0, -up, top * up], [-across, 0, right * across]],
    }[pdf_page.get_rotation()]
    matrix: Matrix = np.diag([width, height, 1.0]) @ np.array([*unit, [0, 0, 1]])
    return matrix
