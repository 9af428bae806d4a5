"""Opening of admitted files within limits.

Below the stages: admit looks at headers, decode at pixels, and both open files the same way. The
decoders (Pillow, PDFium) run under the project's own pixel limit, and whatever they raise about a
file becomes a DocumentError with one of the codes of docs/documents.md.
"""

from __future__ import annotations

import errno
import os
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image, TiffImagePlugin, UnidentifiedImageError, features

from ingestd.errors import DocumentError
from ingestd.files.completeness import is_complete
from ingestd.files.media_types import AVIF, BMP, HEIC, JPEG, NOUNS, PDF, PNG, TIFF, WEBP

_PILLOW = {JPEG: "JPEG", PNG: "PNG", BMP: "BMP", WEBP: "WEBP", TIFF: "TIFF", HEIC: "HEIF", AVIF: "AVIF"}

_FAULTY_OFFSET = {errno.EINVAL, errno.EOVERFLOW}
"""A seek to an offset that a damaged file made up; any other errno is a fault of the disk."""

_PDF_TAIL_BYTES = 65_536
_NEW_SUBFILE_TYPE = 254
_REDUCED_RESOLUTION = 1


def damaged(media_type: str, reason: str) -> DocumentError:
    """Make the error for a file that does not keep the rules of its format."""
    return DocumentError(
        f"{NOUNS[media_type]} that is damaged ({reason})",
        expected="a file that other programs can open",
        fix="scan or export it again",
        code="damaged",
    )


def truncated(media_type: str, reason: str) -> DocumentError:
    """Make the error for a file whose end is missing."""
    return DocumentError(
        f"{NOUNS[media_type]} whose end is missing ({reason})",
        expected="a whole file",
        fix="copy it again from where it came from",
        code="truncated",
    )


def too_many_pixels(count: int | None, max_pixels: int) -> DocumentError:
    """Make the error for a page, or an image on it, that is larger than the limit; None: its size is not known."""
    return DocumentError(
        f"an image of {count} pixels" if count else "an image of too many pixels",
        expected=f"at most {max_pixels} pixels (admit.max_pixels)",
        fix="scan at a lower resolution, or raise admit.max_pixels if the image is legitimate",
        code="too-many-pixels",
    )


@contextmanager
def decoding(path: Path, media_type: str, max_pixels: int) -> Iterator[None]:
    """Run a decoder: our pixel limit instead of Pillow's, its warnings quiet, its faults typed.

    Pillow keeps its limit in a module variable, warns above it and raises above twice the value,
    so half of ours is set and what was there put back. Not for threads, and not to be held across
    a yield; worker processes decode one document at a time.

    Raises:
        DocumentError: ``truncated``, ``damaged`` or ``too-many-pixels``. MemoryError and errors of
            the disk are passed on as they are.
    """
    limit = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = (max_pixels + 1) // 2
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (DocumentError, MemoryError):
        raise
    except Image.DecompressionBombError as error:
        raise too_many_pixels(None, max_pixels) from error
    except Exception as error:
        # Decoders meet hostile bytes with every type there is, from KeyError to SystemError.
        if isinstance(error, OSError) and error.errno is not None and error.errno not in _FAULTY_OFFSET:
            raise
        reason = " ".join(str(error).split()) or type(error).__name__
        if isinstance(error, UnidentifiedImageError):
            # Its message is only the path.
            reason = "its header cannot be read, or is of a rare variant"
        with path.open("rb") as file:
            fault = damaged if is_complete(file) else truncated
        raise fault(media_type, reason) from error
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def open_image(path: Path, media_type: str, max_pixels: int) -> Image.Image:
    """Open an image of this type and no other, reading its header only; the caller closes it.

    Raises:
        DocumentError: as ``decoding``, or ``unsupported`` where the decoder is not installed.
    """
    if media_type == HEIC:
        _register_heic()
    if media_type == AVIF and not features.check("avif"):
        raise _no_decoder("an AVIF image", "a Pillow built with AVIF", "pip install --upgrade pillow")
    with decoding(path, media_type, sys.maxsize):  # the size is checked below, where it can be told
        image = Image.open(path, formats=[_PILLOW[media_type]])
    if image.width * image.height > max_pixels:
        image.close()
        raise too_many_pixels(image.width * image.height, max_pixels)
    return image


def _register_heic() -> None:
    try:
        import pillow_heif
    except ImportError as error:
        raise _no_decoder("a HEIC image", "the extra 'heic'", "pip install 'ingestd[heic]'") from error
    pillow_heif.register_heif_opener()


def _no_decoder(noun: str, needed: str, command: str) -> DocumentError:
    return DocumentError(
        f"{noun}, for which no decoder is installed",
        expected=needed,
        fix=f"install it with: {command}",
        code="unsupported",
    )


def page_frames(image: Image.Image, limit: int) -> list[int]:
    """List the frames of an opened image that are pages: all of a TIFF but its previews, the first of others.

    Reads directories only, and never many more than ``limit``.

    Returns:
        Frame numbers in order, ``limit + 1`` of them where there are more.
    """
    if not isinstance(image, TiffImagePlugin.TiffImageFile):
        return [image.tell()]
    pages: list[int] = []
    for frame in range(2 * limit + 2):
        try:
            image.seek(frame)
        except EOFError:
            break
        if not int(image.tag_v2.get(_NEW_SUBFILE_TYPE, 0)) & _REDUCED_RESOLUTION:
            pages.append(frame)
        if len(pages) > limit:
            break
    return pages or [0]


@contextmanager
def open_pdf(path: Path) -> Iterator[pypdfium2.PdfDocument]:
    """Open a PDF with its forms ready to be drawn, and close it for certain.

    Raises:
        DocumentError: ``encrypted``, ``truncated``, ``damaged`` or ``no-pages``.
    """
    # Not PdfDocument(path): it takes the last error of an earlier document for the reason why
    # one without pages does not open.
    handle = pdfium.FPDF_LoadDocument(os.fsencode(path), None)
    if not handle:
        raise _pdf_fault(path, pdfium.FPDF_GetLastError())
    with closing(pypdfium2.PdfDocument(handle)) as document:
        if len(document) < 1:
            raise DocumentError(
                "a PDF without pages", expected="at least one page", fix="export it again", code="no-pages"
            )
        document.init_forms()
        yield document


def _pdf_fault(path: Path, code: int) -> DocumentError:
    if code in (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY):
        return DocumentError(
            "a PDF that asks for a password",
            expected="one that opens without",
            fix="save it without password protection and drop it again",
            code="encrypted",
        )
    if is_pdf_cut_short(path):
        return truncated(PDF, "no end-of-file marker")
    return damaged(PDF, "its objects cannot be found")


def is_pdf_cut_short(path: Path) -> bool:
    """Tell whether a PDF lacks its trailer, or is shorter than its own header says.

    PDFium rebuilds such files and shows what is there, so pages and parts of pages would be
    missing without a word.
    """
    with path.open("rb") as file:
        head = file.read(1024)
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _PDF_TAIL_BYTES))
        tail = file.read()
    linearized = re.search(rb"/Linearized\b.*?/L\s+(\d{1,18})\b", head, re.DOTALL)
    if linearized and int(linearized[1]) > size:
        return True
    return b"%%EOF" not in tail and b"startxref" not in tail
