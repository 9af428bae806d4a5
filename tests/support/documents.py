"""Makers of test documents: every kind that is let in, and the hostile ones that are not.

All return bytes; nothing here touches the disk. PDFs come from ``lab.corpus.pdf``.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import zxingcpp
from PIL import Image, ImageDraw, ImageFont

ORIENTATION = 0x0112
"""EXIF tag that says how the camera was held."""


def picture(
    text: str = "INVOICE 4711",
    *,
    size: tuple[int, int] = (320, 120),
    mode: str = "RGB",
    ink: Any = None,
    paper: Any = None,
    font_px: int = 32,
) -> Image.Image:
    """A small page: lines of text, dark on light unless told otherwise, in the upper left."""
    image = Image.new("RGB", size, "white")
    font = ImageFont.load_default(font_px)
    ImageDraw.Draw(image).multiline_text((16, 16), text, fill="black", font=font, spacing=font_px // 2)
    if ink is None and paper is None:
        return image.convert(mode)
    coverage = Image.eval(image.convert("L"), lambda level: 255 - level)
    page = Image.new(mode, size, paper)
    page.paste(Image.new(mode, size, ink), mask=coverage)
    return page


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    """The image as a file of this Pillow format (``JPEG``, ``PNG``, ``BMP``, ``WEBP``, ``TIFF``, ``AVIF``)."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def heic(image: Image.Image) -> bytes:
    """The image as HEIC; needs pillow-heif."""
    import pillow_heif

    file = io.BytesIO()
    pillow_heif.from_pillow(image).save(file, format="HEIF", quality=80)
    return file.getvalue()


def quadrants(width: int = 80, height: int = 40) -> Image.Image:
    """Red top left, green top right, blue bottom left, white bottom right: shows every turn and flip."""
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, width // 2 - 1, height // 2 - 1), fill="red")
    draw.rectangle((width // 2, 0, width - 1, height // 2 - 1), fill="lime")
    draw.rectangle((0, height // 2, width // 2 - 1, height - 1), fill="blue")
    return image


def oriented(kind: str, orientation: int) -> bytes:
    """Quadrants stored the way a camera held in this EXIF orientation (1-8) stores them."""
    undo = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    stored = quadrants() if undo is None else quadrants().transpose(undo)
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    quality = {"quality": 95, "subsampling": 0} if kind == "JPEG" else {}
    return encoded(stored, kind, exif=exif, **quality)


def jpeg_with_exif(exif: bytes) -> bytes:
    """A JPEG with these raw bytes as its EXIF segment."""
    return encoded(picture(), "JPEG", exif=b"Exif\0\0" + exif)


def tiff(pages: Sequence[Image.Image], **options: Any) -> bytes:
    """A multi-page TIFF."""
    return encoded(pages[0], "TIFF", save_all=True, append_images=list(pages[1:]), **options)


def sixteen_bit(kind: str = "PNG", *, white: int = 65535) -> bytes:
    """A grey page of 16 bits whose paper has the level ``white`` (4095: a 12-bit scanner) and whose ink is 0."""
    levels = np.asarray(picture(mode="L"), dtype=np.float64) / 255 * white
    return encoded(Image.fromarray(levels.round().astype(np.uint16)), kind)


def float_tiff(*, white: float = 1.0) -> bytes:
    """A page of 32-bit floats, ink 0.0, paper ``white``."""
    return encoded(Image.fromarray(np.asarray(picture(mode="L"), dtype=np.float32) / 255 * white), "TIFF")


def transparent(ink: tuple[int, int, int], *, kind: str = "PNG", mode: str = "RGBA") -> bytes:
    """Text of this colour on nothing at all."""
    coverage = Image.eval(picture(mode="L"), lambda level: 255 - level)
    image = Image.new("RGBA", coverage.size, (*ink, 0))
    image.putalpha(coverage)
    return encoded(image.convert(mode), kind)


def png_chunk(name: bytes, data: bytes) -> bytes:
    """One chunk of a PNG with its length and checksum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def pixel_bomb_png(width: int = 60_000, height: int = 60_000) -> bytes:
    """A few hundred bytes that claim to be this many pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(100_000))
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", rows) + png_chunk(b"IEND", b"")


def endless_tiff(pages: int) -> bytes:
    """A TIFF of 1x1 px whose directories, all real, claim this many pages in 78 bytes each."""
    entries = [(256, 4, 1), (257, 4, 1), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 8), (278, 4, 1), (279, 4, 1)]
    body = bytearray(b"II*\0" + struct.pack("<I", 10) + b"\xff\0")
    size = 2 + 12 * len(entries) + 4
    for page in range(pages):
        fields = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
        following = 10 + size * (page + 1) if page + 1 < pages else 0
        body += struct.pack("<H", len(entries)) + fields + struct.pack("<I", following)
    return bytes(body)


def zip_archive(*names: str) -> bytes:
    """A ZIP archive with these (nearly empty) files inside."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names or ("page.txt",):
            archive.writestr(name, "content")
    return file.getvalue()


def code(text: str | bytes, kind: str = "QRCode", *, scale: int = 4) -> Image.Image:
    """A code with its quiet zone as a grey picture; ``kind`` is a member of ``zxingcpp.BarcodeFormat``."""
    barcode = zxingcpp.create_barcode(text, getattr(zxingcpp.BarcodeFormat, kind))
    return Image.fromarray(np.array(zxingcpp.write_barcode_to_image(barcode, scale=scale)), "L")


def pasted(image: Image.Image, *, at: tuple[int, int], size: tuple[int, int] = (600, 800)) -> Image.Image:
    """The image on white paper of this size, its upper left corner at ``at``."""
    page = Image.new("RGB", size, "white")
    page.paste(image, at)
    return page
