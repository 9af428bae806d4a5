"""Sheets and pictures as pages of a PDF, the same bytes every time (no dates, no random file identifier).

Text becomes text in Helvetica, one of the fonts every reader has (PDF 1.7, 9.6.2.2); seals, QR codes and
Chinese are beyond it and belong on scanned pages.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image

from lab.corpus.fonts import Fonts
from lab.corpus.sheet import Sheet, Stroke, Text

_POINTS_PER_MM = 72 / 25.4
_FACES = {"sans": "F1", "sans-bold": "F2"}
_FONTS = (
    b"<< /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
    b" /F2 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >> >>"
)


def _stream(data: bytes, entries: bytes = b"") -> bytes:
    return b"<< %s/Length %d >>\nstream\n%s\nendstream" % (entries, len(data), data)


def _drawing(sheet: Sheet, fonts: Fonts) -> bytes:
    """Content stream of a sheet.

    Raises:
        ValueError: it holds something that is neither a stroke nor text in a Helvetica face.
    """
    steps = []
    for shape in sheet.shapes:
        colour = " ".join(f"{value / 255:.3f}" for value in sheet.inks[shape.ink].colour)
        match shape:
            case Text() if shape.face in _FACES:
                # Widths at a large size, where rounding to pixels does not matter.
                width = fonts.face(shape.face, 1000).getlength(shape.text) / 1000 * shape.size
                left = shape.x - {"left": 0.0, "middle": width / 2, "right": width}[shape.anchor]
                x, y = left * _POINTS_PER_MM, (sheet.height - shape.y) * _POINTS_PER_MM
                text = shape.text.encode("cp1252").replace(b"\\", rb"\\").replace(b"(", rb"\(").replace(b")", rb"\)")
                head = f"{colour} rg BT /{_FACES[shape.face]} {shape.size * _POINTS_PER_MM:.2f} Tf {x:.2f} {y:.2f} Td"
                steps.append(head.encode() + b" (" + text + b") Tj ET")
            case Stroke():
                (x0, y0), (x1, y1) = shape.start, shape.end
                ends = (x0, sheet.height - y0, x1, sheet.height - y1)
                a, b, c, d = (value * _POINTS_PER_MM for value in ends)
                width = shape.width * _POINTS_PER_MM
                steps.append(f"{colour} RG {width:.2f} w {a:.2f} {b:.2f} m {c:.2f} {d:.2f} l S".encode())
            case _:
                raise ValueError(f"{shape} cannot be drawn in a PDF with Helvetica; rasterise the sheet")
    return b"\n".join(steps)


def _page(content: bytes, resources: bytes, size_mm: tuple[float, float], number: int) -> list[bytes]:
    """A page and its content stream, to be objects ``number`` and ``number + 1``."""
    width, height = (value * _POINTS_PER_MM for value in size_mm)
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %.2f %.2f] /Contents %d 0 R /Resources << %s >> >>" % (
        width,
        height,
        number + 1,
        resources,
    )
    return [page, _stream(content)]


def pdf(pages: Sequence[Sheet | Image.Image], fonts: Fonts, *, dpi: float, quality: int = 60) -> bytes:
    """Write a PDF: sheets become drawings with a text layer, pictures become scanned pages without one.

    Args:
        pages: in order.
        fonts: for the widths of right-aligned text.
        dpi: resolution of the pictures, which gives their pages a size.
        quality: of their JPEG compression.
    """
    objects: list[bytes] = []
    kids = []
    for page in pages:
        first = 3 + len(objects)
        kids.append(first)
        if isinstance(page, Sheet):
            content, resources = _drawing(page, fonts), b"/Font " + _FONTS
            objects += _page(content, resources, (page.width, page.height), first)
        else:
            width, height = (value / dpi * 25.4 for value in page.size)
            content = b"%.2f 0 0 %.2f 0 0 cm /Im Do" % (width * _POINTS_PER_MM, height * _POINTS_PER_MM)
            resources = b"/XObject << /Im %d 0 R >>" % (first + 2)
            objects += [*_page(content, resources, (width, height), first), _picture(page, quality)]
    tree = b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(kids), b" ".join(b"%d 0 R" % kid for kid in kids))
    return _file([b"<< /Type /Catalog /Pages 2 0 R >>", tree, *objects])


def _picture(image: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    space = b"/DeviceGray" if image.mode == "L" else b"/DeviceRGB"
    entries = b"/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace %s" % (*image.size, space)
    return _stream(buffer.getvalue(), entries + b" /BitsPerComponent 8 /Filter /DCTDecode ")


def _file(objects: Sequence[bytes]) -> bytes:
    """Header, numbered objects, cross-reference table and trailer."""
    data = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for number, body in enumerate(objects, 1):
        table += b"%010d 00000 n \n" % len(data)
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    return (
        data + table + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(data))
    )
