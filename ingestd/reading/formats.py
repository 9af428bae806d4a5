"""Opening of admitted files within limits.

Below the stages: admit looks at headers, decode at pixels, and both open files the same way. The
decoders (Pillow, PDFium) run under the project's own pixel limit, and whatever they raise about a
file becomes a DocumentError with one of the codes of docs/documents.md.
"""

from __future__ import annotations

import errno
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from PIL import Image, TiffImagePlugin, UnidentifiedImageError, features

from ingestd.errors import DocumentError
from ingestd.files.completeness import is_complete
from ingestd.files.media_types import AVIF, BMP, HEIC, JPEG, NETPBM, NOUNS, PDF, PNG, TIFF, WEBP
from ingestd.reading.rescue import RARE_COMPRESSIONS, is_animated_png, pages_of_tiff, rescued, still_png

_PILLOW = {JPEG: "JPEG", PNG: "PNG", BMP: "BMP", WEBP: "WEBP", NETPBM: "PPM", TIFF: "TIFF", HEIC: "HEIF", AVIF: "AVIF"}

_FAULTY_OFFSET = {errno.EINVAL, errno.EOVERFLOW}
"""A seek to an offset that a damaged file made up; any other errno is a fault of the disk."""

_HEAD_BYTES = 4096
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


def _not_decoded(path: Path, media_type: str, reason: str, error: Exception) -> DocumentError:
    """Say why a whole file cannot be decoded: it is damaged, or of a variant that no decoder here knows."""
    if media_type == TIFF:
        for page in pages_of_tiff(path):
            if page.compression in RARE_COMPRESSIONS:
                name = RARE_COMPRESSIONS[page.compression]
                return unsupported_variant(media_type, f"compressed as {name}, which no decoder here knows")
    if isinstance(error, UnidentifiedImageError):  # its message is only the path
        return DocumentError(
            f"{NOUNS[media_type]} whose header is damaged or of a rare variant",
            expected="a usual variant",
            fix="convert it to PNG or PDF, or scan or export it again",
            code="damaged",
        )
    return damaged(media_type, reason)


def unsupported_variant(media_type: str, variant: str) -> DocumentError:
    """Make the error for a sound file that no decoder here can read; ``variant`` says what is unusual."""
    return DocumentError(
        f"{NOUNS[media_type]} {variant}",
        expected="a usual variant",
        fix="export it as an ordinary PDF" if media_type == PDF else "convert it to PNG or PDF",
        code="unsupported",
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
        with path.open("rb") as file:
            if not is_complete(file):
                raise truncated(media_type, reason) from error
        raise _not_decoded(path, media_type, reason, error) from error
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
        image = _opened(path, media_type, max_pixels)
    if image.width * image.height > max_pixels:
        image.close()
        raise too_many_pixels(image.width * image.height, max_pixels)
    return image


def _opened(path: Path, media_type: str, max_pixels: int) -> Image.Image:
    with path.open("rb") as file:
        if is_animated_png(media_type, file.read(_HEAD_BYTES)):
            file.seek(0)
            return Image.open(BytesIO(still_png(file.read())), formats=["PNG"])
        file.seek(0)
        whole = is_complete(file)
    try:
        return Image.open(path, formats=[_PILLOW[media_type]])
    except Exception as error:  # of any type, see decoding
        if isinstance(error, MemoryError) or not whole:
            raise
        image = _by_libheif(path) if media_type in (HEIC, AVIF) else rescued(path, media_type, max_pixels)
        if image is None:
            raise
        return image


def _by_libheif(path: Path) -> Image.Image | None:
    """Open an image of a brand that Pillow does not look for; None where libheif cannot, or is not installed."""
    try:
        import pillow_heif

        return pillow_heif.open_heif(path).to_pillow()
    except (ImportError, ValueError, RuntimeError, EOFError):
        return None


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
