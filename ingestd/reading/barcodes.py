"""Codes on a page: QR of all kinds and one-dimensional ones, read by zxing-cpp."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray
from zxingcpp import BarcodeFormat, BarcodeFormats

from ingestd.document import Code, Matrix, Page
from ingestd.layout.geometry import as_quad, transform

Grey = NDArray[np.uint8]

_QR = BarcodeFormats([BarcodeFormat.QRCode, BarcodeFormat.MicroQRCode, BarcodeFormat.RMQRCode])
_QR_AND_LINEAR = BarcodeFormats([*_QR, BarcodeFormat.AllLinear])

_KINDS = {
    BarcodeFormat.QRCode: "QR",
    BarcodeFormat.QRCodeModel1: "QR",
    BarcodeFormat.QRCodeModel2: "QR",
    BarcodeFormat.MicroQRCode: "MICROQR",
    BarcodeFormat.RMQRCode: "RMQR",
}
"""Kinds that are not simply the library's name in capitals."""

_QUARTER = 0.6
"""Share of each side that a quarter covers, so that a code in the middle is whole in one of them."""
_MAX_VIEW_PIXELS = 8_000_000
_MAX_SIDE = 65_535
"""Longest side of a picture that zxing-cpp looks at; it raises ValueError beyond."""
_SHARED = 4096
"""Pixels that two pieces of a longer picture share, so that a code on the cut is whole in one of them."""


def _untouched(grey: Grey) -> Grey:
    return grey


def _blurred(grey: Grey) -> Grey:
    return np.asarray(cv2.GaussianBlur(grey, (0, 0), 1.0), np.uint8)


def _black_and_white(grey: Grey) -> Grey:
    return np.asarray(cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[1], np.uint8)


def _locally_black_and_white(grey: Grey) -> Grey:
    smooth = cv2.GaussianBlur(grey, (3, 3), 0)
    return np.asarray(
        cv2.adaptiveThreshold(smooth, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, 41, 4), np.uint8
    )


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One way of looking again."""

    quarters: bool
    scale: float
    treat: Callable[[Grey], Grey]


_ATTEMPTS = (
    _Attempt(False, 1, _blurred),
    _Attempt(False, 1, _black_and_white),
    _Attempt(False, 2, _untouched),
    _Attempt(True, 2, _untouched),
    _Attempt(True, 3, _untouched),
    _Attempt(True, 2, _locally_black_and_white),
)
"""Cheapest gain first, as measured on QR codes of 1.4 to 3.2 px a module, blurred, turned and noisy."""


def find_codes(page: Page, *, insist: bool = False) -> tuple[Code, ...]:
    """Find the codes on a page.

    One look costs about 40 ms for each million pixels. With ``insist`` and no QR code at the first
    look, up to 15 more follow, for QR codes only: quarters of the page, enlarged, blurred, made
    black and white, until one is found. None looks at more than 8 million pixels when enlarged;
    together they cost 0.6 to 1.5 s on an A4 page of 200 dpi that has nothing to find.

    Args:
        page: decoded or enhanced; quads are mapped back by its ``to_source``.
        insist: the page ought to carry a QR code, so look harder.

    Returns:
        Codes in the order found, each kind and text once. Kinds are zxing-cpp's names in capitals
        (``CODE128``, ``EAN13``, ``ITF`` ...; UPC-A is told as the EAN13 that it is), and ``QR``,
        ``MICROQR``, ``RMQR``. Texts have no NULs; content of unstated encoding is read as UTF-8,
        else as GB18030 if that gives common Chinese, else as Latin-1, in which every byte is a
        character.
    """
    grey = np.asarray(cv2.cvtColor(page.pixels, cv2.COLOR_BGR2GRAY), np.uint8)
    codes = _read(grey, page.to_source, page.index, _QR_AND_LINEAR)
    if insist and not any("QR" in code.kind for code in codes):
        for view, to_page in _views(grey):
            found = _read(view, page.to_source @ to_page, page.index, _QR)
            if found:
                codes = (*codes, *found)
                break
    return tuple({(code.kind, code.text): code for code in reversed(codes)}.values())[::-1]


def _views(grey: Grey) -> Iterator[tuple[Grey, Matrix]]:
    """Yield other views of a page, each with the matrix from its pixels to the page's."""
    height, width = grey.shape
    for attempt in _ATTEMPTS:
        share = _QUARTER if attempt.quarters else 1.0
        part_height, part_width = round(height * share), round(width * share)
        scale = min(attempt.scale, (_MAX_VIEW_PIXELS / (part_height * part_width)) ** 0.5)
        for top in sorted({0, height - part_height}):
            for left in sorted({0, width - part_width}):
                part = grey[top : top + part_height, left : left + part_width]
                to_page = np.array([[1 / scale, 0, left], [0, 1 / scale, top], [0, 0, 1]])
                yield attempt.treat(_scaled(part, scale)), to_page


def _scaled(grey: Grey, scale: float) -> Grey:
    if scale == 1:
        return grey
    interpolation = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    return np.asarray(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=interpolation), np.uint8)


def _read(grey: Grey, to_source: Matrix, page_index: int, kinds: BarcodeFormats) -> tuple[Code, ...]:
    height, width = grey.shape
    if max(height, width) <= _MAX_SIDE:
        return _read_piece(grey, to_source, page_index, kinds)
    codes: list[Code] = []
    for top in range(0, max(1, height - _SHARED), _MAX_SIDE - _SHARED):
        for left in range(0, max(1, width - _SHARED), _MAX_SIDE - _SHARED):
            piece = grey[top : top + _MAX_SIDE, left : left + _MAX_SIDE]
            to_page = np.array([[1, 0, left], [0, 1, top], [0, 0, 1]])
            codes += _read_piece(piece, to_source @ to_page, page_index, kinds)
    return tuple(codes)


def _read_piece(grey: Grey, to_source: Matrix, page_index: int, kinds: BarcodeFormats) -> tuple[Code, ...]:
    barcodes = zxingcpp.read_barcodes(np.ascontiguousarray(grey), formats=kinds, text_mode=zxingcpp.TextMode.Plain)
    return tuple(
        Code(
            page_index=page_index,
            quad=as_quad(transform(to_source, _corners(barcode.position))),
            kind=_KINDS.get(barcode.format, barcode.format.name.upper()),
            text=_text(barcode),
        )
        for barcode in barcodes
    )


def _corners(position: zxingcpp.Position) -> list[tuple[int, int]]:
    points = (position.top_left, position.top_right, position.bottom_right, position.bottom_left)
    return [(point.x, point.y) for point in points]


def _text(barcode: zxingcpp.Barcode) -> str:
    text, content = str(barcode.text), bytes(barcode.bytes)
    if text == content.decode("latin-1"):
        # What the library falls back on when the code does not state its encoding.
        text = _decoded(content)
    return text.replace("\0", "")


def _decoded(content: bytes) -> str:
    """Decode bytes of unstated encoding.

    >>> _decoded("纳税人".encode("gbk")), _decoded("Gérard".encode("latin-1"))
    ('纳税人', 'Gérard')
    """
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        pass
    try:
        # Chinese tax software writes GBK. Nearly any bytes are valid GB18030, but those of another
        # encoding seldom give the 6763 ideographs of everyday use.
        text = content.decode("gb18030")
    except UnicodeDecodeError:
        return content.decode("latin-1")
    foreign = [sign for sign in text if not sign.isascii()]
    common = sum(_is_common_chinese(sign) for sign in foreign)
    return text if 2 * common > len(foreign) else content.decode("latin-1")


def _is_common_chinese(sign: str) -> bool:
    try:
        sign.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True
