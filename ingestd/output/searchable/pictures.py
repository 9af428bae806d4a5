"""Pictures as PDF pages: JPEG and PNG data as they are, other formats losslessly."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pikepdf import Array, Dictionary, Name, Page, Pdf, Stream

from ingestd.document import Matrix, PageInfo, Pixels
from ingestd.files.media_types import JPEG, PNG
from ingestd.reading.decode.image import orientation
from ingestd.reading.formats import open_image

_MAX_SIDE = 14_400
"""Points of a page's side (ISO 32000-1, annex C)."""
_POINTS_PER_INCH = 72.0
_PLACED = {
    1: (1, 0, 0, 1, 0, 0),
    2: (-1, 0, 0, 1, 1, 0),
    3: (-1, 0, 0, -1, 1, 1),
    4: (1, 0, 0, -1, 0, 1),
    5: (0, -1, -1, 0, 1, 1),
    6: (0, -1, 1, 0, 0, 1),
    7: (0, 1, 1, 0, 0, 0),
    8: (0, 1, -1, 0, 1, 0),
}
"""EXIF orientation -> matrix of the unit square that shows the picture upright."""
_PNG_COLOURS = {0: 1, 2: 3, 3: 1}
"""PNG colour type (grey, RGB, palette) -> samples per pixel; those with transparency are decoded."""


def add_page(pdf: Pdf, info: PageInfo, picture: Stream, turned: int = 1) -> tuple[Page, Matrix]:
    """Append a page that shows one picture.

    Args:
        pdf: gets the page.
        info: size and resolution of the decoded page.
        picture: image of this PDF.
        turned: EXIF orientation 1-8 of the stored picture.

    Returns:
        The page, and the matrix from decoded pixels to its space.
    """
    scale = min(_POINTS_PER_INCH / info.dpi, _MAX_SIDE / max(info.width_px, info.height_px))
    width, height = info.width_px * scale, info.height_px * scale
    page = pdf.add_blank_page(page_size=(width, height))
    name = page.add_resource(picture, Name.XObject, Name("/Picture"))
    placed = [value * side for value, side in zip(_PLACED[turned], (width, height) * 3, strict=True)]
    matrix = " ".join(f"{value:.4f}" for value in placed)
    page.contents_add(f"q {matrix} cm {name} Do Q\n".encode())
    return page, np.array([[scale, 0, 0], [0, -scale, height], [0, 0, 1]])


def stored_picture(pdf: Pdf, path: Path, media_type: str, max_pixels: int) -> tuple[Stream, int] | None:
    """Return the picture as it is stored, with its EXIF orientation; None where it has to be decoded."""
    if media_type not in (JPEG, PNG):
        return None
    with open_image(path, media_type, max_pixels) as image:
        turned = orientation(image)
        mode, (width, height) = image.mode, image.size
    if turned not in _PLACED:
        turned = 1
    data = path.read_bytes()
    if media_type == PNG:
        picture = _png(pdf, data)
    elif mode in ("RGB", "L"):
        space = Name.DeviceRGB if mode == "RGB" else Name.DeviceGray
        picture = _image(pdf, data, width, height, 8, ColorSpace=space, Filter=Name.DCTDecode)
    else:
        picture = None
    return None if picture is None else (picture, turned)


def _png(pdf: Pdf, data: bytes) -> Stream | None:
    """Return the pixels of a PNG as they are compressed; None if interlaced, transparent or animated."""
    chunks = list(_chunks(data))
    kinds = {kind for kind, _ in chunks}
    if not chunks or chunks[0][0] != b"IHDR" or kinds & {b"tRNS", b"acTL"}:
        return None
    width, height, bits, colour, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[0][1])
    samples = _PNG_COLOURS.get(colour)
    if samples is None or interlaced:
        return None
    space: Name | Array = Name.DeviceRGB if colour == 2 else Name.DeviceGray
    if colour == 3:
        palette = next((body for kind, body in chunks if kind == b"PLTE"), b"")
        space = Array([Name.Indexed, Name.DeviceRGB, len(palette) // 3 - 1, palette])
    rows = Dictionary(Predictor=15, Colors=samples, BitsPerComponent=bits, Columns=width)
    body = b"".join(body for kind, body in chunks if kind == b"IDAT")
    return _image(pdf, body, width, height, bits, ColorSpace=space, Filter=Name.FlateDecode, DecodeParms=rows)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield type and content of the chunks of a PNG."""
    at = 8
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        at += 12 + length


def decoded_picture(pdf: Pdf, pixels: Pixels) -> Stream:
    """Return decoded pixels as an image: two colours as bits, grey as grey, all others in colour."""
    height, width = pixels.shape[:2]
    grey = pixels[:, :, 1]
    if not ((pixels[:, :, 0] == grey).all() and (pixels[:, :, 2] == grey).all()):
        return _rows(pdf, np.ascontiguousarray(pixels[:, :, ::-1]).reshape(height, -1), width, 8, 3)
    if np.isin(grey, (0, 255)).all():
        return _rows(pdf, np.packbits(grey > 0, axis=1), width, 1, 1)
    return _rows(pdf, grey, width, 8, 1)


def _rows(pdf: Pdf, rows: NDArray[np.uint8], width: int, bits: int, samples: int) -> Stream:
    """Compress rows as differences to the row above (PNG's filter 2)."""
    changes = np.full((rows.shape[0], rows.shape[1] + 1), 2, np.uint8)
    changes[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=changes[1:, 1:])
    space = Name.DeviceRGB if samples == 3 else Name.DeviceGray
    predictor = Dictionary(Predictor=12, Colors=samples, BitsPerComponent=bits, Columns=width)
    packed = zlib.compress(changes.tobytes(), 4)
    return _image(
        pdf, packed, width, rows.shape[0], bits, ColorSpace=space, Filter=Name.FlateDecode, DecodeParms=predictor
    )


def _image(pdf: Pdf, data: bytes, width: int, height: int, bits: int, **more: Name | Array | Dictionary) -> Stream:
    return Stream(
        pdf,
        data,
        Type=Name.XObject,
        Subtype=Name.Image,
        Width=width,
        Height=height,
        BitsPerComponent=bits,
        **more,
    )
