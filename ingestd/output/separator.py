"""The separator sheet: a page to print and put between two papers of a stack.

It carries a QR code, which ingestd looks for, and patch code T, which scanners and other programs know. The code is at
both ends, so that the sheet may be fed either way.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import zxingcpp

from ingestd.layout.stack import SEPARATOR_TEXT

SIZES = {"a4": (595.0, 842.0), "letter": (612.0, 792.0)}
"""Width and height in points."""
_INCH = 72.0
_BARS = ((0.0, 0.08), (0.16, 0.36), (0.44, 0.52), (0.60, 0.80))
"""Begin and end of the bars of patch code T from the leading edge on, in inches."""
_EDGE = 0.5 * _INCH
"""Paper around the bars."""
_QR = 3.2 * _INCH
_LATIN = (
    "Separator sheet of ingestd",
    "Put one between two documents before scanning. It belongs to neither and can be used again.",
)
_CHINESE = "分隔页：扫描前放在两份单据之间，可重复使用"
_FONTS = (
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    "<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UTF16-H /DescendantFonts"
    " [<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /DW 1000"
    " /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> >>] >>",
)
"""Fonts that viewers bring along."""


def separator_sheet(size: str) -> bytes:
    """Write the sheet as PDF of one page; the same size gives the same bytes.

    Args:
        size: one of SIZES.
    """
    width, height = SIZES[size]
    content = "\n".join(_drawn(width, height)).encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width:g} {height:g}] /Contents 4 0 R"
        " /Resources << /Font << /F1 5 0 R /F2 6 0 R >> >> >>".encode(),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        *(font.encode() for font in _FONTS),
    ]
    written = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    count, start = len(objects) + 1, len(written)
    written += b"xref\n0 %d\n0000000000 65535 f \n%s" % (count, table)
    written += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count, start)
    return bytes(written)


def _drawn(width: float, height: float) -> Iterator[str]:
    for begin, end in _BARS:
        depth = (end - begin) * _INCH
        for bottom in (height - _EDGE - end * _INCH, _EDGE + begin * _INCH):
            yield f"{_EDGE:.2f} {bottom:.2f} {width - 2 * _EDGE:.2f} {depth:.2f} re f"
    left, top = (width - _QR) / 2, (height + _QR) / 2 + 0.5 * _INCH
    barcode = zxingcpp.create_barcode(SEPARATOR_TEXT, zxingcpp.BarcodeFormat.QRCode, ec_level="H")
    modules = np.array(zxingcpp.write_barcode_to_image(barcode, scale=1)) < 128
    side = _QR / len(modules)
    for row, column in np.argwhere(modules):
        yield f"{left + column * side:.2f} {top - (row + 1) * side:.2f} {side + 0.02:.2f} {side + 0.02:.2f} re f"
    bottom = top - _QR - 20
    for number, (text, points) in enumerate(zip(_LATIN, (16, 10), strict=True)):
        yield f"BT /F1 {points} Tf {_EDGE:.2f} {bottom - 20 * number:.2f} Td ({text}) Tj ET"
    yield f"BT /F2 12 Tf {_EDGE:.2f} {bottom - 40:.2f} Td <{_CHINESE.encode('utf-16-be').hex()}> Tj ET"
