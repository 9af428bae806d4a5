"""Two passes of a stack as one file: the fronts in order, and the backs, which were scanned from the last on."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator

import pypdfium2
from PIL import Image, TiffImagePlugin

from ingestd.document import Admitted
from ingestd.errors import DocumentError
from ingestd.files.media_types import NOUNS, PDF
from ingestd.reading.formats import decoding, open_image, page_frames
from ingestd.reading.pdf_file import open_pdf

TIFF = "image/tiff"
_IDENTIFIER = re.compile(rb"(/ID\s*\[\s*<)([0-9A-Fa-f]{32})(>\s*<)([0-9A-Fa-f]{32})(>\s*\])")
_CREATED = re.compile(rb"/CreationDate\(D:\d{14}\)")
_ANY_DAY = b"/CreationDate(D:20000101000000)"


def collate(fronts: Admitted, backs: Admitted, max_pixels: int) -> bytes:
    """Return one file with the pages of both: front, back, front, back.

    The same files give the same bytes, so that a stack that is collated again is known by its hash. Pages of PDFs are
    taken over as they are; pictures of TIFFs are compressed without loss.

    Args:
        fronts: PDF or TIFF.
        backs: of the same type and number of pages, in reverse order.
        max_pixels: of one picture.

    Raises:
        DocumentError: ``no-pair`` where the files do not fit together; others as decoding raises them.
    """
    if fronts.media_type != backs.media_type or fronts.media_type not in (PDF, TIFF):
        found = " and ".join(NOUNS.get(side.media_type, side.media_type) for side in (fronts, backs))
        raise _no_pair(f"{found} as fronts and backs of a stack", "two PDFs or two TIFFs")
    if fronts.pages_expected != backs.pages_expected:
        raise _no_pair(
            f"{fronts.pages_expected} fronts and {backs.pages_expected} backs of a stack", "as many of either"
        )
    return _pdf(fronts, backs) if fronts.media_type == PDF else _tiff(fronts, backs, max_pixels)


def _no_pair(found: str, expected: str) -> DocumentError:
    return DocumentError(
        found, expected=expected, fix="scan the missing side again, or drop the files by themselves", code="no-pair"
    )


def _pdf(fronts: Admitted, backs: Admitted) -> bytes:
    target = io.BytesIO()
    with open_pdf(fronts.claim.work_path) as odd, open_pdf(backs.claim.work_path) as even:
        document = pypdfium2.PdfDocument.new()
        try:
            document.import_pages(odd)
            count = len(even)
            for index in range(count):
                document.import_pages(even, [count - 1 - index], 2 * index + 1)
            document.save(target)
        finally:
            document.close()
    return _without_moment(target.getvalue())


def _without_moment(content: bytes) -> bytes:
    """Replace what PDFium draws by lot or takes from the clock, with texts of the same length."""
    content = _CREATED.sub(_ANY_DAY, content)
    plain = _IDENTIFIER.sub(rb"\g<1>" + b"0" * 32 + rb"\g<3>" + b"0" * 32 + rb"\g<5>", content)
    digest = hashlib.sha256(plain).hexdigest()[:32].upper().encode()
    return _IDENTIFIER.sub(rb"\g<1>" + digest + rb"\g<3>" + digest + rb"\g<5>", content)


def _tiff(fronts: Admitted, backs: Admitted, max_pixels: int) -> bytes:
    odd, even = list(_frames(fronts, max_pixels)), list(_frames(backs, max_pixels))
    target = io.BytesIO()
    with TiffImagePlugin.AppendingTiffWriter(target) as writer:
        for pair in zip(odd, reversed(even), strict=True):
            for frame in pair:
                compression = "group4" if frame.mode == "1" else "tiff_adobe_deflate"
                frame.save(writer, "TIFF", compression=compression, dpi=frame.info.get("dpi", (0, 0)))
                writer.newFrame()
    return target.getvalue()


def _frames(side: Admitted, max_pixels: int) -> Iterator[Image.Image]:
    path, media_type = side.claim.work_path, side.media_type
    with open_image(path, media_type, max_pixels) as image, decoding(path, media_type, max_pixels):
        for frame in page_frames(image, side.pages_expected)[: side.pages_expected]:
            image.seek(frame)
            picture = image.copy()
            picture.info = {"dpi": image.info.get("dpi", (0, 0))}
            yield picture
