"""Decode: pages out of an admitted file, one at a time.

An image is one page, a TIFF as many as it has directories. A PDF page keeps its own text where
that text covers the page, and is always rastered too: codes are looked for in the pixels.
"""

from __future__ import annotations

from collections.abc import Iterator

from ingestd.config import AdmitConfig, DecodeConfig
from ingestd.document import Admitted, Page
from ingestd.files.media_types import PDF
from ingestd.reading.decode.faults import Skip
from ingestd.reading.decode.image import image_pages
from ingestd.reading.decode.pdf import pdf_pages

__all__ = ["Skip", "decode"]


def decode(
    admitted: Admitted, options: DecodeConfig, limits: AdmitConfig, only: int | None = None, skip: Skip | None = None
) -> Iterator[Page]:
    """Yield the pages of a document in order; only the one yielded is held.

    Args:
        admitted: what ``admit`` let in; its ``work_path`` is read while the iterator lives.
        options: resolution of PDF pages and whether their own text may be used.
        limits: ``max_pixels`` of one page. A PDF page beyond it is rastered at a lower resolution,
            an image beyond it is an error.
        only: index of the one page to yield; None: all.
        skip: told of each page that cannot be decoded, in its place among the others; None: the first is an error.

    Raises:
        DocumentError: ``truncated``, ``damaged``, ``too-many-pixels`` or ``unsupported``, when the
            page at fault is reached; the pages before it have been yielded by then. With ``skip``, only where the file
            is truncated, which is a fault of the whole.
    """
    if admitted.media_type == PDF:
        return pdf_pages(admitted, options, limits.max_pixels, only, skip)
    return image_pages(admitted, limits.max_pixels, only, skip)
