"""Pages of a PDF: its own text where that covers the page, and the raster in any case."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import cv2
import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium
from pypdfium2 import PdfiumError

from ingestd.config import DecodeConfig
from ingestd.document import Admitted, Line, Matrix, Page, Pixels, frozen
from ingestd.layout.geometry import transform
from ingestd.reading.decode.coverage import explains
from ingestd.reading.decode.text_layer import text_lines
from ingestd.reading.formats import PDF, damaged, decoding, open_pdf, too_many_pixels

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
_GRID = 128


@dataclass(frozen=True, slots=True)
class _Placed:
    """An image as it lies on the page."""

    corners: tuple[tuple[float, float], ...]
    """In points, page space."""
    dpi: float
    area: float
    """Square points."""


def pdf_pages(admitted: Admitted, options: DecodeConfig, max_pixels: int, only: int | None = None) -> Iterator[Page]:
    """Yield the pages of a PDF, or one of them.

    Raises:
        DocumentError: see ``ingestd.reading.decode.decode``.
    """
    path = admitted.claim.work_path
    with open_pdf(path) as document:
        for index in range(min(len(document), admitted.pages_expected)):
            if only not in (None, index):
                continue
            with decoding(path, PDF, max_pixels):
                page = _read(document, index, options, max_pixels)
            yield page


def _read(document: pypdfium2.PdfDocument, index: int, options: DecodeConfig, max_pixels: int) -> Page:
    with closing(_load(document, index)) as sheet:
        images = _images(sheet, max_pixels)
        coverage = _coverage(sheet, images)
        dpi = _scan_dpi(sheet, images) if coverage > _SCAN_COVERAGE else float(options.pdf_dpi)
        pixels, dpi = _raster(sheet, dpi, max_pixels)
        height, width = pixels.shape[:2]
        lines: tuple[Line, ...] = ()
        if options.text_layer == "auto" and coverage <= _SCAN_COVERAGE:
            lines = text_lines(sheet, pixels, _to_pixels(sheet, width, height), index)
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


def _load(document: pypdfium2.PdfDocument, index: int) -> pypdfium2.PdfPage:
    """Load a page, with filled-in forms, stamps and other annotations made part of its content."""
    try:
        sheet = document[index]
        if pdfium.FPDFPage_GetAnnotCount(sheet) > 0:
            flattened = pdfium.FPDFPage_Flatten(sheet, pdfium.FLAT_NORMALDISPLAY)
            if flattened == pdfium.FLATTEN_SUCCESS:
                sheet.close()
                sheet = document[index]
    except PdfiumError as error:
        raise damaged(PDF, f"page {index + 1} of {len(document)} cannot be found") from error
    width, height = sheet.get_size()
    if not (math.isfinite(width) and math.isfinite(height) and width > 0 and height > 0):
        sheet.close()
        raise damaged(PDF, f"page {index + 1} has no size")
    return sheet


def _images(sheet: pypdfium2.PdfPage, max_pixels: int) -> list[_Placed]:
    """The images on a page.

    Raises:
        DocumentError: ``too-many-pixels``; rendering would have to decode the whole of it.
    """
    placed = []
    objects = sheet.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE])
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


def _coverage(sheet: pypdfium2.PdfPage, images: list[_Placed]) -> float:
    """Share of the page (0-1) that lies under images, counted on a coarse grid."""
    grid = np.zeros((_GRID, _GRID), np.uint8)
    to_grid = _to_pixels(sheet, _GRID, _GRID)
    for image in images:
        corners = np.clip(transform(to_grid, image.corners), -_GRID, 2 * _GRID)
        cv2.fillConvexPoly(grid, corners.round().astype(np.int32), 1)
    return float(grid.mean())


def _scan_dpi(sheet: pypdfium2.PdfPage, images: list[_Placed]) -> float:
    """The native resolution of the images that make up the page, within bounds.

    Of layers (a coarse background, a sharp mask with the text) the sharpest counts.
    """
    page_width, page_height = sheet.get_size()
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


def _raster(sheet: pypdfium2.PdfPage, dpi: float, max_pixels: int) -> tuple[Pixels, float]:
    """Render at this resolution, or at the highest one within the limits; return both."""
    width, height = sheet.get_size()
    area, girth = width * height, width + height
    scale = min(
        dpi / POINTS_PER_INCH,
        (_MAX_SIDE_PX - 1) / max(width, height),
        # Sides are rounded up: the positive root of (width * scale + 1) * (height * scale + 1) = max_pixels.
        (math.sqrt(girth**2 + 4 * area * (max_pixels - 1)) - girth) / (2 * area),
    )
    bitmap = sheet.render(scale=scale, may_draw_forms=True)
    with closing(bitmap):
        pixels = bitmap.to_numpy()
    return np.ascontiguousarray(pixels), round(scale * POINTS_PER_INCH, 1)


def _to_pixels(sheet: pypdfium2.PdfPage, width: int, height: int) -> Matrix:
    """The matrix from page space (points, y up, before /Rotate) to pixels of a raster of this size."""
    left, bottom, right, top = sheet.get_bbox()
    across, up = 1 / (right - left), 1 / (top - bottom)
    unit = {
        0: [[across, 0, -left * across], [0, -up, top * up]],
        90: [[0, up, -bottom * up], [across, 0, -left * across]],
        180: [[-across, 0, right * across], [0, up, -bottom * up]],
        270: [[0, -up, top * up], [-across, 0, right * across]],
    }[sheet.get_rotation()]
    matrix: Matrix = np.diag([width, height, 1.0]) @ np.array([*unit, [0, 0, 1]])
    return matrix
