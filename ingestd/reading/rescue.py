"""Images that Pillow cannot open, decoded another way.

OpenCV decodes more variants of TIFF, a BMP may have its colours in any bits, and a PNG may do without its animation.
Headers are looked at first, so that nothing larger than the limit is decoded.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from ingestd.files.media_types import BMP, PNG, TIFF
from ingestd.files.tiff import TiffPage, tiff_pages
from ingestd.reading.tone import array_to_bgr

RARE_COMPRESSIONS = {
    32766: "NeXT",
    32809: "ThunderScan",
    32908: "PixarFilm",
    32909: "PixarLog",
    34661: "JBIG",
    34676: "SGI Log",
    34677: "SGI Log",
    34712: "JPEG 2000",
    34887: "LERC",
    34925: "LZMA",
    50000: "Zstandard",
    50001: "WebP",
    50002: "JPEG XL",
}
"""Compressions of TIFF that not every decoder has (registered tags of LibTIFF)."""
_BITFIELDS = (3, 6)
"""Compression of a BMP: BI_BITFIELDS, BI_ALPHABITFIELDS."""
_MASKS_END = 66
"""Bytes up to the end of the three masks, which follow the 40 bytes of the oldest header that may have them."""
_ANIMATION = (b"acTL", b"fcTL", b"fdAT")


def rescued(path: Path, media_type: str, max_pixels: int) -> Image.Image | None:
    """Decode an image of one page that Pillow cannot open; None where nothing can.

    Args:
        path: a whole file.
        media_type: from its content.
        max_pixels: most pixels; a larger image is not decoded.
    """
    if media_type == BMP:
        return _bitfields(path.read_bytes(), max_pixels)
    if media_type != TIFF:
        return None
    pages = [page for page in pages_of_tiff(path) if not page.is_preview]
    if len(pages) != 1 or not 0 < pages[0].width * pages[0].height <= max_pixels:
        return None  # of several pages the others would be lost
    array = _decoded(path)
    if array is None or array.shape[1::-1] != (pages[0].width, pages[0].height):
        return None
    pixels = array_to_bgr(array, white_is_zero=pages[0].white_is_zero)
    return Image.fromarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB))


def pages_of_tiff(path: Path) -> list[TiffPage]:
    """List what the directories of a TIFF state."""
    with path.open("rb") as file:
        return tiff_pages(file, os.fstat(file.fileno()).st_size)


def still_png(content: bytes) -> bytes:
    """Return a PNG without its animation, which may be faulty; the picture that all programs show stays."""
    return content[:8] + b"".join(chunk for kind, chunk in _chunks(content) if kind not in _ANIMATION)


def is_animated_png(media_type: str, head: bytes) -> bool:
    """Tell whether a file is a PNG with an animation, from its first bytes."""
    return media_type == PNG and b"acTL" in head


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield kind and bytes of each chunk, the last one as far as it goes."""
    at = 8
    while at + 8 <= len(content):
        (length,) = struct.unpack_from(">I", content, at)
        yield content[at + 4 : at + 8], content[at : at + 12 + length]
        at += 12 + length


def _bitfields(content: bytes, max_pixels: int) -> Image.Image | None:
    """Decode a BMP whose colours lie in any bits of 16 or 32; None for other BMPs."""
    if len(content) < _MASKS_END:
        return None
    (start,) = struct.unpack_from("<I", content, 10)
    width, height, _, bits, compression = struct.unpack_from("<iiHHI", content, 18)
    masks = struct.unpack_from("<III", content, _MASKS_END - 12)
    rows, stride = abs(height), (width * bits + 31) // 32 * 4
    if compression not in _BITFIELDS or bits not in (16, 32) or not all(masks):
        return None
    if width <= 0 or not 0 < width * rows <= max_pixels or len(content) < start + rows * stride:
        return None
    packed = np.frombuffer(content, f"<u{bits // 8}", rows * stride * 8 // bits, start).reshape(rows, -1)[:, :width]
    colours = [(packed & mask) / np.float64(mask) * 255 for mask in masks]
    upright = np.stack(colours, axis=-1).round().astype(np.uint8)[:: 1 if height < 0 else -1]
    return Image.fromarray(np.ascontiguousarray(upright))


def _decoded(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]] | None:
    """Decode with OpenCV, which says what it dislikes on stderr, of no use there."""
    before = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        return cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None
    finally:
        cv2.utils.logging.setLogLevel(before)
