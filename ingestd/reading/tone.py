"""Whatever the colour model, depth or transparency of an image: BGR of eight bits."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin

from ingestd.document import Pixels

_DEEP_MODES = {"I;16", "I;16L", "I;16B", "I;16N", "I", "F"}
_PHOTOMETRIC = 262
_WHITE_IS_ZERO = 0

_SEEN_ALPHA = 32
"""Pixels of less opacity (0-255) do not count as drawn."""
_NEAR = 64
"""Levels closer to the background than this get lost on it."""


def to_bgr(image: Image.Image) -> Pixels:
    """Load an image and return it as uint8 BGR, HxWx3.

    CMYK is converted without a colour profile, which is right for black and close for colours.
    More than eight bits are scaled so that the brightest pixel becomes white: scanners store 10,
    12 or 16 bits in the same container, and floats come as 0-1 or 0-255.
    """
    image.load()
    if image.mode in _DEEP_MODES:
        return _grey_to_bgr(_scaled(np.asarray(image), inverted=_is_white_zero(image)))
    if image.mode == "La":  # Pillow converts premultiplied grey to nothing else
        image = image.convert("LA")
    if image.has_transparency_data:
        return _composed(image.convert("RGBA"))
    if image.mode in ("1", "L"):
        return _grey_to_bgr(np.asarray(image.convert("L")))
    return np.asarray(cv2.cvtColor(np.asarray(image.convert("RGB")), cv2.COLOR_RGB2BGR), np.uint8)


def array_to_bgr(array: NDArray[Any], *, white_is_zero: bool = False) -> Pixels:
    """Return an array as OpenCV decodes it, HxW or HxWxC (BGR, BGRA), as uint8 BGR; see :func:`to_bgr`."""
    levels = array if array.dtype == np.uint8 and not white_is_zero else _scaled(array, inverted=white_is_zero)
    if levels.ndim == 2:
        return _grey_to_bgr(levels)
    if levels.shape[2] == 4:
        return _composed(Image.fromarray(cv2.cvtColor(levels, cv2.COLOR_BGRA2RGBA)))
    return np.ascontiguousarray(levels[..., :3])


def _grey_to_bgr(grey: NDArray[np.uint8]) -> Pixels:
    return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)


def _is_white_zero(image: Image.Image) -> bool:
    """Tell whether a deep TIFF stores paper as 0; Pillow turns only the shallow ones."""
    return isinstance(image, TiffImagePlugin.TiffImageFile) and image.tag_v2.get(_PHOTOMETRIC) == _WHITE_IS_ZERO


def _scaled(levels: NDArray[Any], *, inverted: bool) -> NDArray[np.uint8]:
    """Scale 0..brightest (darkest..brightest where there are negatives) to 0..255."""
    values = levels.astype(np.float32)
    np.nan_to_num(values, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
    darkest = min(float(values.min()), 0.0)
    span = float(values.max()) - darkest
    if span > 0:
        values -= darkest
        values *= 255 / span
    if inverted:
        np.subtract(255, values, out=values)
    return values.round().astype(np.uint8)


def _composed(image: Image.Image) -> Pixels:
    """Lay an RGBA image on a background on which nothing drawn is lost."""
    alpha = image.getchannel("A")
    page = Image.new("RGB", image.size, _background(image, np.asarray(alpha)))
    page.paste(image, mask=alpha)
    return np.asarray(cv2.cvtColor(np.asarray(page), cv2.COLOR_RGB2BGR), np.uint8)


def _background(image: Image.Image, alpha: NDArray[np.uint8]) -> str:
    """White, unless more of the drawing's rim would get lost on white than on black.

    Only the rim counts, that is pixels with a transparent neighbour: what they contrast with is
    the background, while the inside of a white box contrasts with what is drawn on it.
    """
    hidden = (alpha < _SEEN_ALPHA).astype(np.uint8)
    rim = (cv2.dilate(hidden, np.ones((3, 3), np.uint8)) > 0) & (hidden == 0)
    levels = np.asarray(image.convert("L"))[rim]
    lost_on_white = np.count_nonzero(levels > 255 - _NEAR)
    lost_on_black = np.count_nonzero(levels < _NEAR)
    return "black" if lost_on_white > lost_on_black else "white"
